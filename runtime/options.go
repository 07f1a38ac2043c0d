package scalar

import (
	"log/slog"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// Isolation is an isolation level.
type Isolation uint8

// The isolation levels.
const (
	// Snapshot is the default: reads of a record repeat, no update is lost, but
	// two transactions that read what the other writes may both commit (write
	// skew).
	Snapshot = Isolation(commit.Snapshot)
	// Serializable: the committed transactions have the effect of some serial
	// order of them, the order of real time on a linearizable storage. Reads
	// that are not written are repeated at commit.
	Serializable = Isolation(commit.Serializable)
	// ReadCommitted returns the last committed version at every read and never
	// waits for or fails on a running transaction. No update is lost.
	ReadCommitted = Isolation(commit.ReadCommitted)
)

// String returns SNAPSHOT, SERIALIZABLE or READ_COMMITTED.
func (i Isolation) String() string { return commit.Isolation(i).String() }

// Option configures a [DB].
type Option func(*options)

type options struct {
	isolation Isolation
	limit     time.Duration
	log       *slog.Logger
	random    func() float64
	engine    commit.Options
}

// DefaultIsolation sets the isolation level of transactions that do not choose
// one with [WithIsolation]; Snapshot if it is not given.
func DefaultIsolation(level Isolation) Option { return func(o *options) { o.isolation = level } }

// CoordinatorNamespace sets the namespace of the coordinator table; coordinator
// if it is not given. All programs that share tables must use the same.
func CoordinatorNamespace(namespace string) Option {
	return func(o *options) { o.engine.CoordinatorNamespace = namespace }
}

// MetadataTTL sets how long table definitions are kept before they are read
// again: a minute if it is not given, for ever if it is negative.
func MetadataTTL(ttl time.Duration) Option {
	return func(o *options) { o.engine.MetadataTTL = ttl }
}

// Logger sets where the DB logs: conflicts and retries at debug level, work that
// is left to lazy recovery as warnings. It logs nothing if it is not given.
// Neither column values nor credentials are ever logged; keys are.
func Logger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// DefaultTransactFor sets the time limit of [DB.Transact] where [TransactFor]
// does not; 30 seconds if it is not given, none if it is 0.
func DefaultTransactFor(limit time.Duration) Option {
	return func(o *options) { o.limit = limit }
}

// Environment replaces what a DB takes from its surroundings, for tests that
// must be repeatable. A nil field keeps its default.
type Environment struct {
	Now    func() time.Time
	NewID  func() string  // transaction ids; must never repeat
	Random func() float64 // in [0, 1), for the pauses between attempts
}

// WithEnvironment sets the clock, the ids and the randomness of a DB.
func WithEnvironment(e Environment) Option {
	return func(o *options) {
		o.engine.Now, o.engine.NewID = e.Now, e.NewID
		if e.Random != nil {
			o.random = e.Random
		}
	}
}

// TxOption configures one transaction.
type TxOption func(*txOptions)

type txOptions struct {
	id        string
	isolation Isolation
	readOnly  bool
	limit     time.Duration
	attempts  int
}

// WithIsolation sets the isolation level.
func WithIsolation(level Isolation) TxOption { return func(o *txOptions) { o.isolation = level } }

// ReadOnly makes the transaction refuse writes with [ErrInvalid] and forget what
// it has read as early as it can.
func ReadOnly() TxOption { return func(o *txOptions) { o.readOnly = true } }

// WithID sets the id of a transaction of [DB.Begin]. It must never have been
// used before; reusing the id of a committed transaction makes the new one
// pass for it. [DB.Transact] ignores it, since each attempt needs its own.
func WithID(id string) TxOption { return func(o *txOptions) { o.id = id } }

// TransactFor limits how long [DB.Transact] keeps trying; 0 for no limit.
func TransactFor(limit time.Duration) TxOption { return func(o *txOptions) { o.limit = limit } }

// TransactAttempts limits how often [DB.Transact] tries; 0, the default, for no
// limit.
func TransactAttempts(n int) TxOption { return func(o *txOptions) { o.attempts = n } }
