package scalar

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
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
	// ReadCommitted returns the last committed version at every read, of a record
	// that is prepared the version before. Its reads do not wait for or fail on a
	// running transaction, except those by an index: they must know how one that
	// moves a record to another index value ends, so they wait for it and report
	// [ErrUncommittedRecord] (not with [Config].EventuallyConsistentIndexes). No
	// update is lost.
	ReadCommitted = Isolation(commit.ReadCommitted)
)

// String returns SNAPSHOT, SERIALIZABLE or READ_COMMITTED.
func (i Isolation) String() string { return commit.Isolation(i).String() }

// Option configures a [DB].
type Option func(*options)

type options struct {
	isolation  Isolation
	limit      time.Duration
	log        *slog.Logger
	random     func() float64
	fullScans  bool
	manager    manager
	unlisted   bool
	maxActive  int
	idleExpiry time.Duration
	engine     commit.Options
}

// defaultWait covers the time in which other transactions are prepared, unless
// they have crashed, and little more.
const defaultWait = 200 * time.Millisecond

func defaultOptions() options {
	return options{
		limit: defaultTransactFor, log: slog.New(slog.DiscardHandler), random: defaultRandom, fullScans: true, maxActive: defaultMaxActive,
		engine: commit.Options{Wait: defaultWait},
	}
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
// again: a minute if it is not given or 0, for ever if it is negative. To read
// them every time, which the property asks for with 0, give a nanosecond.
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

// UncommittedWait sets how long a read waits for a transaction that has prepared
// the record and not decided, before it reports [ErrUncommittedRecord]: 200 ms if
// it is not given, 0 for not at all, which is what ScalarDB does. It waits for no
// more than half of the time that the context leaves, however many records one
// call meets. Those who wait for one record go on in the order in which they
// came. Under READ_COMMITTED only reads by an index wait.
func UncommittedWait(d time.Duration) Option { return func(o *options) { o.engine.Wait = d } }

// WithObserver sets who is told what the transactions do; package scalarotel has
// one for OpenTelemetry.
func WithObserver(observer observe.Observer) Option {
	return func(o *options) { o.engine.Observer = observer }
}

// AsyncCommit lets a commit return as soon as the transaction is decided, before
// its records show it; AsyncRollback does the same for rollbacks after a failed
// commit. Readers complete the records themselves if they come first, except
// under READ_COMMITTED, which may show the version before for a moment, even to
// the writer. [DB.Close] waits for what is under way.
func AsyncCommit(on bool) Option { return func(o *options) { o.engine.AsyncCommit = on } }

// AsyncRollback is described at [AsyncCommit].
func AsyncRollback(on bool) Option { return func(o *options) { o.engine.AsyncRollback = on } }

// OnePhaseCommit lets a transaction whose writes the storage can apply in one
// atomic request do so, without prepared records and without a row in the
// coordinator table; under SERIALIZABLE only if it has read nothing but by key,
// and present records where it does not write them. [DB.Status] knows nothing of
// such a transaction.
func OnePhaseCommit(on bool) Option { return func(o *options) { o.engine.OnePhase = on } }

// LogWriteSets stores the keys of the records that a transaction writes in its
// coordinator row, for [DB.Finish], if the coordinator table has the column
// ([WriteSets]).
func LogWriteSets(on bool) Option { return func(o *options) { o.engine.WriteSets = on } }

// GroupCommitLimits bound a group commit; 0 is the default of each.
type GroupCommitLimits struct {
	Capacity   int           // transactions in a group, 20
	MaxWindow  time.Duration // how long one that is ready waits for the others at most, 40 ms
	AbortAfter time.Duration // when one that neither commits nor rolls back is forgotten, a minute
}

// GroupCommit decides transactions that end at about the same time by one row of
// the coordinator table, in ScalarDB's format. Their ids become longer
// ([Tx.ID]). The coordinator table needs the column for it ([GroupMembers]).
//
// Where the storage writes many rows in one request, that is done without it, so
// it is for storages that cannot, such as Cassandra and DynamoDB.
func GroupCommit(limits GroupCommitLimits) Option {
	return func(o *options) {
		o.engine.GroupCommit = &commit.GroupCommit{Capacity: limits.Capacity, MaxWindow: limits.MaxWindow, AbortAfter: limits.AbortAfter}
	}
}

// RefuseFullScans makes scans of whole tables [ErrInvalid] where the transaction
// does not allow them ([AllowFullScans]). Tables without transactions have nothing
// that could allow them.
func RefuseFullScans() Option { return func(o *options) { o.fullScans = false } }

// MaxActive limits how many transactions of [DB.Begin] may be open: 10,000 if it
// is not given, no limit if it is 0. One more takes the place of one that has
// failed to commit and was not rolled back, or else rolls back the one that has
// been idle for longest, whose next call then is [ErrClosed].
func MaxActive(n int) Option { return func(o *options) { o.maxActive = n } }

// IdleExpiry rolls back transactions of [DB.Begin] that have not been used for so
// long; 0, the default, for never. One whose scan is being iterated is in use.
func IdleExpiry(d time.Duration) Option { return func(o *options) { o.idleExpiry = d } }

// WithoutTransactions makes every operation a request to the storage by itself,
// on tables that are created without the columns of the transactions
// (ScalarDB's transaction manager single-crud-operation). Each write is atomic
// on its record. [DB.Begin] and [DB.Transact] are refused.
func WithoutTransactions() Option { return func(o *options) { o.manager = singleOperation } }

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
	id         string
	isolation  Isolation
	leveled    bool // the isolation level was asked for
	readOnly   bool
	limit      time.Duration
	attempts   int
	fullScans  bool
	attributes map[string]string
	err        error
}

