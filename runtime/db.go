package scalar

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/native"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// defaultTransactFor is longer than the 15 seconds after which a crashed
// transaction's records become free.
const defaultTransactFor = 30 * time.Second

const defaultCoordinator = "coordinator"

// DB is a handle on the tables of one configuration. It is safe for concurrent
// use and meant to live as long as the program. Operations that are given a DB
// instead of a [Tx] run as transactions of their own.
type DB struct {
	storage     storage.Storage
	engine      *commit.Engine // reads definitions where it runs no transactions
	manager     manager
	native      *native.Manager // of databaseOwn; nil if refusal says why there is none
	refusal     *Error          // of all transactions, nil for none
	coordinator string          // namespace
	eventual    bool            // deployed without indexes on before images
	grouped     bool            // group commit is configured
	fullScans   bool            // allowed where a transaction does not say otherwise
	isolation   Isolation
	limit       time.Duration
	log         *slog.Logger
	observer    observe.Observer
	random      func() float64
	bindings    sync.Map  // *TableDef → *binding
	active      *registry // nil if open transactions are not listed
	closed      atomic.Bool
}

// New returns a DB on a storage that is already open. [DB.Close] closes the
// storage.
func New(s storage.Storage, opts ...Option) *DB {
	o := defaultOptions()
	for _, set := range opts {
		set(&o)
	}
	o.engine.Log = o.log
	o.engine.CoordinatorNamespace = cmp.Or(o.engine.CoordinatorNamespace, defaultCoordinator)
	db := &DB{
		storage: s, manager: o.manager, coordinator: o.engine.CoordinatorNamespace, eventual: o.engine.EventuallyConsistentIndexes,
		grouped: o.engine.GroupCommit != nil, fullScans: o.fullScans, isolation: o.isolation, limit: o.limit, log: o.log, observer: o.engine.Observer, random: o.random,
	}
	if db.manager == databaseOwn {
		db.useDatabaseTransactions(&o)
		s, o.engine.GroupCommit = native.Definitions(s), nil
	}
	db.engine = commit.New(s, o.engine)
	if !o.unlisted {
		db.active = &registry{limit: o.maxActive, idle: o.idleExpiry}
	}
	return db
}

func (db *DB) session() session { return session{db: db} }

// With returns a Runner on which each operation is a transaction of its own, as
// on db, with the options given. An id ([WithID]) and the limits of [DB.Transact]
// have no meaning there.
//
// A scan commits when its loop ends. Under SERIALIZABLE that validates what was
// read: a scan that has yielded all its records reports a conflict as its last
// error, one that the loop has left early has nobody to report it to. What must be
// known to be serializable belongs into a [DB.Transact].
func (db *DB) With(options ...TxOption) Runner { return session{db: db, options: options} }

// Storage returns the storage below the transactions, for administration.
func (db *DB) Storage() storage.Storage { return db.storage }

// Begin starts a transaction that the caller commits or rolls back. [DB.Transact]
// is the better choice wherever a function can hold the whole transaction.
//
// The transaction is listed by its id until it is committed or rolled back; an
// id that is listed already is [ErrInvalid]. See [DB.Resume].
func (db *DB) Begin(ctx context.Context, options ...TxOption) (*Tx, error) {
	o, err := db.txOptions(options)
	if err != nil {
		return nil, err
	}
	tx, err := db.begin(o, false)
	if err != nil {
		return nil, err
	}
	tx.tx.Observe(ctx, 0)
	if db.active != nil {
		if err := db.active.add(tx); err != nil {
			tx.tx.RollbackFor(err)
			return nil, err
		}
	}
	return tx, nil
}

// Resume returns the open transaction of [DB.Begin] that has the id, also one
// that has failed to commit and not been rolled back. It reports
// [ErrTransactionNotFound] if there is none.
func (db *DB) Resume(id string) (*Tx, error) {
	if db.active == nil {
		return nil, &Error{Kind: ErrInvalid, TxID: id, Message: "open transactions are not listed: switch scalar.db.active_transaction_management.enabled on"}
	}
	tx := db.active.find(id)
	if tx == nil {
		return nil, &Error{Kind: ErrTransactionNotFound, Code: "DB-CORE-20031", TxID: id,
			Message: "no open transaction has this id: it has ended, was rolled back because it was idle, or belongs to another process"}
	}
	return tx, nil
}

func (db *DB) txOptions(set []TxOption) (txOptions, error) {
	o := txOptions{isolation: db.isolation, limit: db.limit, fullScans: db.fullScans}
	if len(set) == 0 {
		return o, nil
	}
	o, err := o.with(set)
	if err == nil && o.leveled && db.manager == databaseOwn {
		err = &Error{Kind: ErrInvalid, Message: "the isolation level of the database's own transactions (transaction manager jdbc) is that with which the storage was opened: set scalar.db.jdbc.isolation_level, and leave it out here"}
	}
	return o, err
}

