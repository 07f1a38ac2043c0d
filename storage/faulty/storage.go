package faulty

import (
	"context"
	"slices"
	"sync"

	"github.com/scalargen/scalargen/storage"
)

// Storage is a storage behind a failing network.
type Storage struct {
	inner   storage.Storage
	history int

	// mu is never held while a request is under way.
	mu      sync.Mutex
	script  Script
	seq     int
	log     []*Outcome
	later   []delivery
	mutates []images
}

var (
	_ storage.Storage = (*Storage)(nil)
	_ storage.Admin   = (*Storage)(nil)
	_ storage.Batcher = (*Storage)(nil)
)

// delivery is a request that arrives when the call number due begins.
type delivery struct {
	due int
	run func()
}

// Option changes what a Storage can do.
type Option func(*Storage)

// WithHistory remembers what the last n calls of Mutate and MutateBatch
// overwrote, for [Lag]. Every such call then reads its records first, and Info promises no linearizable
// index and full scans any more.
func WithHistory(n int) Option { return func(s *Storage) { s.history = n } }

// Wrap returns a Storage that sends its calls to inner as script says. A nil
// script lets every call through.
func Wrap(inner storage.Storage, script Script, options ...Option) *Storage {
	s := &Storage{inner: inner, script: script}
	for _, option := range options {
		option(s)
	}
	return s
}

// SetScript replaces the script for all later calls.
func (s *Storage) SetScript(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Calls returns the log: all calls in the order in which they began.
func (s *Storage) Calls() []Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Outcome, len(s.log))
	for i, o := range s.log {
		calls[i] = *o
		calls[i].Replies = slices.Clone(o.Replies)
	}
	return calls
}

// Count returns how many calls of the operations began, of any if none is
// named.
func (s *Storage) Count(ops ...Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, o := range s.log {
		if len(ops) == 0 || slices.Contains(ops, o.Op) {
			n++
		}
	}
	return n
}

// ResetCalls empties the log. Call.Seq goes on counting.
func (s *Storage) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Flush delivers all requests that are still under way.
func (s *Storage) Flush() {
	s.mu.Lock()
	due := s.later
	s.later = nil
	s.mu.Unlock()
	for _, d := range due {
		d.run()
	}
}

func (s *Storage) postpone(due int, run func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = append(s.later, delivery{due, run})
}

// request is one call with the means to send it.
type request struct {
	storage *Storage
	outcome *Outcome
	send    func(ctx context.Context) error
	lag     int // see [Lag]
	lost    int // groups at the end, see [Cut]
}

// deliver lets the request reach the storage.
func (r *request) deliver(ctx context.Context) error {
	err := r.send(ctx)
	r.storage.mu.Lock()
	defer r.storage.mu.Unlock()
	r.outcome.Replies = append(r.outcome.Replies, err)
	return err
}

// do makes one call.
func (s *Storage) do(ctx context.Context, call Call, send func(ctx context.Context, r *request) error) error {
	s.mu.Lock()
	s.seq++
	call.Seq = s.seq
	var due []delivery
	s.later = slices.DeleteFunc(s.later, func(d delivery) bool {
		if d.due > call.Seq {
			return false
		}
		due = append(due, d)
		return true
	})
	r := &request{storage: s, outcome: &Outcome{Call: call}}
	r.send = func(ctx context.Context) error { return send(ctx, r) }
	s.log = append(s.log, r.outcome)
	var action Action
	if s.script != nil {
		action = s.script(call)
	}
	s.mu.Unlock()

	for _, d := range due {
		d.run()
	}
	var err error
	if action == nil {
		err = r.deliver(ctx)
	} else {
		err = action(ctx, &Exchange{Call: call, storage: s, request: r, send: r.deliver})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.outcome.Err, r.outcome.Returned = err, true
	return err
}

// answer makes a call that has a result.
func answer[T any](ctx context.Context, s *Storage, call Call, send func(ctx context.Context, r *request) (T, error)) (T, error) {
	var result, none T
	err := s.do(ctx, call, func(ctx context.Context, r *request) error {
		reply, err := send(ctx, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		if !r.outcome.Returned { // nobody hears the reply to a late request
			result = reply
		}
		return err
	})
	if err != nil {
		return none, err
	}
	return result, nil
}

// Info is that of the storage below, Batch included; see also [WithHistory].
func (s *Storage) Info(namespace string) storage.Info {
	info := s.inner.Info(namespace)
	if s.history > 0 {
		info.LinearizableIndexScan, info.LinearizableFullScan = false, false
	}
	return info
}

// Table reads a definition.
func (s *Storage) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	return answer(ctx, s, Call{Op: Table, Tables: []storage.TableName{name}}, func(ctx context.Context, _ *request) (*storage.Table, error) {
		return s.inner.Table(ctx, name)
	})
}

// Get reads records.
func (s *Storage) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	tables := tablesOf(gets, func(g *storage.Get) *storage.Table { return g.Table })
	return answer(ctx, s, Call{Op: Get, Tables: tables, Gets: gets}, func(ctx context.Context, _ *request) ([]storage.Row, error) {
		return s.inner.Get(ctx, gets)
	})
}

// Scan reads a page. All pages of a scan that began with [Lag] are served from
// the state of its first page.
func (s *Storage) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	call := Call{Op: Scan, Scan: scan}
	if scan.Table != nil {
		call.Tables = []storage.TableName{scan.Table.TableName}
	}
	return answer(ctx, s, call, func(ctx context.Context, r *request) (*storage.Page, error) {
		if rest, lagging := scan.After.(*lagged); lagging {
			return rest.page(scan.Limit), nil
		}
		if r.lag > 0 && scan.Kind != storage.PartitionScan {
			return s.scanBehind(ctx, scan, r.lag)
		}
		return s.inner.Scan(ctx, scan)
	})
}

// Mutate applies a group.
func (s *Storage) Mutate(ctx context.Context, group []storage.Mutation) error {
	// A request that arrives late must be what it was when it was sent.
	group = slices.Clone(group)
	tables := tablesOf(group, func(m *storage.Mutation) *storage.Table { return m.Table })
	return s.do(ctx, Call{Op: Mutate, Tables: tables, Mutations: group}, func(ctx context.Context, _ *request) error {
		if s.history > 0 {
			return s.mutateWithHistory(ctx, group)
		}
		return s.inner.Mutate(ctx, group)
	})
}

// Admin returns s itself.
func (s *Storage) Admin() storage.Admin { return s }

// Close closes the storage below. Requests that are still under way are lost.
func (s *Storage) Close() error { return s.inner.Close() }
