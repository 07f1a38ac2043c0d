package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"golang.org/x/sync/errgroup"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage/memory"
)

// Transactions that end at about the same time share a row of the coordinator
// table, and with it a round trip.
func ExampleGroupCommit() {
	ctx := context.Background()
	db := exampleDB(ctx, scalar.GroupCommit(scalar.GroupCommitLimits{Capacity: 10}))
	defer db.Close(ctx)

	var group errgroup.Group
	for t := range int64(3) {
		group.Go(func() error {
			return orders.Update(ctx, db, OrderKey{CustomerID: 1, Timestamp: t}, scalar.Set(orderColumns.Total, 0))
		})
	}
	fmt.Println(group.Wait())
	// Output: <nil>
}

// The transaction is committed when Commit returns; its records follow, and who
// reads them first completes them.
func ExampleAsyncCommit() {
	ctx := context.Background()
	db := exampleDB(ctx, scalar.AsyncCommit(true))
	defer db.Close(ctx) // waits for what is under way

	key := OrderKey{CustomerID: 1, Timestamp: 0}
	if err := orders.Update(ctx, db, key, scalar.Set(orderColumns.Total, 99)); err != nil {
		log.Fatal(err)
	}
	o, err := orders.Get(ctx, db, key)
	fmt.Println(o.Total, err)
	// Output: 99 <nil>
}

// Tables without the columns of transactions take single operations only.
func ExampleWithoutTransactions() {
	ctx := context.Background()
	s := memory.New()
	if err := errors.Join(s.CreateNamespace(ctx, "test", nil), s.CreateTable(ctx, orders.Def, nil)); err != nil {
		log.Fatal(err)
	}
	db := scalar.New(s, scalar.WithoutTransactions())
	defer db.Close(ctx)

	key := OrderKey{CustomerID: 1}
	fmt.Println(orders.Insert(ctx, db, Order{CustomerID: 1, Total: scalar.Some(int32(5))}))
	fmt.Println(orders.UpdateIf(ctx, db, key, scalar.Eq(orderColumns.Total, 5), scalar.Set(orderColumns.Total, 6)))
	_, err := db.Begin(ctx)
	fmt.Println(errors.Is(err, scalar.ErrInvalid))
	// Output:
	// <nil>
	// <nil>
	// true
}

// The same code runs on the transactions of the database itself, on tables without
// the columns of transactions.
func ExampleDatabaseTransactions() {
	ctx := context.Background()
	s := memory.New()
	if err := errors.Join(s.CreateNamespace(ctx, "test", nil), s.CreateTable(ctx, orders.Def, nil)); err != nil {
		log.Fatal(err)
	}
	db := scalar.New(s, scalar.DatabaseTransactions())
	defer db.Close(ctx)

	fmt.Println(db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		if err := orders.Insert(ctx, tx, Order{CustomerID: 1}); err != nil {
			return err
		}
		return orders.Insert(ctx, tx, Order{CustomerID: 2})
	}))
	_, err := orders.Get(ctx, db, OrderKey{CustomerID: 2})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}

// Attributes are what a program wants to know of its transactions, and two of
// ScalarDB's are obeyed.
func ExampleWithAttribute() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	tx, err := db.Begin(ctx, scalar.WithAttribute("tenant", "acme"), scalar.WithAttribute("cc-transaction-isolation", "SERIALIZABLE"))
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback(ctx)
	fmt.Println(tx.Attribute("tenant"))

	_, err = db.Begin(ctx, scalar.WithAttribute("cc-transaction-isolation", "STRICT"))
	fmt.Println(err)
	// Output:
	// acme
	// invalid request: attribute cc-transaction-isolation must be SNAPSHOT, SERIALIZABLE or READ_COMMITTED
}
