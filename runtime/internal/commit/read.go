package commit

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// Ref names a record.
type Ref struct {
	Table *Table
	Key   []storage.Value
}

// Get reads records in one round trip (spec 3.3). The result has one row per
// reference, with all columns of the deployed table, nil where there is no
// record. Own writes are seen.
func (tx *Tx) Get(ctx context.Context, refs ...Ref) ([]storage.Row, error) {
	if err := tx.enter(); err != nil {
		return nil, err
	}
	defer tx.leave()
	records := make([]*record, len(refs))
	for i, ref := range refs {
		if err := tx.admit(ref.Table); err != nil {
			return nil, tx.failed(err)
		}
		records[i] = tx.record(ref.Table, ref.Key)
	}
	rows, err := tx.fetch(ctx, records)
	if err != nil {
		return nil, tx.failed(err)
	}
	for i, r := range records {
		tx.note(r)
		rows[i] = r.seen(rows[i])
	}
	return rows, nil
}

// fetch returns the stored versions of records: from the read set where reads
// repeat, from the storage otherwise.
func (tx *Tx) fetch(ctx context.Context, records []*record) ([]storage.Row, error) {
	rows := make([]storage.Row, len(records))
	var gets []storage.Get
	var at []int
	for i, r := range records {
		switch {
		case r.insert:
			continue // what is there does not matter, see seen
		case r.read && tx.snapshotReads():
			rows[i] = r.prev
			continue
		}
		gets = append(gets, storage.Get{Table: r.table.meta, Key: r.key})
		at = append(at, i)
	}
	if len(gets) == 0 {
		return rows, nil
	}
	stored, err := tx.engine.storage.Get(ctx, gets)
	if err != nil {
		return nil, storageError("DB-CORE-30039", gets[0].Table.TableName, gets[0].Table.FormatKey(gets[0].Key), "cannot read", err)
	}
	for j, row := range stored {
		r := records[at[j]]
		row, err := tx.settle(ctx, r.table, r.key, row)
		if err != nil {
			return nil, err
		}
		rows[at[j]] = r.noteRead(row)
		if !tx.snapshotReads() {
			rows[at[j]] = row
		}
	}
	return rows, nil
}

// noteRead enters a version into the read set unless there is one already, and
// returns the one that is there.
func (r *record) noteRead(row storage.Row) storage.Row {
	if !r.read {
		r.read, r.prev = true, row
	}
	return r.prev
}

// settle returns the version of a stored row that the transaction may see: the
// row itself if it is committed, otherwise what lazy recovery makes of it.
func (tx *Tx) settle(ctx context.Context, t *Table, key []storage.Value, row storage.Row) (storage.Row, error) {
	if row == nil || t.isCommitted(row) {
		return row, nil
	}
	version, _, err := tx.recover(ctx, t, key, row)
	return version, err
}

// preRead reads the stored versions of records that are not in the read set,
// for writes that need to know them (spec 3.6).
func (tx *Tx) preRead(ctx context.Context, records ...*record) error {
	var unknown []*record
	for _, r := range records {
		if !r.read && !r.insert {
			unknown = append(unknown, r)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	_, err := tx.fetch(ctx, unknown)
	return err
}
