package scalar_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// touchOrder uses a transaction.
func touchOrder(t *testing.T, tx *scalar.Tx) error {
	t.Helper()
	return second(orders.GetAll(t.Context(), tx, []OrderKey{keyOfOrder(first)}))
}

// Why the DB rolls transactions back, as their next calls say.
const (
	tooMany = "the transaction was rolled back: too many were open, and it had been idle for longest"
	tooIdle = "the transaction was rolled back: it had been idle for too long"
	closed  = "the transaction was rolled back: the database handle was closed"
)

// wantEvicted checks that the DB has rolled the transaction back.
func wantEvicted(t *testing.T, db *scalar.DB, tx *scalar.Tx, why string) {
	t.Helper()
	wantError(t, touchOrder(t, tx), scalar.ErrClosed, why, tx.ID())
	wantError(t, orders.Upsert(t.Context(), tx, first), scalar.ErrClosed, why)
	wantError(t, tx.Commit(t.Context()), scalar.ErrClosed, why)
	wantUnlisted(t, db, tx.ID())
	tx.Rollback(t.Context()) // is harmless
}

func TestOneTransactionTooManyRollsBackTheLongestIdle(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		a, b := begin(t, db), begin(t, db)
		must(t, orders.Insert(ctx, a, first))
		must(t, orders.Insert(ctx, b, Order{CustomerID: 2}))
		must(t, touchOrder(t, a)) // b is the longest idle now
		c := begin(t, db)
		wantEvicted(t, db, b, tooMany)
		must(t, orders.Insert(ctx, c, Order{CustomerID: 3}))
		must(t, a.Commit(ctx)) // which makes room
		d := begin(t, db)
		must(t, c.Commit(ctx))
		must(t, touchOrder(t, d))
		all, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
		if must(t, err); len(all) != 2 {
			t.Errorf("orders %v, want those of a and c", all)
		}
	}, scalar.MaxActive(2))
}

func TestAFailedTransactionMakesRoomFirst(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.MaxActive(2)))
	must(t, orders.Insert(t.Context(), db, first))
	failed, open := begin(t, db), begin(t, db)
	must(t, orders.Insert(t.Context(), failed, first))
	wantError(t, failed.Commit(t.Context()), scalar.ErrAlreadyExists)
	must(t, touchOrder(t, open))
	begin(t, db)
	wantUnlisted(t, db, failed.ID())
	must(t, touchOrder(t, open))
}

// failedCommit returns a transaction that has failed to commit.
func failedCommit(t *testing.T, db *scalar.DB) *scalar.Tx {
	t.Helper()
	tx := begin(t, db)
	must(t, orders.Insert(t.Context(), tx, first))
	wantError(t, tx.Commit(t.Context()), scalar.ErrAlreadyExists)
	return tx
}

func TestFailedTransactionsMakeRoomBeforeOpenOnes(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.MaxActive(3)))
	must(t, orders.Insert(t.Context(), db, first))
	live := begin(t, db) // idle for longest
	failed := []*scalar.Tx{failedCommit(t, db), failedCommit(t, db)}
	wantError(t, touchOrder(t, failed[0]), scalar.ErrClosed) // which is a use, but of no use

	second := begin(t, db)
	wantUnlisted(t, db, failed[1].ID())
	wantListed(t, db, failed[0])
	wantListed(t, db, live)
	begin(t, db)
	wantUnlisted(t, db, failed[0].ID())
	wantListed(t, db, live)
	begin(t, db) // only now there is none but open ones
	wantEvicted(t, db, live, tooMany)
	must(t, touchOrder(t, second))
}

func TestATransactionWhoseHookPanickedMakesRoomFirst(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.MaxActive(2), scalar.BeforePrepare(func(context.Context, scalar.Preparation) (hookWait, error) { panic("oops") })))
	live, failed := begin(t, db), begin(t, db)
	must(t, orders.Insert(t.Context(), failed, first))
	func() {
		defer func() { _ = recover() }()
		_ = failed.Commit(t.Context())
	}()
	wantListed(t, db, failed)
	begin(t, db)
	wantUnlisted(t, db, failed.ID())
	must(t, touchOrder(t, live))
}

// A commit that is refused for a call under way has not ended the transaction.
func TestARefusedCommitLeavesTheTransactionOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.MaxActive(2)))
		idle, busy := begin(t, db), begin(t, db)
		scalartest.Inject(db, scalartest.Delay(scalartest.Get, time.Second).Times(1))
		read := make(chan error)
		go func() { read <- touchOrder(t, busy) }()
		synctest.Wait()
		wantError(t, busy.Commit(t.Context()), scalar.ErrInvalid, "another goroutine")
		must(t, <-read)
		begin(t, db)
		wantEvicted(t, db, idle, tooMany)
		wantListed(t, db, busy)
	})
}

func TestWhereAllAreInUseOneMoreMayBegin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.MaxActive(1)))
		busy := begin(t, db)
		scalartest.Inject(db, scalartest.Delay(scalartest.Get, time.Second).Times(1))
		read := make(chan error)
		go func() { read <- touchOrder(t, busy) }()
		synctest.Wait()
		more := begin(t, db)
		must(t, <-read)
		must(t, touchOrder(t, more))
		must(t, busy.Commit(t.Context()))
	})
}

