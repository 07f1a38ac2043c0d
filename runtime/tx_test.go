package scalar_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

func begin(t *testing.T, db *scalar.DB, options ...scalar.TxOption) *scalar.Tx {
	t.Helper()
	tx, err := db.Begin(t.Context(), options...)
	must(t, err)
	return tx
}

func TestBeginCommit(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tx := begin(t, db)
	if tx.Attempt() != 1 {
		t.Errorf("attempt %d, want 1", tx.Attempt())
	}
	must(t, orders.Insert(t.Context(), tx, first))
	wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound) // not yet
	must(t, tx.Commit(t.Context()))
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
	tx.Rollback(t.Context()) // deferred ones do nothing
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
}

func TestRollbackForgetsTheWrites(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tx := begin(t, db)
	must(t, orders.Insert(t.Context(), tx, first))
	tx.Rollback(t.Context())
	tx.Rollback(t.Context())
	wantError(t, tx.Commit(t.Context()), scalar.ErrClosed)
	wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound)
}

func TestNothingRunsAfterTheEnd(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, orders.Insert(t.Context(), db, first))
	for name, end := range map[string]func(tx *scalar.Tx){
		"commit":   func(tx *scalar.Tx) { must(t, tx.Commit(t.Context())) },
		"rollback": func(tx *scalar.Tx) { tx.Rollback(t.Context()) },
		"failed commit": func(tx *scalar.Tx) {
			must(t, orders.Insert(t.Context(), tx, first))
			wantError(t, tx.Commit(t.Context()), scalar.ErrAlreadyExists)
		},
	} {
		t.Run(name, func(t *testing.T) {
			tx := begin(t, db)
			end(tx)
			ctx, key, set := t.Context(), keyOfOrder(first), scalar.Set(orderColumns.Total, 1)
			for operation, err := range map[string]error{
				"get":      second(orders.Get(ctx, tx, key)),
				"getall":   second(orders.GetAll(ctx, tx, []OrderKey{key})),
				"scan":     second(scalar.Collect(orders.Scan(ctx, tx, allOrders()))),
				"insert":   orders.Insert(ctx, tx, first),
				"upsert":   orders.Upsert(ctx, tx, first),
				"update":   orders.Update(ctx, tx, key, set),
				"updateif": orders.UpdateIf(ctx, tx, key, scalar.IsNotNull(orderColumns.Total), set),
				"delete":   orders.Delete(ctx, tx, key),
				"deleteif": orders.DeleteIf(ctx, tx, key, scalar.IsNotNull(orderColumns.Total)),
				"commit":   tx.Commit(ctx),
			} {
				if wantError(t, err, scalar.ErrClosed, "the transaction has ended", tx.ID()); t.Failed() {
					t.Fatal(operation)
				}
			}
		})
	}
}

func TestReadOnlyTransactionsRefuseWrites(t *testing.T) {
	t.Parallel()
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable, scalar.ReadCommitted} {
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			must(t, orders.Insert(t.Context(), db, first))
			tx := begin(t, db, scalar.ReadOnly(), scalar.WithIsolation(level))
			ctx, key, set := t.Context(), keyOfOrder(first), scalar.Set(orderColumns.Total, 1)
			for _, err := range []error{
				orders.Insert(ctx, tx, first), orders.Upsert(ctx, tx, first), orders.Update(ctx, tx, key, set), orders.Delete(ctx, tx, key),
				orders.UpdateIf(ctx, tx, key, scalar.IsNotNull(orderColumns.Total), set), orders.DeleteIf(ctx, tx, key, scalar.IsNotNull(orderColumns.Total)),
			} {
				wantError(t, err, scalar.ErrInvalid, "test.orders: the transaction is read-only", "DB-CORE-10211", tx.ID())
			}
			got, err := orders.Get(ctx, tx, key)
			if must(t, err); got != first {
				t.Errorf("got %+v", got)
			}
			must(t, second(scalar.Collect(orders.Scan(ctx, tx, allOrders()))))
			must(t, tx.Commit(ctx))
		})
	}
}

func TestReadOnlyTransactionsWriteNoDecision(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, orders.Insert(t.Context(), db, first))
	scalartest.ResetHistory(db)
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		return second(orders.Get(ctx, tx, keyOfOrder(first)))
	}, scalar.ReadOnly()))
	if calls := scalartest.History(db); calls.Calls() != 1 {
		t.Errorf("calls:\n%s\nwant the read only", calls)
	}
}

