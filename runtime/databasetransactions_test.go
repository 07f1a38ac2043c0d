package scalar_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// transactors open storages that have transactions of their own.
var transactors = map[string]func(t *testing.T) (storage.Storage, error){
	"memory": func(*testing.T) (storage.Storage, error) { return memory.New(memory.WithPageSize(2)), nil },
	"sqlite": func(t *testing.T) (storage.Storage, error) {
		return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.WithPageSize(2))
	},
	oneConnection: func(t *testing.T) (storage.Storage, error) { return sqlite.Open(t.Context(), ":memory:") },
}

// oneConnection is a storage that lets nobody in beside a transaction.
const oneConnection = "sqlite with one connection"

// onEachTransactor runs a test on a DB with the transactions of the database, on
// all storages that have them.
func onEachTransactor(t *testing.T, test func(t *testing.T, db *scalar.DB), options ...scalar.Option) {
	onTransactors(t, "", test, options...)
}

// onTransactors is onEachTransactor without one of the storages.
func onTransactors(t *testing.T, without string, test func(t *testing.T, db *scalar.DB), options ...scalar.Option) {
	for name, open := range transactors {
		if name == without {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t)
			must(t, err)
			test(t, newTransactor(t, s, options...))
		})
	}
}

// newTransactor returns a DB with the transactions of the database.
func newTransactor(t *testing.T, s storage.Storage, options ...scalar.Option) *scalar.DB {
	t.Helper()
	deploy(t, s, orders.Def, kinds.Def, audit.Def)
	return newDB(t, s, append(options, scalar.DatabaseTransactions())...)
}

func TestDatabaseTransactionsAreAtomic(t *testing.T) {
	t.Parallel()
	onTransactors(t, oneConnection, func(t *testing.T, db *scalar.DB) {
		ctx, other := t.Context(), Order{CustomerID: 2}
		must(t, db.Verify(ctx, testSchema))
		tx := begin(t, db)
		must(t, orders.Insert(ctx, tx, first))
		must(t, orders.Insert(ctx, tx, other))
		must(t, second(orders.Get(ctx, tx, keyOfOrder(first))))
		wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound) // not yet
		resumed, err := db.Resume(tx.ID())
		must(t, err)
		must(t, resumed.Commit(ctx))
		tx.Rollback(ctx) // does nothing
		must(t, second(orders.Get(ctx, db, keyOfOrder(first))))
		must(t, second(orders.Get(ctx, db, keyOfOrder(other))))
		wantError(t, orders.Delete(ctx, tx, keyOfOrder(first)), scalar.ErrClosed, "the transaction has ended", tx.ID())
		wantUnlisted(t, db, tx.ID())

		tx = begin(t, db)
		must(t, orders.Delete(ctx, tx, keyOfOrder(first)))
		must(t, orders.Update(ctx, tx, keyOfOrder(other), scalar.Set(orderColumns.Total, 9)))
		tx.Rollback(ctx)
		wantError(t, tx.Commit(ctx), scalar.ErrClosed, tx.ID())
		all, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
		must(t, err)
		if diff := cmp.Diff([]Order{first, other}, all); diff != "" {
			t.Errorf("after the rollback (-want +got):\n%s", diff)
		}
	})
}

func TestDatabaseTransactionsInsertOfATakenKey(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		must(t, orders.Insert(ctx, db, first))
		wantError(t, orders.Insert(ctx, db, first), scalar.ErrAlreadyExists, "test.orders(customer_id=1, timestamp=10, seq=1): the record to insert exists")
		must(t, db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
			wantError(t, orders.Insert(ctx, tx, first), scalar.ErrAlreadyExists, tx.ID())
			must(t, orders.Delete(ctx, tx, keyOfOrder(first)))
			must(t, orders.Insert(ctx, tx, first))
			wantError(t, orders.Insert(ctx, tx, first), scalar.ErrAlreadyExists)
			return orders.Insert(ctx, tx, Order{CustomerID: 2})
		}))
		must(t, second(orders.Get(ctx, db, OrderKey{CustomerID: 2})))
	})
}

