package scalar_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// whilePrepared runs a test while another transaction, which sets the total of
// first to 6, has prepared it and takes so long to be decided.
func whilePrepared(t *testing.T, decision time.Duration, test func(t *testing.T, db *scalar.DB), options ...scalar.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(options...))
		must(t, orders.Insert(t.Context(), db, first))
		scalartest.Inject(db, scalartest.Delay(scalartest.Decide, decision))
		done := make(chan error)
		go func() { done <- orders.Update(t.Context(), db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)) }()
		synctest.Wait()
		test(t, db)
		must(t, <-done)
	})
}

func TestAReadWaitsForASlowDecision(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(ctx context.Context, db *scalar.DB) (int32, error){
		"get": func(ctx context.Context, db *scalar.DB) (int32, error) {
			got, err := orders.Get(ctx, db, keyOfOrder(first))
			return got.Total.V, err
		},
		"scan": func(ctx context.Context, db *scalar.DB) (int32, error) {
			got, err := scalar.Collect(orders.Scan(ctx, db, ordersOf(1)))
			if err != nil {
				return 0, err
			}
			return got[0].Total.V, nil
		},
		"write that depends on the record": func(ctx context.Context, db *scalar.DB) (int32, error) {
			return 6, orders.UpdateIf(ctx, db, keyOfOrder(first), scalar.Eq(orderColumns.Total, 6), scalar.Set(orderColumns.OrderID, "x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whilePrepared(t, 150*time.Millisecond, func(t *testing.T, db *scalar.DB) {
				got, err := read(t.Context(), db)
				if must(t, err); got != 6 {
					t.Errorf("total is %d, want that of the transaction waited for", got)
				}
			}, scalar.WithConfig(scalar.Config{})) // 200 ms
		})
	}
}

// wantUncommitted checks that a read gives up on the record after exactly d.
func wantUncommitted(t *testing.T, ctx context.Context, run scalar.Runner, d time.Duration) {
	t.Helper()
	begin := time.Now()
	wantError(t, second(orders.Get(ctx, run, keyOfOrder(first))), scalar.ErrUncommittedRecord, "tx-2 has prepared the record and not decided yet", "DB-CORE-20017")
	if took := time.Since(begin); took != d {
		t.Errorf("the read gave up after %v, want %v", took, d)
	}
}

func TestTheWaitEnds(t *testing.T) {
	t.Parallel()
	t.Run("by default after 200 ms", func(t *testing.T) {
		t.Parallel()
		whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
			wantUncommitted(t, t.Context(), db, 200*time.Millisecond)
		}, scalar.WithConfig(scalar.Config{}))
	})
	t.Run("after the time that was set", func(t *testing.T) {
		t.Parallel()
		whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
			wantUncommitted(t, t.Context(), db, 700*time.Millisecond)
		}, scalar.UncommittedWait(700*time.Millisecond))
	})
	t.Run("after half of what the context leaves", func(t *testing.T) {
		t.Parallel()
		whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			wantUncommitted(t, ctx, db, 50*time.Millisecond)
			if ctx.Err() != nil {
				t.Error("nothing is left of the context's time")
			}
		}, scalar.UncommittedWait(time.Hour))
	})
	t.Run("with the context", func(t *testing.T) {
		t.Parallel()
		whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			begin := time.Now()
			err := second(orders.Get(ctx, db, keyOfOrder(first)))
			if took := time.Since(begin); err == nil || took != 300*time.Millisecond {
				t.Errorf("after %v: %v", took, err)
			}
		}, scalar.UncommittedWait(time.Hour))
	})
	t.Run("before it begins, if it is switched off", func(t *testing.T) {
		t.Parallel()
		whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
			wantUncommitted(t, t.Context(), db, 0)
		}, scalar.UncommittedWait(0))
	})
}

func TestReadCommittedNeverWaits(t *testing.T) {
	t.Parallel()
	whilePrepared(t, time.Second, func(t *testing.T, db *scalar.DB) {
		begin := time.Now()
		got, err := orders.Get(t.Context(), db.With(scalar.WithIsolation(scalar.ReadCommitted)), keyOfOrder(first))
		must(t, err)
		if took := time.Since(begin); got != first || took != 0 {
			t.Errorf("after %v: %+v, want the committed version at once", took, got)
		}
	}, scalar.UncommittedWait(time.Hour))
}

// Those who wait do not fail for it: each of many that change one record waits
// for the one before, and Transact does the rest.
func TestManyWritersOfOneRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.UncommittedWait(time.Second)), scalartest.Delay(scalartest.Decide, 10*time.Millisecond))
		must(t, orders.Insert(t.Context(), db, first))
		const writers = 20
		errs := make(chan error, writers)
		for range writers {
			go func() {
				errs <- db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
					r, err := orders.Get(ctx, tx, keyOfOrder(first))
					if err != nil {
						return err
					}
					return orders.Update(ctx, tx, keyOfOrder(first), scalar.Set(orderColumns.Total, r.Total.V+1))
				})
			}()
		}
		for range writers {
			must(t, <-errs)
		}
		got, err := orders.Get(t.Context(), db, keyOfOrder(first))
		if must(t, err); got.Total.V != 5+writers {
			t.Errorf("total is %d, want %d", got.Total.V, 5+writers)
		}
	})
}
