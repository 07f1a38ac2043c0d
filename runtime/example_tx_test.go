package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"golang.org/x/sync/errgroup"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/observe"
)

// A server that keeps a transaction open between two requests of a client finds
// it by its id.
func ExampleDB_Resume() {
	ctx := context.Background()
	db := exampleDB(ctx, scalar.IdleExpiry(time.Minute)) // clients may not come back
	defer db.Close(ctx)

	tx, err := db.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	id := tx.ID() // to the client, and back with its next request

	tx, err = db.Resume(id)
	if err != nil {
		log.Fatal(err)
	}
	if err := orders.Delete(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 0}); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = db.Resume(id)
	fmt.Println(errors.Is(err, scalar.ErrTransactionNotFound))
	// Output: true
}

// Operations on a DB are transactions of their own. With says how they run.
func ExampleDB_With() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	// The last committed version, without waiting for anybody.
	o, err := orders.Get(ctx, db.With(scalar.WithIsolation(scalar.ReadCommitted)), OrderKey{CustomerID: 1, Timestamp: 0})
	fmt.Println(o.OrderID, err)
	// Output: o-0 <nil>
}

// A decision is needed until all records of its transaction show it. Finish
// makes sure that they do, and then the coordinator table need not keep it.
func ExampleDB_Finish() {
	ctx := context.Background()
	db := exampleDB(ctx, scalar.LogWriteSets(true))
	defer db.Close(ctx)

	tx, err := db.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := orders.Delete(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 0}); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Status(ctx, tx.ID()))
	fmt.Println(db.Finish(ctx, tx.ID()))
	fmt.Println(db.Status(ctx, tx.ID()))
	// Output:
	// committed <nil>
	// true <nil>
	// unknown <nil>
}

// A transaction on one SQL database needs no more round trips than the
// transaction of that database. What asks for more than one atomic request takes
// two phases, as without the option.
func ExampleOnePhaseCommit() {
	ctx := context.Background()
	db := exampleDB(ctx, scalar.OnePhaseCommit(true), scalar.DefaultIsolation(scalar.Serializable))
	defer db.Close(ctx)

	err := db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		for t := range int64(2) {
			key := OrderKey{CustomerID: 1, Timestamp: t}
			o, err := orders.Get(ctx, tx, key)
			if err != nil {
				return err
			}
			if err := orders.Update(ctx, tx, key, scalar.Set(orderColumns.Total, o.Total.Or(0)+1)); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(err)
	// Output: <nil>
}

// The reads of a transaction may run concurrently.
func ExampleTx() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	err := db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		var latest Order
		var all []Order
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() (err error) {
			latest, err = orders.Get(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 2})
			return err
		})
		group.Go(func() (err error) {
			all, err = scalar.Collect(orders.Scan(ctx, tx, ordersOf(1)))
			return err
		})
		if err := group.Wait(); err != nil {
			return err // a conflict comes out as one, and Transact tries again
		}
		fmt.Println(latest.OrderID, len(all))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: o-2 3
}

// phases is an observer that prints the phases of transactions as they end.
// Package scalarotel has one for OpenTelemetry.
type phases struct{}

func (phases) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	return ctx, func(err error) { fmt.Println(e.Phase, e.Size, err) }
}

func ExampleWithObserver() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	watched := scalar.New(db.Storage(), scalar.WithObserver(phases{}))
	err := watched.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		return orders.Delete(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 0})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// prepare 1 <nil>
	// decide 1 <nil>
	// complete 1 <nil>
	// transaction 0 <nil>
	// transact 0 <nil>
}

func ExampleBeforePrepare() {
	ctx := context.Background()
	journal := func(_ context.Context, p scalar.Preparation) (wait func(context.Context) error, err error) {
		for _, w := range p.Writes {
			fmt.Println(w.Table, w.Key, w.Delete)
		}
		return nil, nil
	}
	db := exampleDB(ctx)
	defer db.Close(ctx)

	journaled := scalar.New(db.Storage(), scalar.BeforePrepare(journal))
	if err := orders.Delete(ctx, journaled, OrderKey{CustomerID: 1, Timestamp: 0}); err != nil {
		log.Fatal(err)
	}
	// Output: test.orders [1 0 0] true
}
