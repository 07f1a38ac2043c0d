package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// recovery is the completion of somebody else's prepared record that this
// transaction has met. It runs in the background; a transaction that writes the
// record, or that validates, waits for it (spec 7.6).
type recovery struct {
	table      *Table
	key        []storage.Value
	rolledBack bool // the version returned is, or may be, the one before
	work       func(ctx context.Context) error
	done       chan struct{} // nil if there was no place in the background
	err        error         // set when done is closed
}

// wait waits for the completion, or does it if nobody else does.
func (r *recovery) wait(ctx context.Context) error {
	if r.work == nil {
		return nil
	}
	if r.done == nil {
		return r.work(ctx)
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return &Error{Kind: ErrStorage, Table: r.table.Name(), Key: r.table.meta.FormatKey(r.key),
			Message: "the wait for the recovery of the record was cut short", Err: ctx.Err()}
	}
}

// settled is a recovery with nothing left to do.
func settled(t *Table, key []storage.Value, rolledBack bool) *recovery {
	return &recovery{table: t, key: key, rolledBack: rolledBack}
}

// recoverInBackground runs work, or leaves it to whoever needs it done: this
// transaction, or the next reader.
func (tx *Tx) recoverInBackground(ctx context.Context, t *Table, key []storage.Value, rolledBack bool, work func(ctx context.Context) error) *recovery {
	r := &recovery{table: t, key: key, rolledBack: rolledBack, work: work}
	done := make(chan struct{})
	if tx.engine.background.start(ctx, func(ctx context.Context) {
		defer close(done)
		if r.err = work(ctx); r.err != nil && !errors.Is(r.err, ErrConflict) {
			tx.engine.options.Log.WarnContext(ctx, "a prepared record is left to the next reader", "table", t.Name().String(), "key", t.meta.FormatKey(key), "error", r.err)
		}
	}) {
		r.done = done
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.recoveries = append(tx.recoveries, r)
	return r
}

// recover returns the version of a prepared record that the isolation level
// shows (spec 7.1) and starts its completion.
func (tx *Tx) recover(ctx context.Context, t *Table, key []storage.Value, row storage.Row, p *patience) (_ storage.Row, _ *recovery, err error) {
	ctx, end := tx.engine.observe(ctx, observe.Event{Phase: observe.Recover, TxID: tx.id, Table: t.Name(), Size: 1})
	defer func() { end(err) }()
	if tx.isolation != ReadCommitted {
		return tx.recoverLatest(ctx, t, key, row, p)
	}
	if err := t.damage(key, row); err != nil {
		return nil, nil, err
	}
	if tx.readOnly {
		return t.beforeImage(row), settled(t, key, true), nil
	}
	r := tx.recoverInBackground(ctx, t, key, true, func(ctx context.Context) error {
		decided, err := tx.engine.completeIfDecided(ctx, t, key, row)
		if err == nil && !decided {
			err = tx.uncommitted(ctx, t, key, row)
		}
		return err
	})
	return t.beforeImage(row), r, nil
}

// recoverLatest finds out how the transaction that prepared row was decided,
// deciding ABORTED for one that has expired, and returns the version that
// follows (spec 7.2). It reports [ErrUncommittedRecord] if the transaction may
// still be running, and waiting for it has not helped.
//
// Since a coordinator row may be deleted once its transaction is complete, an
// absent row proves nothing: the record is read again before the abort, which
// spares a needless ABORTED row, and after it, which closes the window between.
// An aborted writer is decided before its before image is returned, so that it
// cannot commit any more.
func (tx *Tx) recoverLatest(ctx context.Context, t *Table, key []storage.Value, row storage.Row, p *patience) (storage.Row, *recovery, error) {
	e := tx.engine
	at := place{queue: &e.queue, record: string(appendRecordKey(nil, t.meta, key))}
	defer at.leave()
	for range recoveryPasses {
		if err := t.damage(key, row); err != nil {
			return nil, nil, err
		}
		owner := t.idOf(row)
		d, err := e.coordinator.read(ctx, owner)
		if err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		// An ABORTED row proves something only if the record still waits for it:
		// that of a slow reader may have come when the transaction was committed,
		// completed and finished.
		if d != nil && d.state != Committed {
			again, err := e.readRecord(ctx, t, key)
			if err != nil {
				return nil, nil, recoveryFailed(t, key, err)
			}
			if again == nil || t.isCommitted(again) {
				return again, settled(t, key, true), nil
			}
			if t.idOf(again) != owner {
				row = again
				continue
			}
		}
		if d != nil {
			observed := row
			r := tx.recoverInBackground(ctx, t, key, d.state != Committed, func(ctx context.Context) error {
				return e.followDecision(ctx, t, key, observed, d)
			})
			switch {
			case d.state != Committed:
				return t.beforeImage(row), r, nil
			case t.stateOf(row) == Deleted:
				return nil, r, nil
			default:
				return t.afterImage(row, d.createdAt), r, nil
			}
		}
		var again storage.Row
		if !t.expired(row, e.millis()) {
			if again, err = tx.waitForDecision(ctx, t, key, row, &at, p.left(ctx, e.options.Wait)); err != nil {
				return nil, nil, err
			}
			if again != nil && !t.isCommitted(again) {
				row = again
				continue
			}
			return again, settled(t, key, true), nil
		}
		if again, err = e.readRecord(ctx, t, key); err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		if again == nil || t.isCommitted(again) {
			return again, settled(t, key, true), nil
		}
		if t.idOf(again) != owner {
			row = again
			continue
		}
		won, err := e.coordinator.forceAbort(ctx, owner)
		if err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		if !won {
			continue // it was decided meanwhile
		}
		if again, err = e.readRecord(ctx, t, key); err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		if again == nil || t.isCommitted(again) {
			return again, settled(t, key, true), nil
		}
		if t.idOf(again) != owner {
			row = again
			continue
		}
		observed := again
		r := tx.recoverInBackground(ctx, t, key, true, func(ctx context.Context) error {
			return e.rollBack(ctx, t, key, observed)
		})
		return t.beforeImage(observed), r, nil
	}
	return nil, nil, &Error{Kind: ErrConflict, Code: "DB-CORE-20030", Table: t.Name(), Key: t.meta.FormatKey(key),
		Message: "the record was prepared again and again while it was being recovered"}
}

// damage refuses a record that is neither committed nor prepared as the protocol
// prepares it. To roll it either way might destroy it.
func (t *Table) damage(key []storage.Value, row storage.Row) error {
	state := t.stateOf(row)
	if (state == Prepared || state == Deleted) && !row[t.txID].IsNull() && !row[t.preparedAt].IsNull() {
		return nil
	}
	return &Error{Kind: ErrStorage, Table: t.Name(), Key: t.meta.FormatKey(key),
		Message: fmt.Sprintf("the record is damaged: tx_state is %s, tx_id %s, tx_prepared_at %s; it was left as it is: correct these columns, or restore the record from a backup",
			row[t.state], row[t.txID], row[t.preparedAt])}
}

// uncommitted is the error of a read that has waited in vain, perhaps because ctx
// has ended.
func (tx *Tx) uncommitted(ctx context.Context, t *Table, key []storage.Value, row storage.Row) error {
	return &Error{Kind: ErrUncommittedRecord, Code: "DB-CORE-20017", TxID: tx.id, Table: t.Name(), Key: t.meta.FormatKey(key),
		Message: "transaction " + t.idOf(row) + " has prepared the record and not decided yet: retry", Err: context.Cause(ctx)}
}

func recoveryFailed(t *Table, key []storage.Value, err error) error {
	return storageError("DB-CORE-30057", t.Name(), t.meta.FormatKey(key), "cannot find out how the transaction that prepared the record ended", err)
}

// waitForRecoveries waits for the completions that the transaction's own writes
// or validation depend on (spec 7.6).
func (tx *Tx) waitForRecoveries(ctx context.Context) error {
	tx.mu.Lock()
	recoveries := slices.Clip(tx.recoveries)
	tx.mu.Unlock()
	for _, r := range recoveries {
		own := tx.records.find(r.table, r.key)
		if tx.isolation != Serializable && (own == nil || !own.pending()) {
			continue
		}
		if err := r.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// completeIfDecided rolls a prepared record forward or back as its transaction
// was decided, deciding ABORTED for one that has expired (spec 7.4). It reports
// false for a transaction that may still be running.
func (e *Engine) completeIfDecided(ctx context.Context, t *Table, key []storage.Value, row storage.Row) (bool, error) {
	if err := t.damage(key, row); err != nil {
		return false, err
	}
	owner := t.idOf(row)
	d, err := e.coordinator.read(ctx, owner)
	if err != nil {
		return false, recoveryFailed(t, key, err)
	}
	if d != nil {
		return true, e.followDecision(ctx, t, key, row, d)
	}
	if !t.expired(row, e.millis()) {
		return false, nil
	}
	again, err := e.readRecord(ctx, t, key)
	if err != nil {
		return false, recoveryFailed(t, key, err)
	}
	if again == nil || t.isCommitted(again) || t.idOf(again) != owner {
		return true, nil
	}
	won, err := e.coordinator.forceAbort(ctx, owner)
	if err != nil {
		return false, recoveryFailed(t, key, err)
	}
	if won {
		return true, e.rollBack(ctx, t, key, again)
	}
	if d, err = e.coordinator.read(ctx, owner); err != nil {
		return false, recoveryFailed(t, key, err)
	}
	if d == nil {
		return true, nil // decided, completed and cleaned up meanwhile
	}
	return true, e.followDecision(ctx, t, key, again, d)
}

// readRecord reads one record with all columns.
func (e *Engine) readRecord(ctx context.Context, t *Table, key []storage.Value) (storage.Row, error) {
	rows, err := e.storage.Get(ctx, []storage.Get{{Table: t.meta, Key: key}})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// followDecision rolls a prepared record as its transaction was decided (spec 7.5).
func (e *Engine) followDecision(ctx context.Context, t *Table, key []storage.Value, row storage.Row, d *decision) error {
	if d.state == Committed {
		return e.rollForward(ctx, t, key, row, d.createdAt)
	}
	return e.rollBack(ctx, t, key, row)
}

func (e *Engine) rollForward(ctx context.Context, t *Table, key []storage.Value, row storage.Row, committedAt int64) error {
	m := t.commitMutation(key, t.idOf(row), t.stateOf(row), committedAt, true)
	return e.roll(ctx, t, key, m)
}

func (e *Engine) rollBack(ctx context.Context, t *Table, key []storage.Value, row storage.Row) error {
	return e.roll(ctx, t, key, t.rollbackMutation(key, row))
}

// roll applies a completion. That its condition fails means that somebody else
// has completed the record.
func (e *Engine) roll(ctx context.Context, t *Table, key []storage.Value, m storage.Mutation) error {
	err := e.storage.Mutate(ctx, []storage.Mutation{m})
	if err == nil || errors.Is(err, storage.ErrCondition) {
		return nil
	}
	return storageError("DB-CORE-30057", t.Name(), t.meta.FormatKey(key), "cannot complete a record that another transaction left prepared", err)
}
