package commit

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

// recovery is the completion of somebody else's prepared record that this
// transaction has met. It runs in the background; a transaction that writes the
// record, or that validates, waits for it (spec 7.6).
type recovery struct {
	table      *Table
	key        []storage.Value
	rolledBack bool // the version returned is, or may be, the one before
	done       chan struct{}
	err        error // set when done is closed
}

func (r *recovery) wait(ctx context.Context) error {
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
	done := make(chan struct{})
	close(done)
	return &recovery{table: t, key: key, rolledBack: rolledBack, done: done}
}

// recoverInBackground runs work, or leaves it to the next reader if the engine
// is closing.
func (tx *Tx) recoverInBackground(t *Table, key []storage.Value, rolledBack bool, work func(ctx context.Context) error) *recovery {
	r := &recovery{table: t, key: key, rolledBack: rolledBack, done: make(chan struct{})}
	started := tx.engine.start(func(ctx context.Context) {
		defer close(r.done)
		r.err = work(ctx)
	})
	if !started {
		r.err = &Error{Kind: ErrClosed, Table: t.Name(), Message: "the database handle is closed"}
		close(r.done)
	}
	tx.recoveries = append(tx.recoveries, r)
	return r
}

// recover returns the version of a prepared record that the isolation level
// shows (spec 7.1) and starts its completion.
func (tx *Tx) recover(ctx context.Context, t *Table, key []storage.Value, row storage.Row) (storage.Row, *recovery, error) {
	if tx.isolation != ReadCommitted {
		return tx.recoverLatest(ctx, t, key, row)
	}
	if err := t.damage(key, row); err != nil {
		return nil, nil, err
	}
	if tx.readOnly {
		return t.beforeImage(row), settled(t, key, true), nil
	}
	r := tx.recoverInBackground(t, key, true, func(ctx context.Context) error {
		decided, err := tx.engine.completeIfDecided(ctx, t, key, row)
		if err == nil && !decided {
			err = tx.uncommitted(t, key, row)
		}
		return err
	})
	return t.beforeImage(row), r, nil
}

// recoverLatest finds out how the transaction that prepared row was decided,
// deciding ABORTED for one that has expired, and returns the version that
// follows (spec 7.2). It reports [ErrUncommittedRecord] if the transaction may
// still be running.
//
// Since a coordinator row may be deleted once its transaction is complete, an
// absent row proves nothing: the record is read again before the abort, which
// spares a needless ABORTED row, and after it, which closes the window between.
// An aborted writer is decided before its before image is returned, so that it
// cannot commit any more.
func (tx *Tx) recoverLatest(ctx context.Context, t *Table, key []storage.Value, row storage.Row) (storage.Row, *recovery, error) {
	e := tx.engine
	for range recoveryPasses {
		if err := t.damage(key, row); err != nil {
			return nil, nil, err
		}
		owner := t.idOf(row)
		d, err := e.coordinator.read(ctx, owner)
		if err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		if d != nil {
			observed := row
			r := tx.recoverInBackground(t, key, d.state != Committed, func(ctx context.Context) error {
				return e.follow(ctx, t, key, observed, d)
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
		if !t.expired(row, e.millis()) {
			return nil, nil, tx.uncommitted(t, key, row)
		}
		again, err := e.readRecord(ctx, t, key)
		if err != nil {
			return nil, nil, recoveryFailed(t, key, err)
		}
		if done := again == nil || t.isCommitted(again); done {
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
		if done := again == nil || t.isCommitted(again); done {
			return again, settled(t, key, true), nil
		}
		if t.idOf(again) != owner {
			row = again
			continue
		}
		observed := again
		r := tx.recoverInBackground(t, key, true, func(ctx context.Context) error {
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

func (tx *Tx) uncommitted(t *Table, key []storage.Value, row storage.Row) error {
	return &Error{Kind: ErrUncommittedRecord, Code: "DB-CORE-20017", TxID: tx.id, Table: t.Name(), Key: t.meta.FormatKey(key),
		Message: "transaction " + t.idOf(row) + " has prepared the record and not decided yet: retry"}
}

func recoveryFailed(t *Table, key []storage.Value, err error) error {
	return storageError("DB-CORE-30057", t.Name(), t.meta.FormatKey(key), "cannot find out how the transaction that prepared the record ended", err)
}

// waitForRecoveries waits for the completions that the transaction's own writes
// or validation depend on (spec 7.6).
func (tx *Tx) waitForRecoveries(ctx context.Context) error {
	for _, r := range tx.recoveries {
		own := tx.lookup(r.table, r.key)
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
		return true, e.follow(ctx, t, key, row, d)
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
	return true, e.follow(ctx, t, key, again, d)
}

// RecoverRecord completes the record at ref if a transaction left it prepared.
// It reports false if that transaction may still be running (spec 2.7).
func (e *Engine) RecoverRecord(ctx context.Context, ref Ref) (bool, error) {
	row, err := e.readRecord(ctx, ref.Table, ref.Key)
	if err != nil {
		return false, storageError("DB-CORE-30069", ref.Table.Name(), ref.Table.meta.FormatKey(ref.Key), "cannot read the record to recover", err)
	}
	if row == nil || ref.Table.isCommitted(row) {
		return true, nil
	}
	return e.completeIfDecided(ctx, ref.Table, ref.Key, row)
}

// readRecord reads one record with all columns.
func (e *Engine) readRecord(ctx context.Context, t *Table, key []storage.Value) (storage.Row, error) {
	rows, err := e.storage.Get(ctx, []storage.Get{{Table: t.meta, Key: key}})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// follow rolls a prepared record as its transaction was decided (spec 7.5).
func (e *Engine) follow(ctx context.Context, t *Table, key []storage.Value, row storage.Row, d *decision) error {
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
