package scalar_test

import (
	"context"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// wantSecondRead checks what a transaction sees at its second read after somebody
// else has written: 6 under READ_COMMITTED, otherwise the 5 of its first read.
func wantSecondRead(t *testing.T, db *scalar.DB, want int32, options ...scalar.TxOption) {
	t.Helper()
	ctx := t.Context()
	must(t, orders.Upsert(ctx, db, first))
	tx := begin(t, db, options...)
	defer tx.Rollback(ctx)
	must(t, second(orders.Get(ctx, tx, keyOfOrder(first))))
	must(t, orders.Update(ctx, db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)))
	got, err := orders.Get(ctx, tx, keyOfOrder(first))
	if must(t, err); got.Total.V != want {
		t.Errorf("the second read sees %d, want %d", got.Total.V, want)
	}
}

func TestTheIsolationAttributeWins(t *testing.T) {
	t.Parallel()
	const attribute = "cc-transaction-isolation"
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		wantSecondRead(t, db, 5)
		wantSecondRead(t, db, 6, scalar.WithAttribute(attribute, "READ_COMMITTED"))
		wantSecondRead(t, db, 6, scalar.WithAttribute(attribute, "read_committed"))
		wantSecondRead(t, db, 6, scalar.WithIsolation(scalar.Serializable), scalar.WithAttribute(attribute, "READ_COMMITTED"))
		wantSecondRead(t, db, 5, scalar.WithAttribute(attribute, "READ_COMMITTED"), scalar.WithIsolation(scalar.Snapshot)) // the last word counts
	})
}

func TestAttributesAreKept(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	want := func(tx *scalar.Tx, name, value string) {
		t.Helper()
		if got := tx.Attribute(name); got != value {
			t.Errorf("attribute %s is %q, want %q", name, got, value)
		}
	}
	options := []scalar.TxOption{scalar.WithAttribute("tenant", "a"), scalar.WithAttribute("tenant", "b"), scalar.WithAttribute("cc-transaction-isolation", "SNAPSHOT")}
	tx := begin(t, db, options...)
	want(tx, "tenant", "b")
	want(tx, "cc-transaction-isolation", "SNAPSHOT")
	want(tx, "other", "")
	want(begin(t, db), "tenant", "")
	scalartest.Inject(db, scalartest.Conflicts(1))
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		want(tx, "tenant", "b") // of every attempt
		return orders.Insert(ctx, tx, first)
	}, options...))
}

func TestAttributesWithImpossibleValues(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	ctx := t.Context()
	for _, c := range []struct{ name, value, want string }{
		{"cc-transaction-isolation", "SNAPSHOTS", "attribute cc-transaction-isolation must be SNAPSHOT, SERIALIZABLE or READ_COMMITTED"},
		{"cc-transaction-isolation", "", "must be SNAPSHOT, SERIALIZABLE or READ_COMMITTED"},
		{"db-cross-partition-scan-enabled", "yes", "attribute db-cross-partition-scan-enabled must be true or false"},
	} {
		option := scalar.WithAttribute(c.name, c.value)
		for call, err := range map[string]error{
			"begin":    second(db.Begin(ctx, option)),
			"transact": db.Transact(ctx, func(context.Context, *scalar.Tx) error { t.Error("the transaction runs"); return nil }, option),
			"get":      second(orders.Get(ctx, db.With(option), keyOfOrder(first))),
			"insert":   orders.Insert(ctx, db.With(option), first),
			"scan":     second(scalar.Collect(orders.Scan(ctx, db.With(option), allOrders()))),
		} {
			if wantError(t, err, scalar.ErrInvalid, c.want); t.Failed() {
				t.Fatal(call)
			}
		}
	}
	wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound)
}

// A record that somebody holds prepared tells the levels apart.
func TestWithSetsTheIsolationOfSingleOperations(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	ctx := t.Context()
	must(t, orders.Insert(ctx, db, first))
	scalartest.Inject(db, scalartest.Crash(scalartest.AfterPrepare, 1))
	wantError(t, orders.Update(ctx, db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)), scalartest.ErrCrashed)
	wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrUncommittedRecord)
	for _, option := range []scalar.TxOption{scalar.WithIsolation(scalar.ReadCommitted), scalar.WithAttribute("cc-transaction-isolation", "READ_COMMITTED")} {
		run := db.With(option)
		got, err := orders.Get(ctx, run, keyOfOrder(first))
		if must(t, err); got != first {
			t.Errorf("got %+v, want the committed version", got)
		}
		all, err := scalar.Collect(orders.Scan(ctx, run, allOrders()))
		if must(t, err); len(all) != 1 || all[0] != first {
			t.Errorf("scan: %+v, want the committed version", all)
		}
	}
}

func TestWithReadOnlyRefusesWrites(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		run := db.With(scalar.ReadOnly())
		wantError(t, orders.Insert(t.Context(), run, first), scalar.ErrInvalid, "read-only")
		wantError(t, second(orders.Get(t.Context(), run, keyOfOrder(first))), scalar.ErrNotFound)
	})
}
