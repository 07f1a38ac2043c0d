package commit

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/internal/groupcommit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// writeSet returns the encoded write set to store with the transaction's
// decision, nil for none. A participant of a transaction that is carried out in
// parts has none: it does not know what the others write, and to finish its own
// part would remove the decision that theirs need.
func (tx *Tx) writeSet(ctx context.Context) ([]byte, error) {
	if !tx.engine.options.WriteSets || tx.branch {
		return nil, nil
	}
	t, err := tx.engine.coordinator.table(ctx)
	if err != nil || t.writeSet < 0 {
		return nil, err
	}
	var groups []writeset.Group
	if entries := tx.entries(); len(entries) > 0 {
		groups = []writeset.Group{{Entries: entries}}
	}
	return writeset.Encode(groups), nil
}

// entries returns the keys of the written records, puts before deletes; nil if
// write sets are not wanted.
func (tx *Tx) entries() []writeset.Entry {
	if !tx.engine.options.WriteSets {
		return nil
	}
	entries := make([]writeset.Entry, 0, len(tx.writes))
	for _, op := range []writeOp{putWrite, deleteWrite} {
		for _, r := range tx.writes {
			if r.op == op {
				entries = append(entries, r.entry())
			}
		}
	}
	return entries
}

func (r *record) entry() writeset.Entry {
	meta := r.table.meta
	columns := make([]writeset.Column, len(r.key))
	for i, c := range meta.PrimaryKey() {
		columns[i] = writeset.Column{Name: meta.Columns[c].Name, Value: r.key[i]}
	}
	n := len(meta.Partition)
	return writeset.Entry{Table: meta.TableName, Partition: columns[:n:n], Clustering: columns[n:]}
}

// member is what a transaction brings to the row of its group.
type member = groupcommit.Member[[]writeset.Entry]

// commitInGroup decides that a member of a group commit is committed, together
// with the others, and returns when.
func (c *coordinator) commitInGroup(ctx context.Context, id string, entries []writeset.Entry) (committedAt int64, err error) {
	at, err := c.engine.groups.Commit(ctx, id, entries)
	if errors.Is(err, groupcommit.ErrGone) {
		err = errDecided // by whoever has aborted the group; or nobody will
	}
	return c.committed(ctx, id, at, err)
}

// emit writes the row of a group: that of the parent id with the children, or
// that of the full id of a delayed member (spec 8.5).
func (c *coordinator) emit(ctx context.Context, id string, delayed bool, members []member) (committedAt int64, err error) {
	t, err := c.table(ctx)
	if err != nil {
		return 0, &storage.Error{Op: "mutate", Err: err} // nothing was sent
	}
	ctx, end := c.engine.observe(ctx, observe.Event{Phase: observe.Group, Size: len(members)})
	defer func() { end(err) }()
	d := &decision{id: id, state: Committed, createdAt: c.engine.millis()}
	var groups []writeset.Group
	for _, m := range members {
		child := m.Child
		if delayed {
			child = ""
		} else {
			d.children = append(d.children, child)
		}
		if len(m.Value) > 0 {
			groups = append(groups, writeset.Group{Child: child, Entries: m.Value})
		}
	}
	if c.engine.options.WriteSets && t.writeSet >= 0 {
		d.writeSet = writeset.Encode(groups)
	}
	return d.createdAt, c.put(ctx, d)
}
