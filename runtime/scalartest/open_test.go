package scalartest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage/memory"
)

func TestOpenCreatesWhatVerifyWants(t *testing.T) {
	t.Parallel()
	db := scalartest.Open(t, bankSchema, scalartest.WithSchema(logSchema))
	if err := db.Verify(t.Context(), bankSchema, logSchema); err != nil {
		t.Error(err)
	}
}

func TestIdsAndStampsRepeat(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	run := func() string {
		clock := scalartest.NewClock(start)
		db := open(t, clock)
		clock.Advance(time.Hour)
		if now := clock.Now(); !now.Equal(start.Add(time.Hour)) {
			t.Errorf("the clock shows %v", now)
		}
		if err := transfer(t.Context(), db, "ann", "bob", 30); err != nil {
			t.Fatal(err)
		}
		return scalartest.History(db).String()
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}

// spyT is a test that failed, as Open sees it.
type spyT struct {
	exampleT
	failed bool
	log    strings.Builder
}

func (t *spyT) Failed() bool { return t.failed }

func (t *spyT) Logf(format string, args ...any) { fmt.Fprintf(&t.log, format, args...) }

func TestHistoryIsLoggedWhenTheTestFails(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{true, false} {
		spy := &spyT{failed: failed}
		db := scalartest.Open(spy, bankSchema)
		for i := range 20 {
			if err := accounts.Insert(t.Context(), db, Account{ID: fmt.Sprint(i), Balance: 4242}); err != nil {
				t.Fatal(err)
			}
		}
		spy.end()
		if logged := strings.Contains(spy.log.String(), `prepare tx-20 bank.accounts(id="19") balance=4242`); logged != failed {
			t.Errorf("failed %t: log is %q", failed, spy.log.String())
		}
		if lines := strings.Count(spy.log.String(), "\n"); failed && lines != 41 {
			t.Errorf("%d lines are logged, want the headline and 40", lines)
		}
		if _, err := db.Begin(t.Context()); !errors.Is(err, scalar.ErrClosed) {
			t.Errorf("after the test: %v, want ErrClosed", err)
		}
	}
}

func TestHistoryTellsWhatWasDone(t *testing.T) {
	t.Parallel()
	db := open(t, scalartest.Isolation(scalar.Serializable))
	ctx := t.Context()
	if _, err := scalar.Collect(accounts.Scan(ctx, db, scalar.SelectAll[Account]())); err != nil {
		t.Fatal(err)
	}
	if _, err := scalar.Collect(lines.Scan(ctx, db, scalar.SelectIndex[Line](1, scalar.TextValue("x")))); err != nil {
		t.Fatal(err)
	}
	if _, err := scalar.Collect(lines.Scan(ctx, db, scalar.RangeOf[Line](scalar.IntValue(1)))); err != nil {
		t.Fatal(err)
	}
	if err := lines.Upsert(ctx, db, Line{1, "x"}); err != nil {
		t.Fatal(err)
	}
	if err := lines.Delete(ctx, db, LineKey{1}); err != nil {
		t.Fatal(err)
	}
	scalartest.Inject(db, scalartest.Conflicts(1))
	if err := accounts.Delete(ctx, db, AccountKey{"ann"}); !errors.Is(err, scalar.ErrConflict) {
		t.Fatal(err)
	}
	if err := accounts.Delete(ctx, db, AccountKey{"ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Status(ctx, "tx-1"); err != nil {
		t.Fatal(err)
	}
	want := `1 scan bank.accounts
2 scan bank.accounts
3 scan bank.log where text = "x"
4 scan bank.log(seq=1)
5 write bank.log(seq=1) text="x"
6 write bank.log(seq=1) delete
7 prepare tx-4 bank.accounts(id="ann") delete: prepare bank.accounts: conflict with a concurrent request
8 decide tx-4 ABORTED
9 get bank.accounts(id="ann")
10 prepare tx-5 bank.accounts(id="ann") delete
11 decide tx-5 COMMITTED
12 complete tx-5 bank.accounts(id="ann") COMMITTED
13 status tx-1
`
	if diff := cmp.Diff(want, scalartest.History(db).String()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestControlsNeedADBOfOpen(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	scalartest.History(scalar.New(memory.New()))
}
