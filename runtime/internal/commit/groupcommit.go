package commit

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/internal/groupcommit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// member is what a transaction brings to the row of its group.
type member = groupcommit.Member[[]writeset.Entry]

// commitInGroup decides that a member of a group commit is committed, together
// with the others, and returns when.
func (c *coordinator) commitInGroup(ctx context.Context, id string, entries []writeset.Entry) (committedAt int64, err error) {
	at, err := c.engine.groups.Commit(ctx, id, entries)
	if !errors.Is(err, groupcommit.ErrGone) {
		return c.committed(ctx, id, at, err)
	}
	// Whoever has aborted the group has decided it; or nobody will.
	at, conflict := c.committed(ctx, id, at, errDecided)
	if e, ok := conflict.(*Error); ok && e.Kind == ErrConflict {
		e.Message, e.Err = "the transaction lost its place in a group commit, because it took too long or the database handle was closed: retry", err
	}
	return at, conflict
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
