package commit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// A variant is one of the ways in which transactions commit. Each of its members
// is a transaction that changes, inserts and deletes a record in a partition of
// its own.
type variant struct {
	name      string
	isolation Isolation
	storage   []memory.Option
	configure []func(*Options)
	members   int           // 0: one
	spread    time.Duration // between the commits of the members
	latency   time.Duration // of each storage call
	reads     bool          // of records that exist and nobody writes
	single    bool          // members only change a record
	leaves    bool          // the last member is rolled back instead
	intruder  bool          // somebody else writes a record of each member before the commit
	finishes  bool          // somebody finishes the transactions before others recover
	branches  bool          // the members are one transaction, of an engine each
	closes    func(*Engine) // runs beside the members, nil for nothing
	decisions int           // requests that write coordinator rows, without a fault
}

func asynchronous(o *Options) { o.AsyncCommit, o.AsyncRollback = true, true }

func inGroups(o *Options) { o.GroupCommit = &GroupCommit{} }

// claim is what a client was told of members, which stand and fall together.
type claim struct {
	members []int
	told    string // committed, aborted or unknown
	err     error
}

func claimed(err error, members ...int) claim {
	c := claim{members: members, told: "aborted", err: err}
	switch {
	case err == nil:
		c.told = "committed"
	case errors.Is(err, ErrUnknownStatus), errors.Is(err, ErrClosed):
		c.told = "unknown"
	}
	return c
}

// before and after are the records of a member as everybody sees them in the end.
func (v *variant) before(member int) string {
	second := 2
	if v.intruder {
		second = 99
	}
	return fmt.Sprintf("item(%d,1) v=1\nitem(%d,2) v=%d\n", member, member, second)
}

func (v *variant) after(member int) string {
	if v.single {
		return fmt.Sprintf("item(%d,1) v=50\nitem(%d,2) v=2\n", member, member)
	}
	return fmt.Sprintf("item(%d,1) v=50\nitem(%d,9) v=70\n", member, member)
}

func (v *variant) count() int { return max(v.members, 1) }

// run runs the members beside a saboteur, and returns what their clients were told
// and what everybody sees of each member 20 and 80 seconds later.
func (v *variant) run(t *testing.T, s *saboteur) (claims []claim, first, second []string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, v.storage...)
		w.now.Store(0)
		w.grouped()
		for m := range v.count() {
			w.item(m, 1, fmt.Sprint("t", m), "v", 1)
			w.item(m, 2, fmt.Sprint("t", m), "v", 2)
		}
		w.item(90, 1, "t0", "v", 8)
		w.item(90, 2, "t0", "v", 9)
		s.latency = v.latency
		var engines []*Engine
		for i := range v.count() {
			if i > 0 && !v.branches {
				engines = append(engines, engines[0])
				continue
			}
			e := w.engine(s.of(i), append(v.configure, func(o *Options) {
				if hook := o.BeforePrepare; hook != nil {
					o.BeforePrepare = sabotaged(s.of(i))
				}
			})...)
			around := e.storage
			e.storage = w.store
			e.must(t, itemName)
			e.storage = around
			engines = append(engines, e)
		}
		var ids []string
		if v.branches {
			claims, ids = v.runBranches(t, w, s, engines)
		} else {
			claims, ids = v.runMembers(t, w, s, engines[0])
		}
		time.Sleep(5 * time.Second)
		if v.finishes {
			other := w.engine(nil)
			for _, id := range ids {
				_, err := other.Finish(t.Context(), id)
				ok(t, err)
			}
		}
		time.Sleep(15 * time.Second)
		first = v.split(w.recoverAll(t))
		time.Sleep(time.Minute)
		second = v.split(w.recoverAll(t))
	})
	return claims, first, second
}

// split gives each member its lines of a rendering.
func (v *variant) split(rendered string) []string {
	parts := make([]string, v.count())
	for line := range strings.Lines(rendered) {
		for m := range parts {
			if strings.HasPrefix(line, fmt.Sprintf("item(%d,", m)) {
				parts[m] += line
			}
		}
	}
	return parts
}

