package commit

import (
	"context"
	"errors"
	"slices"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// prepareMutation is the first write of a record by a transaction (spec 5.1):
// the new values with state PREPARED, or DELETED for a delete, and the previous
// version beside them, on condition that the record is still the version that
// was read, or that some version is committed that need not be read.
func (r *record) prepareMutation(a *arena, id string, preparedAt int64) storage.Mutation {
	t, prev := r.table, r.replaced()
	d := a.draft(t, storage.Put, r.key)
	if r.unseen {
		d.providedCommitted(t, t.keepImage)
	} else {
		d.provided(t, prev)
	}
	d.put(r)
	if r.replace {
		d.set(t.committedAt, storage.Null(storage.BigInt))
	}
	if prev != nil {
		for i, c := range t.after {
			v := prev[c]
			if c == t.version && v.IsNull() {
				v = storage.IntValue(0)
			}
			d.set(t.before[i], v)
		}
	}
	state := Prepared
	if r.op == deleteWrite {
		state = Deleted
	}
	d.set(t.txID, storage.TextValue(id))
	d.set(t.state, storage.IntValue(int32(state)))
	if !r.unseen {
		d.set(t.version, storage.IntValue(r.nextVersion()))
	}
	d.set(t.preparedAt, storage.BigIntValue(preparedAt))
	return d.mutation()
}

// nextVersion is the tx_version of the pending write.
func (r *record) nextVersion() int32 {
	prev := r.replaced()
	if prev == nil {
		return 1
	}
	return int32(prev[r.table.version].Int64()) + 1
}

// prepare writes all records of the write set, and checks what was only read if
// that takes no other request. After an error some may be
// prepared, some not, and some may still become so.
func (tx *Tx) prepare(ctx context.Context) (err error) {
	ctx, end := tx.observe(ctx, observe.Prepare, len(tx.writes))
	defer func() { end(err) }()
	now, a := tx.engine.millis(), newArena(tx.writes)
	mutations := make([]storage.Mutation, len(tx.writes))
	for i, r := range tx.writes {
		mutations[i] = r.prepareMutation(a, tx.id, now)
	}
	groups := tx.engine.group(mutations)
	if tx.validationNeeded() && len(groups) == 1 {
		if all, able := tx.withChecks(slices.Clone(mutations), a); able {
			if checked := tx.engine.group(all); len(checked) == 1 {
				groups, tx.checked = checked, true
			}
		}
	}
	return each(len(groups), tx.engine.options.SerialPrepare, func(i int) error {
		group := groups[i]
		err := tx.engine.storage.Mutate(ctx, group)
		if errors.Is(err, storage.ErrCondition) {
			unseen := tx.unseen(group)
			if len(unseen) > 0 {
				if err := tx.look(ctx, unseen, len(groups) == 1); err != nil {
					return err
				}
				err = tx.prepareSeen(ctx, group, unseen, now)
			}
		}
		if err != nil {
			return writeFailed(group, "DB-CORE-20014", err)
		}
		return nil
	})
}

// prepareSeen prepares a group again, some of whose records have been read now.
func (tx *Tx) prepareSeen(ctx context.Context, group []storage.Mutation, seen []*record, now int64) error {
	a := newArena(seen)
	for _, r := range seen {
		at := slices.IndexFunc(group, r.isWrittenBy)
		group[at] = r.prepareMutation(a, tx.id, now)
	}
	return tx.engine.storage.Mutate(ctx, group)
}

// writeFailed is the error of a first write of records that failed. conflictCode
// is that of a conflict that the database found.
func writeFailed(group []storage.Mutation, conflictCode string, err error) *Error {
	m := group[0]
	failure := storageError("DB-CORE-30036", m.Table.TableName, "", "cannot prepare the record", err)
	switch {
	case errors.Is(err, storage.ErrCondition):
		failure.Kind, failure.Code, failure.Message = ErrConflict, "DB-CORE-20013", "another transaction has written the record since it was read: retry"
	case errors.Is(err, storage.ErrConflict):
		failure.Kind, failure.Code, failure.Message = ErrConflict, conflictCode, "the database gave up writing the record for a concurrent request: retry"
	}
	if len(group) == 1 {
		failure.Key = m.Table.FormatKey(m.Key)
	} else {
		failure.Message += " (one of several records)"
	}
	return failure
}

// alreadyExists tells a conflict that will not go away from one that will: a
// record that the transaction inserted is there, committed by somebody else. If
// the transaction has read before that there is none, trying again does help:
// it will see the record. It is asked after a failed prepare has been rolled
// back.
func (tx *Tx) alreadyExists(ctx context.Context) error {
	for _, r := range tx.writes {
		if !r.insert || r.read && r.prev == nil {
			continue
		}
		row, err := tx.engine.readRecord(ctx, r.table, r.key)
		if err != nil || row == nil || !r.table.isCommitted(row) {
			continue
		}
		return &Error{Kind: ErrAlreadyExists, Code: "DB-CORE-20013", TxID: tx.id, Table: r.table.Name(),
			Key: r.table.meta.FormatKey(r.key), Message: "the record to insert exists"}
	}
	return nil
}
