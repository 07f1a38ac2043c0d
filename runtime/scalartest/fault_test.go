package scalartest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// open returns a DB with ann, who has 100, and bob, who has nothing.
func open(t *testing.T, options ...scalartest.Option) *scalar.DB {
	t.Helper()
	db := scalartest.Open(t, bankSchema, append([]scalartest.Option{scalartest.WithSchema(logSchema)}, options...)...)
	for _, a := range []Account{{"ann", 100}, {"bob", 0}} {
		if err := accounts.Insert(t.Context(), db, a); err != nil {
			t.Fatal(err)
		}
	}
	scalartest.ResetHistory(db)
	return db
}

func balances(t *testing.T, db *scalar.DB) (ann, bob int64) {
	t.Helper()
	found, err := accounts.GetAll(t.Context(), db, []AccountKey{{"ann"}, {"bob"}})
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Balance, found[1].Balance
}

func wantBalances(t *testing.T, db *scalar.DB, ann, bob int64) {
	t.Helper()
	if gotAnn, gotBob := balances(t, db); gotAnn != ann || gotBob != bob {
		t.Errorf("balances %d and %d, want %d and %d", gotAnn, gotBob, ann, bob)
	}
}

// variants are ways to commit with prepared records. To a crash they make no
// difference.
var variants = map[string][]scalar.Option{
	"SNAPSHOT":     nil,
	"SERIALIZABLE": {scalar.DefaultIsolation(scalar.Serializable)},
	"asynchronous": {scalar.AsyncCommit(true), scalar.AsyncRollback(true)},
	"group commit": {scalar.GroupCommit(scalar.GroupCommitLimits{})},
	"all at once": {
		scalar.AsyncCommit(true), scalar.AsyncRollback(true), scalar.GroupCommit(scalar.GroupCommitLimits{}), scalar.LogWriteSets(true),
	},
}

func TestCrashLeavesARunningTransactionThatExpires(t *testing.T) {
	t.Parallel()
	for name, point := range map[string]scalartest.Point{
		"during prepare": scalartest.DuringPrepare, "after prepare": scalartest.AfterPrepare, "before decision": scalartest.BeforeDecision,
	} {
		for variant, options := range variants {
			t.Run(name+" "+variant, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					db := open(t, scalartest.With(options...))
					scalartest.Inject(db, scalartest.Crash(point, 1))
					err := transfer(t.Context(), db, "ann", "bob", 30)
					if !errors.Is(err, scalartest.ErrCrashed) || !errors.Is(err, scalar.ErrClosed) {
						t.Fatalf("crashed transaction: %v, want ErrCrashed and ErrClosed", err)
					}
					if _, err := accounts.Get(t.Context(), db, AccountKey{"ann"}); !errors.Is(err, scalar.ErrUncommittedRecord) {
						t.Errorf("ann while the crashed transaction may run: %v, want ErrUncommittedRecord", err)
					}
					_, err = accounts.Get(t.Context(), db, AccountKey{"bob"})
					if prepared := errors.Is(err, scalar.ErrUncommittedRecord); prepared != (point != scalartest.DuringPrepare) {
						t.Errorf("bob while the crashed transaction may run: %v", err)
					}
					time.Sleep(16 * time.Second)
					wantBalances(t, db, 100, 0)
					if err := transfer(t.Context(), db, "ann", "bob", 1); err != nil {
						t.Fatal(err)
					}
					wantBalances(t, db, 99, 1)
				})
			})
		}
	}
}

func TestACommittedTransactionThatCrashedIsCompletedByOthersAtOnce(t *testing.T) {
	t.Parallel()
	for variant, options := range variants {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := open(t, scalartest.With(options...))
				scalartest.Inject(db, scalartest.Crash(scalartest.AfterDecision, 1))
				synctest.Wait() // for the records of the accounts
				scalartest.ResetHistory(db)
				err := transfer(t.Context(), db, "ann", "bob", 30)
				if !errors.Is(err, scalartest.ErrCrashed) || !errors.Is(err, scalar.ErrUnknownStatus) {
					t.Fatalf("crashed transaction: %v, want ErrCrashed and ErrUnknownStatus", err)
				}
				synctest.Wait()
				if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 0 {
					t.Errorf("the crashed transaction completed records:\n%s", done)
				}
				wantBalances(t, db, 70, 30)
				synctest.Wait()
				if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 2 || done[0].Detail != "COMMITTED" || done[0].Err != nil || done[1].Err != nil {
					t.Errorf("completions by the reader:\n%s\nwant both records", done)
				}
			})
		})
	}
}

func TestCrashHitsTheNthTransactionOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		scalartest.Inject(db, scalartest.Crash(scalartest.BeforeDecision, 3))
		for i := 1; i <= 4; i++ {
			err := transfer(t.Context(), db, "ann", "bob", 1)
			if crashed := errors.Is(err, scalartest.ErrCrashed); crashed != (i == 3) {
				t.Errorf("transaction %d: %v", i, err)
			}
			time.Sleep(16 * time.Second)
		}
		wantBalances(t, db, 97, 3)
	})
}

// A decision that is sent twice is one.
func TestCrashCountsTransactionsAndNotCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		scalartest.Inject(db, scalartest.Crash(scalartest.BeforeDecision, 2), scalartest.LoseRequest(scalartest.Decide))
		if err := transfer(t.Context(), db, "ann", "bob", 1); err != nil {
			t.Errorf("first transaction: %v", err)
		}
		if err := transfer(t.Context(), db, "ann", "bob", 1); !errors.Is(err, scalartest.ErrCrashed) {
			t.Errorf("second transaction: %v, want ErrCrashed", err)
		}
	})
}

// The id of a crashed transaction may be aborted at any time, by others and by
// the program itself.
func TestCrashedTransactionCanBeAborted(t *testing.T) {
	t.Parallel()
	db := open(t)
	scalartest.Inject(db, scalartest.Crash(scalartest.AfterPrepare, 1))
	err := transfer(t.Context(), db, "ann", "bob", 30)
	var e *scalar.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if status, err := db.Abort(t.Context(), e.TxID); status != scalar.StatusAborted || err != nil {
		t.Fatalf("Abort: %v, %v", status, err)
	}
	wantBalances(t, db, 100, 0)
}

func TestUnknownStatusHidesWhetherTheTransactionCommitted(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			db := open(t)
			scalartest.Inject(db, scalartest.UnknownStatus(committed))
			attempts := 0
			err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				attempts++
				return accounts.Update(ctx, tx, AccountKey{"ann"}, scalar.Set(accountColumns.Balance, 1))
			})
			var e *scalar.Error
			if !errors.Is(err, scalar.ErrUnknownStatus) || !errors.As(err, &e) || attempts != 1 {
				t.Fatalf("after %d attempts: %v, want ErrUnknownStatus after one", attempts, err)
			}
			want, ann := scalar.StatusUnknown, int64(100)
			if committed {
				want, ann = scalar.StatusCommitted, 1
			}
			if status, err := db.Status(t.Context(), e.TxID); status != want || err != nil {
				t.Errorf("committed %t: Status is %v, %v", committed, status, err)
			}
			if status, err := db.Abort(t.Context(), e.TxID); (status == scalar.StatusCommitted) != committed || err != nil {
				t.Errorf("committed %t: Abort says %v, %v", committed, status, err)
			}
			wantBalances(t, db, ann, 0)
		})
	}
}

func TestConflictsLetTransactRunItsFunctionAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		scalartest.Inject(db, scalartest.Conflicts(3))
		attempts := 0
		err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
			attempts++
			return accounts.Update(ctx, tx, AccountKey{"ann"}, scalar.Set(accountColumns.Balance, 1))
		})
		if attempts != 4 || err != nil {
			t.Errorf("%d attempts, %v; want 4", attempts, err)
		}
		scalartest.Inject(db, scalartest.Conflicts(1))
		if err := accounts.Upsert(t.Context(), db, Account{"ann", 2}); !errors.Is(err, scalar.ErrConflict) {
			t.Errorf("operation on the DB: %v, want ErrConflict, which is not retried", err)
		}
		wantBalances(t, db, 1, 0)
	})
}