// operations are those of a member before its commit.
func (v *variant) operations(ctx context.Context, t *testing.T, e *Engine, tx *Tx, m int) error {
	if v.reads {
		if _, err := tx.Get(ctx, item(t, e, 90, 1), item(t, e, 90, 2)); err != nil {
			return err
		}
	}
	if err := update(ctx, tx, item(t, e, m, 1), 50); err != nil || v.single {
		return err
	}
	if err := tx.Update(ctx, item(t, e, m, 2), Changes{}, nil); err != nil { // reads it
		return err
	}
	if err := tx.Delete(ctx, item(t, e, m, 2), nil); err != nil {
		return err
	}
	ref := item(t, e, m, 9)
	return tx.Insert(ctx, ref, set(ref.Table, "v", 70))
}

func (v *variant) intrude(w *world) {
	if !v.intruder {
		return
	}
	for m := range v.count() {
		w.item(m, 2, "intruder", "v", 99)
	}
}

func (v *variant) runMembers(t *testing.T, w *world, s *saboteur, e *Engine) ([]claim, []string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.cancels(cancel)
	claims, ids := make([]claim, v.count()), make([]string, v.count())
	txs := make([]*Tx, v.count())
	for m := range txs {
		txs[m] = begin(t, e, v.isolation, withID(fmt.Sprint("mine-", m)))
		ids[m] = txs[m].ID()
		if err := recovered(func() error { return v.operations(ctx, t, e, txs[m], m) }); err != nil {
			txs[m].Rollback()
			claims[m] = claimed(err, m)
		}
	}
	v.intrude(w)
	var wait sync.WaitGroup
	if v.closes != nil {
		wait.Go(func() { v.closes(e) })
	}
	for m, tx := range txs {
		if claims[m].told != "" {
			continue
		}
		wait.Go(func() {
			time.Sleep(time.Duration(m) * v.spread)
			if v.leaves && m == len(txs)-1 {
				tx.Rollback()
				claims[m] = claimed(ErrConflict, m)
				return
			}
			claims[m] = claimed(recovered(func() error { return tx.Commit(ctx) }), m)
		})
	}
	wait.Wait()
	return claims, ids
}

