package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

func TestTransactCommits(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	var id string
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		id = tx.ID()
		if tx.Attempt() != 1 {
			t.Errorf("attempt %d, want 1", tx.Attempt())
		}
		return orders.Insert(ctx, tx, first)
	}))
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
	if status, err := db.Status(t.Context(), id); status != scalar.StatusCommitted || err != nil {
		t.Errorf("status %v, %v", status, err)
	}
}

var errBusiness = errors.New("sold out")

func TestTransactRollsBackAndReturnsTheErrorAsItIs(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	attempts := 0
	err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		attempts++
		must(t, orders.Insert(ctx, tx, first))
		return errBusiness
	})
	if err != errBusiness || attempts != 1 {
		t.Errorf("%v after %d attempts, want the very error after one", err, attempts)
	}
	wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound)
	if calls := scalartest.History(db).Of(scalartest.Prepare, scalartest.Decide); len(calls) != 0 {
		t.Errorf("a transaction that was rolled back wrote:\n%s", calls)
	}
}

func TestTransactRollsBackOnPanic(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	var leaked *scalar.Tx
	func() {
		defer func() {
			if r := recover(); r != "oops" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
			leaked = tx
			must(t, orders.Insert(ctx, tx, first))
			panic("oops")
		})
	}()
	wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound)
	wantError(t, orders.Insert(t.Context(), leaked, first), scalar.ErrClosed, "the transaction has ended", "transaction "+leaked.ID())
}

func TestAManagedTransactionIsNotTheCallersToEnd(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	for name, end := range map[string]func(ctx context.Context, tx *scalar.Tx){
		"scalar: Commit inside Transact, which commits when the function returns nil":           func(ctx context.Context, tx *scalar.Tx) { _ = tx.Commit(ctx) },
		"scalar: Rollback inside Transact, which rolls back when the function returns an error": func(ctx context.Context, tx *scalar.Tx) { tx.Rollback(ctx) },
	} {
		func() {
			defer func() {
				if r := recover(); r != name {
					t.Errorf("panic %v, want %s", r, name)
				}
			}()
			_ = db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				end(ctx, tx)
				return nil
			})
		}()
	}
}

func TestTheTransactionEndsWithTransact(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	var leaked *scalar.Tx
	must(t, db.Transact(t.Context(), func(_ context.Context, tx *scalar.Tx) error {
		leaked = tx
		return nil
	}))
	wantError(t, second(orders.Get(t.Context(), leaked, keyOfOrder(first))), scalar.ErrClosed)
}

func TestTransactRetriesConflicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.Conflicts(3))
		var attempts []int
		ids := map[string]bool{}
		must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
			attempts, ids[tx.ID()] = append(attempts, tx.Attempt()), true
			if err := orders.Upsert(ctx, tx, first); err != nil {
				return err
			}
			if len(attempts) == 1 { // a conflict of an operation, wrapped by the program
				return fmt.Errorf("ordering: %w", &scalar.Error{Kind: scalar.ErrUncommittedRecord})
			}
			return nil
		}, scalar.WithID("mine")))
		if want := []int{1, 2, 3, 4, 5}; !slices.Equal(attempts, want) || len(ids) != 5 || ids["mine"] {
			t.Errorf("attempts %v with the ids %v, want %v with one id each", attempts, ids, want)
		}
	})
}

// conflicting is a function in a transaction that always meets another one.
func conflicting(attempts *int) func(context.Context, *scalar.Tx) error {
	return func(context.Context, *scalar.Tx) error {
		*attempts++
		return fmt.Errorf("ordering: %w", scalar.ErrConflict)
	}
}

func TestTransactAttemptsLimitTheRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.Conflicts(100))
		for _, limit := range []int{1, 4} {
			n := 0
			err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				n++
				return orders.Upsert(ctx, tx, first)
			}, scalar.TransactAttempts(limit))
			var e *scalar.Error
			wantError(t, err, scalar.ErrConflict, fmt.Sprintf("(given up after %d attempts)", limit), "test.orders(customer_id=1, timestamp=10, seq=1)", "DB-CORE-20014")
			if n != limit || !errors.As(err, &e) || e.Attempts != limit {
				t.Errorf("%d attempts and %v, want %d", n, err, limit)
			}
			n = 0
			err = db.Transact(t.Context(), conflicting(&n), scalar.TransactAttempts(limit))
			wantError(t, err, scalar.ErrConflict, fmt.Sprintf("(given up after %d attempts): ordering: ", limit))
			if n != limit || !errors.As(err, &e) || e.Attempts != limit {
				t.Errorf("%d attempts and %v, want %d", n, err, limit)
			}
		}
	})
}

func TestTransactForLimitsTheTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		db   []scalar.Option
		tx   []scalar.TxOption
		want time.Duration
	}{
		"default":      {nil, nil, 30 * time.Second},
		"of the DB":    {[]scalar.Option{scalar.DefaultTransactFor(3 * time.Second)}, nil, 3 * time.Second},
		"of the call":  {[]scalar.Option{scalar.DefaultTransactFor(3 * time.Second)}, []scalar.TxOption{scalar.TransactFor(time.Minute)}, time.Minute},
		"off":          {nil, []scalar.TxOption{scalar.TransactFor(0)}, time.Hour},
		"off, of DB":   {[]scalar.Option{scalar.DefaultTransactFor(0)}, nil, time.Hour},
		"longer":       {nil, []scalar.TxOption{scalar.TransactFor(2 * time.Hour)}, time.Hour},
		"too short":    {nil, []scalar.TxOption{scalar.TransactFor(time.Nanosecond)}, time.Nanosecond},
		"with a limit": {nil, []scalar.TxOption{scalar.TransactAttempts(1_000_000)}, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, scalartest.With(test.db...))
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				begin, n := time.Now(), 0
				err := db.Transact(ctx, func(ctx context.Context, _ *scalar.Tx) error {
					n++
					if end, limited := ctx.Deadline(); !limited || end.Sub(begin) != test.want {
						t.Fatalf("the function may run until %v, want %v", end.Sub(begin), test.want)
					}
					return scalar.ErrConflict
				}, test.tx...)
				if took := time.Since(begin); took != test.want {
					t.Errorf("gave up after %v, want %v", took, test.want)
				}
				wantError(t, err, scalar.ErrConflict, fmt.Sprintf("given up after %d attempts", n), "context deadline exceeded")
				wantError(t, err, context.DeadlineExceeded)
			})
		})
	}
}

func TestTransactStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := db.Transact(ctx, func(context.Context, *scalar.Tx) error {
			if n++; n == 3 {
				cancel()
			}
			return &scalar.Error{Kind: scalar.ErrConflict, Err: errBusiness}
		})
		wantError(t, err, scalar.ErrConflict, "given up after 3 attempts", "context canceled; before that: sold out")
		wantError(t, err, context.Canceled)
		wantError(t, err, errBusiness)

		err = db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error { return orders.Upsert(ctx, tx, first) })
		wantError(t, err, context.Canceled)
	})
}

// The n-th pause is random between half of 5 ms · 2ⁿ⁻¹ and all of it, a second
// at most.
func TestPausesDoubleAndAreJittered(t *testing.T) {
	t.Parallel()
	for random, share := range map[float64]float64{0: 0.5, 0.5: 0.75, 0.999_999: 1} {
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, scalartest.With(scalar.WithEnvironment(scalar.Environment{Random: func() float64 { return random }})))
			var last time.Time
			var pauses []time.Duration
			_ = db.Transact(t.Context(), func(context.Context, *scalar.Tx) error {
				if !last.IsZero() {
					pauses = append(pauses, time.Since(last))
				}
				last = time.Now()
				return scalar.ErrConflict
			}, scalar.TransactAttempts(13))
			for i, got := range pauses {
				full := min(time.Second, 5*time.Millisecond<<i)
				want := time.Duration(share * float64(full))
				if off := got - want; off < -time.Microsecond || off > time.Microsecond {
					t.Errorf("randomness %v: pause %d is %v, want %v", random, i+1, got, want)
				}
			}
			if len(pauses) != 12 {
				t.Errorf("%d pauses, want 12", len(pauses))
			}
		})
	}
}