// with applies options. It is apart from where there are none, which then does
// not allocate.
func (o txOptions) with(set []TxOption) (txOptions, error) {
	for _, apply := range set {
		apply(&o)
	}
	return o, o.err
}

// The attributes of ScalarDB that mean something here.
const (
	isolationAttribute = "cc-transaction-isolation"
	fullScanAttribute  = "db-cross-partition-scan-enabled"
)

// WithIsolation sets the isolation level. It is [ErrInvalid] with
// [DatabaseTransactions].
func WithIsolation(level Isolation) TxOption {
	return func(o *txOptions) { o.isolation, o.leveled = level, true }
}

// ReadOnly makes the transaction refuse writes with [ErrInvalid] and forget what
// it has read as early as it can.
func ReadOnly() TxOption { return func(o *txOptions) { o.readOnly = true } }

// WithID sets the id of a transaction of [DB.Begin]. It must never have been
// used before; reusing the id of a committed transaction makes the new one
// pass for it. [DB.Transact] ignores it, since each attempt needs its own.
func WithID(id string) TxOption { return func(o *txOptions) { o.id = id } }

// AllowFullScans says whether the transaction may scan whole tables, whatever
// the DB's default is.
func AllowFullScans(allowed bool) TxOption { return func(o *txOptions) { o.fullScans = allowed } }

// WithAttribute gives the transaction an attribute, which [Tx.Attribute] returns.
// Two attributes of ScalarDB are obeyed: cc-transaction-isolation, the name of an
// isolation level, and db-cross-partition-scan-enabled, true or false. A value
// that they cannot have is [ErrInvalid].
func WithAttribute(name, value string) TxOption {
	return func(o *txOptions) {
		if o.attributes == nil {
			o.attributes = map[string]string{}
		}
		o.attributes[name] = value
		switch name {
		case isolationAttribute:
			level, known := isolationNamed(value)
			if !known {
				o.err = &Error{Kind: ErrInvalid, Message: fmt.Sprintf("attribute %s must be %s, %s or %s", name, Snapshot, Serializable, ReadCommitted)}
				return
			}
			o.isolation, o.leveled = level, true
		case fullScanAttribute:
			allowed, err := strconv.ParseBool(strings.ToLower(value))
			if err != nil {
				o.err = &Error{Kind: ErrInvalid, Message: "attribute " + name + " must be true or false"}
				return
			}
			o.fullScans = allowed
		}
	}
}

// isolationNamed returns the level that a name, in any letter case, stands for.
func isolationNamed(name string) (Isolation, bool) {
	for _, level := range []Isolation{Snapshot, Serializable, ReadCommitted} {
		if strings.EqualFold(name, level.String()) {
			return level, true
		}
	}
	return 0, false
}

// TransactFor limits how long [DB.Transact] keeps trying; 0 for no limit.
func TransactFor(limit time.Duration) TxOption { return func(o *txOptions) { o.limit = limit } }

// TransactAttempts limits how often [DB.Transact] tries; 0, the default, for no
// limit.
func TransactAttempts(n int) TxOption { return func(o *txOptions) { o.attempts = n } }
