package commit

import (
	"context"
	"errors"
)

// Commit runs the commit protocol (spec 2.3, 6.1) and ends the transaction
// whatever comes of it.
//
// Until all records are prepared, the end of ctx aborts the transaction. The
// decision itself and what follows it do not stop for ctx: a caller that went
// away would leave the outcome unknown and the records locked.
//
// It reports [ErrConflict], [ErrAlreadyExists] or [ErrStorage] if the
// transaction is not and never will be committed, and [ErrUnknownStatus] if the
// decision was sent but neither confirmed nor found.
func (tx *Tx) Commit(ctx context.Context) error {
	if err := tx.enter(); err != nil {
		return err
	}
	defer tx.leave()
	tx.ended.Store(true)
	return tx.failed(tx.commit(ctx))
}

func (tx *Tx) commit(ctx context.Context) error {
	if err := tx.preReadWrites(ctx); err != nil {
		return err
	}
	if err := tx.waitForRecoveries(ctx); err != nil {
		return err
	}
	if len(tx.writes) == 0 {
		return tx.commitReads(ctx)
	}
	// Without a coordinator table nobody could ever complete what is prepared.
	if _, err := tx.engine.coordinator.table(ctx); err != nil {
		return err
	}
	if err := tx.prepare(ctx); err != nil {
		return tx.abandon(ctx, err)
	}
	if tx.validationNeeded() {
		if err := tx.validate(ctx); err != nil {
			return tx.abandon(ctx, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return tx.abandon(ctx, &Error{Kind: ErrStorage, Message: "the transaction was given up before it was decided", Err: err})
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	committedAt, err := tx.engine.coordinator.commit(ctx, tx.id)
	switch {
	case err == nil:
		tx.commitRecords(ctx, committedAt)
		return nil
	case errors.Is(err, ErrUnknownStatus):
		return err // the records stay prepared: whoever meets them finds the decision
	case errors.Is(err, ErrConflict):
		tx.rollbackRecords(ctx) // an ABORTED row is there
		return err
	default:
		return tx.abandon(ctx, err)
	}
}

// preReadWrites reads the records whose previous version prepare needs and
// nobody has read yet (spec 3.6).
func (tx *Tx) preReadWrites(ctx context.Context) error {
	var unread []*record
	for _, r := range tx.writes {
		if r.preRead {
			unread = append(unread, r)
		}
	}
	return tx.preRead(ctx, unread...)
}

// commitReads ends a transaction that has written nothing. It needs no row in
// the coordinator table, since no record refers to it (spec 8.4).
func (tx *Tx) commitReads(ctx context.Context) error {
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
	_, err := tx.engine.coordinator.commit(ctx, tx.id)
	return err
}

// abandon aborts a transaction that failed before its decision and takes its
// records back. It returns the reason. If the ABORTED row cannot be written the
// reason stays true, because nobody else can commit the transaction: readers
// will abort it when it expires (quirk Q15).
func (tx *Tx) abandon(ctx context.Context, reason error) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := tx.engine.coordinator.abort(ctx, tx.id); err != nil {
		tx.engine.options.Log.Warn("a failed transaction is left to expire", "tx", tx.id, "error", err)
		return reason
	}
	tx.rollbackRecords(ctx)
	if errors.Is(reason, ErrConflict) {
		if err := tx.alreadyExists(ctx); err != nil {
			return err
		}
	}
	return reason
}
