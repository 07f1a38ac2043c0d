package commit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/scalargen/scalargen/runtime/internal/groupcommit"
	"github.com/scalargen/scalargen/runtime/observe"
)

// BeginOptions choose how one transaction runs.
type BeginOptions struct {
	ID        string // "" for a fresh one; must never have been used before
	Isolation Isolation
	ReadOnly  bool
	// OneOperation promises that the transaction is committed after a single
	// call, which then needs no repeatable reads.
	OneOperation bool
}

// Tx is a transaction: its read set, write set and scan set in memory
// (spec 3.1).
//
// Reads may run concurrently. A write, Prepare, Validate and Commit need the
// transaction for themselves and are refused while another call is under way,
// and so is a read during one of them.
type Tx struct {
	engine       *Engine
	id           string
	isolation    Isolation
	readOnly     bool
	oneOperation bool

	stage    atomic.Int32           // a stage
	calls    atomic.Int32           // reads under way, or alone
	scanning atomic.Int32           // scans whose iteration has begun and not ended
	expired  atomic.Pointer[string] // why Expire has rolled it back, nil if it has not
	branch   bool                   // has gone through Prepare
	checked  bool                   // prepare has checked its reads
	decided  State                  // what is known of the decision on a branch
	ended    func(err error)        // tells the observer; nil if there is none

	// mu guards what follows among concurrent reads. It is never held across a
	// storage call.
	mu         sync.Mutex
	tables     []*Table  // used so far
	records    recordSet // read or written so far
	writes     []*record // records with a pending write, in the order of the first
	scans      []*scanned
	repeats    map[string]*scanned
	stamps     map[string]string // under READ_COMMITTED: record to tx_id, see stamp
	recoveries []*recovery

	// A transaction of few records allocates nothing beside itself.
	tableRoom [2]*Table
	writeRoom [2]*record
}

// stage is how far a transaction has come (spec 2.3, 2.10).
type stage = int32

const (
	active    stage = iota
	prepared        // all records are prepared: Commit, Validate or Rollback may follow
	validated       // and the reads are validated
	broken          // Prepare or Validate has failed: only Rollback may follow
	over            // committed, failed to, or rolled back
)

// alone is the number of calls while one needs the transaction for itself.
const alone = -1

// Begin starts a transaction. It touches no storage.
func (e *Engine) Begin(o BeginOptions) (*Tx, error) {
	tx := new(Tx)
	return tx, e.BeginIn(tx, o)
}

// BeginIn is Begin in a Tx that the caller provides, which must be zero.
func (e *Engine) BeginIn(tx *Tx, o BeginOptions) error {
	if e.background.closed.Load() {
		return &Error{Kind: ErrClosed, Message: "the database handle is closed"}
	}
	if o.ID == "" {
		o.ID = e.options.NewID()
	}
	if problem := checkID(o.ID); problem != "" {
		return &Error{Kind: ErrInvalid, TxID: o.ID, Message: problem}
	}
	tx.engine, tx.id, tx.isolation, tx.readOnly, tx.oneOperation = e, o.ID, o.Isolation, o.ReadOnly, o.OneOperation
	tx.tables, tx.writes = tx.tableRoom[:0], tx.writeRoom[:0]
	if e.groups == nil || o.ReadOnly && !e.options.AlwaysDecide {
		return nil
	}
	full, err := e.groups.Reserve(o.ID)
	switch {
	case errors.Is(err, groupcommit.ErrChild):
		return &Error{Kind: ErrInvalid, TxID: o.ID, Message: "the id cannot be used", Err: err}
	case err != nil:
		return &Error{Kind: ErrClosed, TxID: o.ID, Message: "the database handle is closed"}
	}
	tx.id = full
	return nil
}

// Observe begins the observation of the whole transaction, which is attempt
// number attempt of a Transact, or 0. Calls of the transaction should have a
// context that derives from the one returned.
func (tx *Tx) Observe(ctx context.Context, attempt int) context.Context {
	o := tx.engine.options.Observer
	if o == nil {
		return ctx
	}
	ctx, tx.ended = o.Begin(ctx, observe.Event{
		Phase: observe.Transaction, TxID: tx.id, Isolation: tx.isolation.String(), ReadOnly: tx.readOnly, Attempt: attempt,
	})
	return ctx
}

// observe begins the observation of a part of the transaction's work on size
// records.
func (tx *Tx) observe(ctx context.Context, phase observe.Phase, size int) (context.Context, func(error)) {
	return tx.engine.observe(ctx, observe.Event{Phase: phase, TxID: tx.id, Size: size})
}

func (e *Engine) observe(ctx context.Context, event observe.Event) (context.Context, func(error)) {
	if e.options.Observer == nil {
		return ctx, unobserved
	}
	return e.options.Observer.Begin(ctx, event)
}

