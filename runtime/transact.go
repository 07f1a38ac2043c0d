package scalar

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
)

// The pauses between attempts of Transact: the first at most firstPause, each
// following one twice as long, none longer than maxPause. The real pause is
// random between half of that and all of it, so that two transactions in
// conflict do not meet again.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// Transact runs fn in a transaction and commits it if fn returns nil. If fn
// returns an error, the transaction is rolled back and the error comes out as
// it is.
//
// If the transaction is in conflict with another one ([ErrConflict], from an
// operation or the commit), all of it is tried again after a pause, fn
// included, until it succeeds, ctx ends, or the time or attempts set by
// [TransactFor] and [TransactAttempts] are used up; the error then says how
// often it was tried. So fn must have no effects outside of tx that may not
// happen twice. What cannot change is not retried: [ErrAlreadyExists],
// [ErrCondition], [ErrInvalid], [ErrStorage], errors of the application, and
// above all [ErrUnknownStatus].
//
// The ctx that fn gets carries the deadline. If fn panics, the transaction is
// rolled back and the panic goes on.
func (db *DB) Transact(ctx context.Context, fn func(ctx context.Context, tx *Tx) error, options ...TxOption) (err error) {
	o, err := db.txOptions(options)
	if err != nil {
		return err
	}
	o.id = "" // each attempt needs its own
	if o.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	ctx, end := db.observe(ctx, observe.Event{Phase: observe.Transact, Isolation: db.isolationName(&o), ReadOnly: o.readOnly})
	err = observe.ErrRolledBack // should fn panic
	defer func() { end(err) }()
	for attempt := 1; ; attempt++ {
		err = db.attempt(ctx, o, attempt, fn)
		if err == nil || !errors.Is(err, ErrConflict) {
			err = withAttempts(err, attempt)
			return err
		}
		db.log.DebugContext(ctx, "transaction in conflict", "attempt", attempt, "error", err)
		if attempt == o.attempts || !db.pause(ctx, attempt) {
			err = gaveUp(ctx, err, attempt)
			return err
		}
	}
}

// pause waits before the attempt that follows the given one. It reports false if
// ctx ends first.
func (db *DB) pause(ctx context.Context, attempt int) bool {
	_, end := db.observe(ctx, observe.Event{Phase: observe.Retry, Attempt: attempt})
	over := commit.Pause(ctx, db.pauseAfter(attempt))
	end(ctx.Err())
	return over
}

func (db *DB) observe(ctx context.Context, event observe.Event) (context.Context, func(error)) {
	if db.observer == nil {
		return ctx, func(error) {}
	}
	return db.observer.Begin(ctx, event)
}

// withAttempts says on an error of this package that ended several attempts how
// many they were.
func withAttempts(err error, attempts int) error {
	e, ok := err.(*Error)
	if !ok || attempts == 1 {
		return err
	}
	last := *e
	last.Attempts = attempts
	return &last
}

// attempt runs fn once.
func (db *DB) attempt(ctx context.Context, o txOptions, attempt int, fn func(ctx context.Context, tx *Tx) error) error {
	tx, err := db.begin(o, false)
	if err != nil {
		return err
	}
	tx.attempt, tx.managed = attempt, true
	ctx = tx.tx.Observe(ctx, attempt)
	defer tx.tx.Rollback() // does nothing after a commit
	if err := fn(ctx, tx); err != nil {
		tx.tx.RollbackFor(err)
		return err
	}
	return tx.commit(ctx)
}

// gaveUp puts the number of attempts on a conflict, and the end of ctx if that
// is why no more follow. What fn has put around the conflict stays around it.
func gaveUp(ctx context.Context, err error, attempts int) error {
	last := Error{Kind: ErrConflict, Err: err}
	if e, ok := err.(*Error); ok {
		last = *e
	}
	last.Attempts = attempts
	switch end := ctx.Err(); {
	case end == nil:
	case last.Err == nil:
		last.Err = end
	default:
		last.Err = fmt.Errorf("%w; before that: %w", end, last.Err)
	}
	return &last
}

// pauseAfter returns how long to wait after the given attempt.
func (db *DB) pauseAfter(attempt int) time.Duration {
	pause := maxPause
	if attempt < 10 { // 5 ms · 2⁹ is beyond maxPause
		pause = min(maxPause, firstPause<<(attempt-1))
	}
	return pause/2 + time.Duration(db.random()*float64(pause/2))
}

func defaultRandom() float64 { return rand.Float64() }