// A DB that has but one connection reads the definition of a table over the
// connection of the transaction that meets it first.
func TestDatabaseTransactionsMeetATable(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"for the first time": time.Hour, "again": time.Nanosecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				missing := ordersDef()
				missing.Name = "missing"
				table := ordersTable(missing)
				must(t, db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
					must(t, orders.Insert(ctx, tx, first))
					wantError(t, second(kinds.Get(ctx, tx, KindsKey{"k"})), scalar.ErrNotFound)
					wantError(t, second(table.Get(ctx, tx, keyOfOrder(first))), scalar.ErrInvalid, "there is no such table", tx.ID())
					return second(orders.Get(ctx, tx, keyOfOrder(first)))
				}))
			}, scalar.MetadataTTL(ttl))
		})
	}
}

// A scan shows what was there when its loop began, whatever the loop writes, as
// with ScalarDB's transactions.
func TestDatabaseTransactionsWriteWhileScanning(t *testing.T) {
	t.Parallel()
	scans := map[string]scalar.Scannable[Order]{"partition": ordersOf(1), "all": allOrders(), "index": ordersByOrderID("ab")}
	for name, scan := range scans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
				ctx := t.Context()
				for seq := range int32(5) {
					must(t, orders.Insert(ctx, db, Order{CustomerID: 1, Timestamp: 10 + int64(seq), Seq: seq, OrderID: scalar.Some("ab")}))
				}
				must(t, db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
					seen := 0
					for o, err := range orders.Scan(ctx, tx, scan) {
						must(t, err)
						seen++
						if o.Total.Valid {
							t.Errorf("the scan shows %+v, which its loop has written", o)
						}
						for moved := range int64(5) { // before and after every record
							must(t, orders.Upsert(ctx, tx, Order{CustomerID: 1, Timestamp: 10 + moved, Seq: 7, OrderID: scalar.Some("ab"), Total: scalar.Some[int32](1)}))
						}
						must(t, orders.Update(ctx, tx, OrderKey{1, 14 - o.Timestamp + 10, 14 - int32(o.Timestamp)}, scalar.Set(orderColumns.Total, 2)))
					}
					if seen != 5 {
						t.Errorf("the scan shows %d records, want 5", seen)
					}
					return nil
				}))
				all, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
				if must(t, err); len(all) != 10 {
					t.Errorf("%d records in the end, want 10", len(all))
				}
			})
		})
	}
}

// Nothing stays open between two records of a scan on the DB.
func TestDatabaseTransactionsScanOnTheDB(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		withOrders(t, ctx, db)
		for o, err := range orders.Scan(ctx, db, allOrders()) {
			must(t, err)
			must(t, orders.Delete(ctx, db, keyOfOrder(o)))
			must(t, audit.Upsert(ctx, db, Audit{Seq: o.Seq}))
		}
		left, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
		if must(t, err); len(left) != 0 {
			t.Errorf("%d orders are left", len(left))
		}
	})
}

func TestDatabaseTransactionsScanMustEndBeforeTheCommit(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		withOrders(t, t.Context(), db)
		tx := begin(t, db)
		must(t, orders.Delete(t.Context(), tx, keyOfOrder(first)))
		for _, err := range orders.Scan(t.Context(), tx, allOrders()) {
			if err != nil {
				wantError(t, err, scalar.ErrClosed, tx.ID())
				continue
			}
			wantError(t, tx.Commit(t.Context()), scalar.ErrInvalid, "a scan of the transaction is still being iterated", "DB-CORE-10205")
		}
		tx.Rollback(t.Context())
	})
}

func TestDatabaseTransactionsReadOnly(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		ctx, key, set := t.Context(), keyOfOrder(first), scalar.Set(orderColumns.Total, 1)
		must(t, orders.Insert(ctx, db, first))
		tx := begin(t, db, scalar.ReadOnly())
		for _, err := range []error{
			orders.Insert(ctx, tx, first), orders.Upsert(ctx, tx, first), orders.Update(ctx, tx, key, set), orders.Delete(ctx, tx, key),
		} {
			wantError(t, err, scalar.ErrInvalid, "test.orders: the transaction is read-only", "DB-CORE-10211", tx.ID())
		}
		got, err := orders.Get(ctx, tx, key)
		if must(t, err); got != first {
			t.Errorf("got %+v", got)
		}
		must(t, tx.Commit(ctx))
	})
}