func TestFailNextFailsOneCallOfEachOperation(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	for _, test := range []struct {
		op    scalartest.Op
		run   func(ctx context.Context, db *scalar.DB) error
		times int
	}{
		{scalartest.Get, func(ctx context.Context, db *scalar.DB) error {
			_, err := accounts.Get(ctx, db, AccountKey{"ann"})
			return err
		}, 1},
		{scalartest.Scan, func(ctx context.Context, db *scalar.DB) error {
			_, err := scalar.Collect(accounts.Scan(ctx, db, scalar.SelectAll[Account]()))
			return err
		}, 1},
		{scalartest.Prepare, func(ctx context.Context, db *scalar.DB) error { return transfer(ctx, db, "ann", "bob", 30) }, 1},
		{scalartest.Decide, func(ctx context.Context, db *scalar.DB) error { return transfer(ctx, db, "ann", "bob", 30) }, 5},
		{scalartest.Status, func(ctx context.Context, db *scalar.DB) error {
			_, err := db.Status(ctx, "tx-1")
			return err
		}, 5},
		{scalartest.Write, func(ctx context.Context, db *scalar.DB) error { return lines.Upsert(ctx, db, Line{1, "x"}) }, 1},
	} {
		t.Run(string(test.op), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := open(t)
				if err := test.run(t.Context(), db); err != nil {
					t.Fatalf("without a fault: %v", err)
				}
				scalartest.Inject(db, scalartest.FailNext(test.op, cause).Times(test.times))
				if err := test.run(t.Context(), db); !errors.Is(err, cause) || !errors.Is(err, scalar.ErrStorage) {
					t.Errorf("with the fault: %v, want ErrStorage with its cause", err)
				}
				if err := test.run(t.Context(), db); err != nil {
					t.Errorf("after the fault: %v", err)
				}
			})
		})
	}
}

func TestAFailureToCompleteIsMadeGoodByTheNextReader(t *testing.T) {
	t.Parallel()
	db := open(t, scalartest.FailNext(scalartest.Complete, nil).After(2))
	if err := transfer(t.Context(), db, "ann", "bob", 30); err != nil {
		t.Fatal(err)
	}
	failed := scalartest.History(db).Of(scalartest.Complete)
	if len(failed) != 2 || !errors.Is(failed[0].Err, scalartest.ErrInjected) {
		t.Fatalf("completions:\n%s\nwant one failed call with two records", failed)
	}
	wantBalances(t, db, 70, 30)
}

func TestALostReplyToTheDecisionDoesNotLoseTheTransaction(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]scalartest.Fault{
		"reply": scalartest.LoseReply(scalartest.Decide), "request": scalartest.LoseRequest(scalartest.Decide),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := open(t)
				scalartest.Inject(db, fault)
				if err := transfer(t.Context(), db, "ann", "bob", 30); err != nil {
					t.Fatal(err)
				}
				wantBalances(t, db, 70, 30)
			})
		})
	}
}

func TestALostReplyToAWriteWithoutTransactionIsUnknown(t *testing.T) {
	t.Parallel()
	db := open(t)
	scalartest.Inject(db, scalartest.LoseReply(scalartest.Write), scalartest.LoseRequest(scalartest.Write))
	for i, found := range []error{nil, scalar.ErrNotFound} {
		if err := lines.Insert(t.Context(), db, Line{int32(i), "x"}); !errors.Is(err, scalar.ErrUnknownStatus) {
			t.Errorf("insert %d: %v, want ErrUnknownStatus", i, err)
		}
		if _, err := lines.Get(t.Context(), db, LineKey{int32(i)}); !errors.Is(err, found) {
			t.Errorf("record %d: %v, want %v", i, err, found)
		}
	}
}

func TestDelayMakesEveryCallSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		scalartest.Inject(db, scalartest.Delay(scalartest.Get, time.Second))
		for range 2 {
			begin := time.Now()
			wantBalances(t, db, 100, 0)
			if took := time.Since(begin); took != time.Second {
				t.Errorf("the read took %v, want 1s", took)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := accounts.Get(ctx, db, AccountKey{"ann"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a deadline: %v, want context.DeadlineExceeded", err)
		}
	})
}

func TestFaultsOfAnotherDBAreItsOwn(t *testing.T) {
	t.Parallel()
	crash := scalartest.Crash(scalartest.AfterPrepare, 2)
	first, second := open(t), open(t)
	scalartest.Inject(first, crash)
	scalartest.Inject(second, crash)
	for _, db := range []*scalar.DB{first, second} {
		if err := transfer(t.Context(), db, "ann", "bob", 1); err != nil {
			t.Error(err)
		}
		if err := transfer(t.Context(), db, "ann", "bob", 1); !errors.Is(err, scalartest.ErrCrashed) {
			t.Errorf("second transaction: %v, want ErrCrashed", err)
		}
	}
}
