package commit

import (
	"cmp"
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/observe"
)

// The parts of Commit, driven one by one, for transactions that several
// processes carry out together under one id (spec 2.10). All prepare, then all
// validate, then all commit; if one cannot, all roll back.

// Prepare prepares the records that the transaction writes. Only Commit,
// Validate and RollbackPrepared may follow, and only the last one after an error.
func (tx *Tx) Prepare(ctx context.Context) error {
	if tx.grouped() {
		return tx.fail(&Error{Kind: ErrInvalid, Code: "DB-CORE-10141", Message: "a member of a group commit cannot be prepared by itself: turn group commit off"})
	}
	if _, err := tx.claim(broken, active); err != nil { // broken until all is well
		return err
	}
	defer tx.leaveAlone()
	tx.branch = true
	err := tx.ready(ctx, "DB-CORE-10206")
	if err == nil {
		_, err = tx.engine.coordinator.table(ctx)
	}
	if err == nil && len(tx.writes) > 0 {
		err = tx.prepare(ctx)
	}
	return tx.staged(prepared, err)
}

// Validate repeats the reads, under SERIALIZABLE. All participants must have
// prepared before any validates.
func (tx *Tx) Validate(ctx context.Context) error {
	if _, err := tx.claim(broken, prepared); err != nil {
		return err
	}
	defer tx.leaveAlone()
	var err error
	if tx.validationNeeded() {
		err = tx.validate(ctx)
	}
	return tx.staged(validated, err)
}

// staged enters the next stage, or the one that an error leads to.
func (tx *Tx) staged(next stage, err error) error {
	if err != nil {
		next = broken
	}
	tx.stage.Store(next)
	return tx.failed(err)
}

// commitPrepared decides and completes a prepared transaction. Each participant
// may be the one that decides; the others find the decision and follow it. So
// one that cannot write the decision does not know the outcome, and must not
// abort: it stays prepared, and may try again.
func (tx *Tx) commitPrepared(ctx context.Context, from stage) error {
	if tx.isolation == Serializable && from != validated {
		tx.stage.Store(from)
		return &Error{Kind: ErrInvalid, Code: "DB-CORE-10107", Message: "a SERIALIZABLE transaction must be validated before it is committed"}
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	committedAt, err := tx.writeCommitted(ctx)
	switch {
	case err == nil:
		tx.decided = Committed
		tx.completeRecords(ctx, committedAt)
		return nil
	case errors.Is(err, ErrConflict):
		tx.takeBack(ctx) // an ABORTED row is there
		return err
	}
	tx.stage.Store(from)
	return &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003",
		Message: "the decision could not be written here, and another participant may have written it: commit again, or ask for the status of the transaction", Err: err}
}

// RollbackPrepared aborts a transaction in any stage and takes its records back.
// It does nothing to one that has been rolled back, and reports [ErrClosed] of one
// that is committed, also by another participant; its records then follow that
// decision. After [ErrUnknownStatus] the decision could not be made, and
// RollbackPrepared may be called again.
func (tx *Tx) RollbackPrepared(ctx context.Context) error {
	from, err := tx.claim(over, active, prepared, validated, broken, over)
	if err != nil {
		return err
	}
	defer tx.leaveAlone()
	switch from {
	case over:
		if tx.decided == Committed {
			return tx.fail(committedAlready())
		}
		return nil
	case active:
		tx.end(observe.ErrRolledBack)
		return nil
	}
	end := errInterrupted
	defer func() { tx.conclude(from, end) }()
	if err = tx.failed(tx.abortPrepared(ctx)); errors.Is(err, ErrUnknownStatus) {
		tx.stage.Store(from)
	}
	end = cmp.Or(err, observe.ErrRolledBack)
	return err
}

func (tx *Tx) abortPrepared(ctx context.Context) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	c := &tx.engine.coordinator
	err := c.put(ctx, &decision{id: tx.id, state: Aborted, createdAt: tx.engine.millis()})
	if errors.Is(err, errDecided) {
		var d *decision
		if d, err = c.read(ctx, tx.id); err == nil && d != nil && d.state == Committed {
			tx.decided = Committed
			tx.completeRecords(ctx, d.createdAt)
			return committedAlready()
		}
	}
	if err != nil {
		return &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-30042", Message: "the transaction could not be aborted: roll back again", Err: err}
	}
	tx.takeBack(ctx)
	return nil
}

func committedAlready() *Error {
	return &Error{Kind: ErrClosed, Code: "DB-CORE-30041", Message: "the transaction is committed"}
}
