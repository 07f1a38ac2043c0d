package scalar_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// onEachDirectStorage runs a test on a DB without transactions, whose tables have
// no columns for them.
func onEachDirectStorage(t *testing.T, test func(t *testing.T, db *scalar.DB), options ...scalar.Option) {
	run := func(t *testing.T, s storage.Storage) {
		t.Parallel()
		deploy(t, s, orders.Def, kinds.Def, audit.Def)
		test(t, newDB(t, s, append(options, scalar.WithoutTransactions())...))
	}
	t.Run("memory", func(t *testing.T) { run(t, memory.New(memory.WithPageSize(2))) })
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), ":memory:")
		must(t, err)
		run(t, s)
	})
}

func TestWithoutTransactionsEachOperationStandsForItself(t *testing.T) {
	t.Parallel()
	onEachDirectStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx, key, total := t.Context(), keyOfOrder(first), orderColumns.Total
		must(t, db.Verify(ctx, testSchema))
		wantError(t, second(orders.Get(ctx, db, key)), scalar.ErrNotFound, "test.orders(customer_id=1, timestamp=10, seq=1)")
		must(t, orders.Update(ctx, db, key, scalar.Set(total, 9))) // no record, no effect
		must(t, orders.Delete(ctx, db, key))
		wantError(t, orders.UpdateIf(ctx, db, key, scalar.IsNull(total), scalar.Set(total, 9)), scalar.ErrCondition)
		wantError(t, orders.DeleteIf(ctx, db, key, scalar.IsNull(total)), scalar.ErrCondition)
		wantError(t, second(orders.Get(ctx, db, key)), scalar.ErrNotFound)

		must(t, orders.Insert(ctx, db, first))
		wantError(t, orders.Insert(ctx, db, first), scalar.ErrAlreadyExists, "the record to insert exists")
		must(t, orders.UpdateIf(ctx, db, key, scalar.Eq(total, 5), scalar.Set(total, 6)))
		wantError(t, orders.UpdateIf(ctx, db, key, scalar.Eq(total, 5), scalar.Set(total, 7)), scalar.ErrCondition)
		want := first
		want.Total = scalar.Some(int32(6))
		got, err := orders.Get(ctx, db, key)
		if must(t, err); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		bare := Order{CustomerID: 1, Timestamp: 10, Seq: 1}
		must(t, orders.Upsert(ctx, db, bare))
		found, err := orders.GetAll(ctx, db, []OrderKey{{9, 9, 9}, key})
		must(t, err)
		if diff := cmp.Diff([]*Order{nil, &bare}, found); diff != "" {
			t.Errorf("GetAll (-want +got):\n%s", diff)
		}
		wantError(t, orders.DeleteIf(ctx, db, key, scalar.IsNotNull(total)), scalar.ErrCondition)
		must(t, orders.DeleteIf(ctx, db, key, scalar.IsNull(total)))

		withOrders(t, ctx, db)
		for name, c := range map[string]struct {
			scan scalar.Scannable[Order]
			want int
		}{
			"partition": {ordersOf(1), 5},
			"limit":     {ordersOf(1).Limit(3), 3},
			"index":     {ordersByOrderID("ab"), 2},
			"all":       {allOrders(), 6},
		} {
			all, err := scalar.Collect(orders.Scan(ctx, db, c.scan))
			if must(t, err); len(all) != c.want {
				t.Errorf("%s: %d orders, want %d", name, len(all), c.want)
			}
		}
		for o, err := range orders.Scan(ctx, db, allOrders()) { // write while scanning
			must(t, err)
			must(t, orders.Delete(ctx, db, keyOfOrder(o)))
		}
		left, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
		if must(t, err); len(left) != 0 {
			t.Errorf("%d orders are left", len(left))
		}
		must(t, audit.Insert(ctx, db, line(1, "a", 1))) // as with transactions
		must(t, second(audit.Get(ctx, db, AuditKey{day, 1})))
	})
}

func TestWithoutTransactionsThereAreNone(t *testing.T) {
	t.Parallel()
	onEachDirectStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		for call, err := range map[string]error{
			"begin":    second(db.Begin(ctx)),
			"transact": db.Transact(ctx, func(context.Context, *scalar.Tx) error { t.Error("a transaction runs"); return nil }),
			"status":   second(db.Status(ctx, "x")),
			"abort":    second(db.Abort(ctx, "x")),
			"finish":   second(db.Finish(ctx, "x")),
			"recover":  second(db.RecoverRecord(ctx, orders.Def.TableName, scalar.IntValue(1), scalar.BigIntValue(1), scalar.IntValue(1))),
		} {
			if wantError(t, err, scalar.ErrInvalid, "the database is used without transactions (transaction manager single-crud-operation)"); t.Failed() {
				t.Fatal(call)
			}
		}
		wantUnlisted(t, db, "x")
	})
}

// Writes that go around the transactions of a table would break them.
func TestWithoutTransactionsTablesOfTransactionsAreRefused(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, scalar.WithoutTransactions())
	ctx, key := t.Context(), keyOfOrder(first)
	for call, err := range map[string]error{
		"get":    second(orders.Get(ctx, db, key)),
		"scan":   scanAll(ctx, db),
		"upsert": orders.Upsert(ctx, db, first),
		"delete": orders.Delete(ctx, db, key),
	} {
		if wantError(t, err, scalar.ErrInvalid, "test.orders: the deployed table takes part in transactions, and the database is used without them", "use the transaction manager consensus-commit, or another table"); t.Failed() {
			t.Fatal(call)
		}
	}
}

func TestWithoutTransactionsFullScansMayBeRefused(t *testing.T) {
	t.Parallel()
	onEachDirectStorage(t, func(t *testing.T, db *scalar.DB) {
		wantError(t, scanAll(t.Context(), db), scalar.ErrInvalid, refusedScan)
		must(t, scanAll(t.Context(), db.With(scalar.AllowFullScans(true))))
		wantError(t, scanAll(t.Context(), db.With(scalar.WithAttribute("db-cross-partition-scan-enabled", "?"))), scalar.ErrInvalid, "must be true or false")
	}, scalar.RefuseFullScans())
}
