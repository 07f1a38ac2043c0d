package lab

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// site is a process: one engine, whose storage calls the explorer holds back.
type site struct {
	run    *run
	name   string
	engine *commit.Engine
	skew   atomic.Int64 // of its clock, in milliseconds
	ids    atomic.Int64
	groups atomic.Int64
	dead   bool // guarded by run.mu
}

var _ storage.Batcher = (*site)(nil)

// clock is the site's own.
func (s *site) clock() time.Time {
	return time.Now().Add(time.Duration(s.skew.Load()) * time.Millisecond)
}

// newID is for transactions that are not begun by a client.
func (s *site) newID() string { return fmt.Sprintf("%s-%d", s.name, s.ids.Add(1)) }

// newGroupID makes ids of groups, of 24 characters.
func (s *site) newGroupID() string { return fmt.Sprintf("%sgroup%018d", s.name[:1], s.groups.Add(1)) }

// Info promises what the storage of the scenario does, but for batches unless the
// scenario is about them.
func (s *site) Info(namespace string) storage.Info {
	info := s.run.place.store.Info(namespace)
	info.Batch = s.run.scenario.Engine.MaxRequests > 0
	return info
}

// Table is answered at once: definitions do not change.
func (s *site) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	return s.run.table(ctx, name)
}

// Get holds the reads back.
func (s *site) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	phase := "get"
	if gets[0].Table.Namespace == coordinatorNamespace {
		phase = "look up"
	}
	what, f := s.run.readsOf(gets)
	err = s.hold(ctx, phase, what, f, false, func(string) (err error) {
		rows, err = s.run.place.store.Get(context.WithoutCancel(ctx), gets)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Scan holds a page back. It reads the whole table, since whatever is written
// there may belong to it.
func (s *site) Scan(ctx context.Context, scan *storage.Scan) (page *storage.Page, err error) {
	phase := [...]string{storage.PartitionScan: "scan", storage.IndexScan: "scan index", storage.FullScan: "scan all"}[scan.Kind]
	err = s.hold(ctx, phase, scan.Table.Name, footprint{reads: allItems}, false, func(string) (err error) {
		page, err = s.run.place.store.Scan(context.WithoutCancel(ctx), scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Mutate holds a group back.
func (s *site) Mutate(ctx context.Context, group []storage.Mutation) error {
	what, f := s.run.writesOf(group)
	phase := phaseOf(group)
	if phase == "finish" && slices.ContainsFunc(group, func(m storage.Mutation) bool { return m.Where[0].Value != group[0].Where[0].Value }) {
		s.run.shares()
	}
	return s.hold(ctx, phase, what, f, true, func(who string) error { return s.run.apply(who, group) })
}

// MutateBatch holds a batch back as one call.
func (s *site) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	all := slices.Concat(groups...)
	what, f := s.run.writesOf(all)
	s.run.shares()
	errs := make([]error, len(groups))
	lost := s.hold(ctx, phaseOf(all), what, f, true, func(who string) error {
		for i, group := range groups {
			errs[i] = s.run.apply(who, group)
		}
		return nil
	})
	if lost != nil {
		return slices.Repeat([]error{lost}, len(groups))
	}
	return errs
}

// Admin and Close are not used by engines.
func (s *site) Admin() storage.Admin { return s.run.place.store.Admin() }

// Close does nothing: the storage belongs to all.
func (s *site) Close() error { return nil }

// crashed reports whether the process is dead.
func (s *site) crashed() bool {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	return s.dead
}
