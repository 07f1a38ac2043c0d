package scalar

import (
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/native"
	"github.com/scalargen/scalargen/storage"
)

// DatabaseTransactions uses the transactions of the database itself, on tables
// that are created without the columns of the transactions (ScalarDB's transaction
// manager jdbc). The storage must have them ([storage.Transactor]): [Open] refuses
// one that has not, and a DB from [New] every transaction.
//
// Everything is as with ScalarDB's transactions but for this:
//
//   - The isolation level is that with which the storage was opened, as by
//     scalar.db.jdbc.isolation_level. [WithIsolation] and [DefaultIsolation] are
//     refused, and so are the options of ScalarDB's protocol, as [OnePhaseCommit]
//     and [GroupCommit].
//   - A transaction holds a connection, and locks in the database, from its first
//     operation to its end. An operation on the DB within it needs a second
//     connection, and may wait for a lock of the first.
//   - An Insert reports [ErrAlreadyExists] at once, and the transaction goes on.
//     After any other error but [ErrNotFound] and [ErrCondition] it does not: the
//     database has rolled it back, and later calls report the same kind of error.
//   - Each page of a scan on the DB is read by itself, so that no connection is held
//     while the loop runs. A scan in a transaction is read within it.
//   - [DB.Status], [DB.Abort], [DB.Finish] and [DB.RecoverRecord] are refused: the
//     database does not know the ids of transactions.
func DatabaseTransactions() Option { return func(o *options) { o.manager = databaseOwn } }

// useDatabaseTransactions sets the DB up for the transactions of the database, or
// notes why it cannot have them.
func (db *DB) useDatabaseTransactions(o *options) {
	transactor, able := db.storage.(storage.Transactor)
	needless := o.ofConsensusCommit()
	switch {
	case !able:
		db.refuse("the storage has no transactions of its own, or is wrapped in one that hides them (%T is no storage.Transactor): use the transaction manager consensus-commit", db.storage)
	case len(needless) > 0:
		db.refuse("with the transactions of the database (transaction manager jdbc) there is no %s: leave it out, or use the transaction manager consensus-commit", strings.Join(needless, ", and no "))
	default:
		db.native = native.New(db.storage, transactor, native.Options{NewID: o.engine.NewID, Log: o.log, Observer: o.engine.Observer})
	}
}

func (db *DB) refuse(format string, args ...any) {
	db.refusal = &Error{Kind: ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// refused returns why the DB cannot run transactions, as an error of the caller's
// own.
func (db *DB) refused() error {
	e := *db.refusal
	return &e
}

// ofConsensusCommit names the options that ask for what only ScalarDB's protocol
// has.
func (o *options) ofConsensusCommit() (names []string) {
	e := &o.engine
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"DefaultIsolation", o.isolation != Snapshot},
		{"CoordinatorNamespace", e.CoordinatorNamespace != "" && e.CoordinatorNamespace != defaultCoordinator},
		{"UncommittedWait", e.Wait != defaultWait},
		{"Without", e.PreReads || e.SeparateValidation || e.SingleDecisions || e.SeparateRecords},
		{"AsyncCommit", e.AsyncCommit},
		{"AsyncRollback", e.AsyncRollback},
		{"OnePhaseCommit", e.OnePhase},
		{"LogWriteSets", e.WriteSets},
		{"GroupCommit", e.GroupCommit != nil},
		{"BeforePrepare", e.BeforePrepare != nil},
		{"Config.AlwaysDecide", e.AlwaysDecide},
		{"Config.EventuallyConsistentIndexes", e.EventuallyConsistentIndexes},
	} {
		if option.set {
			names = append(names, option.name)
		}
	}
	return names
}
