package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage/memory"
)

// exampleDB returns a DB with the table of orders, in which customer 1 has
// three. In the examples orders, Order, OrderKey, orderColumns, ordersOf and
// allOrders stand for generated code.
func exampleDB(ctx context.Context, options ...scalar.Option) *scalar.DB {
	s := memory.New()
	for _, table := range deployed() {
		if err := errors.Join(s.CreateNamespace(ctx, table.Namespace, nil), s.CreateTable(ctx, table, nil)); err != nil {
			log.Fatal(err)
		}
	}
	db := scalar.New(s, options...)
	for i, total := range []int32{30, 10, 20} {
		err := orders.Insert(ctx, db, Order{CustomerID: 1, Timestamp: int64(i), OrderID: scalar.Some(fmt.Sprintf("o-%d", i)), Total: scalar.Some(total)})
		if err != nil {
			log.Fatal(err)
		}
	}
	return db
}

func ExampleDB_Transact() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	// Move 5 from one order to the other, or do nothing.
	err := db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		from, err := orders.Get(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 0})
		if err != nil {
			return err
		}
		to, err := orders.Get(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 1})
		if err != nil {
			return err
		}
		if from.Total.Or(0) < 5 {
			return errors.New("not enough") // rolls back, and comes out as it is
		}
		if err := orders.Update(ctx, tx, keyOfOrder(from), scalar.Set(orderColumns.Total, from.Total.V-5)); err != nil {
			return err
		}
		return orders.Update(ctx, tx, keyOfOrder(to), scalar.Set(orderColumns.Total, to.Total.Or(0)+5))
	})
	if err != nil {
		log.Fatal(err)
	}
	for o, err := range orders.Scan(ctx, db, ordersOf(1).Reverse()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.OrderID, o.Total)
	}
	// Output:
	// o-0 25
	// o-1 15
	// o-2 20
}

func ExampleDB_Begin() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	tx, err := db.Begin(ctx, scalar.WithIsolation(scalar.Serializable))
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback(ctx) // does nothing after Commit
	if err := orders.Delete(ctx, tx, OrderKey{CustomerID: 1, Timestamp: 0}); err != nil {
		log.Fatal(err)
	}
	switch err := tx.Commit(ctx); {
	case errors.Is(err, scalar.ErrConflict):
		fmt.Println("nothing happened: run the transaction again")
	case errors.Is(err, scalar.ErrUnknownStatus):
		fmt.Println("ask for the status of", tx.ID())
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("committed")
	}
	// Output: committed
}

func ExampleDB_Verify() {
	ctx := context.Background()
	db := scalar.New(memory.New()) // without any table
	defer db.Close(ctx)
	if err := db.Verify(ctx, scalar.Schema{&orders}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// invalid request: the deployed tables are not those that the code was generated for:
	// 	test.orders: there is no such table: create it with scalarctl schema create
	// 	coordinator.state: the coordinator table is missing: create it with scalarctl schema create --coordinator
	// alter the tables, or generate the code again from the schema that is deployed
}

// A condition makes an update or delete depend on what the record holds.
func ExampleCond() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	key := OrderKey{CustomerID: 1, Timestamp: 0}
	total := orderColumns.Total
	for range 2 {
		err := orders.UpdateIf(ctx, db, key,
			scalar.All(scalar.Ge(total, 20), scalar.IsNotNull(orderColumns.OrderID)),
			scalar.Set(total, 15))
		if errors.Is(err, scalar.ErrCondition) {
			fmt.Println("the total is below 20")
		} else if err == nil {
			fmt.Println("updated")
		}
	}
	// Output:
	// updated
	// the total is below 20
}

// Filters choose records of a scan. They may be joined by AND and OR.
func ExampleFilter() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	total, id := orderColumns.Total, orderColumns.OrderID
	cheap := scalar.Lt(total, 20)
	for o, err := range orders.Scan(ctx, db, ordersOf(1).Where(scalar.Or(cheap, scalar.Like(id, "%-2")))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.OrderID, o.Total)
	}
	// Output:
	// o-2 20
	// o-1 10
}

func ExampleCollect() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	latest, err := scalar.Collect(orders.Scan(ctx, db, ordersOf(1).Limit(2)))
	fmt.Println(len(latest), err)
	// Output: 2 <nil>
}

// What a program decides upon is the kind of an error; what people need to know
// is in its text.
func ExampleError() {
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)

	_, err := orders.Get(ctx, db, OrderKey{CustomerID: 2})
	fmt.Println(errors.Is(err, scalar.ErrNotFound))
	fmt.Println(err)

	var e *scalar.Error
	if errors.As(err, &e) {
		fmt.Println(e.Table, e.Key)
	}
	// Output:
	// true
	// record not found: test.orders(customer_id=2, timestamp=0, seq=0)
	// test.orders (customer_id=2, timestamp=0, seq=0)
}

// After ErrUnknownStatus the transaction may have been committed. Abort settles
// it: a transaction that was not committed by then never will be.
func ExampleDB_Abort() {
	settle := func(ctx context.Context, db *scalar.DB, err error) (committed bool, _ error) {
		var e *scalar.Error
		if !errors.Is(err, scalar.ErrUnknownStatus) || !errors.As(err, &e) {
			return err == nil, err
		}
		status, err := db.Abort(ctx, e.TxID)
		return status == scalar.StatusCommitted, err
	}
	ctx := context.Background()
	db := exampleDB(ctx)
	defer db.Close(ctx)
	unknown := &scalar.Error{Kind: scalar.ErrUnknownStatus, TxID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
	fmt.Println(settle(ctx, db, unknown))
	// Output: false <nil>
}

func ExampleNull() {
	var none scalar.Null[int32]
	some := scalar.Some(int32(7))
	fmt.Println(none, none.Or(1), some, some.V)
	if v, ok := some.Get(); ok {
		fmt.Println(v)
	}
	// Output:
	// NULL 1 7 7
	// 7
}
