package native

import (
	"context"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// subject is what a request is about, for errors; key is nil if it is no single
// record.
type subject struct {
	table *storage.Table
	key   []storage.Value
}

// failed is the error of a request that has failed and was not, or will not be,
// committed.
func (s subject) failed(err error) *commit.Error {
	e := requestFailed(err)
	if e.Table = s.table.TableName; s.key != nil {
		e.Key = s.table.FormatKey(s.key)
	}
	return e
}

// use runs f on the transaction of the database, which begins with the first
// request, when its turn has come. It is called by a call that has entered. An
// error of f but [storage.ErrCondition] fails the transaction.
func (tx *Tx) use(ctx context.Context, about subject, f func(storage.Transaction) error) error {
	if err := tx.takeTurn(ctx, about.table.TableName); err != nil {
		return err
	}
	defer tx.passTurn()
	if tx.below == nil {
		if err := tx.begin(ctx, about); err != nil {
			return err
		}
	}
	err := f(tx.below)
	if err == nil || conditionFalse(err) {
		return err
	}
	return tx.fail(about.failed(err))
}

// takeTurn waits until no other read uses the connection.
func (tx *Tx) takeTurn(ctx context.Context, table storage.TableName) error {
	select {
	case tx.turn <- struct{}{}:
	case <-ctx.Done():
		return &commit.Error{Kind: commit.ErrStorage, TxID: tx.id, Table: table, Message: "another read of the transaction uses its connection", Err: ctx.Err()}
	}
	if err := tx.expect(active); err != nil { // one that was before has failed
		tx.passTurn()
		return err
	}
	return nil
}

func (tx *Tx) passTurn() { <-tx.turn }

func (tx *Tx) begin(ctx context.Context, about subject) error {
	if !tx.manager.hold(tx) {
		return tx.fail(errClosed())
	}
	below, err := tx.manager.transactor.Begin(ctx, storage.TransactionOptions{ReadOnly: tx.readOnly})
	if err != nil {
		tx.manager.drop(tx)
		return tx.fail(about.failed(err))
	}
	tx.below = below
	return nil
}

// fail ends the transaction of the database because a request has failed with e,
// which is the caller's from now on. The caller of fail has the turn.
func (tx *Tx) fail(e *commit.Error) error {
	e.TxID = tx.id
	cause := *e
	tx.cause.CompareAndSwap(nil, &cause)
	tx.stage.CompareAndSwap(active, failed)
	tx.giveUp()
	return e
}

// giveUp rolls the transaction of the database back. The caller has the
// transaction for itself, or the turn.
func (tx *Tx) giveUp() {
	if tx.below == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	if err := tx.below.Rollback(ctx); err != nil {
		tx.manager.options.Log.WarnContext(ctx, "a transaction could not be rolled back and is left to the database", "tx", tx.id, "error", err)
	}
	tx.below = nil
	tx.manager.drop(tx)
}

// conclude commits the transaction of the database. The caller has the
// transaction for itself.
func (tx *Tx) conclude(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := tx.below.Commit(ctx)
	tx.below = nil
	tx.manager.drop(tx)
	return err
}
