package scalar

import (
	"context"
	"iter"
)

// StorageTable is a table without transactions ("transaction": false in the
// schema). Each operation is one request to the storage, atomic on its record
// and durable when it returns. Generated repositories delegate to its methods,
// whose meaning they document.
//
// A write whose outcome is not known reports [ErrUnknownStatus].
type StorageTable[R, K any] Table[R, K]

func (t *StorageTable[R, K]) table() *Table[R, K] { return (*Table[R, K])(t) }

// Get reads the record at key. It reports [ErrNotFound] if there is none.
func (t *StorageTable[R, K]) Get(ctx context.Context, db *DB, key K) (R, error) {
	row, err := db.storageGet(ctx, t.Def, t.table().key(key))
	if err != nil {
		var none R
		return none, err
	}
	return t.table().decode(row)
}

// GetAll reads the records at keys, in one round trip where the storage can.
// The result has one element per key, NULL where there is no record.
func (t *StorageTable[R, K]) GetAll(ctx context.Context, db *DB, keys []K) ([]Null[R], error) {
	encoded := make([][]Value, len(keys))
	for i, k := range keys {
		encoded[i] = t.table().key(k)
	}
	rows, err := db.storageGetAll(ctx, t.Def, encoded)
	if err != nil {
		return nil, err
	}
	return t.table().decodeRows(rows)
}

// Scan iterates over the records of a range or selection. It yields at most one
// error, last. Nothing stays open between two records.
func (t *StorageTable[R, K]) Scan(ctx context.Context, db *DB, s Scannable[R]) iter.Seq2[R, error] {
	return decodeAll(db.storageScan(ctx, t.Def, requestOf(s)), t.table().decode)
}

// Insert adds a record. It reports [ErrAlreadyExists] if the key is taken.
func (t *StorageTable[R, K]) Insert(ctx context.Context, db *DB, record R) error {
	return db.storageInsert(ctx, t.Def, t.table().encode(record))
}

// Upsert writes all columns of a record, whether or not its key is taken.
func (t *StorageTable[R, K]) Upsert(ctx context.Context, db *DB, record R) error {
	return db.storageUpsert(ctx, t.Def, t.table().encode(record))
}

// Update changes columns of the record at key, if there is one.
func (t *StorageTable[R, K]) Update(ctx context.Context, db *DB, key K, set ...Assign[R]) error {
	return db.storageUpdate(ctx, t.Def, t.table().key(key), changes(set), nil)
}

// UpdateIf changes columns of the record at key if cond holds.
func (t *StorageTable[R, K]) UpdateIf(ctx context.Context, db *DB, key K, cond Cond[R, Data], set ...Assign[R]) error {
	return db.storageUpdate(ctx, t.Def, t.table().key(key), changes(set), cond.predicates())
}

// Delete removes the record at key, if there is one.
func (t *StorageTable[R, K]) Delete(ctx context.Context, db *DB, key K) error {
	return db.storageDelete(ctx, t.Def, t.table().key(key), nil)
}

// DeleteIf removes the record at key if cond holds.
func (t *StorageTable[R, K]) DeleteIf(ctx context.Context, db *DB, key K, cond Cond[R, Data]) error {
	return db.storageDelete(ctx, t.Def, t.table().key(key), cond.predicates())
}
