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
	var room [4]*record
	records, err := tx.noted(refs, room[:0])
	if err != nil {
		return nil, tx.failed(err)
	}
	rows, err := tx.fetch(ctx, records, &patience{})
	if err != nil {
		return nil, tx.failed(err)
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for i, r := range records {
		r.got = true
		rows[i] = r.seen(rows[i])
	}
	return rows, nil
}

// noted appends the transaction's notes of refs to records.
func (tx *Tx) noted(refs []Ref, records []*record) ([]*record, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, ref := range refs {
		if err := tx.admit(ref.Table); err != nil {
			return nil, err
		}
		records = append(records, tx.records.at(ref.Table, ref.Key))
	}
	return records, nil
}

// fetch returns the stored versions of records: from the read set where reads
// repeat, from the storage otherwise.
func (tx *Tx) fetch(ctx context.Context, records []*record, wait *patience) ([]storage.Row, error) {
	rows, gets, at := tx.remembered(records)
	if len(gets) == 0 {
		return rows, nil
	}
	stored, err := tx.engine.storage.Get(ctx, gets)
	if err != nil {
		return nil, storageError("DB-CORE-30039", gets[0].Table.TableName, gets[0].Table.FormatKey(gets[0].Key), "cannot read", err)
	}
	if rows == nil {
		rows = stored
	}
	for j, row := range stored {
		i := j
		if at != nil {
			i = at[j]
		}
		r := records[i]
		if row, err = tx.settle(ctx, r.table, r.key, row, wait); err != nil {
			return nil, err
		}
		rows[i] = tx.enterRead(r, row)
	}
	return rows, nil
}

// remembered returns the versions that the transaction has read already, and
// what is left to read for which of them. rows and at are nil if that is all.
func (tx *Tx) remembered(records []*record) (rows []storage.Row, gets []storage.Get, at []int) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	known := func(r *record) bool {
		// What lies below an insert does not matter, see seen.
		return r.insert || r.read && tx.snapshotReads()
	}
	unread := 0
	for _, r := range records {
		if !known(r) {
			unread++
		}
	}
	if unread > 0 {
		gets = make([]storage.Get, 0, unread)
	}
	if unread < len(records) {
		rows = make([]storage.Row, len(records))
		at = make([]int, 0, unread)
	}
	for i, r := range records {
		switch {
		case !known(r):
			gets = append(gets, storage.Get{Table: r.table.meta, Key: r.key})
			if at != nil {
				at = append(at, i)
			}
		case !r.insert:
			rows[i] = r.prev
		}
	}
	return rows, gets, at
}

// enterRead enters a version into the read set unless there is one already, and
// returns the one that the transaction sees.
func (tx *Tx) enterRead(r *record, row storage.Row) storage.Row {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	first := r.noteRead(row)
	if tx.snapshotReads() {
		return first
	}
	return row
}

// settle returns the version of a stored row that the transaction may see: the
// row itself if it is committed, otherwise what lazy recovery makes of it.
func (tx *Tx) settle(ctx context.Context, t *Table, key []storage.Value, row storage.Row, p *patience) (storage.Row, error) {
	if row == nil || t.isCommitted(row) {
		return row, nil
	}
	version, _, err := tx.recover(ctx, t, key, row, p)
	return version, err
}

// preRead reads the stored versions of records that are not in the read set,
// for writes that need to know them (spec 3.6).
func (tx *Tx) preRead(ctx context.Context, records ...*record) error {
	tx.mu.Lock()
	var unknown []*record
	for _, r := range records {
		if !r.read && !r.insert {
			unknown = append(unknown, r)
		}
	}
	tx.mu.Unlock()
	if len(unknown) == 0 {
		return nil
	}
	_, err := tx.fetch(ctx, unknown, &patience{})
	return err
}
