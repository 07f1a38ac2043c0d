package commit

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// send writes a coordinator row, where the storage offers that (storage.Batcher)
// in one request with others that are to be written at the same time. This is no
// group commit: each row is of one transaction.
func (c *coordinator) send(ctx context.Context, m storage.Mutation) error {
	e, group := c.engine, []storage.Mutation{m}
	batcher, able := e.storage.(storage.Batcher)
	if !able || e.options.SingleDecisions || !e.storage.Info(m.Table.Namespace).Batch {
		return e.storage.Mutate(ctx, group)
	}
	return c.decisions.send(ctx, e, group, func(ctx context.Context, groups [][]storage.Mutation) []error {
		return e.decideTogether(ctx, batcher, groups)
	})
}

// decideTogether writes coordinator rows in one request. The order by id keeps two
// programs that write the same rows from locking each other out. If the reply is
// lost, each writer reads its own row (coordinator.put).
func (e *Engine) decideTogether(ctx context.Context, batcher storage.Batcher, rows [][]storage.Mutation) []error {
	ctx, end := e.observe(ctx, observe.Event{Phase: observe.Group, Size: len(rows)})
	failure := error(errNoReply)
	defer func() { end(failure) }()
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(rows[i][0].Key[0].Text(), rows[j][0].Key[0].Text()) })
	sorted := make([][]storage.Mutation, len(rows))
	for at, i := range order {
		sorted[at] = rows[i]
	}
	outcomes := batcher.MutateBatch(ctx, sorted)
	errs := make([]error, len(rows))
	failure = nil
	for at, i := range order {
		if errs[i] = outcomes[at]; errs[i] != nil && !errors.Is(errs[i], storage.ErrCondition) {
			failure = errs[i]
		}
	}
	return errs
}
