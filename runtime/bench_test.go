package scalar_test

import (
	"context"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage/memory"
)

// benchDB is a DB on the memory storage without the recorder of scalartest.
func benchDB(b testing.TB, options ...scalar.Option) *scalar.DB {
	s := memory.New()
	for _, table := range []*scalar.TableDef{scalar.TransactionTable(orders.Def, false), scalar.CoordinatorTable("")} {
		if err := s.Admin().CreateNamespace(b.Context(), table.Namespace, nil); err != nil {
			b.Fatal(err)
		}
		if err := s.Admin().CreateTable(b.Context(), table, nil); err != nil {
			b.Fatal(err)
		}
	}
	db := scalar.New(s, options...)
	b.Cleanup(func() { _ = db.Close(context.Background()) })
	for seq := range int32(2) {
		if err := orders.Insert(b.Context(), db, Order{CustomerID: 1, Timestamp: 1, Seq: seq, Total: scalar.Some[int32](0)}); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

func BenchmarkGet(b *testing.B) {
	db := benchDB(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := orders.Get(b.Context(), db, OrderKey{1, 1, 0}); err != nil {
			b.Fatal(err)
		}
	}
}

func updateOrders(ctx context.Context, db *scalar.DB, records, total int32) error {
	return db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		for seq := range records {
			if err := orders.Update(ctx, tx, OrderKey{1, 1, seq}, scalar.Set(orderColumns.Total, total)); err != nil {
				return err
			}
		}
		return nil
	})
}

func benchmarkUpdates(b *testing.B, records int32) {
	db := benchDB(b)
	n := int32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		if err := updateOrders(b.Context(), db, records, n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdate(b *testing.B)     { benchmarkUpdates(b, 1) }
func BenchmarkTwoRecords(b *testing.B) { benchmarkUpdates(b, 2) }

// What whole transactions allocate through the typed layer, the storage in memory
// and two closures of the hand-written table included.
func TestAllocationsOfTheTypedLayer(t *testing.T) {
	onePhase := benchDB(t, scalar.OnePhaseCommit(true))
	ctx := context.Background()
	for name, tt := range map[string]struct {
		most float64
		run  func() error
	}{
		"get": {8, func() error { return second(orders.Get(ctx, onePhase, OrderKey{1, 1, 0})) }},
		"two records read and written, one phase": {40, func() error { return updateOrders(ctx, onePhase, 2, 7) }},
	} {
		got := testing.AllocsPerRun(200, func() { must(t, tt.run()) })
		t.Logf("%s: %.1f allocations", name, got)
		if got > tt.most && !raceEnabled {
			t.Errorf("%s: %.1f allocations, want %.0f at most", name, got, tt.most)
		}
	}
}

// Round trips are counted, not timed: what a transaction costs on a database
// that is a network away.
func TestStorageCallsOfATransaction(t *testing.T) {
	t.Parallel()
	db := scalartest.Open(t, testSchema)
	must(t, orders.Insert(t.Context(), db, Order{CustomerID: 1, Timestamp: 1, Seq: 0}))
	scalartest.ResetHistory(db)
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		_, err := orders.GetAll(ctx, tx, []OrderKey{{1, 1, 0}, {1, 1, 1}, {1, 1, 2}})
		if err != nil {
			return err
		}
		return orders.Update(ctx, tx, OrderKey{1, 1, 0}, scalar.Set(orderColumns.Total, 1))
	}))
	for op, want := range map[scalartest.Op]int{scalartest.Get: 1, scalartest.Prepare: 1, scalartest.Decide: 1, scalartest.Complete: 1} {
		if got := scalartest.History(db).Of(op).Calls(); got != want {
			t.Errorf("%d calls of %v, want %d", got, op, want)
		}
	}
}