func unobserved(error) {}

// ID returns the transaction's id.
func (tx *Tx) ID() string { return tx.id }

// ReadOnly reports whether the transaction refuses writes.
func (tx *Tx) ReadOnly() bool { return tx.readOnly }

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

func (tx *Tx) leave() { tx.calls.Add(-1) }

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

func (tx *Tx) leaveAlone() { tx.calls.Store(0) }

// claim is enterAlone for a call that takes the transaction to another stage, and
// returns the one that it had. A Rollback, which needs no claim, comes before it
// or too late.
func (tx *Tx) claim(next stage, stages ...stage) (from stage, err error) {
	if err := tx.enterAlone(stages...); err != nil {
		return 0, err
	}
	from = tx.stage.Load()
	if slices.Contains(stages, from) && tx.stage.CompareAndSwap(from, next) {
		return from, nil
	}
	defer tx.leaveAlone()
	return 0, tx.expect(stages...)
}

// expect refuses a call in another stage than those it is for.
func (tx *Tx) expect(stages ...stage) error {
	now := tx.stage.Load()
	if slices.Contains(stages, now) {
		return nil
	}
	e := &Error{Kind: ErrClosed, Code: "DB-CORE-10043", Message: "the transaction has ended"}
	switch now {
	case over:
		if why := tx.expired.Load(); why != nil {
			e.Message = "the transaction was rolled back: " + *why
		}
	case active:
		e.Kind, e.Code, e.Message = ErrInvalid, "DB-CORE-10045", "the transaction is not prepared"
	case prepared, validated:
		e.Message = "the transaction is prepared: it can be committed or rolled back"
	case broken:
		e.Message = "the transaction has failed: it can be rolled back"
	}
	return tx.fail(e)
}

// inUse refuses a call that is for one of the stages, and comes beside another.
func (tx *Tx) inUse(stages ...stage) error {
	if err := tx.expect(stages...); err != nil {
		return err
	}
	return tx.fail(&Error{Kind: ErrInvalid,
		Message: "another goroutine uses the transaction: its reads may run concurrently, a write or the commit may not run beside another call"})
}

// end gives up what an ended transaction still has and tells the observer how it
// ended.
func (tx *Tx) end(err error) {
	tx.releaseSlot()
	if tx.ended != nil {
		tx.ended(err)
		tx.ended = nil
	}
}

// releaseSlot gives up the transaction's place in a group commit, so that the
// others do not wait for it. One that has been decided is not touched.
func (tx *Tx) releaseSlot() {
	if tx.grouped() {
		tx.engine.groups.Remove(tx.id)
	}
}

// grouped reports whether the transaction is a member of a group commit.
func (tx *Tx) grouped() bool { return tx.engine.groups != nil && isFullID(tx.id) }

// fail puts the transaction's id on an error.
func (tx *Tx) fail(e *Error) *Error {
	e.TxID = tx.id
	return e
}

// failed is fail for errors of any origin.
func (tx *Tx) failed(err error) error {
	if e, ok := err.(*Error); ok && e.TxID == "" {
		e.TxID = tx.id
	}
	return err
}

// admit notes that the transaction uses t. Positions in a record that it has
// read already must keep their meaning, so a table whose definition has changed
// since is a conflict. tx.mu must be held.
func (tx *Tx) admit(t *Table) error {
	for _, used := range tx.tables {
		if used == t {
			return nil
		}
		if used.Name() == t.Name() {
			return &Error{Kind: ErrConflict, Table: t.Name(), Message: "the definition of the table changed during the transaction: retry it"}
		}
	}
	tx.tables = append(tx.tables, t)
	return nil
}

// snapshotReads reports whether a record, once read, stays as it was.
func (tx *Tx) snapshotReads() bool { return tx.isolation != ReadCommitted && !tx.oneOperation }

// Rollback ends an active transaction and forgets its writes: nothing has been
// written yet, so there is nothing to undo (spec 2.3). It does nothing to one
// that has ended, and must not be called on a prepared one.
func (tx *Tx) Rollback() { tx.RollbackFor(observe.ErrRolledBack) }

// RollbackFor is Rollback with a reason to tell the observer.
func (tx *Tx) RollbackFor(reason error) {
	if tx.stage.CompareAndSwap(active, over) {
		tx.end(reason)
	}
}

// Expire rolls the transaction back unless a call is under way or a scan is being
// iterated. Later calls say why. It reports whether it has.
func (tx *Tx) Expire(why string) bool {
	if tx.scanning.Load() > 0 {
		return false
	}
	if _, err := tx.claim(over, active); err != nil {
		return false
	}
	defer tx.leaveAlone()
	tx.expired.Store(&why)
	tx.end(observe.ErrRolledBack)
	return true
}
