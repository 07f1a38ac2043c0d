package scalartest

import (
	"context"
	"slices"
	"sync"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// script decides what becomes of each call.
type script struct {
	tables *memory.Storage

	mu    sync.Mutex
	rules []*rule
	fates map[string]*fate // by transaction id
}

// rule is a fault with what it has met so far.
type rule struct {
	Fault
	matched int
	seen    map[string]bool // transactions counted
}

// fate is what becomes of a transaction that has crashed. Calls are told apart
// by what they do, since they do not say who makes them: completing a record,
// for one, is the same call for the transaction itself and for whoever recovers
// it.
type fate struct {
	decided   bool // there is a decision, so that others may complete the records
	abandoned bool // its own attempt to abort is over: the next one is somebody else's
}

func newScript(tables *memory.Storage) *script {
	return &script{tables: tables, fates: map[string]*fate{}}
}

func (sc *script) inject(faults []Fault) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for _, f := range faults {
		sc.rules = append(sc.rules, &rule{Fault: f, seen: map[string]bool{}})
	}
}

// decide is the [faulty.Script].
func (sc *script) decide(call faulty.Call) faulty.Action {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if call.Op == faulty.MutateBatch {
		return sc.decideBatch(&call)
	}
	return sc.decideStep(&call)
}

func (sc *script) decideStep(call *faulty.Call) faulty.Action {
	s := stepOf(call)
	if fate := sc.fates[s.tx]; fate != nil {
		if action := sc.follow(fate, s, call); action != nil {
			return action
		}
	}
	for _, r := range sc.rules {
		if r.applies(s) {
			return r.action(sc, s, call)
		}
	}
	return nil
}

// decideBatch decides on each group as if it had come by itself. Those that
// something happens to are then taken out of the batch, each with a wrapper of
// its own round the tables, all at the same time: a delay delays the batch once.
func (sc *script) decideBatch(call *faulty.Call) faulty.Action {
	groups := groupsOf(call)
	actions := make([]faulty.Action, len(groups))
	for i := range groups {
		actions[i] = sc.decideStep(&groups[i])
	}
	if !slices.ContainsFunc(actions, func(a faulty.Action) bool { return a != nil }) {
		return nil
	}
	return func(ctx context.Context, _ *faulty.Exchange) error {
		errs := make([]error, len(groups))
		var wait sync.WaitGroup
		for i, action := range actions {
			single := faulty.Wrap(sc.tables, func(faulty.Call) faulty.Action { return action })
			wait.Go(func() { errs[i] = single.Mutate(ctx, groups[i].Mutations) })
		}
		wait.Wait()
		if !slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
			return nil
		}
		return &faulty.BatchError{Groups: errs}
	}
}

// follow returns what becomes of a call that belongs to a crashed transaction,
// nil if somebody else makes it.
func (sc *script) follow(f *fate, s step, c *faulty.Call) faulty.Action {
	switch {
	case commits(s), s.op == Complete && !f.decided:
		return faulty.Fail(crashed(c))
	case s.op == Decide && !f.decided && !f.abandoned:
		// The engine's own attempt to abort after the failure: that it was decided
		// before lets it go on at once.
		f.abandoned = true
		return faulty.Fail(failure(c, storage.ErrCondition, ErrCrashed))
	case s.op == Decide:
		return func(ctx context.Context, x *faulty.Exchange) error {
			err := x.Send(ctx)
			if err == nil {
				sc.mu.Lock()
				defer sc.mu.Unlock()
				f.decided = true
			}
			return err
		}
	default:
		return nil
	}
}

// applies counts an occasion of the fault, or one for each member of a group
// commit, and reports whether it strikes.
func (r *rule) applies(s step) bool {
	if s.op == "" || !r.matches(s) {
		return false
	}
	occasions := 1
	if txs := s.transactions(); r.perTx && len(txs) > 0 {
		occasions = 0
		for _, tx := range txs {
			if !r.seen[tx] {
				r.seen[tx] = true
				occasions++
			}
		}
	}
	first := r.matched + 1
	r.matched += occasions
	return occasions > 0 && r.matched > r.after && (r.times == 0 || first <= r.after+r.times)
}
