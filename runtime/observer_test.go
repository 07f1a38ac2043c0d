package scalar_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// onEnd is an observer that is told of the end of each transaction.
type onEnd func(id string, err error)

func (f onEnd) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	return ctx, func(err error) {
		if e.Phase == observe.Transaction {
			f(e.TxID, err)
		}
	}
}

// An observer may use the DB, also when the DB itself ends the transaction.
func TestAnObserverMayResume(t *testing.T) {
	t.Parallel()
	const expiry = time.Minute
	for name, end := range map[string]func(t *testing.T, db *scalar.DB, tx *scalar.Tx){
		"when there are too many": func(t *testing.T, db *scalar.DB, _ *scalar.Tx) { begin(t, db) },
		"when one was idle":       func(*testing.T, *scalar.DB, *scalar.Tx) { time.Sleep(expiry) },
		"when the DB is closed":   func(t *testing.T, db *scalar.DB, _ *scalar.Tx) { must(t, db.Close(t.Context())) },
		"after a rollback":        func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) { tx.Rollback(t.Context()) },
		"after a commit":          func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) { must(t, tx.Commit(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var db *scalar.DB
				var mu sync.Mutex
				var ended []string
				db = openDB(t, scalartest.With(scalar.MaxActive(1), scalar.IdleExpiry(expiry), scalar.WithObserver(onEnd(func(id string, _ error) {
					if tx, err := db.Resume(id); err == nil && tx.ID() != id {
						t.Errorf("Resume of %s finds %s", id, tx.ID())
					}
					mu.Lock()
					defer mu.Unlock()
					ended = append(ended, id)
				}))))
				tx := begin(t, db)
				end(t, db, tx)
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				if len(ended) != 1 || ended[0] != tx.ID() {
					t.Errorf("ended: %v, want %s", ended, tx.ID())
				}
			})
		})
	}
}

func TestAPanicEndsTheTransactionOfAnOperation(t *testing.T) {
	t.Parallel()
	ends := map[string]error{}
	db := openDB(t, scalartest.With(scalar.WithObserver(onEnd(func(id string, err error) { ends[id] = err }))))
	withOrders(t, t.Context(), db)
	clear(ends)
	func() {
		defer func() {
			if p := recover(); p != "oops" {
				t.Errorf("recovered %v, want the panic of the loop", p)
			}
		}()
		for range orders.Scan(t.Context(), db, ordersOf(1)) {
			panic("oops")
		}
	}()
	if len(ends) != 1 {
		t.Errorf("ends of transactions: %v, want one", ends)
	}
	for id, err := range ends {
		if !errors.Is(err, observe.ErrRolledBack) {
			t.Errorf("%s ends with %v, want it rolled back", id, err)
		}
	}
}
