package scalar_test

import (
	"context"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// decisions returns how many rows the coordinator table has.
func decisions(t *testing.T, db *scalar.DB) int {
	t.Helper()
	return len(stored(t, db, "coordinator", "state"))
}

// stored returns the rows of a table as they stand in the storage.
func stored(t *testing.T, db *scalar.DB, namespace, name string) []storage.Row {
	t.Helper()
	table, err := db.Storage().Table(t.Context(), storage.TableName{Namespace: namespace, Name: name})
	must(t, err)
	var rows []storage.Row
	for scan := (storage.Scan{Table: table, Kind: storage.FullScan}); ; {
		page, err := db.Storage().Scan(t.Context(), &scan)
		must(t, err)
		rows = append(rows, page.Rows...)
		if scan.After = page.Next; page.Next == nil {
			return rows
		}
	}
}

func TestOnePhaseCommitLeavesNoDecision(t *testing.T) {
	t.Parallel()
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable, scalar.ReadCommitted} {
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			ctx, key := t.Context(), keyOfOrder(first)
			must(t, orders.Insert(ctx, db, first))
			tx := begin(t, db)
			r, err := orders.Get(ctx, tx, key)
			must(t, err)
			must(t, orders.Update(ctx, tx, key, scalar.Set(orderColumns.Total, r.Total.V+1)))
			must(t, tx.Commit(ctx))
			if status, err := db.Status(ctx, tx.ID()); status != scalar.StatusUnknown || err != nil {
				t.Errorf("status %v, %v: there is no decision to know", status, err)
			}
			wantError(t, orders.Insert(ctx, db, first), scalar.ErrAlreadyExists)
			got, err := orders.Get(ctx, db, key)
			if must(t, err); got.Total.V != 6 {
				t.Errorf("total is %d, want 6", got.Total.V)
			}
			must(t, orders.DeleteIf(ctx, db, key, scalar.Eq(orderColumns.Total, 6)))
			wantError(t, second(orders.Get(ctx, db, key)), scalar.ErrNotFound)
			if n := decisions(t, db); n != 0 {
				t.Errorf("%d decisions, want none", n)
			}
		}, scalar.OnePhaseCommit(true), scalar.DefaultIsolation(level))
	}
}

func TestOnePhaseCommitFindsConflicts(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx, key := t.Context(), keyOfOrder(first)
		must(t, orders.Insert(ctx, db, first))
		tx := begin(t, db)
		must(t, second(orders.Get(ctx, tx, key)))
		must(t, orders.Update(ctx, db, key, scalar.Set(orderColumns.Total, 6)))
		must(t, orders.Update(ctx, tx, key, scalar.Set(orderColumns.Total, 7)))
		wantError(t, tx.Commit(ctx), scalar.ErrConflict, tx.ID())
		got, err := orders.Get(ctx, db, key)
		if must(t, err); got.Total.V != 6 {
			t.Errorf("total is %d, want 6", got.Total.V)
		}
	}, scalar.OnePhaseCommit(true))
}

// What one request cannot hold takes two phases.
func TestOnePhaseCommitOfSeveralRecordsDependsOnTheStorage(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
			must(t, orders.Insert(ctx, tx, first))
			return orders.Insert(ctx, tx, Order{CustomerID: 2})
		}))
		want := 0
		if db.Storage().Info("test").Atomicity == storage.AtomicRecord {
			want = 1
		}
		if n := decisions(t, db); n != want {
			t.Errorf("%d decisions, want %d", n, want)
		}
		must(t, second(orders.Get(t.Context(), db, OrderKey{CustomerID: 2})))
	}, scalar.OnePhaseCommit(true))
}

func TestWithoutOnePhaseCommitThereIsADecision(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		must(t, orders.Insert(t.Context(), db, first))
		if n := decisions(t, db); n != 1 {
			t.Errorf("%d decisions, want 1", n)
		}
	})
}