func TestDatabaseTransactionsReadConcurrently(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		withOrders(t, t.Context(), db)
		tx := begin(t, db)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				all, err := scalar.Collect(orders.Scan(t.Context(), tx, allOrders()))
				if err != nil || len(all) != 6 {
					t.Errorf("%d orders, %v", len(all), err)
				}
			})
			wg.Go(func() {
				if err := second(orders.GetAll(t.Context(), tx, []OrderKey{{1, 10, 1}, {9, 9, 9}})); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		must(t, tx.Commit(t.Context()))
	})
}

// Concurrent increments are lost by none, be it by waiting or by trying again.
func TestDatabaseTransactionsRetryConflicts(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		const workers, increments = 6, 10
		key, total := keyOfOrder(first), orderColumns.Total
		must(t, orders.Insert(t.Context(), db, first))
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range increments {
					err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
						o, err := orders.Get(ctx, tx, key)
						if err != nil {
							return err
						}
						return orders.Update(ctx, tx, key, scalar.Set(total, o.Total.Or(0)+1))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got, err := orders.Get(t.Context(), db, key)
		if must(t, err); got.Total.Or(0) != 5+workers*increments {
			t.Errorf("total %v, want %d", got.Total, 5+workers*increments)
		}
	})
}

// An idle transaction that is rolled back gives its locks up.
func TestDatabaseTransactionsIdleExpiry(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		tx := begin(t, db)
		must(t, orders.Insert(t.Context(), tx, first))
		must(t, orders.Insert(t.Context(), db, Order{CustomerID: 2})) // on SQLite, waits for it
		for _, err := db.Resume(tx.ID()); err == nil; _, err = db.Resume(tx.ID()) {
			time.Sleep(time.Millisecond)
		}
		wantEvicted(t, db, tx, tooIdle)
		wantError(t, second(orders.Get(t.Context(), db, keyOfOrder(first))), scalar.ErrNotFound)
	}, scalar.IdleExpiry(300*time.Millisecond))
}

func TestDatabaseTransactionsMaxActive(t *testing.T) {
	t.Parallel()
	db := newTransactor(t, memory.New(), scalar.MaxActive(2))
	ctx := t.Context()
	a, b := begin(t, db), begin(t, db)
	must(t, orders.Insert(ctx, a, first))
	must(t, orders.Insert(ctx, b, Order{CustomerID: 2}))
	must(t, touchOrder(t, a)) // b is the longest idle now
	c := begin(t, db)
	wantEvicted(t, db, b, tooMany)
	must(t, orders.Insert(ctx, c, Order{CustomerID: 3}))
	must(t, a.Commit(ctx))
	must(t, c.Commit(ctx))
	all, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
	if must(t, err); len(all) != 2 {
		t.Errorf("orders %v, want those of a and c", all)
	}
}

// Close rolls back what is idle, and what is not when its call returns, for a
// storage may wait for the end of its transactions.
func TestDatabaseTransactionsClose(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		idle, transacting, release := begin(t, db), make(chan struct{}), make(chan struct{})
		done := make(chan error)
		go func() {
			done <- db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
				err := orders.Insert(ctx, tx, first)
				close(transacting)
				<-release
				return err
			})
		}()
		<-transacting
		must(t, db.Close(ctx))
		close(release)
		wantError(t, <-done, scalar.ErrClosed, closed)
		wantError(t, orders.Upsert(ctx, idle, first), scalar.ErrClosed, closed)
		wantError(t, idle.Commit(ctx), scalar.ErrClosed)
		wantError(t, second(db.Begin(ctx)), scalar.ErrClosed)
		wantError(t, orders.Upsert(ctx, db, first), scalar.ErrClosed)
		must(t, db.Close(ctx))
	})
}