func TestTheLimitHoldsWhenManyBeginAtOnce(t *testing.T) {
	t.Parallel()
	const limit, clients, each = 3, 8, 200
	db := openDB(t, scalartest.With(scalar.MaxActive(limit)))
	ids := make(chan string, clients*each)
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for range each {
				tx, err := db.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				ids <- tx.ID()
			}
		})
	}
	wait.Wait()
	close(ids)
	listed := 0
	for id := range ids {
		if _, err := db.Resume(id); err == nil {
			listed++
		}
	}
	if listed != limit {
		t.Errorf("%d transactions are open, want %d", listed, limit)
	}
}

func TestFailedTransactionsAreForgottenWhenTheyExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const expiry = time.Minute
		db := openDB(t, scalartest.With(scalar.IdleExpiry(expiry)))
		must(t, orders.Insert(t.Context(), db, first))
		failed := failedCommit(t, db)
		time.Sleep(expiry / 2)
		open, later := begin(t, db), failedCommit(t, db)
		wantListed(t, db, failed)
		time.Sleep(expiry / 2)
		synctest.Wait()
		wantUnlisted(t, db, failed.ID())
		wantListed(t, db, open)
		wantListed(t, db, later)
		time.Sleep(expiry / 2)
		synctest.Wait()
		wantEvicted(t, db, open, tooIdle)
		wantUnlisted(t, db, later.ID())
	})
}

func TestATransactionInACallIsNotRolledBackForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.MaxActive(2)))
		busy, idle := begin(t, db), begin(t, db)
		scalartest.Inject(db, scalartest.Delay(scalartest.Get, time.Second).Times(1))
		read := make(chan error)
		go func() { read <- touchOrder(t, busy) }()
		synctest.Wait()
		must(t, touchOrder(t, idle)) // busy has been idle for longer, were it idle
		begin(t, db)
		wantEvicted(t, db, idle, tooMany)
		must(t, <-read)
		wantListed(t, db, busy)
		must(t, busy.Commit(t.Context()))
	})
}

func TestWithoutALimitNoTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.MaxActive(0)))
	oldest := begin(t, db)
	for range 10_001 {
		begin(t, db)
	}
	must(t, touchOrder(t, oldest))
}

func TestTheLimitIsTenThousand(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	oldest := begin(t, db)
	for range 10_000 {
		begin(t, db)
	}
	wantEvicted(t, db, oldest, tooMany)
}

func TestIdleTransactionsExpire(t *testing.T) {
	t.Parallel()
	const expiry = time.Minute
	const almost = expiry - time.Millisecond
	for name, use := range map[string]func(t *testing.T, db *scalar.DB, tx *scalar.Tx) error{
		"get": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) error { return touchOrder(t, tx) },
		"scan": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) error {
			return second(scalar.Collect(orders.Scan(t.Context(), tx, ordersOf(1))))
		},
		"write": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) error {
			return orders.Upsert(t.Context(), tx, Order{CustomerID: 3})
		},
		"each scanned record": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) error {
			for _, err := range orders.Scan(t.Context(), tx, ordersOf(1)) {
				if err != nil {
					return err
				}
				time.Sleep(almost)
			}
			return touchOrder(t, tx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, scalartest.With(scalar.IdleExpiry(expiry)))
				withOrders(t, t.Context(), db)
				used, idle := begin(t, db), begin(t, db)
				for range 3 {
					time.Sleep(almost)
					must(t, use(t, db, used))
				}
				wantEvicted(t, db, idle, tooIdle)
				wantListed(t, db, used)
				time.Sleep(expiry)
				synctest.Wait()
				wantEvicted(t, db, used, tooIdle)
			})
		})
	}
}

// Who has a scan open has not forgotten the transaction.
func TestAPauseInAScanIsNoIdleness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.IdleExpiry(time.Minute)))
		withOrders(t, t.Context(), db)
		tx := begin(t, db)
		for _, err := range orders.Scan(t.Context(), tx, ordersOf(1)) {
			must(t, err)
			time.Sleep(5 * time.Minute)
		}
		must(t, touchOrder(t, tx))
		time.Sleep(time.Minute)
		synctest.Wait()
		wantEvicted(t, db, tx, tooIdle)
	})
}

// A commit that takes longer than the expiry is one call.
func TestASlowCommitDoesNotExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.IdleExpiry(time.Second)), scalartest.Delay(scalartest.Prepare, 5*time.Second))
		tx := begin(t, db)
		must(t, orders.Insert(t.Context(), tx, first))
		must(t, tx.Commit(t.Context()))
		must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
	})
}

// A call that takes longer than the expiry is no idleness, and the time after it
// counts from its end.
func TestASlowReadDoesNotExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.IdleExpiry(time.Second)), scalartest.Delay(scalartest.Get, 4900*time.Millisecond).Times(1))
		tx := begin(t, db)
		must(t, touchOrder(t, tx))
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		wantListed(t, db, tx)
		must(t, touchOrder(t, tx))
		time.Sleep(time.Second)
		synctest.Wait()
		wantEvicted(t, db, tx, tooIdle)
	})
}

func TestNothingExpiresByDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		tx := begin(t, db)
		time.Sleep(1000 * time.Hour)
		must(t, touchOrder(t, tx))
		wantListed(t, db, tx)
	})
}
