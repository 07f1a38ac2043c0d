package scalar_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

var day = scalar.NewDate(2026, 3, 14)

func line(seq int32, text string, kind int32) Audit {
	return Audit{Day: day, Seq: seq, Text: scalar.Some(text), Kind: scalar.Some(kind)}
}

func TestStorageTable(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx, key, text := t.Context(), AuditKey{day, 1}, auditColumns.Text
		wantError(t, second(audit.Get(ctx, db, key)), scalar.ErrNotFound, "record not found: test.audit(day=2026-03-14, seq=1)")
		must(t, audit.Update(ctx, db, key, scalar.Set(text, "x"))) // no record, no effect
		must(t, audit.Delete(ctx, db, key))
		wantError(t, audit.UpdateIf(ctx, db, key, scalar.IsNull(text), scalar.Set(text, "x")), scalar.ErrCondition, "there is no record, or the condition does not hold")
		wantError(t, audit.DeleteIf(ctx, db, key, scalar.IsNull(text)), scalar.ErrCondition)
		wantError(t, second(audit.Get(ctx, db, key)), scalar.ErrNotFound)

		must(t, audit.Insert(ctx, db, line(1, "a", 7)))
		wantError(t, audit.Insert(ctx, db, line(1, "b", 7)), scalar.ErrAlreadyExists, "test.audit(day=2026-03-14, seq=1): the record to insert exists")
		must(t, audit.Update(ctx, db, key, scalar.Set(text, "c")))
		wantError(t, audit.UpdateIf(ctx, db, key, scalar.Eq(text, "a"), scalar.Set(text, "d")), scalar.ErrCondition)
		must(t, audit.UpdateIf(ctx, db, key, scalar.All(scalar.Eq(text, "c"), scalar.Eq(auditColumns.Kind, 7)), scalar.SetNull(text)))
		got, err := audit.Get(ctx, db, key)
		must(t, err)
		if want := (Audit{Day: day, Seq: 1, Kind: scalar.Some(int32(7))}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		must(t, audit.Upsert(ctx, db, Audit{Day: day, Seq: 1}))
		wantError(t, audit.DeleteIf(ctx, db, key, scalar.IsNotNull(text)), scalar.ErrCondition)
		must(t, audit.DeleteIf(ctx, db, key, scalar.IsNull(text)))
		must(t, audit.Upsert(ctx, db, line(1, "e", 7)))
		must(t, audit.Delete(ctx, db, key))

		for i := range int32(5) {
			must(t, audit.Insert(ctx, db, line(i, "t", i%2)))
		}
		all, err := audit.GetAll(ctx, db, []AuditKey{{day, 3}, {day, 9}, {day, 0}})
		must(t, err)
		third, zeroth := line(3, "t", 1), line(0, "t", 0)
		if diff := cmp.Diff([]*Audit{&third, nil, &zeroth}, all, calendar); diff != "" {
			t.Errorf("GetAll (-want +got):\n%s", diff)
		}
		none, err := audit.GetAll(ctx, db, nil)
		if len(none) != 0 || err != nil {
			t.Errorf("no keys: %v, %v", none, err)
		}
	})
}

func TestStorageTableScan(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		for i := range int32(7) {
			must(t, audit.Insert(ctx, db, line(i, "t", i%2)))
		}
		must(t, audit.Insert(ctx, db, Audit{Day: day.AddDays(1), Seq: 0, Kind: scalar.Some(int32(1))}))
		odd := scalar.Eq(auditColumns.Kind, 1)
		for name, test := range map[string]struct {
			of   scalar.Scannable[Audit]
			want []int32
		}{
			"partition":       {auditOf(day), []int32{0, 1, 2, 3, 4, 5, 6}},
			"backwards":       {auditOf(day).Reverse().Limit(3), []int32{6, 5, 4}},
			"bounds":          {scalar.RangeEnd(scalar.RangeStart(auditOf(day), scalar.IntValue(2), false), scalar.IntValue(5), true), []int32{3, 4, 5}},
			"limit":           {auditOf(day).Limit(2), []int32{0, 1}},
			"limit to page":   {auditOf(day).Limit(4), []int32{0, 1, 2, 3}},
			"filter, limit":   {auditOf(day).Where(odd).Limit(2), []int32{1, 3}},
			"filter":          {auditOf(day).Where(odd), []int32{1, 3, 5}},
			"index":           {auditByKind(1).Where(scalar.IsNotNull(auditColumns.Text)), []int32{1, 3, 5}},
			"all":             {scalar.SelectAll[Audit]().Where(scalar.IsNull(auditColumns.Text)), []int32{0}},
			"nothing at all":  {auditByKind(9), nil},
			"empty partition": {auditOf(day.AddDays(9)), nil},
		} {
			got, err := scalar.Collect(audit.Scan(ctx, db, test.of))
			must(t, err)
			var list []int32
			for _, r := range got {
				list = append(list, r.Seq)
			}
			if diff := cmp.Diff(test.want, list); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for r, err := range audit.Scan(ctx, db, auditOf(day)) { // write while scanning, and leave
			must(t, err)
			must(t, audit.Delete(ctx, db, AuditKey{r.Day, r.Seq}))
			if r.Seq == 4 {
				break
			}
		}
		left, err := scalar.Collect(audit.Scan(ctx, db, auditOf(day)))
		if must(t, err); len(left) != 2 {
			t.Errorf("%d records are left, want 2", len(left))
		}
		for _, err := range audit.Scan(ctx, db, nil) {
			wantError(t, err, scalar.ErrInvalid, "test.audit: the range or selection of the scan is the zero value")
		}
	})
}

