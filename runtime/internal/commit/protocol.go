package commit

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/observe"
)

// Commit runs the commit protocol (spec 2.3, 6.1) and ends the transaction
// whatever comes of it. Of a transaction that is prepared it runs the rest.
//
// Until all records are prepared, the end of ctx aborts the transaction. The
// decision itself and what follows it do not stop for ctx: a caller that went
// away would leave the outcome unknown and the records locked.
//
// It reports [ErrConflict], [ErrAlreadyExists] or [ErrStorage] if the
// transaction is not and never will be committed, [ErrUnknownStatus] if the
// decision was sent but neither confirmed nor found, and [ErrInvalid] if a scan
// is still being iterated, which is not committed either.
func (tx *Tx) Commit(ctx context.Context) (err error) {
	from, err := tx.claim(over, active, prepared, validated)
	if err != nil {
		return err
	}
	defer tx.leaveAlone()
	if !tx.engine.background.hold() {
		return tx.closing(from)
	}
	defer tx.engine.background.end()
	err = errInterrupted
	defer func() { tx.conclude(from, err) }()
	if from == active {
		err = tx.failed(tx.commit(ctx))
	} else {
		err = tx.failed(tx.commitPrepared(ctx, from))
	}
	return err
}

// errInterrupted is what a call is thought to end with until it has another end.
var errInterrupted = errors.New("the storage or a hook panicked")

// conclude ends the transaction after a call that has claimed its end, unless the
// call has left it, or must leave it, in the stage from: a participant that did
// not learn the outcome may try again.
func (tx *Tx) conclude(from stage, err error) {
	if err == errInterrupted && from != active {
		tx.stage.Store(from)
	}
	if tx.stage.Load() == over {
		tx.end(err)
	}
}

// closing refuses a commit that comes after Close. A transaction that is prepared
// stays so.
func (tx *Tx) closing(from stage) error {
	err := tx.fail(&Error{Kind: ErrClosed, Message: "the database handle is closed"})
	if from != active {
		tx.stage.Store(from)
		return err
	}
	tx.end(err)
	return err
}

func (tx *Tx) commit(ctx context.Context) error {
	if err := tx.ready(ctx, "DB-CORE-10205"); err != nil {
		return err
	}
	if len(tx.writes) == 0 {
		return tx.commitReads(ctx)
	}
	// Without a coordinator table nobody could ever complete what is prepared.
	if _, err := tx.engine.coordinator.table(ctx); err != nil {
		return err
	}
	if group := tx.onePhaseGroup(); group != nil {
		err := tx.commitOnePhase(ctx, group)
		if err != errUnseen {
			return err
		}
		if err := tx.look(ctx, tx.unseen(group), true); err != nil {
			return err
		}
		if group := tx.onePhaseGroup(); group != nil {
			return tx.commitOnePhase(ctx, group)
		}
	}
	await, err := tx.announce(ctx)
	if err != nil {
		return tx.abandon(ctx, err)
	}
	if err := tx.prepare(ctx); err != nil {
		return tx.abandon(ctx, err)
	}
	if tx.validationNeeded() {
		if err := tx.validate(ctx); err != nil {
			return tx.abandon(ctx, err)
		}
	}
	if err := await(ctx); err != nil {
		return tx.abandon(ctx, err)
	}
	return tx.decide(ctx)
}

// ready completes what must be known before anything is prepared. code is that
// of the refusal of a scan that goes on.
func (tx *Tx) ready(ctx context.Context, code string) error {
	if tx.scanning.Load() > 0 {
		return &Error{Kind: ErrInvalid, Code: code,
			Message: "a scan of the transaction is still being iterated: leave the loop, or stop the iterator, before the commit"}
	}
	if err := tx.preReadWrites(ctx); err != nil {
		return err
	}
	if err := tx.checkStamps(); err != nil {
		return err
	}
	return tx.waitForRecoveries(ctx)
}