// needTransactions refuses what makes no sense without transactions. code is
// ScalarDB's for the call, "" if it has none.
func (db *DB) needTransactions(code string) error {
	if db.manager != singleOperation {
		return nil
	}
	return &Error{Kind: ErrInvalid, Code: code,
		Message: "the database is used without transactions (transaction manager single-crud-operation): each operation stands for itself"}
}

// needCoordinator refuses what makes no sense without a coordinator table.
func (db *DB) needCoordinator() error {
	if db.manager == databaseOwn {
		return &Error{Kind: ErrInvalid,
			Message: "the transactions are those of the database (transaction manager jdbc), which knows them by no id and leaves nothing to recover: this needs the transaction manager consensus-commit"}
	}
	return db.needTransactions("")
}

// Status is how a transaction was decided.
type Status uint8

// The statuses. StatusUnknown is what a running transaction has, and one that
// wrote nothing, wrote in one phase, or never existed.
const (
	StatusUnknown Status = iota
	StatusCommitted
	StatusAborted
)

// String returns unknown, committed or aborted.
func (s Status) String() string {
	return [...]string{"unknown", "committed", "aborted"}[s]
}

func statusOf(state commit.State) Status {
	switch state {
	case commit.Committed:
		return StatusCommitted
	case commit.Aborted:
		return StatusAborted
	default:
		return StatusUnknown
	}
}

// Status looks up how the transaction with the given id was decided. A status
// other than unknown is final. It stays unknown for a transaction that was
// committed in one phase ([OnePhaseCommit]), and is again once its decision has
// been removed ([DB.Finish]).
func (db *DB) Status(ctx context.Context, id string) (Status, error) {
	if err := db.needCoordinator(); err != nil {
		return StatusUnknown, err
	}
	state, err := db.engine.Status(ctx, id)
	return statusOf(state), public(err)
}

// Abort decides that the transaction with the given id is aborted, unless it is
// decided already, and returns how. It settles an [ErrUnknownStatus]: after it,
// a transaction that was not committed never will be. Abort also makes an entry
// for an id that never existed. It has no power over a transaction that commits
// in one phase ([OnePhaseCommit]), which asks no coordinator.
func (db *DB) Abort(ctx context.Context, id string) (Status, error) {
	if err := db.needCoordinator(); err != nil {
		return StatusUnknown, err
	}
	state, err := db.engine.Abort(ctx, id)
	return statusOf(state), public(err)
}

// Finish completes all records that a decided transaction has written, so that
// no reader has to, and then removes its row from the coordinator table. It
// reports false, and leaves the row, if the row has no write set
// ([LogWriteSets]); true if there is no row, which says nothing of a transaction
// that may still be running. With group commit it finishes the whole group.
//
// All programs that share the tables must be of ScalarDB 3.19 or newer, or of
// this library: older ones take the missing row for that of an aborted
// transaction.
func (db *DB) Finish(ctx context.Context, id string) (bool, error) {
	if err := db.needCoordinator(); err != nil {
		return false, err
	}
	done, err := db.engine.Finish(ctx, id)
	return done, public(err)
}

// RecoverRecord completes the record with the given primary key if a transaction
// left it prepared, as any read of it would. It reports false if that transaction
// may still be running.
func (db *DB) RecoverRecord(ctx context.Context, table TableName, key ...Value) (bool, error) {
	if err := db.needCoordinator(); err != nil {
		return false, err
	}
	t, err := db.engine.Table(ctx, table)
	if err != nil {
		return false, public(err)
	}
	if err := storage.CheckGet(&storage.Get{Table: t.Meta(), Key: key}); err != nil {
		return false, &Error{Kind: ErrInvalid, Table: table, Message: "this is no key of the table", Err: err}
	}
	done, err := db.engine.RecoverRecord(ctx, commit.Ref{Table: t, Key: key})
	return done, public(err)
}

// Close rolls back the open transactions of [DB.Begin] that no call uses, waits
// until ctx ends for the commits and the work in the background that are under
// way, and closes the storage. Transactions that begin or commit later are
// [ErrClosed]; with [GroupCommit] those that have begun are waited for, since
// others of their group may be. What is left undone is done by whoever next reads
// the records.
//
// It returns the end of ctx if that cut something off, joined with what the
// storage reports. A second Close does nothing.
func (db *DB) Close(ctx context.Context) error {
	if db.closed.Swap(true) {
		return nil
	}
	var err error
	if db.native != nil { // rolls back all at once, and leaves the others below nothing to do
		err = db.native.Close(ctx)
	}
	if db.active != nil {
		db.active.close()
	}
	return errors.Join(err, db.engine.Close(ctx), db.storage.Close())
}
