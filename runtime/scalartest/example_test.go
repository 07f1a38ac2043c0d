package scalartest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// exampleT stands for the *testing.T of a test.
type exampleT struct {
	testing.TB
	cleanup []func()
}

func (t *exampleT) Helper()               {}
func (t *exampleT) Failed() bool          { return false }
func (t *exampleT) Cleanup(f func())      { t.cleanup = append(t.cleanup, f) }
func (t *exampleT) Errorf(string, ...any) {}

func (t *exampleT) end() {
	for _, f := range t.cleanup {
		f()
	}
}

func ExampleOpen() {
	t := new(exampleT) // in a test: its own t
	defer t.end()

	db := scalartest.Open(t, bankSchema, scalartest.Isolation(scalar.Serializable))
	ctx := context.Background()
	accounts.Insert(ctx, db, Account{"ann", 100})
	accounts.Insert(ctx, db, Account{"bob", 0})

	fmt.Println(transfer(ctx, db, "ann", "bob", 30))
	fmt.Println(transfer(ctx, db, "ann", "bob", 300))
	bob, _ := accounts.Get(ctx, db, AccountKey{"bob"})
	fmt.Println(bob.Balance)
	// Output:
	// <nil>
	// not enough money
	// 30
}

// A transaction whose process dies leaves its records prepared. Nobody can use
// them for 15 seconds, and then they are as they were.
func ExampleCrash() {
	t := new(exampleT) // in a test: its own t
	defer t.end()
	db := scalartest.Open(t, bankSchema)
	ctx := context.Background()
	accounts.Insert(ctx, db, Account{"ann", 100})
	accounts.Insert(ctx, db, Account{"bob", 0})

	scalartest.Inject(db, scalartest.Crash(scalartest.AfterPrepare, 1))
	err := transfer(ctx, db, "ann", "bob", 30)
	fmt.Println("crashed:", errors.Is(err, scalartest.ErrCrashed))

	_, err = accounts.Get(ctx, db, AccountKey{"ann"})
	fmt.Println("in use:", errors.Is(err, scalar.ErrUncommittedRecord))

	scalartest.Advance(db, 16*time.Second)
	ann, err := accounts.Get(ctx, db, AccountKey{"ann"})
	fmt.Println("recovered:", ann.Balance, err)
	// Output:
	// crashed: true
	// in use: true
	// recovered: 100 <nil>
}

// A function that runs in a transaction runs again after a conflict, so it must
// have no effects outside that may not happen twice.
func ExampleConflicts() {
	t := new(exampleT) // in a test: its own t
	defer t.end()
	db := scalartest.Open(t, bankSchema)
	ctx := context.Background()
	accounts.Insert(ctx, db, Account{"ann", 100})
	accounts.Insert(ctx, db, Account{"bob", 0})

	scalartest.Inject(db, scalartest.Conflicts(2))
	err := transfer(ctx, db, "ann", "bob", 30)
	ann, _ := accounts.Get(ctx, db, AccountKey{"ann"})
	fmt.Println(ann.Balance, err)
	// Output:
	// 70 <nil>
}

func ExampleHistory() {
	t := new(exampleT) // in a test: its own t
	defer t.end()
	db := scalartest.Open(t, bankSchema)
	ctx := context.Background()
	accounts.Insert(ctx, db, Account{"ann", 100})
	accounts.Insert(ctx, db, Account{"bob", 0})
	scalartest.ResetHistory(db)

	_ = transfer(ctx, db, "ann", "bob", 30)
	fmt.Print(scalartest.History(db))
	fmt.Println("round trips:", scalartest.History(db).Calls())
	// Output:
	// 1 get bank.accounts(id="ann")
	// 1 get bank.accounts(id="bob")
	// 2 prepare tx-3 bank.accounts(id="ann") balance=70
	// 2 prepare tx-3 bank.accounts(id="bob") balance=30
	// 3 decide tx-3 COMMITTED
	// 4 complete tx-3 bank.accounts(id="ann") COMMITTED
	// 4 complete tx-3 bank.accounts(id="bob") COMMITTED
	// round trips: 4
}
