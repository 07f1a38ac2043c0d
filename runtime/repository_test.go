package scalar_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// eachRunner runs a test on the DB, where every operation is a transaction of
// its own, and in one transaction that is committed after it, for every
// isolation level, and with the transactions of the database.
func eachRunner(t *testing.T, test func(t *testing.T, ctx context.Context, run scalar.Runner)) {
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable, scalar.ReadCommitted} {
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			t.Run("db "+level.String(), func(t *testing.T) { test(t, t.Context(), db) })
		}, scalar.DefaultIsolation(level))
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			t.Run("tx "+level.String(), func(t *testing.T) {
				must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
					test(t, ctx, tx)
					return nil
				}, scalar.WithIsolation(level)))
			})
		})
	}
	onTransactors(t, "sqlite", func(t *testing.T, db *scalar.DB) {
		t.Run("db of the database", func(t *testing.T) { test(t, t.Context(), db) })
	})
	onTransactors(t, "sqlite", func(t *testing.T, db *scalar.DB) {
		t.Run("tx of the database", func(t *testing.T) {
			must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				test(t, ctx, tx)
				return nil
			}))
		})
	})
}

var first = Order{CustomerID: 1, Timestamp: 10, Seq: 1, OrderID: scalar.Some("o-1"), Total: scalar.Some(int32(5))}

func TestGetReportsNotFound(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		got, err := orders.Get(ctx, run, keyOfOrder(first))
		wantError(t, err, scalar.ErrNotFound, "record not found: test.orders(customer_id=1, timestamp=10, seq=1)")
		if got != (Order{}) {
			t.Errorf("with the error came %+v", got)
		}
		must(t, orders.Insert(ctx, run, first))
		got, err = orders.Get(ctx, run, keyOfOrder(first))
		must(t, err)
		if got != first {
			t.Errorf("got %+v, want %+v", got, first)
		}
	})
}

func TestGetAllKeepsTheOrderOfKeys(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		other := Order{CustomerID: 2, Timestamp: 1, Seq: 1}
		must(t, orders.Insert(ctx, run, first))
		must(t, orders.Insert(ctx, run, other))
		got, err := orders.GetAll(ctx, run, []OrderKey{{2, 1, 1}, {9, 9, 9}, keyOfOrder(first), {2, 1, 1}})
		must(t, err)
		want := []*Order{&other, nil, &first, &other}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		none, err := orders.GetAll(ctx, run, nil)
		if len(none) != 0 || err != nil {
			t.Errorf("no keys: %v, %v", none, err)
		}
	})
}

func TestGetAllIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, second(orders.GetAll(t.Context(), db, []OrderKey{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}})))
	if events := scalartest.History(db); len(events) != 3 || events.Calls() != 1 {
		t.Errorf("calls:\n%s\nwant one for three records", events)
	}
}

func TestInsertOfATakenKey(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, orders.Insert(t.Context(), db, first))
	err := orders.Insert(t.Context(), db, first)
	wantError(t, err, scalar.ErrAlreadyExists, "test.orders(customer_id=1, timestamp=10, seq=1): the record to insert exists", "DB-CORE-20013")
	if errors.Is(err, scalar.ErrConflict) {
		t.Error("it is a conflict, too, and would be retried")
	}

	tx, err := db.Begin(t.Context())
	must(t, err)
	must(t, second(orders.Get(t.Context(), tx, keyOfOrder(first))))
	wantError(t, orders.Insert(t.Context(), tx, first), scalar.ErrAlreadyExists, "transaction "+tx.ID())
	tx.Rollback(t.Context())

	tx, err = db.Begin(t.Context())
	must(t, err)
	must(t, orders.Insert(t.Context(), tx, first)) // not read, so commit finds out
	wantError(t, tx.Commit(t.Context()), scalar.ErrAlreadyExists)
}

func TestUpsertWritesAllColumns(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		must(t, orders.Upsert(ctx, run, first))
		bare := Order{CustomerID: 1, Timestamp: 10, Seq: 1}
		must(t, orders.Upsert(ctx, run, bare))
		got, err := orders.Get(ctx, run, keyOfOrder(first))
		must(t, err)
		if got != bare {
			t.Errorf("got %+v, want NULL in place of the old values", got)
		}
	})
}

func TestUpdateChangesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		must(t, orders.Update(ctx, run, keyOfOrder(first), scalar.Set(orderColumns.Total, 9)))
		wantError(t, second(orders.Get(ctx, run, keyOfOrder(first))), scalar.ErrNotFound) // no record, no effect
		must(t, orders.Insert(ctx, run, first))
		want := first
		for _, step := range []struct {
			set   []scalar.Assign[Order]
			total scalar.Null[int32]
		}{
			{[]scalar.Assign[Order]{scalar.Set(orderColumns.Total, 9)}, scalar.Some(int32(9))},
			{[]scalar.Assign[Order]{scalar.SetNull(orderColumns.Total)}, scalar.Null[int32]{}},
			{[]scalar.Assign[Order]{scalar.SetOrNull(orderColumns.Total, scalar.Some(int32(3)))}, scalar.Some(int32(3))},
			{[]scalar.Assign[Order]{scalar.SetOrNull(orderColumns.Total, scalar.Null[int32]{})}, scalar.Null[int32]{}},
		} {
			must(t, orders.Update(ctx, run, keyOfOrder(first), step.set...))
			want.Total = step.total
			got, err := orders.Get(ctx, run, keyOfOrder(first))
			must(t, err)
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	})
}

func TestUpdatesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	total := orderColumns.Total
	for _, update := range []func(set ...scalar.Assign[Order]) error{
		func(set ...scalar.Assign[Order]) error {
			return orders.Update(t.Context(), db, keyOfOrder(first), set...)
		},
		func(set ...scalar.Assign[Order]) error {
			return orders.UpdateIf(t.Context(), db, keyOfOrder(first), scalar.IsNull(total), set...)
		},
	} {
		wantError(t, update(), scalar.ErrInvalid, "test.orders(customer_id=1, timestamp=10, seq=1): the update assigns no column")
		wantError(t, update(scalar.Set(total, 1), scalar.Set(orderColumns.OrderID, ""), scalar.SetNull(total)), scalar.ErrInvalid, "column total is assigned twice")
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	total, orderID := orderColumns.Total, orderColumns.OrderID
	for name, test := range map[string]struct {
		cond  scalar.Cond[Order, scalar.Data]
		holds bool
	}{
		"equal":               {scalar.Eq(total, 5), true},
		"not equal":           {scalar.Eq(total, 6), false},
		"unequal":             {scalar.Ne(total, 6), true},
		"greater":             {scalar.Gt(total, 5), false},
		"at least":            {scalar.Ge(total, 5), true},
		"less":                {scalar.Lt(total, 6), true},
		"at most":             {scalar.Le(total, 4), false},
		"null":                {scalar.IsNull(total), false},
		"not null":            {scalar.IsNotNull(total), true},
		"all":                 {scalar.All(scalar.Ge(total, 1), scalar.Eq(orderID, "o-1")), true},
		"all but one":         {scalar.All(scalar.Ge(total, 1), scalar.Eq(orderID, "o-2"), scalar.IsNotNull(orderID)), false},
		"all of all":          {scalar.All(scalar.All(scalar.Ge(total, 1), scalar.Lt(total, 9)), scalar.All(scalar.IsNotNull(orderID))), true},
		"all of all, nothing": {scalar.All(scalar.All(scalar.Ge(total, 1), scalar.Lt(total, 2))), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
				err := orders.UpdateIf(ctx, run, keyOfOrder(first), test.cond, scalar.Set(total, 7))
				wantError(t, err, scalar.ErrCondition, "test.orders(customer_id=1, timestamp=10, seq=1): there is no record")
				wantError(t, orders.DeleteIf(ctx, run, keyOfOrder(first), test.cond), scalar.ErrCondition, "there is no record")

				must(t, orders.Insert(ctx, run, first))
				err = orders.UpdateIf(ctx, run, keyOfOrder(first), test.cond, scalar.Set(orderID, "o-1"))
				if test.holds {
					must(t, err)
					must(t, orders.DeleteIf(ctx, run, keyOfOrder(first), test.cond))
					wantError(t, second(orders.Get(ctx, run, keyOfOrder(first))), scalar.ErrNotFound)
					return
				}
				wantError(t, err, scalar.ErrCondition, "test.orders(customer_id=1, timestamp=10, seq=1): ", "does not hold")
				wantError(t, orders.DeleteIf(ctx, run, keyOfOrder(first), test.cond), scalar.ErrCondition)
				must(t, second(orders.Get(ctx, run, keyOfOrder(first)))) // still there, and the transaction goes on
			})
		})
	}
}

// The database says only that it has not written.
func TestConditionalWritesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		update := func() error {
			return orders.UpdateIf(t.Context(), db, keyOfOrder(first), scalar.Eq(orderColumns.Total, 6), scalar.Set(orderColumns.Total, 7))
		}
		wantError(t, update(), scalar.ErrCondition, "there is no record", "DB-CORE-20018")
		must(t, orders.Insert(t.Context(), db, first))
		wantError(t, update(), scalar.ErrCondition, "the condition on column total does not hold", "DB-CORE-20020")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		must(t, orders.Delete(ctx, run, keyOfOrder(first))) // no record, no effect
		must(t, orders.Insert(ctx, run, first))
		must(t, orders.Delete(ctx, run, keyOfOrder(first)))
		wantError(t, second(orders.Get(ctx, run, keyOfOrder(first))), scalar.ErrNotFound)
	})
}

// A repository keeps nothing between calls: one value serves any number of
// databases.
func TestOneTableOnTwoDatabases(t *testing.T) {
	t.Parallel()
	a, b := openDB(t), openDB(t)
	must(t, orders.Insert(t.Context(), a, first))
	wantError(t, second(orders.Get(t.Context(), b, keyOfOrder(first))), scalar.ErrNotFound)
}
