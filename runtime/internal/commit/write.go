package commit

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Changes are the columns of a write, by position in the deployed table, none
// of them in the primary key, each at most once. The slices must not be changed
// before the transaction has ended.
type Changes struct {
	Columns []int
	Values  []storage.Value
}

// Insert writes a record that must not exist. It reports [ErrAlreadyExists] if
// the transaction has seen or written it; otherwise Commit finds out.
func (tx *Tx) Insert(_ context.Context, ref Ref, changes Changes) error {
	return tx.write(ref, func(r *record) error {
		switch {
		case r.op == putWrite, r.op == noWrite && r.read && r.prev != nil && tx.snapshotReads():
			r.got = true // the caller learns that it exists
			return &Error{Kind: ErrAlreadyExists, Code: "DB-CORE-10146", Table: ref.Table.Name(), Key: ref.Table.meta.FormatKey(ref.Key),
				Message: "this transaction has read or written the record before it inserts it"}
		case r.op == noWrite:
			r.insert = true
		}
		tx.put(r, changes)
		return nil
	})
}

// Upsert writes a record whether or not it exists.
func (tx *Tx) Upsert(_ context.Context, ref Ref, changes Changes) error {
	return tx.write(ref, func(r *record) error {
		tx.put(r, changes)
		r.preRead = !r.insert
		return nil
	})
}

// Update changes a record. Without a condition it does nothing if there is no
// record; with one it reports [ErrCondition] if there is none or the condition
// does not hold. The condition is decided now, against what the transaction
// sees; prepare makes sure that it stays true.
func (tx *Tx) Update(ctx context.Context, ref Ref, changes Changes, condition []storage.Predicate) error {
	return tx.write(ref, func(r *record) error {
		row, err := tx.current(ctx, r)
		if err != nil {
			return err
		}
		if row == nil && condition == nil {
			return nil
		}
		if err := check(r, row, condition); err != nil {
			return err
		}
		tx.put(r, changes)
		r.preRead = !r.insert
		return nil
	})
}

// Delete removes a record. Without a condition it does nothing if there is no
// record; with one it reports [ErrCondition] as Update does.
func (tx *Tx) Delete(ctx context.Context, ref Ref, condition []storage.Predicate) error {
	return tx.write(ref, func(r *record) error {
		if condition != nil {
			row, err := tx.current(ctx, r)
			if err != nil {
				return err
			}
			if err := check(r, row, condition); err != nil {
				return err
			}
		}
		if r.op == noWrite {
			tx.writes = append(tx.writes, r)
		}
		// A record that this transaction inserted must still not exist when it
		// is prepared: r.insert stays as it is.
		r.op, r.columns, r.values, r.replace = deleteWrite, nil, nil, false
		r.preRead = !r.insert
		return nil
	})
}

// write runs one mutation on the record of an active, writable transaction,
// which no other call uses meanwhile.
func (tx *Tx) write(ref Ref, mutate func(*record) error) error {
	if err := tx.enterAlone(active); err != nil {
		return err
	}
	defer tx.leaveAlone()
	if tx.readOnly {
		return tx.fail(&Error{Kind: ErrInvalid, Code: "DB-CORE-10211", Table: ref.Table.Name(), Message: "the transaction is read-only"})
	}
	if err := tx.admit(ref.Table); err != nil {
		return tx.failed(err)
	}
	return tx.failed(mutate(tx.records.at(ref.Table, ref.Key)))
}

// current reads the record for a conditional write and returns it as the
// transaction sees it. The first version read counts, in every isolation level.
func (tx *Tx) current(ctx context.Context, r *record) (storage.Row, error) {
	if err := tx.preRead(ctx, r); err != nil {
		return nil, err
	}
	r.got = true
	return r.seen(r.prev), nil
}

// check evaluates the condition of an update or delete (spec 3.6).
func check(r *record, row storage.Row, condition []storage.Predicate) error {
	unmet := func(code, message string) error {
		return &Error{Kind: ErrCondition, Code: code, Table: r.table.Name(), Key: r.table.meta.FormatKey(r.key), Message: message}
	}
	if row == nil {
		return unmet("DB-CORE-20018", "there is no record")
	}
	for _, p := range condition {
		if !p.Holds(row[p.Column]) {
			return unmet("DB-CORE-20020", "the condition on column "+r.table.meta.Columns[p.Column].Name+" does not hold")
		}
	}
	return nil
}

// put adds changes to the pending write of r (spec 3.6, addToWriteSet). A put
// over an own delete is a new record: columns that it does not name are NULL.
func (tx *Tx) put(r *record, changes Changes) {
	switch r.op {
	case noWrite:
		tx.writes = append(tx.writes, r)
	case deleteWrite:
		r.replace = true
		r.preRead = !r.insert
	case putWrite:
		// The slices are the caller's.
		r.columns, r.values = slices.Clone(r.columns), slices.Clone(r.values)
		for i, c := range changes.Columns {
			if at := slices.Index(r.columns, c); at >= 0 {
				r.values[at] = changes.Values[i]
			} else {
				r.columns = append(r.columns, c)
				r.values = append(r.values, changes.Values[i])
			}
		}
		return
	}
	r.op = putWrite
	r.columns, r.values = changes.Columns, changes.Values
}
