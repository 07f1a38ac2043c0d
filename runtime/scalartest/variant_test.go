package scalartest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

var onePhase = scalartest.With(scalar.OnePhaseCommit(true))

func TestCrashOfATransactionInOnePhase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at       scalartest.Point
		crashes  bool
		ann, bob int64
	}{
		"before the request":        {scalartest.BeforeDecision, true, 100, 0},
		"after it":                  {scalartest.AfterDecision, true, 70, 30},
		"it has nothing prepared":   {scalartest.AfterPrepare, false, 70, 30},
		"not even one of its parts": {scalartest.DuringPrepare, false, 70, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, onePhase)
			scalartest.Inject(db, scalartest.Crash(c.at, 1))
			err := transfer(t.Context(), db, "ann", "bob", 30)
			if crashed := errors.Is(err, scalartest.ErrCrashed); crashed != c.crashes || crashed != errors.Is(err, scalar.ErrClosed) {
				t.Errorf("transaction: %v", err)
			}
			wantBalances(t, db, c.ann, c.bob) // nothing is left prepared
			if decided := scalartest.History(db).Of(scalartest.Prepare, scalartest.Decide); len(decided) > 0 {
				t.Errorf("not in one phase:\n%s", decided)
			}
		})
	}
}

// An account is deleted without a word on who does it.
func TestEveryTransactionInOnePhaseCounts(t *testing.T) {
	t.Parallel()
	db := open(t, onePhase)
	scalartest.Inject(db, scalartest.Crash(scalartest.BeforeDecision, 3))
	for i, id := range []string{"ann", "bob", "ann"} {
		if err := accounts.Upsert(t.Context(), db, Account{id, 1}); errors.Is(err, scalartest.ErrCrashed) != (i == 2) {
			t.Errorf("write %d: %v", i+1, err)
		}
	}
	scalartest.Inject(db, scalartest.Crash(scalartest.BeforeDecision, 2))
	for i, id := range []string{"ann", "bob"} {
		if err := accounts.Delete(t.Context(), db, AccountKey{id}); errors.Is(err, scalartest.ErrCrashed) != (i == 1) {
			t.Errorf("delete %d: %v", i+1, err)
		}
	}
}

func TestUnknownStatusInOnePhase(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			db := open(t, onePhase, scalartest.UnknownStatus(committed).After(2)) // the accounts are inserted
			err := transfer(t.Context(), db, "ann", "bob", 30)
			if !errors.Is(err, scalar.ErrUnknownStatus) || !errors.Is(err, scalartest.ErrCrashed) {
				t.Fatalf("committed %t: %v, want ErrUnknownStatus", committed, err)
			}
			if committed {
				wantBalances(t, db, 70, 30)
			} else {
				wantBalances(t, db, 100, 0)
			}
		})
	}
}

func TestALostReplyInOnePhaseIsSettledByReading(t *testing.T) {
	t.Parallel()
	db := open(t, onePhase)
	scalartest.Inject(db, scalartest.LoseReply(scalartest.OnePhase))
	if err := transfer(t.Context(), db, "ann", "bob", 30); err != nil {
		t.Error(err)
	}
	wantBalances(t, db, 70, 30)
}

func TestConflictsInOnePhase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, onePhase)
		scalartest.Inject(db, scalartest.Conflicts(2))
		if err := transfer(t.Context(), db, "ann", "bob", 30); err != nil {
			t.Error(err)
		}
		if tries := scalartest.History(db).Of(scalartest.OnePhase).Calls(); tries != 3 {
			t.Errorf("%d attempts, want 3", tries)
		}
		wantBalances(t, db, 70, 30)
	})
}