func TestDatabaseTransactionsHaveNoCoordinator(t *testing.T) {
	t.Parallel()
	onEachTransactor(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		for call, err := range map[string]error{
			"status":  second(db.Status(ctx, "x")),
			"abort":   second(db.Abort(ctx, "x")),
			"finish":  second(db.Finish(ctx, "x")),
			"recover": second(db.RecoverRecord(ctx, orders.Def.TableName, scalar.IntValue(1), scalar.BigIntValue(1), scalar.IntValue(1))),
		} {
			if wantError(t, err, scalar.ErrInvalid, "transaction manager jdbc", "this needs the transaction manager consensus-commit"); t.Failed() {
				t.Fatal(call)
			}
		}
		const level = "set scalar.db.jdbc.isolation_level"
		wantError(t, second(db.Begin(ctx, scalar.WithIsolation(scalar.Snapshot))), scalar.ErrInvalid, level)
		wantError(t, scanAll(ctx, db.With(scalar.WithAttribute("cc-transaction-isolation", "SERIALIZABLE"))), scalar.ErrInvalid, level)
		must(t, scanAll(ctx, db.With(scalar.WithAttribute("tenant", "7"))))
	})
}

func TestDatabaseTransactionsTablesOfTransactionsAreRefused(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, scalar.DatabaseTransactions())
	const want = "test.orders: the deployed table takes part in transactions, and the database is used without them (transaction manager jdbc), which would break them"
	wantError(t, orders.Upsert(t.Context(), db, first), scalar.ErrInvalid, want)
	wantError(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error { return second(orders.Get(ctx, tx, keyOfOrder(first))) }), scalar.ErrInvalid, want)
	wantError(t, db.Verify(t.Context(), testSchema), scalar.ErrInvalid, want)
	must(t, audit.Upsert(t.Context(), db, line(1, "a", 1))) // has never had any
}

// withoutTransactions is a storage whose transactions cannot be reached.
type withoutTransactions struct{ storage.Storage }

func TestDatabaseTransactionsRefuseWhatHasNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		storage storage.Storage
		option  scalar.Option
		want    string
	}{
		"storage":        {withoutTransactions{memory.New()}, scalar.OnePhaseCommit(false), "the storage has no transactions of its own, or is wrapped in one that hides them (scalar_test.withoutTransactions is no storage.Transactor)"},
		"one phase":      {memory.New(), scalar.OnePhaseCommit(true), "there is no OnePhaseCommit: leave it out"},
		"group commit":   {memory.New(), scalar.GroupCommit(scalar.GroupCommitLimits{}), "there is no GroupCommit"},
		"isolation":      {memory.New(), scalar.DefaultIsolation(scalar.Serializable), "there is no DefaultIsolation"},
		"several":        {memory.New(), scalar.WithConfig(scalar.Config{AsyncCommit: true, LogWriteSets: true}), "there is no AsyncCommit, and no LogWriteSets: leave it out"},
		"wait":           {memory.New(), scalar.UncommittedWait(0), "there is no UncommittedWait"},
		"index checks":   {memory.New(), scalar.WithConfig(scalar.Config{EventuallyConsistentIndexes: true}), "there is no Config.EventuallyConsistentIndexes"},
		"all decisions":  {memory.New(), scalar.WithConfig(scalar.Config{AlwaysDecide: true}), "there is no Config.AlwaysDecide"},
		"coordinator":    {memory.New(), scalar.CoordinatorNamespace("c"), "there is no CoordinatorNamespace"},
		"async rollback": {memory.New(), scalar.AsyncRollback(true), "there is no AsyncRollback"},
		"hook": {memory.New(), scalar.BeforePrepare(func(context.Context, scalar.Preparation) (func(context.Context) error, error) {
			return nil, errors.New("called")
		}), "there is no BeforePrepare"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newTransactor(t, test.storage, test.option)
			ctx := t.Context()
			for _, err := range []error{
				second(db.Begin(ctx)), orders.Upsert(ctx, db, first), second(orders.Get(ctx, db, keyOfOrder(first))), scanAll(ctx, db),
				db.Transact(ctx, func(context.Context, *scalar.Tx) error { t.Error("a transaction runs"); return nil }),
			} {
				wantError(t, err, scalar.ErrInvalid, test.want, "use the transaction manager consensus-commit")
			}
		})
	}
}
