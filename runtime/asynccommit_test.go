package scalar_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

func TestAnAsynchronousCommitReturnsWhenItIsDecided(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option scalar.Option
		slow   bool // the commit waits for its records
	}{
		"asynchronous":       {scalar.AsyncCommit(true), false},
		"by default":         {scalar.AsyncCommit(false), true},
		"with serial commit": {scalar.WithConfig(scalar.Config{AsyncCommit: true, SerialCommit: true}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, scalartest.With(c.option), scalartest.Delay(scalartest.Complete, time.Second))
				start := time.Now()
				must(t, orders.Insert(t.Context(), db, first))
				if slow := time.Since(start) == time.Second; slow != c.slow {
					t.Errorf("the commit took %v", time.Since(start))
				}
				got, err := orders.Get(t.Context(), db, keyOfOrder(first))
				if must(t, err); got != first {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestAnAsynchronousRollback(t *testing.T) {
	t.Parallel()
	for _, async := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, scalartest.With(scalar.AsyncRollback(async)))
			must(t, orders.Insert(t.Context(), db, first))
			tx := begin(t, db, scalar.WithIsolation(scalar.Serializable))
			// That there is none is validated when the records are prepared.
			wantError(t, second(orders.Get(t.Context(), tx, OrderKey{CustomerID: 3})), scalar.ErrNotFound)
			must(t, orders.Insert(t.Context(), tx, Order{CustomerID: 2}))
			must(t, orders.Insert(t.Context(), db, Order{CustomerID: 3}))
			scalartest.Inject(db, scalartest.Delay(scalartest.Complete, time.Second))
			start := time.Now()
			wantError(t, tx.Commit(t.Context()), scalar.ErrConflict)
			if at := time.Since(start) == 0; at != async {
				t.Errorf("asynchronous %t: the failed commit took %v", async, time.Since(start))
			}
			wantError(t, second(orders.Get(t.Context(), db, OrderKey{CustomerID: 2})), scalar.ErrNotFound)
		})
	}
}

// Under READ_COMMITTED even the writer may see the version before for a moment.
func TestReadCommittedMayBeBehindAnAsynchronousCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.AsyncCommit(true)), scalartest.Isolation(scalar.ReadCommitted))
		must(t, orders.Insert(t.Context(), db, first))
		synctest.Wait()
		scalartest.Inject(db, scalartest.Delay(scalartest.Complete, time.Second))
		must(t, orders.Update(t.Context(), db, keyOfOrder(first), scalar.Set(orderColumns.Total, 6)))
		for _, want := range []int32{5, 6} {
			got, err := orders.Get(t.Context(), db, keyOfOrder(first))
			if must(t, err); got.Total.V != want {
				t.Errorf("total is %d, want %d", got.Total.V, want)
			}
			time.Sleep(time.Minute)
		}
	})
}

// keptOpen is a storage that outlives its DBs.
type keptOpen struct{ storage.Storage }

func (keptOpen) Close() error { return nil }

// After Close every record shows the committed state, whoever looks.
func TestCloseWaitsForAsynchronousCommits(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (again func() storage.Storage){
		"memory": func(*testing.T) func() storage.Storage {
			s := memory.New()
			return func() storage.Storage { return keptOpen{s} }
		},
		"sqlite": func(t *testing.T) func() storage.Storage {
			path := filepath.Join(t.TempDir(), "test.db")
			return func() storage.Storage {
				s, err := sqlite.Open(context.Background(), path)
				must(t, err)
				return s
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again := open(t)
			s := again()
			deploy(t, s, deployed()...)
			db := scalar.New(s, scalar.AsyncCommit(true))
			const n = 30
			for i := range n {
				must(t, orders.Insert(t.Context(), db, Order{CustomerID: int32(i)}))
			}
			must(t, db.Close(t.Context()))
			rows := stored(t, newDB(t, again()), "test", "orders")
			if len(rows) != n {
				t.Errorf("%d records, want %d", len(rows), n)
			}
			const committed = 3
			state := scalar.TransactionTable(ordersDef(), false).Column("tx_state")
			for _, row := range rows {
				if row[state].Int64() != committed {
					t.Errorf("order of customer %v is in state %v", row[0], row[state])
				}
			}
		})
	}
}

func TestManyAsynchronousCommitsSlowDownTheirCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.AsyncCommit(true)), scalartest.Delay(scalartest.Complete, time.Second))
		start := time.Now()
		for i := range 500 {
			must(t, orders.Insert(t.Context(), db, Order{CustomerID: int32(i)}))
		}
		if time.Since(start) == 0 {
			t.Error("500 commits wait in the background: nothing bounds them")
		}
		all, err := scalar.Collect(orders.Scan(t.Context(), db, allOrders()))
		if must(t, err); len(all) != 500 {
			t.Errorf("%d orders, want 500", len(all))
		}
	})
}
