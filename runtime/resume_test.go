package scalar_test

import (
	"context"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
)

func wantListed(t *testing.T, db *scalar.DB, tx *scalar.Tx) {
	t.Helper()
	if got, err := db.Resume(tx.ID()); got != tx || err != nil {
		t.Errorf("Resume of an open transaction: %p, %v, want %p", got, err, tx)
	}
}

func wantUnlisted(t *testing.T, db *scalar.DB, id string) {
	t.Helper()
	got, err := db.Resume(id)
	wantError(t, err, scalar.ErrTransactionNotFound, "transaction not found: no open transaction has this id", "DB-CORE-20031", id)
	if got != nil {
		t.Errorf("with the error came transaction %s", got.ID())
	}
}

func TestResumeFindsOpenTransactions(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		wantUnlisted(t, db, "nobody")
		tx, other := begin(t, db), begin(t, db, scalar.WithID("mine"))
		wantListed(t, db, tx)
		wantListed(t, db, other)
		must(t, orders.Insert(ctx, tx, first))
		resumed, err := db.Resume(tx.ID())
		must(t, err)
		must(t, second(orders.Get(ctx, resumed, keyOfOrder(first)))) // the same reads and writes
		must(t, resumed.Commit(ctx))
		wantUnlisted(t, db, tx.ID())
		wantError(t, tx.Commit(ctx), scalar.ErrClosed)

		other.Rollback(ctx)
		wantUnlisted(t, db, "mine")
		must(t, second(orders.Get(ctx, db, keyOfOrder(first))))
	})
}

// As in ScalarDB, only a rollback makes the program forget a transaction that
// could not be committed.
func TestResumeFindsATransactionThatFailedToCommit(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		must(t, orders.Insert(ctx, db, first))
		tx := begin(t, db)
		must(t, orders.Insert(ctx, tx, first))
		wantError(t, tx.Commit(ctx), scalar.ErrAlreadyExists)
		wantListed(t, db, tx)
		wantError(t, second(orders.Get(ctx, tx, keyOfOrder(first))), scalar.ErrClosed)
		wantError(t, tx.Commit(ctx), scalar.ErrClosed)
		tx.Rollback(ctx)
		wantUnlisted(t, db, tx.ID())
	})
}

func TestTransactionsThatTheProgramDoesNotEndAreNotListed(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		wantUnlisted(t, db, tx.ID())
		return nil
	}))
	must(t, orders.Insert(t.Context(), db, first)) // tx-2
	wantUnlisted(t, db, "tx-2")
}

func TestResumeIsRefusedWhereTransactionsAreNotListed(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		tx := begin(t, db, scalar.WithID("a"))
		_, err := db.Resume("a")
		wantError(t, err, scalar.ErrInvalid, "switch scalar.db.active_transaction_management.enabled on")
		begin(t, db, scalar.WithID("a")).Rollback(ctx) // nobody can tell
		must(t, orders.Insert(ctx, tx, first))
		must(t, tx.Commit(ctx))
		must(t, second(orders.Get(ctx, db, keyOfOrder(first))))
	}, scalar.WithConfig(scalar.Config{Unlisted: true}))
}

func TestBeginRefusesTheIDOfAnOpenTransaction(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		tx := begin(t, db, scalar.WithID("order-77"))
		must(t, orders.Insert(ctx, tx, first))
		_, err := db.Begin(ctx, scalar.WithID("order-77"))
		wantError(t, err, scalar.ErrInvalid, "an open transaction has the same id", "DB-CORE-10047", "order-77")
		wantListed(t, db, tx)
		must(t, tx.Commit(ctx)) // the first one is none the worse
		must(t, second(orders.Get(ctx, db, keyOfOrder(first))))
	})
}

func TestOneShotOperationsIgnoreAChosenID(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	run := db.With(scalar.WithID("order-77"))
	must(t, orders.Upsert(t.Context(), run, first))
	must(t, orders.Upsert(t.Context(), run, first))
	if status, err := db.Status(t.Context(), "order-77"); status != scalar.StatusUnknown || err != nil {
		t.Errorf("status of the id is %v, %v", status, err)
	}
}