// announce tells Options.BeforePrepare of the transaction. await waits for what
// it has begun.
func (tx *Tx) announce(ctx context.Context) (await func(context.Context) error, err error) {
	hook := tx.engine.options.BeforePrepare
	if hook == nil {
		return func(context.Context) error { return nil }, nil
	}
	p := Preparation{TxID: tx.id, Writes: make([]Write, len(tx.writes))}
	for i, r := range tx.writes {
		p.Writes[i] = Write{Table: r.table.Name(), Key: r.key, Delete: r.op == deleteWrite}
	}
	failed := func(err error) error {
		if err == nil {
			return nil
		}
		return &Error{Kind: ErrStorage, Code: "DB-CORE-30046", Message: "the hook before preparation failed", Err: err}
	}
	wait, err := hook(ctx, p)
	if err != nil || wait == nil {
		wait = func(context.Context) error { return nil }
	}
	return func(ctx context.Context) error { return failed(wait(ctx)) }, failed(err)
}

// decide writes that the transaction, which is prepared and validated, is
// committed, and lets its records follow.
func (tx *Tx) decide(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return tx.abandon(ctx, &Error{Kind: ErrStorage, Message: "the transaction was given up before it was decided", Err: err})
	}
	settling, cancel := detached(ctx)
	defer cancel()
	committedAt, err := tx.writeCommitted(settling)
	switch {
	case err == nil:
		tx.completeRecords(settling, committedAt)
		return nil
	case errors.Is(err, ErrUnknownStatus):
		return err // the records stay prepared: whoever meets them finds the decision
	case errors.Is(err, ErrConflict):
		tx.takeBack(settling) // an ABORTED row is there
		return err
	default:
		return tx.abandon(ctx, err)
	}
}

// writeCommitted writes the decision, in a row of the transaction's own or in
// that of its group, and returns when it was made.
func (tx *Tx) writeCommitted(ctx context.Context) (committedAt int64, err error) {
	ctx, end := tx.observe(ctx, observe.Decide, 1)
	defer func() { end(err) }()
	if tx.grouped() {
		return tx.engine.coordinator.commitInGroup(ctx, tx.id, tx.entries())
	}
	set, err := tx.writeSet(ctx)
	if err != nil {
		return 0, err
	}
	return tx.engine.coordinator.commit(ctx, tx.id, set)
}

// commitReads ends a transaction that has written nothing. It needs no row in
// the coordinator table, since no record refers to it (spec 8.4).
func (tx *Tx) commitReads(ctx context.Context) error {
	if !tx.engine.options.AlwaysDecide {
		tx.releaseSlot()
	}
	if tx.validationNeeded() {
		if err := tx.validate(ctx); err != nil {
			if tx.engine.options.AlwaysDecide {
				return tx.abandon(ctx, err)
			}
			return err
		}
	}
	if !tx.engine.options.AlwaysDecide {
		return nil
	}
	_, err := tx.writeCommitted(ctx)
	return err
}

// abandon aborts a transaction that failed before its decision and takes its
// records back. It returns the reason. If the ABORTED row cannot be written the
// reason stays true, because nobody else can commit the transaction: readers
// will abort it when it expires (quirk Q15).
//
// The place in a group commit must be given up first: a group that is written
// with this member in it would commit what is aborted here.
func (tx *Tx) abandon(ctx context.Context, reason error) error {
	tx.releaseSlot()
	ctx, cancel := detached(ctx)
	defer cancel()
	set, err := tx.writeSet(ctx)
	if err == nil {
		err = tx.engine.coordinator.abort(ctx, tx.id, set)
	}
	if err != nil {
		tx.engine.options.Log.WarnContext(ctx, "a failed transaction is left to expire", "tx", tx.id, "error", err)
		return reason
	}
	tx.takeBack(ctx)
	if errors.Is(reason, ErrConflict) {
		if err := tx.alreadyExists(ctx); err != nil {
			return err
		}
	}
	return reason
}

// completeRecords turns the records of the committed transaction to COMMITTED.
func (tx *Tx) completeRecords(ctx context.Context, committedAt int64) {
	o := &tx.engine.options
	tx.follow(ctx, o.AsyncCommit && !o.SerialCommit, func(ctx context.Context) { tx.commitRecords(ctx, committedAt) })
}

// takeBack rolls the records of the aborted transaction back.
func (tx *Tx) takeBack(ctx context.Context) {
	o := &tx.engine.options
	tx.follow(ctx, o.AsyncRollback && !o.SerialRollback, tx.rollbackRecords)
}
