package scalar_test

import (
	"errors"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

func wantFinish(t *testing.T, db *scalar.DB, id string, want bool) {
	t.Helper()
	if done, err := db.Finish(t.Context(), id); done != want || err != nil {
		t.Errorf("Finish of %s: %t, %v, want %t", id, done, err, want)
	}
}

func TestFinishRemovesTheDecision(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		tx := begin(t, db)
		must(t, orders.Insert(ctx, tx, first))
		must(t, orders.Delete(ctx, tx, OrderKey{CustomerID: 2}))
		must(t, tx.Commit(ctx))
		wantFinish(t, db, tx.ID(), true)
		if n := decisions(t, db); n != 0 {
			t.Errorf("%d decisions are left", n)
		}
		wantFinish(t, db, tx.ID(), true) // again
		wantFinish(t, db, "nobody", true)
		got, err := orders.Get(ctx, db, keyOfOrder(first))
		if must(t, err); got != first {
			t.Errorf("got %+v", got)
		}
		aborted := begin(t, db)
		must(t, orders.Insert(ctx, aborted, first))
		wantError(t, aborted.Commit(ctx), scalar.ErrAlreadyExists)
		wantFinish(t, db, aborted.ID(), true)
		if n := decisions(t, db); n != 0 {
			t.Errorf("%d decisions are left", n)
		}
	}, scalar.LogWriteSets(true))
}

func TestFinishNeedsAWriteSet(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		tx := begin(t, db)
		must(t, orders.Insert(t.Context(), tx, first))
		must(t, tx.Commit(t.Context()))
		wantFinish(t, db, tx.ID(), false)
		if n := decisions(t, db); n != 1 {
			t.Errorf("%d decisions, want the one of the transaction", n)
		}
	})
}

// crash leaves an insert of first as a process does that dies at the point, and
// returns the transaction's id.
func crash(t *testing.T, db *scalar.DB, at scalartest.Point) (id string) {
	t.Helper()
	scalartest.Inject(db, scalartest.Crash(at, 1))
	err := orders.Insert(t.Context(), db, first)
	wantError(t, err, scalartest.ErrCrashed)
	var e *scalar.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	scalartest.ResetHistory(db)
	return e.TxID
}

func TestFinishCompletesWhatACrashedTransactionLeft(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.LogWriteSets(true)))
	id := crash(t, db, scalartest.AfterDecision)
	wantFinish(t, db, id, true)
	if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 1 || done[0].Err != nil || done[0].Tx != id || done[0].Detail != "COMMITTED" {
		t.Errorf("completed:\n%swant the record", done)
	}
	if removed := scalartest.History(db).Of(scalartest.Decide).String(); removed != "4 decide "+id+" removed\n" {
		t.Errorf("decisions:\n%s", removed)
	}
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
}

func orderKeyValues(k OrderKey) []scalar.Value {
	return []scalar.Value{scalar.IntValue(k.CustomerID), scalar.BigIntValue(k.Timestamp), scalar.IntValue(k.Seq)}
}

func wantRecovered(t *testing.T, db *scalar.DB, want bool) {
	t.Helper()
	if done, err := db.RecoverRecord(t.Context(), orders.Def.TableName, orderKeyValues(keyOfOrder(first))...); done != want || err != nil {
		t.Errorf("RecoverRecord: %t, %v, want %t", done, err, want)
	}
}

func TestRecoverRecordFollowsTheDecision(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	id := crash(t, db, scalartest.AfterDecision)
	wantRecovered(t, db, true)
	if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 1 || done[0].Err != nil || done[0].Tx != id || done[0].Detail != "COMMITTED" {
		t.Errorf("completed:\n%swant the record", done)
	}
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
}

func TestRecoverRecordAbortsOnlyWhoHasExpired(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	id := crash(t, db, scalartest.AfterPrepare)
	wantRecovered(t, db, false)
	if status, err := db.Status(t.Context(), id); status != scalar.StatusUnknown || err != nil {
		t.Errorf("status %v, %v: the transaction may still be running", status, err)
	}
	scalartest.Advance(db, 16*time.Second)
	wantRecovered(t, db, true)
	if status, err := db.Status(t.Context(), id); status != scalar.StatusAborted || err != nil {
		t.Errorf("status %v, %v, want aborted", status, err)
	}
	wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound)
}

func TestRecoverRecordOfACommittedRecordAndOfNone(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		wantRecovered(t, db, true)
		must(t, orders.Insert(t.Context(), db, first))
		wantRecovered(t, db, true)
	})
}

func TestRecoverRecordRefusesWhatIsNoRecord(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx, name, key := t.Context(), orders.Def.TableName, orderKeyValues(keyOfOrder(first))
		for problem, err := range map[string]error{
			"this is no key of the table":   second(db.RecoverRecord(ctx, name, key[:2]...)),
			"test.orders: this is no key":   second(db.RecoverRecord(ctx, name, key[0], key[0], key[2])),
			"test.orders":                   second(db.RecoverRecord(ctx, name)),
			"takes no part in transactions": second(db.RecoverRecord(ctx, audit.Def.TableName, scalar.DateValue(day), scalar.IntValue(1))),
			"there is no such table":        second(db.RecoverRecord(ctx, scalar.TableName{Namespace: "test", Name: "nothing"}, key...)),
		} {
			wantError(t, err, scalar.ErrInvalid, problem)
		}
	})
}
