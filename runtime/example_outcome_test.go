package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// exampleT stands for the *testing.T of a test.
type exampleT struct {
	testing.TB
	end func()
}

func (t *exampleT) Helper()               {}
func (t *exampleT) Failed() bool          { return false }
func (t *exampleT) Errorf(string, ...any) {}
func (t *exampleT) Cleanup(f func())      { t.end = f }

// After ErrUnknownStatus, Status tells how the transaction was decided. While it
// is unknown, Abort decides it.
func ExampleDB_Status() {
	ctx := context.Background()
	t := new(exampleT) // in a test: its own t
	db := scalartest.Open(t, testSchema, scalartest.UnknownStatus(true))
	defer t.end()

	err := orders.Insert(ctx, db, Order{CustomerID: 1})
	var e *scalar.Error
	if errors.Is(err, scalar.ErrUnknownStatus) && errors.As(err, &e) {
		fmt.Println(e.TxID, "may have been committed")
		fmt.Println(db.Status(ctx, e.TxID))
	}
	// Output:
	// tx-1 may have been committed
	// committed <nil>
}

// A read waits for a transaction that holds the record prepared. If that does not
// help, the transaction has crashed, or is slow.
func ExampleUncommittedWait() {
	ctx := context.Background()
	t := new(exampleT) // in a test: its own t
	db := scalartest.Open(t, testSchema, scalartest.With(scalar.UncommittedWait(10*time.Millisecond)), scalartest.Crash(scalartest.AfterPrepare, 1))
	defer t.end()

	err := orders.Insert(ctx, db, Order{CustomerID: 1}) // whose process dies
	fmt.Println(errors.Is(err, scalartest.ErrCrashed))

	_, err = orders.Get(ctx, db, OrderKey{CustomerID: 1})
	if errors.Is(err, scalar.ErrUncommittedRecord) { // it is an ErrConflict, too, so Transact would go on trying
		fmt.Println("somebody is writing this record")
	}
	scalartest.Advance(db, 16*time.Second)
	_, err = orders.Get(ctx, db, OrderKey{CustomerID: 1})
	fmt.Println(errors.Is(err, scalar.ErrNotFound)) // the insert was taken back
	// Output:
	// true
	// somebody is writing this record
	// true
}

// A crashed transaction leaves its records to whoever reads them next.
// RecoverRecord does not wait for a reader.
func ExampleDB_RecoverRecord() {
	ctx := context.Background()
	t := new(exampleT) // in a test: its own t
	db := scalartest.Open(t, testSchema, scalartest.Crash(scalartest.AfterPrepare, 1))
	defer t.end()

	if err := orders.Insert(ctx, db, Order{CustomerID: 1}); !errors.Is(err, scalartest.ErrCrashed) {
		log.Fatal(err)
	}
	key := []scalar.Value{scalar.IntValue(1), scalar.BigIntValue(0), scalar.IntValue(0)} // all columns of the primary key
	fmt.Println(db.RecoverRecord(ctx, orders.Def.TableName, key...))                     // it may still be running
	scalartest.Advance(db, 16*time.Second)
	fmt.Println(db.RecoverRecord(ctx, orders.Def.TableName, key...))
	// Output:
	// false <nil>
	// true <nil>
}