func TestAClosedDB(t *testing.T) {
	t.Parallel()
	for name, warm := range map[string]bool{"used before": true, "never used": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t)
			tx := begin(t, db)
			if warm {
				must(t, orders.Insert(t.Context(), db, first))
				must(t, audit.Upsert(t.Context(), db, Audit{}))
			}
			must(t, db.Close(t.Context()))
			ctx := t.Context()
			for operation, err := range map[string]error{
				"begin":       second(db.Begin(ctx)),
				"transact":    db.Transact(ctx, func(context.Context, *scalar.Tx) error { return nil }),
				"get":         second(orders.Get(ctx, db, keyOfOrder(first))),
				"get in tx":   second(orders.Get(ctx, tx, keyOfOrder(first))),
				"scan":        second(scalar.Collect(orders.Scan(ctx, db, allOrders()))),
				"insert":      orders.Insert(ctx, db, first),
				"audit get":   second(audit.Get(ctx, db, AuditKey{})),
				"audit scan":  second(scalar.Collect(audit.Scan(ctx, db, auditByKind(1)))),
				"audit write": audit.Upsert(ctx, db, Audit{}),
			} {
				if wantError(t, err, scalar.ErrClosed); t.Failed() {
					t.Fatal(operation)
				}
			}
			must(t, db.Close(ctx))
		})
	}
}

func TestReadsOfATransactionRunConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		must(t, orders.Insert(t.Context(), db, first))
		scalartest.Inject(db, scalartest.Delay(scalartest.Get, time.Second).Times(1))
		tx := begin(t, db)
		done := make(chan error)
		go func() { done <- second(orders.Get(t.Context(), tx, keyOfOrder(first))) }()
		synctest.Wait() // the read is under way, in the storage
		must(t, second(orders.Get(t.Context(), tx, keyOfOrder(first))))
		must(t, second(scalar.Collect(orders.Scan(t.Context(), tx, ordersOf(1)))))
		const refused = "another goroutine uses the transaction"
		wantError(t, orders.Upsert(t.Context(), tx, first), scalar.ErrInvalid, refused, tx.ID())
		wantError(t, tx.Commit(t.Context()), scalar.ErrInvalid, refused, tx.ID())
		select {
		case err := <-done:
			t.Fatalf("the read is over, %v: nothing was tried beside it", err)
		default:
		}
		must(t, <-done)
		must(t, orders.Upsert(t.Context(), tx, first)) // what was refused did no harm
		must(t, tx.Commit(t.Context()))
	})
}

func TestNothingRunsBesideAWriteOrACommit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		op      scalartest.Op
		run     func(ctx context.Context, tx *scalar.Tx) error
		kind    error
		message string
	}{
		"write": {scalartest.Get, func(ctx context.Context, tx *scalar.Tx) error {
			return orders.UpdateIf(ctx, tx, keyOfOrder(first), scalar.Eq(orderColumns.Total, 5), scalar.Set(orderColumns.Total, 6))
		}, scalar.ErrInvalid, "another goroutine uses the transaction"},
		"commit": {scalartest.Prepare, func(ctx context.Context, tx *scalar.Tx) error { return tx.Commit(ctx) }, scalar.ErrClosed, "the transaction has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t)
				ctx := t.Context()
				must(t, orders.Insert(ctx, db, first))
				tx := begin(t, db)
				must(t, orders.Insert(ctx, tx, Order{CustomerID: 2}))
				scalartest.Inject(db, scalartest.Delay(c.op, time.Second).Times(1))
				done := make(chan error)
				go func() { done <- c.run(ctx, tx) }()
				synctest.Wait()
				for _, err := range []error{
					second(orders.Get(ctx, tx, keyOfOrder(first))),
					second(scalar.Collect(orders.Scan(ctx, tx, ordersOf(1)))),
					orders.Upsert(ctx, tx, first),
					tx.Commit(ctx),
				} {
					wantError(t, err, c.kind, c.message, tx.ID())
				}
				must(t, <-done)
			})
		})
	}
}

func TestCommitInsideAScan(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		withOrders(t, t.Context(), db)
		tx := begin(t, db)
		must(t, orders.Insert(t.Context(), tx, Order{CustomerID: 8}))
		seen := 0
		for _, err := range orders.Scan(t.Context(), tx, ordersOf(1)) {
			if seen++; seen == 1 {
				must(t, err)
				wantError(t, tx.Commit(t.Context()), scalar.ErrInvalid, "still being iterated")
				continue
			}
			wantError(t, err, scalar.ErrClosed, "the transaction has ended")
		}
		if seen != 2 {
			t.Errorf("%d yields, want a record and an error", seen)
		}
		wantError(t, second(orders.Get(t.Context(), db, OrderKey{CustomerID: 8})), scalar.ErrNotFound)
	})
}