func TestHistoryOfOnePhase(t *testing.T) {
	t.Parallel()
	db := open(t, onePhase, scalartest.With(scalar.Without(scalar.KeepImages)), scalartest.Isolation(scalar.Serializable))
	err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		if _, err := accounts.GetAll(ctx, tx, []AccountKey{{"ann"}, {"bob"}}); err != nil {
			return err
		}
		return accounts.Delete(ctx, tx, AccountKey{"bob"})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		return errors.Join(accounts.Delete(ctx, tx, AccountKey{"ann"}), accounts.Upsert(ctx, tx, Account{"cid", 1}))
	})
	if err != nil {
		t.Fatal(err)
	}
	got := scalartest.History(db).Of(scalartest.OnePhase).String()
	want := "2 one-phase bank.accounts(id=\"ann\") check\n2 one-phase bank.accounts(id=\"bob\") delete\n" +
		"4 one-phase tx-4 bank.accounts(id=\"ann\") delete\n4 one-phase tx-4 bank.accounts(id=\"cid\") balance=1\n"
	if got != want {
		t.Errorf("history:\n%swant\n%s", got, want)
	}
}

// together runs one transaction for each account at the same time.
func together(t *testing.T, db *scalar.DB, ids ...string) []error {
	errs := make([]error, len(ids))
	var wait sync.WaitGroup
	for i, id := range ids {
		wait.Go(func() { errs[i] = accounts.Upsert(t.Context(), db, Account{id, int64(i + 1)}) })
	}
	wait.Wait()
	return errs
}

// occupied keeps the four requests busy that decide at the same time, so that the
// rows of further transactions wait. The first request ends after a second, and
// they go together.
func occupied(t *testing.T, faults ...scalartest.Fault) *scalar.DB {
	db := scalartest.Open(t, bankSchema)
	for i := range 4 {
		scalartest.Inject(db, scalartest.Delay(scalartest.Decide, time.Duration(1+2*i)*time.Second).Times(1))
	}
	scalartest.Inject(db, faults...)
	return db
}

// The storage in memory writes many decisions in one request. Each is still a
// decision of its own.
func TestEachDecisionOfABatchIsOneOccasion(t *testing.T) {
	t.Parallel()
	ids := []string{"a", "b", "c", "d", "e", "f", "g"}
	for name, c := range map[string]struct {
		fault   scalartest.Fault
		is      error
		commits int
	}{
		"crash before the decision": {scalartest.Crash(scalartest.BeforeDecision, 2), scalartest.ErrCrashed, 6},
		"crash after it":            {scalartest.Crash(scalartest.AfterDecision, 2), scalar.ErrUnknownStatus, 6},
		"lost reply":                {scalartest.LoseReply(scalartest.Decide).After(1), nil, 7},
		"lost request":              {scalartest.LoseRequest(scalartest.Decide).After(1), nil, 7},
		"failure":                   {scalartest.FailNext(scalartest.Decide, nil).After(1), nil, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := occupied(t, c.fault)
				errs := together(t, db, ids...)
				commits := 0
				for _, err := range errs {
					switch {
					case err == nil:
						commits++
					case c.is == nil || !errors.Is(err, c.is):
						t.Errorf("transaction: %v, want %v", err, c.is)
					}
				}
				if commits != c.commits {
					t.Errorf("%d transactions report that they committed, want %d", commits, c.commits)
				}
				time.Sleep(16 * time.Second)
				decided := scalartest.History(db).Of(scalartest.Decide)
				batch := decided[4:7]
				if decided[:5].Calls() != 5 || batch.Calls() != 1 || batch[0].Err != nil || batch[1].Err == nil || batch[2].Err != nil {
					t.Errorf("decisions:\n%swant four alone, and then three in one call, the second of which fails", decided)
				}
				for i, id := range ids {
					_, err := accounts.Get(t.Context(), db, AccountKey{id})
					want := errs[i] == nil || errors.Is(errs[i], scalar.ErrUnknownStatus)
					if got := err == nil; got != want || err != nil && !errors.Is(err, scalar.ErrNotFound) {
						t.Errorf("account %s: %v; its transaction reported %v", id, err, errs[i])
					}
				}
			})
		})
	}
}

func TestABatchIsDelayedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := occupied(t, scalartest.Delay(scalartest.Decide, time.Second))
		start := time.Now()
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() { must(t, accounts.Upsert(t.Context(), db, Account{fmt.Sprint(i), 1})) })
		}
		synctest.Wait()
		for i := range 3 {
			wait.Go(func() {
				must(t, accounts.Upsert(t.Context(), db, Account{fmt.Sprint(4 + i), 1}))
				if took := time.Since(start); took != 2*time.Second {
					t.Errorf("a transaction took %v, want one second of waiting and one of delay", took)
				}
			})
		}
		wait.Wait()
		if decided := scalartest.History(db).Of(scalartest.Decide); decided.Calls() != 5 {
			t.Errorf("decisions:\n%swant four alone, and then three in one call", decided)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// openGroups returns a DB with group commit. Reads take long enough for three
// transactions to begin before the first wants to be decided.
func openGroups(t *testing.T, faults ...scalartest.Fault) *scalar.DB {
	db := scalartest.Open(t, bankSchema, scalartest.With(scalar.GroupCommit(scalar.GroupCommitLimits{})), scalartest.Delay(scalartest.Get, time.Millisecond))
	scalartest.Inject(db, faults...)
	return db
}

func TestAGroupCommitCrashesAsAWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at scalartest.Point
		is error
	}{
		"before the decision": {scalartest.BeforeDecision, scalar.ErrClosed},
		"after it":            {scalartest.AfterDecision, scalar.ErrUnknownStatus},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openGroups(t, scalartest.Crash(c.at, 2))
				for i, err := range together(t, db, "a", "b", "c") {
					if !errors.Is(err, scalartest.ErrCrashed) || !errors.Is(err, c.is) {
						t.Errorf("member %d: %v, want ErrCrashed and %v", i, err, c.is)
					}
				}
				decided := scalartest.History(db).Of(scalartest.Decide)
				if len(decided) == 0 || !isGroup(decided[0], 3) {
					t.Errorf("decisions:\n%swant one of three transactions", decided)
				}
				if err := accounts.Upsert(t.Context(), db, Account{"d", 1}); err != nil {
					t.Errorf("the next transaction: %v", err)
				}
				time.Sleep(16 * time.Second)
				for _, id := range []string{"a", "b", "c"} {
					_, err := accounts.Get(t.Context(), db, AccountKey{id})
					if found := err == nil; found != (c.at == scalartest.AfterDecision) || err != nil && !errors.Is(err, scalar.ErrNotFound) {
						t.Errorf("account %s: %v", id, err)
					}
				}
			})
		})
	}
}

// isGroup reports whether e decides n transactions as COMMITTED, and says so.
func isGroup(e scalartest.Event, n int) bool {
	members, ok := strings.CutPrefix(e.Detail, "COMMITTED of ")
	list := strings.Split(members, ", ")
	slices.Sort(list)
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%s$tx-%d", e.Tx, i+1))
	}
	return ok && slices.Equal(list, want)
}

func TestAMemberThatCrashesBeforeTheDecisionLeavesItsGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openGroups(t, scalartest.Crash(scalartest.AfterPrepare, 2))
		crashed := 0
		for _, err := range together(t, db, "a", "b", "c") {
			switch {
			case errors.Is(err, scalartest.ErrCrashed):
				crashed++
			case err != nil:
				t.Error(err)
			}
		}
		if crashed != 1 {
			t.Errorf("%d transactions crashed, want 1", crashed)
		}
		time.Sleep(16 * time.Second)
		found, err := accounts.GetAll(t.Context(), db, []AccountKey{{"a"}, {"b"}, {"c"}})
		if err != nil {
			t.Fatal(err)
		}
		if there := len(found) - len(slices.DeleteFunc(slices.Clone(found), func(a *Account) bool { return a != nil })); there != 2 {
			t.Errorf("%d accounts, want 2", there)
		}
	})
}

func TestUnknownStatusOfAGroupCommit(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			db := openGroups(t, scalartest.UnknownStatus(committed))
			err := accounts.Upsert(t.Context(), db, Account{"a", 1})
			var e *scalar.Error
			if !errors.Is(err, scalar.ErrUnknownStatus) || !errors.As(err, &e) {
				t.Fatalf("committed %t: %v, want ErrUnknownStatus", committed, err)
			}
			if status, err := db.Abort(t.Context(), e.TxID); (status == scalar.StatusCommitted) != committed || err != nil {
				t.Errorf("committed %t: Abort says %v, %v", committed, status, err)
			}
			if _, err := accounts.Get(t.Context(), db, AccountKey{"a"}); (err == nil) != committed {
				t.Errorf("committed %t: %v", committed, err)
			}
		})
	}
}
