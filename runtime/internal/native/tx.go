package native

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// Tx is a transaction. Reads may run concurrently; a write and Commit need the
// transaction for themselves and are refused while another call is under way, and
// so is a read during one of them.
type Tx struct {
	manager      *Manager
	id           string
	readOnly     bool
	oneOperation bool
	ended        func(err error) // tells the observer; nil if there is none

	stage    atomic.Int32 // a stage
	calls    atomic.Int32 // reads under way, or alone
	scanning atomic.Int32 // scans whose iteration has begun and not ended
	expired  atomic.Pointer[string]
	doomed   atomic.Pointer[string]       // why it must end as soon as no call is under way
	cause    atomic.Pointer[commit.Error] // what it failed with

	// turn is held by the read that uses what follows; a call that has the
	// transaction for itself uses it, too.
	turn  chan struct{}
	below storage.Transaction // nil before the first request and after the end
	wrote bool

	mu    sync.Mutex // guards scans and the rows in them, and is never held across a storage call
	scans map[*scan]struct{}
}

// stage is how far a transaction has come.
type stage = int32

const (
	active stage = iota
	failed       // and rolled back: only the end may follow
	over         // committed, failed to, or rolled back
)

// alone is the number of calls while one needs the transaction for itself.
const alone = -1

// Observe begins the observation of the whole transaction, which is attempt
// number attempt of a Transact, or 0. Calls of the transaction should have a
// context that derives from the one returned.
func (tx *Tx) Observe(ctx context.Context, attempt int) context.Context {
	o := tx.manager.options.Observer
	if o == nil {
		return ctx
	}
	ctx, tx.ended = o.Begin(ctx, observe.Event{Phase: observe.Transaction, TxID: tx.id, Isolation: Isolation, ReadOnly: tx.readOnly, Attempt: attempt})
	return ctx
}

// ID returns the transaction's id. The database does not know it.
func (tx *Tx) ID() string { return tx.id }

// Active reports whether the transaction takes reads and writes.
func (tx *Tx) Active() bool { return tx.stage.Load() == active }

// enter admits a read to an active transaction.
func (tx *Tx) enter() error {
	for {
		n := tx.calls.Load()
		if n == alone {
			return tx.inUse(active)
		}
		if tx.calls.CompareAndSwap(n, n+1) {
			break
		}
	}
	if err := tx.expect(active); err != nil {
		tx.leave()
		return err
	}
	return nil
}

func (tx *Tx) leave() {
	if tx.calls.Add(-1) == 0 {
		tx.settle()
	}
}

// enterAlone admits a call that is for one of the stages and needs the
// transaction for itself.
func (tx *Tx) enterAlone(stages ...stage) error {
	if !tx.calls.CompareAndSwap(0, alone) {
		return tx.inUse(stages...)
	}
	if err := tx.expect(stages...); err != nil {
		tx.leaveAlone()
		return err
	}
	return nil
}

func (tx *Tx) leaveAlone() {
	tx.calls.Store(0)
	tx.settle()
}

// claim is enterAlone for a call that ends the transaction. A Rollback, which
// needs no claim, comes before it or too late.
func (tx *Tx) claim() (from stage, err error) {
	if err := tx.enterAlone(active, failed); err != nil {
		return 0, err
	}
	from = tx.stage.Load()
	if from != over && tx.stage.CompareAndSwap(from, over) {
		return from, nil
	}
	defer tx.leaveAlone()
	return 0, tx.expect(active, failed)
}

// settle does what had to wait for the end of the calls under way.
func (tx *Tx) settle() {
	if why := tx.doomed.Load(); why != nil && tx.stage.Load() != over {
		tx.expire(*why)
	}
	if tx.stage.Load() == over && tx.calls.CompareAndSwap(0, alone) {
		tx.giveUp()
		tx.calls.Store(0)
	}
}

// expect refuses a call in another stage than those it is for.
func (tx *Tx) expect(stages ...stage) error {
	now := tx.stage.Load()
	switch {
	case slices.Contains(stages, now):
		return nil
	case now == failed:
		return tx.failedBefore()
	}
	e := &commit.Error{Kind: commit.ErrClosed, Code: "DB-CORE-10043", TxID: tx.id, Message: "the transaction has ended"}
	if why := tx.expired.Load(); why != nil {
		e.Message = "the transaction was rolled back: " + *why
	}
	return e
}

// inUse refuses a call that is for one of the stages, and comes beside another.
func (tx *Tx) inUse(stages ...stage) error {
	if err := tx.expect(stages...); err != nil {
		return err
	}
	return &commit.Error{Kind: commit.ErrInvalid, TxID: tx.id,
		Message: "another goroutine uses the transaction: its reads may run concurrently, a write or the commit may not run beside another call"}
}

// Rollback ends the transaction without effect. It does nothing to one that has
// ended. A call that is under way goes on, and lets go of the connection when it
// returns.
func (tx *Tx) Rollback() { tx.RollbackFor(observe.ErrRolledBack) }

// RollbackFor is Rollback with a reason to tell the observer.
func (tx *Tx) RollbackFor(reason error) {
	if tx.stage.CompareAndSwap(active, over) || tx.stage.CompareAndSwap(failed, over) {
		tx.settle()
		tx.end(reason)
	}
}

// Expire rolls the transaction back unless a call is under way or a scan is being
// iterated. Later calls say why. It reports whether it has.
func (tx *Tx) Expire(why string) bool { return tx.scanning.Load() == 0 && tx.expire(why) }

// doom rolls the transaction back now, or as soon as no call is under way.
func (tx *Tx) doom(why string) {
	tx.doomed.Store(&why)
	tx.expire(why)
}

// expire rolls the transaction back unless a call is under way.
func (tx *Tx) expire(why string) bool {
	if _, err := tx.claim(); err != nil {
		return false
	}
	defer tx.leaveAlone()
	tx.expired.Store(&why)
	tx.giveUp()
	tx.end(observe.ErrRolledBack)
	return true
}

// end tells the observer how the transaction has ended.
func (tx *Tx) end(err error) {
	if tx.ended != nil {
		tx.ended(err)
		tx.ended = nil
	}
}
