package scalar

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
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
	engine      *commit.Engine
	coordinator string // namespace
	eventual    bool   // deployed without indexes on before images
	isolation   Isolation
	limit       time.Duration
	log         *slog.Logger
	random      func() float64
	bindings    sync.Map // *TableDef → *binding
}

// New returns a DB on a storage that is already open. [DB.Close] closes the
// storage.
func New(s storage.Storage, opts ...Option) *DB {
	o := options{limit: defaultTransactFor, log: slog.New(slog.DiscardHandler), random: defaultRandom}
	for _, set := range opts {
		set(&o)
	}
	o.engine.Log = o.log
	o.engine.CoordinatorNamespace = cmp.Or(o.engine.CoordinatorNamespace, defaultCoordinator)
	return &DB{
		storage: s, engine: commit.New(s, o.engine), coordinator: o.engine.CoordinatorNamespace, eventual: o.engine.EventuallyConsistentIndexes,
		isolation: o.isolation, limit: o.limit, log: o.log, random: o.random,
	}
}

func (db *DB) session() (*DB, *Tx) { return db, nil }

// Storage returns the storage below the transactions, for administration.
func (db *DB) Storage() storage.Storage { return db.storage }

// Begin starts a transaction that the caller commits or rolls back. [DB.Transact]
// is the better choice wherever a function can hold the whole transaction.
func (db *DB) Begin(_ context.Context, options ...TxOption) (*Tx, error) {
	return db.begin(db.txOptions(options), false)
}

func (db *DB) txOptions(set []TxOption) txOptions {
	o := txOptions{isolation: db.isolation, limit: db.limit}
	for _, apply := range set {
		apply(&o)
	}
	return o
}

func (db *DB) begin(o txOptions, oneOperation bool) (*Tx, error) {
	tx, err := db.engine.Begin(commit.BeginOptions{
		ID: o.id, Isolation: commit.Isolation(o.isolation), ReadOnly: o.readOnly, OneOperation: oneOperation,
	})
	if err != nil {
		return nil, public(err)
	}
	return &Tx{db: db, tx: tx, attempt: 1}, nil
}

// Status is how a transaction was decided.
type Status uint8

// The statuses. StatusUnknown is what a running transaction has, and one that
// wrote nothing or never existed.
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
// other than unknown is final.
func (db *DB) Status(ctx context.Context, id string) (Status, error) {
	state, err := db.engine.Status(ctx, id)
	return statusOf(state), public(err)
}

// Abort decides that the transaction with the given id is aborted, unless it is
// decided already, and returns how. It settles an [ErrUnknownStatus]: after it,
// a transaction that was not committed never will be. Abort also makes an entry
// for an id that never existed.
func (db *DB) Abort(ctx context.Context, id string) (Status, error) {
	state, err := db.engine.Abort(ctx, id)
	return statusOf(state), public(err)
}

// Close waits for recovery work in the background until ctx ends, and closes
// the storage. What is left undone is done by whoever next reads the records.
func (db *DB) Close(ctx context.Context) error {
	err := db.engine.Close(ctx)
	if closeErr := db.storage.Close(); closeErr != nil {
		return closeErr
	}
	return err
}
