package commit

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/scalargen/scalargen/storage"
)

// completions gather what completes the records of asynchronous commits, per
// database: where one request is one durable commit, those of many transactions
// become one.
type completions struct {
	mu sync.Mutex
	of map[string]*gatherer // by Info.Name
}

// at returns the gatherer for the database of a table, nil if nothing is gathered
// there: its groups are not of any records, or cost by their size.
func (c *completions) at(info storage.Info) *gatherer {
	if info.Atomicity != storage.AtomicStorage || info.MaxMutations > 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.of[info.Name]
	if g == nil {
		g = new(gatherer)
		if c.of == nil {
			c.of = map[string]*gatherer{}
		}
		c.of[info.Name] = g
	}
	return g
}

// complete applies a group that completes records, with those of other
// transactions if gathering is set.
func (e *Engine) complete(ctx context.Context, group []storage.Mutation, gathering bool) error {
	if gathering {
		if g := e.completions.at(e.storage.Info(group[0].Table.Namespace)); g != nil {
			return g.send(ctx, e, group, e.completeTogether)
		}
	}
	return e.storage.Mutate(ctx, group)
}

// completeTogether applies the groups as one. If somebody has completed a record
// of one already, or the database gave way to another request, each goes by
// itself.
func (e *Engine) completeTogether(ctx context.Context, groups [][]storage.Mutation) []error {
	all := slices.Concat(groups...)
	slices.SortFunc(all, compareMutations)
	err := e.storage.Mutate(ctx, all)
	if !errors.Is(err, storage.ErrCondition) && !errors.Is(err, storage.ErrConflict) {
		return slices.Repeat([]error{err}, len(groups))
	}
	errs := make([]error, len(groups))
	_ = each(len(groups), false, func(i int) error {
		errs[i] = e.storage.Mutate(ctx, groups[i])
		return nil
	})
	return errs
}
