// Package observe is how a program watches the transactions of its databases:
// an [Observer] is told of every piece of work, when it begins and how it ends.
// Package scalarotel has the one for OpenTelemetry.
//
//	db := scalar.New(storage, scalar.WithObserver(observer))
//
// Without an Observer nothing is measured, and nothing is allocated for it.
package observe

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
)

// Phase says what a piece of work is.
type Phase uint8

// The phases. Transact contains the Transactions of its attempts and the
// Retries between them, a Transaction everything below it that is done on the
// caller's behalf. Recover, Complete and RollBack may run in the background and
// outlast the transaction that began them; so does Group, which serves several.
const (
	Transact    Phase = iota // DB.Transact with all its attempts
	Transaction              // from begin to commit or rollback
	Retry                    // the pause before Transact tries again
	Wait                     // for a record that another transaction has prepared
	Recover                  // finding out and completing what another transaction left prepared
	PreRead                  // reading the records that are written unread
	Prepare                  // writing the records as PREPARED
	Validate                 // repeating the reads, under SERIALIZABLE
	Decide                   // the coordinator row
	Complete                 // turning the records to COMMITTED
	RollBack                 // taking the records back
	OnePhase                 // writing the records as COMMITTED at once
	Group                    // one write of coordinator rows for several transactions
)

var names = [...]string{
	"transact", "transaction", "retry", "wait", "recover", "pre_read", "prepare", "validate", "decide", "complete", "roll_back", "one_phase", "group",
}

// String returns the name of the phase, such as pre_read.
func (p Phase) String() string { return names[p] }

// ErrRolledBack is what a transaction ends with that was rolled back without an
// error: by [scalar.Tx.Rollback], or because it had been idle for too long.
//
// [scalar.Tx.Rollback]: https://pkg.go.dev/github.com/scalargen/scalargen/runtime#Tx.Rollback
var ErrRolledBack = errors.New("rolled back")

// Event is a piece of work that begins.
type Event struct {
	Phase     Phase
	TxID      string            // the transaction that does the work, "" for Transact, Retry and Group
	Isolation string            // such as SNAPSHOT, for Transact and Transaction; DATABASE if it is the database's own
	ReadOnly  bool              // for Transact and Transaction
	Table     storage.TableName // for Wait and Recover
	Size      int               // how many records are concerned, or transactions for Group
	Attempt   int               // for Transaction within Transact and for Retry, from 1
}

// Observer is told what the transactions do. Its methods are called by many
// goroutines at once and must not block.
type Observer interface {
	// Begin is called when a piece of work begins. The work goes on with the
	// context returned, and end is called once when it has ended, also by a
	// panic, with its error. Neither may be nil.
	//
	// Transact and Transaction end with nil if they have committed, and only
	// then; one that is rolled back ends with the error it was rolled back
	// for, be it a conflict of a read or the application's own. Retry and Wait end
	// with nil if what they waited for has come; Complete and RollBack if no
	// record is left to lazy recovery. The text of an error may contain keys.
	Begin(ctx context.Context, e Event) (_ context.Context, end func(err error))
}