// Each operation is one request: what other programs see of it is all or nothing.
func TestStorageTableOperationsAreSingleRequests(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	ctx, key := t.Context(), AuditKey{day, 1}
	must(t, audit.Insert(ctx, db, line(1, "a", 1)))
	must(t, audit.Upsert(ctx, db, line(1, "a", 1)))
	must(t, audit.Update(ctx, db, key, scalar.Set(auditColumns.Text, "b")))
	must(t, audit.UpdateIf(ctx, db, key, scalar.Eq(auditColumns.Text, "b"), scalar.Set(auditColumns.Text, "c")))
	must(t, second(audit.Get(ctx, db, key)))
	must(t, audit.Delete(ctx, db, key))
	if calls := scalartest.History(db); calls.Calls() != 6 {
		t.Errorf("calls:\n%s\nwant six", calls)
	}
}

func TestStorageTableFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault scalartest.Fault
		kind  error
		parts []string
	}{
		"no effect":     {scalartest.FailNext(scalartest.Write, nil), scalar.ErrStorage, []string{"test.audit(day=2026-03-14, seq=1)", "injected failure"}},
		"lost request":  {scalartest.LoseRequest(scalartest.Write), scalar.ErrUnknownStatus, []string{"test.audit(day=2026-03-14, seq=1)", "whether it was applied is not known: read the record before you act"}},
		"lost reply":    {scalartest.LoseReply(scalartest.Write), scalar.ErrUnknownStatus, []string{"connection lost before the reply came"}},
		"not requested": {scalartest.FailNext(scalartest.Get, nil), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, test.fault.Times(9))
				ctx, key, text := t.Context(), AuditKey{day, 1}, auditColumns.Text
				for _, write := range []func() error{
					func() error { return audit.Insert(ctx, db, line(1, "a", 1)) },
					func() error { return audit.Upsert(ctx, db, line(1, "a", 1)) },
					func() error { return audit.Update(ctx, db, key, scalar.Set(text, "b")) },
					func() error { return audit.UpdateIf(ctx, db, key, scalar.IsNotNull(text), scalar.Set(text, "c")) },
					func() error { return audit.Delete(ctx, db, key) },
				} {
					if err := write(); test.kind == nil {
						must(t, err)
					} else {
						wantError(t, err, test.kind, test.parts...)
					}
				}
			})
		})
	}
	db := openDB(t, scalartest.FailNext(scalartest.Get, nil), scalartest.FailNext(scalartest.Scan, nil))
	wantError(t, second(audit.Get(t.Context(), db, AuditKey{day, 1})), scalar.ErrStorage, "test.audit(day=2026-03-14, seq=1)", "injected failure")
	wantError(t, second(scalar.Collect(audit.Scan(t.Context(), db, auditOf(day)))), scalar.ErrStorage, "test.audit", "injected failure")
}

func TestStorageTableConflictWithAConcurrentRequest(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.FailNext(scalartest.Write, conflictOfTheDatabase))
	err := audit.Upsert(t.Context(), db, line(1, "a", 1))
	wantError(t, err, scalar.ErrConflict, "the database gave up the request for a concurrent one: retry")
	must(t, audit.Upsert(t.Context(), db, line(1, "a", 1)))
}

// A transaction does not reach tables without transactions, so they are used
// beside it, and are not rolled back with it.
func TestStorageTableBesideATransaction(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		must(t, orders.Insert(ctx, tx, first))
		must(t, audit.Insert(ctx, db, line(1, "tried", 1)))
		return errBusiness
	})
	wantError(t, err, errBusiness)
	must(t, second(audit.Get(t.Context(), db, AuditKey{day, 1})))
}

func TestStorageTableThatIsNotDeployed(t *testing.T) {
	t.Parallel()
	db := scalartest.Open(t, scalar.Schema{&orders})
	wantError(t, audit.Upsert(t.Context(), db, line(1, "a", 1)), scalar.ErrInvalid, "test.audit: there is no such table in the database: create it with scalarctl schema create")
}

// Writes that go around the transactions of a table would break them.
func TestStorageTableDeployedWithTransactions(t *testing.T) {
	t.Parallel()
	db := scalartest.Open(t, scalar.Schema{&orders})
	around := handtable.StorageTable[Order, OrderKey]{StorageTable: scalar.StorageTable{Def: orders.Def}, Codec: orders.Codec}
	wantError(t, around.Upsert(t.Context(), db, first), scalar.ErrInvalid, "test.orders", "takes part in transactions")
}