func TestTransactDoesNotRetryWhatCannotChange(t *testing.T) {
	t.Parallel()
	total := orderColumns.Total
	for name, test := range map[string]struct {
		faults []scalartest.Fault
		run    func(ctx context.Context, tx *scalar.Tx) error
		kind   error
	}{
		"exists at commit": {nil, func(ctx context.Context, tx *scalar.Tx) error { return orders.Insert(ctx, tx, first) }, scalar.ErrAlreadyExists},
		"exists": {nil, func(ctx context.Context, tx *scalar.Tx) error {
			must(t, second(orders.Get(ctx, tx, keyOfOrder(first))))
			return orders.Insert(ctx, tx, first)
		}, scalar.ErrAlreadyExists},
		"condition": {nil, func(ctx context.Context, tx *scalar.Tx) error {
			return orders.UpdateIf(ctx, tx, keyOfOrder(first), scalar.IsNull(total), scalar.Set(total, 1))
		}, scalar.ErrCondition},
		"invalid":   {nil, func(ctx context.Context, tx *scalar.Tx) error { return orders.Update(ctx, tx, keyOfOrder(first)) }, scalar.ErrInvalid},
		"not found": {nil, func(ctx context.Context, tx *scalar.Tx) error { return second(orders.Get(ctx, tx, OrderKey{})) }, scalar.ErrNotFound},
		"storage": {[]scalartest.Fault{scalartest.FailNext(scalartest.Prepare, nil)}, func(ctx context.Context, tx *scalar.Tx) error {
			return orders.Upsert(ctx, tx, first)
		}, scalar.ErrStorage},
		"unknown, committed": {[]scalartest.Fault{scalartest.UnknownStatus(true)}, func(ctx context.Context, tx *scalar.Tx) error {
			return orders.Upsert(ctx, tx, first)
		}, scalar.ErrUnknownStatus},
		"unknown, not committed": {[]scalartest.Fault{scalartest.UnknownStatus(false)}, func(ctx context.Context, tx *scalar.Tx) error {
			return orders.Upsert(ctx, tx, first)
		}, scalar.ErrUnknownStatus},
		"business": {nil, func(context.Context, *scalar.Tx) error { return errBusiness }, errBusiness},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t)
				must(t, orders.Insert(t.Context(), db, first))
				scalartest.Inject(db, test.faults...)
				attempts := 0
				err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
					attempts++
					return test.run(ctx, tx)
				})
				wantError(t, err, test.kind)
				if errors.Is(err, scalar.ErrConflict) || attempts != 1 {
					t.Errorf("%v after %d attempts, want one", err, attempts)
				}
			})
		})
	}
}

// Two counters that run at the same time lose no increment.
func TestTransactUnderContention(t *testing.T) {
	t.Parallel()
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable, scalar.ReadCommitted} {
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, scalartest.Isolation(level), scalartest.Delay(scalartest.Get, time.Millisecond), scalartest.Delay(scalartest.Prepare, time.Millisecond))
			must(t, orders.Insert(t.Context(), db, Order{CustomerID: 1, Total: scalar.Some(int32(0))}))
			const clients, rounds = 4, 5
			done := make(chan error)
			for range clients {
				go func() {
					var err error
					for range rounds {
						err = errors.Join(err, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
							r, err := orders.Get(ctx, tx, OrderKey{1, 0, 0})
							if err != nil {
								return err
							}
							return orders.Update(ctx, tx, keyOfOrder(r), scalar.Set(orderColumns.Total, r.Total.V+1))
						}))
					}
					done <- err
				}()
			}
			for range clients {
				must(t, <-done)
			}
			r, err := orders.Get(t.Context(), db, OrderKey{1, 0, 0})
			if must(t, err); r.Total.V != clients*rounds {
				t.Errorf("%v: the counter stands at %d, want %d", level, r.Total.V, clients*rounds)
			}
		})
	}
}

func TestErrorAfterConflictsSaysHowManyAttemptsItTook(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, orders.Insert(t.Context(), db, first))
	scalartest.Inject(db, scalartest.Conflicts(1))
	err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		if tx.Attempt() == 1 {
			return orders.Update(ctx, tx, keyOfOrder(first), scalar.Set(orderColumns.Total, 1))
		}
		_, err := orders.Get(ctx, tx, OrderKey{99, 1, 1})
		return err
	})
	wantError(t, err, scalar.ErrNotFound)
	var e *scalar.Error
	if !errors.As(err, &e) || e.Attempts != 2 {
		t.Errorf("%+v, want 2 attempts", e)
	}
}
