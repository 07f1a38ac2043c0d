package commit

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
)

// Finish completes all records of a decided transaction by its write set, and
// removes its coordinator row (spec 2.7). It reports false, and leaves the row,
// if the row has no write set, and true if there is none: the transaction was
// finished before, wrote nothing, or is not decided.
//
// Of a group commit it finishes all members, whose row is one. A write set that
// this version does not understand is an error: not to know what was written is
// not to know that nothing was (quirk Q9).
func (e *Engine) Finish(ctx context.Context, id string) (bool, error) {
	failed := func(message string, err error) error {
		return &Error{Kind: ErrStorage, Code: "DB-CORE-30068", TxID: id, Message: message, Err: err}
	}
	d, err := e.coordinator.read(ctx, id)
	switch {
	case err != nil:
		return false, failed("cannot read the decision on the transaction to finish", err)
	case d == nil:
		return true, nil
	case d.writeSet == nil:
		return false, nil
	}
	groups, err := writeset.Decode(d.writeSet)
	if err != nil {
		return false, failed("the write set of the transaction cannot be read, so it is left as it is", err)
	}
	for _, g := range groups {
		owner := d.id
		if g.Child != "" {
			owner += "$" + g.Child
		}
		if err := e.finishRecords(ctx, owner, d, g.Entries); err != nil {
			return false, failed("cannot complete a record of the transaction; finish it again", err)
		}
	}
	if err := e.coordinator.remove(ctx, d); err != nil {
		return false, failed("all records are completed, but the decision could not be removed; finish the transaction again", err)
	}
	return true, nil
}

// finishRecords rolls those of the records that owner still has prepared.
func (e *Engine) finishRecords(ctx context.Context, owner string, d *decision, entries []writeset.Entry) error {
	refs, gets := make([]Ref, len(entries)), make([]storage.Get, len(entries))
	for i, entry := range entries {
		if entry.Participant != "" {
			return &Error{Kind: ErrInvalid, Table: entry.Table, Message: "participant " + entry.Participant + " wrote a record of its own: each participant has to complete its records"}
		}
		ref, err := e.refOf(ctx, entry)
		if err != nil {
			return err
		}
		refs[i], gets[i] = ref, storage.Get{Table: ref.Table.meta, Key: ref.Key}
	}
	if len(gets) == 0 {
		return nil
	}
	rows, err := e.storage.Get(ctx, gets)
	if err != nil {
		return err
	}
	for i, row := range rows {
		t := refs[i].Table
		if row == nil || t.isCommitted(row) || t.idOf(row) != owner {
			continue
		}
		if err := t.damage(refs[i].Key, row); err != nil {
			return err
		}
		if err := e.followDecision(ctx, t, refs[i].Key, row, d); err != nil {
			return err
		}
	}
	return nil
}

// refOf finds the record that an entry names. Its columns are found by name.
func (e *Engine) refOf(ctx context.Context, entry writeset.Entry) (Ref, error) {
	t, err := e.Table(ctx, entry.Table)
	if err != nil {
		return Ref{}, err
	}
	ref := Ref{Table: t}
	named := slices.Concat(entry.Partition, entry.Clustering)
	for _, c := range t.meta.PrimaryKey() {
		column := t.meta.Columns[c]
		at := slices.IndexFunc(named, func(n writeset.Column) bool { return n.Name == column.Name && n.Value.Type() == column.Type })
		if at < 0 {
			return Ref{}, &Error{Kind: ErrInvalid, Table: entry.Table, Message: "the write set has no value of key column " + column.Name}
		}
		ref.Key = append(ref.Key, named[at].Value)
	}
	return ref, nil
}

// RecoverRecord completes the record at ref if a transaction left it prepared.
// It reports false if that transaction may still be running (spec 2.7).
func (e *Engine) RecoverRecord(ctx context.Context, ref Ref) (bool, error) {
	row, err := e.readRecord(ctx, ref.Table, ref.Key)
	if err != nil {
		return false, storageError("DB-CORE-30069", ref.Table.Name(), ref.Table.meta.FormatKey(ref.Key), "cannot read the record to recover", err)
	}
	if row == nil || ref.Table.isCommitted(row) {
		return true, nil
	}
	return e.completeIfDecided(ctx, ref.Table, ref.Key, row)
}
