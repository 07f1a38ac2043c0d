package scalar_test

import (
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

func TestAPauseInAScanMayExpireTheTransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.IdleExpiry(time.Minute)))
		withOrders(t, t.Context(), db)
		tx := begin(t, db)
		seen := 0
		for _, err := range orders.Scan(t.Context(), tx, ordersOf(1)) {
			if seen++; seen == 2 {
				wantError(t, err, scalar.ErrClosed, "idle for too long", tx.ID())
				continue
			}
			must(t, err)
			time.Sleep(2 * time.Minute)
		}
		if seen != 2 {
			t.Errorf("%d yields, want a record and an error", seen)
		}
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