func TestIsolationLevels(t *testing.T) {
	t.Parallel()
	type outcome struct {
		second int32 // what a repeated read sees after somebody else's write
		skew   bool  // whether two transactions commit that read what the other writes
	}
	for level, want := range map[scalar.Isolation]outcome{
		scalar.Snapshot: {5, true}, scalar.Serializable: {5, false}, scalar.ReadCommitted: {6, true},
	} {
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			ctx := t.Context()
			must(t, orders.Insert(ctx, db, first))
			tx := begin(t, db)
			must(t, second(orders.Get(ctx, tx, keyOfOrder(first))))
			must(t, orders.Update(ctx, db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)))
			got, err := orders.Get(ctx, tx, keyOfOrder(first))
			if must(t, err); got.Total.V != want.second {
				t.Errorf("%v: the second read sees %d, want %d", level, got.Total.V, want.second)
			}
			tx.Rollback(ctx)

			other := Order{CustomerID: 2}
			must(t, orders.Insert(ctx, db, other))
			a, b := begin(t, db), begin(t, db)
			for _, tx := range []*scalar.Tx{a, b} {
				must(t, second(orders.GetAll(ctx, tx, []OrderKey{keyOfOrder(first), keyOfOrder(other)})))
			}
			must(t, orders.Update(ctx, a, keyOfOrder(first), scalar.Set(orderColumns.Total, 7)))
			must(t, orders.Update(ctx, b, keyOfOrder(other), scalar.Set(orderColumns.Total, 7)))
			must(t, a.Commit(ctx))
			if err := b.Commit(ctx); (err == nil) != want.skew {
				t.Errorf("%v: the second of two skewed transactions: %v", level, err)
			} else if err != nil {
				wantError(t, err, scalar.ErrConflict)
			}
		}, scalar.DefaultIsolation(level))
	}
}

func TestTheCallsIsolationWins(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.Isolation(scalar.ReadCommitted))
	must(t, orders.Insert(t.Context(), db, first))
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		for range 2 {
			r, err := orders.Get(ctx, tx, keyOfOrder(first))
			if must(t, err); r.Total.V != 5 {
				t.Errorf("total is %d, want 5 each time", r.Total.V)
			}
			must(t, orders.Update(ctx, db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)))
		}
		return nil
	}, scalar.WithIsolation(scalar.Snapshot)))
}

func TestWithID(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tx := begin(t, db, scalar.WithID("order-77"))
	must(t, orders.Insert(t.Context(), tx, first))
	must(t, tx.Commit(t.Context()))
	if status, err := db.Status(t.Context(), "order-77"); tx.ID() != "order-77" || status != scalar.StatusCommitted || err != nil {
		t.Errorf("transaction %s has status %v, %v", tx.ID(), status, err)
	}
	for _, bad := range []string{"a,b", "0123456789012345678901234567890123456789", "012345678901234567890123$5"} {
		_, err := db.Begin(t.Context(), scalar.WithID(bad))
		wantError(t, err, scalar.ErrInvalid, "a transaction id")
	}
}

func TestStatusAndAbort(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	ctx := t.Context()
	status := func(id string, want scalar.Status) {
		t.Helper()
		if got, err := db.Status(ctx, id); got != want || err != nil {
			t.Errorf("status of %s is %v, %v, want %v", id, got, err, want)
		}
	}
	abort := func(id string, want scalar.Status) {
		t.Helper()
		if got, err := db.Abort(ctx, id); got != want || err != nil {
			t.Errorf("Abort of %s says %v, %v, want %v", id, got, err, want)
		}
	}
	status("nobody", scalar.StatusUnknown)

	running := begin(t, db)
	must(t, orders.Insert(ctx, running, first))
	status(running.ID(), scalar.StatusUnknown)
	abort(running.ID(), scalar.StatusAborted)
	abort(running.ID(), scalar.StatusAborted)
	wantError(t, running.Commit(ctx), scalar.ErrConflict, running.ID())
	status(running.ID(), scalar.StatusAborted)
	wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound)

	done := begin(t, db)
	must(t, orders.Insert(ctx, done, first))
	must(t, done.Commit(ctx))
	abort(done.ID(), scalar.StatusCommitted)
	status(done.ID(), scalar.StatusCommitted)
	must(t, second(orders.Get(ctx, db, keyOfOrder(first))))

	for s, want := range map[scalar.Status]string{scalar.StatusUnknown: "unknown", scalar.StatusCommitted: "committed", scalar.StatusAborted: "aborted"} {
		if s.String() != want {
			t.Errorf("%d renders as %v, want %s", s, s, want)
		}
	}
}

func TestStatusOfAStorageThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.FailNext(scalartest.Status, nil).Times(5))
		status, err := db.Status(t.Context(), "x")
		wantError(t, err, scalar.ErrStorage, "transaction x", "injected failure")
		if status != scalar.StatusUnknown {
			t.Errorf("status %v", status)
		}
		scalartest.Inject(db, scalartest.LoseRequest(scalartest.Decide).Times(5))
		_, err = db.Abort(t.Context(), "x")
		wantError(t, err, scalar.ErrUnknownStatus, "transaction x")
	})
}

// A commit that has prepared its records goes on when its context ends.
func TestCancellingACommit(t *testing.T) {
	t.Parallel()
	for op, committed := range map[scalartest.Op]bool{scalartest.Prepare: false, scalartest.Decide: true} {
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, scalartest.Delay(op, time.Second))
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err := orders.Insert(ctx, db, first)
			if committed {
				must(t, err)
			} else {
				wantError(t, err, scalar.ErrStorage)
				wantError(t, err, context.DeadlineExceeded)
			}
			if _, err := orders.Get(t.Context(), db, keyOfOrder(first)); errors.Is(err, scalar.ErrNotFound) == committed {
				t.Errorf("cancelled at %s: %v", op, err)
			}
		})
	}
}
