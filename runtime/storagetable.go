package scalar

import "context"

// StorageTable is a table without transactions ("transaction": false in the
// schema). Each operation is one request to the storage, atomic on its record
// and durable when it returns. The repositories of generated code delegate to
// its methods, whose meaning they document.
//
// A write whose outcome is not known reports [ErrUnknownStatus].
type StorageTable struct {
	Def *TableDef
}

// On returns the table as what db reads from, for [GetRecord], [GetRecords] and
// [ScanRecords].
func (t *StorageTable) On(db *DB) Source { return Source{def: t.Def, db: db} }

// Insert adds a record, given as the values of all columns. It reports
// [ErrAlreadyExists] if the key is taken.
func (t *StorageTable) Insert(ctx context.Context, db *DB, record []Value) error {
	return db.storageInsert(ctx, t.Def, record)
}

// Upsert writes all columns of a record, whether or not its key is taken.
func (t *StorageTable) Upsert(ctx context.Context, db *DB, record []Value) error {
	return db.storageUpsert(ctx, t.Def, record)
}

// Update changes columns of the record at key, if there is one.
func (t *StorageTable) Update(ctx context.Context, db *DB, key []Value, set []Assignment) error {
	return db.storageUpdate(ctx, t.Def, key, set, nil)
}

// UpdateIf changes columns of the record at key if the condition holds.
func (t *StorageTable) UpdateIf(ctx context.Context, db *DB, key []Value, condition Condition, set []Assignment) error {
	return db.storageUpdate(ctx, t.Def, key, set, given(condition.list))
}

// Delete removes the record at key, if there is one.
func (t *StorageTable) Delete(ctx context.Context, db *DB, key []Value) error {
	return db.storageDelete(ctx, t.Def, key, nil)
}

// DeleteIf removes the record at key if the condition holds.
func (t *StorageTable) DeleteIf(ctx context.Context, db *DB, key []Value, condition Condition) error {
	return db.storageDelete(ctx, t.Def, key, given(condition.list))
}