// runBranches prepares all, validates all and commits all, and rolls all back if
// one cannot prepare or validate. Who does not know the outcome asks once more.
func (v *variant) runBranches(t *testing.T, w *world, s *saboteur, engines []*Engine) (claims []claim, ids []string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.cancels(cancel)
	everybody := make([]int, len(engines))
	txs := make([]*Tx, len(engines))
	steps := []func(m int, tx *Tx) error{
		func(m int, tx *Tx) error { return v.operations(ctx, t, engines[m], tx, m) },
		func(_ int, tx *Tx) error { return tx.Prepare(ctx) },
	}
	if v.isolation == Serializable {
		steps = append(steps, func(_ int, tx *Tx) error { return tx.Validate(ctx) })
	}
	for m, e := range engines {
		txs[m] = begin(t, e, v.isolation, withID("mine"))
		everybody[m] = m
	}
	try := func() error {
		for i, step := range steps {
			if i == 1 {
				v.intrude(w)
			}
			for m, tx := range txs {
				if err := recovered(func() error { return step(m, tx) }); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := try(); err != nil {
		if txs[0].Active() {
			v.intrude(w)
		}
		for _, tx := range txs {
			err := recovered(func() error { return tx.RollbackPrepared(ctx) })
			if e := (*Error)(nil); errors.As(err, &e) && e.Kind == ErrUnknownStatus {
				err = tx.RollbackPrepared(ctx)
			}
			switch {
			case err == nil:
				claims = append(claims, claim{everybody, "aborted", nil})
			case errors.Is(err, ErrUnknownStatus):
				claims = append(claims, claimed(err, everybody...))
			default:
				t.Errorf("rollback of what nobody has committed: %v", err)
			}
		}
		return claims, []string{"mine"}
	}
	for _, tx := range txs {
		err := recovered(func() error { return tx.Commit(ctx) })
		if errors.Is(err, ErrUnknownStatus) {
			err = tx.Commit(ctx)
		}
		claims = append(claims, claimed(err, everybody...))
	}
	return claims, []string{"mine"}
}

// variants are all ways to commit.
var variants = []variant{
	{name: "one phase", configure: []func(*Options){onePhase}},
	{name: "one phase, per partition", configure: []func(*Options){onePhase}, storage: perPartition},
	{name: "one phase, several requests needed", configure: []func(*Options){onePhase}, storage: perRecord, decisions: 1},
	{name: "one phase over an intruder", configure: []func(*Options){onePhase}, intruder: true},
	{name: "one phase with checks", configure: []func(*Options){onePhase}, isolation: Serializable, reads: true},
	{name: "one phase with checks over an intruder", configure: []func(*Options){onePhase}, isolation: Serializable, reads: true, intruder: true},
	{name: "one phase for a member of a group", configure: []func(*Options){onePhase, inGroups}, members: 2},
	{name: "asynchronous", configure: []func(*Options){asynchronous}, decisions: 1},
	{name: "asynchronous, single records", configure: []func(*Options){asynchronous}, storage: perRecord, isolation: Serializable, reads: true, decisions: 1},
	{name: "asynchronous over an intruder", configure: []func(*Options){asynchronous}, intruder: true, storage: perRecord, decisions: 1},
	{name: "write set", configure: []func(*Options){withWriteSets}, decisions: 1},
	{name: "write set, finished", configure: []func(*Options){withWriteSets, asynchronous}, finishes: true, storage: perRecord, decisions: 1},
	{name: "write set over an intruder, finished", configure: []func(*Options){withWriteSets}, finishes: true, intruder: true, storage: perRecord, decisions: 1},
	{name: "group of one", configure: []func(*Options){inGroups}, decisions: 1},
	{name: "group of two", configure: []func(*Options){inGroups}, members: 2, decisions: 1},
	{name: "group of three, asynchronous, SERIALIZABLE", configure: []func(*Options){inGroups, asynchronous}, members: 3, isolation: Serializable, reads: true, single: true, decisions: 1},
	{name: "group with a delayed member", configure: []func(*Options){inGroups}, members: 2, spread: time.Second, decisions: 2},
	{name: "group that a member leaves", configure: []func(*Options){inGroups}, members: 2, leaves: true, decisions: 1},
	{name: "group over an intruder", configure: []func(*Options){inGroups}, members: 2, intruder: true, decisions: 2},
	{name: "group with write sets, finished", configure: []func(*Options){inGroups, withWriteSets}, members: 2, finishes: true, decisions: 1},
	{name: "group with a delayed member and write sets, finished", configure: []func(*Options){inGroups, withWriteSets, asynchronous}, members: 2, spread: time.Second, finishes: true, decisions: 2},
	{name: "hook", configure: []func(*Options){hooked}, decisions: 1},
	{name: "hook, in a group", configure: []func(*Options){hooked, inGroups}, members: 2, single: true, decisions: 1},
	{name: "decisions in batches", members: 6, single: true, latency: time.Millisecond, spread: time.Microsecond, decisions: 5},
	{name: "decisions in batches, write sets, finished", configure: []func(*Options){withWriteSets, asynchronous}, members: 6, single: true, latency: time.Millisecond, spread: time.Microsecond, finishes: true, decisions: 5},
	{name: "decisions in batches over an intruder", members: 6, latency: time.Millisecond, spread: time.Microsecond, intruder: true, decisions: 5},
	{name: "branches", branches: true, members: 2, decisions: 2},
	{name: "branches, SERIALIZABLE", branches: true, members: 2, isolation: Serializable, reads: true, single: true, decisions: 2},
	{name: "branches, asynchronous with write sets, finished", branches: true, members: 2, configure: []func(*Options){asynchronous, withWriteSets}, finishes: true, decisions: 2},
	{name: "branches over an intruder", branches: true, members: 2, intruder: true, decisions: 1},
}

// hooked asks for a hook, which run replaces by one that can fail.
func hooked(o *Options) {
	o.BeforePrepare = func(context.Context, Preparation) (func(context.Context) error, error) { return nil, nil }
}

// sabotaged is a hook whose two parts are calls that may fail.
func sabotaged(around aroundFunc) func(context.Context, Preparation) (func(context.Context) error, error) {
	return func(ctx context.Context, _ Preparation) (func(context.Context) error, error) {
		call := func(ctx context.Context) error {
			return around(ctx, faulty.Call{Op: hookCall}, func(ctx context.Context) error { return ctx.Err() })
		}
		return call, call(ctx)
	}
}
