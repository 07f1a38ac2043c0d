package commit

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/groupcommit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// Isolation is an isolation level (spec 4).
type Isolation uint8

// The isolation levels. The zero Isolation is ScalarDB's default.
const (
	Snapshot Isolation = iota
	Serializable
	ReadCommitted
)

// String returns the name that configuration uses.
func (i Isolation) String() string {
	switch i {
	case Serializable:
		return "SERIALIZABLE"
	case ReadCommitted:
		return "READ_COMMITTED"
	default:
		return "SNAPSHOT"
	}
}

// Constants of the protocol. Every process that shares the tables must use the
// same.
const (
	// lifetime is how long a prepared record may be undecided before others may
	// abort its transaction (spec 7.1).
	lifetime = 15 * time.Second
	// coordinatorAttempts is how often the coordinator row is read or written
	// before giving up; the pause doubles from coordinatorPause (spec 6.3).
	coordinatorAttempts = 5
	coordinatorPause    = 50 * time.Millisecond
	// recoveryPasses bounds how often one read follows a record from one
	// undecided transaction to the next (spec 7.2).
	recoveryPasses = 5
	// beforeIndexPasses bounds how often an index read starts over because a
	// record was rolled back into its range (spec 3.3).
	beforeIndexPasses = 3
)

// settleTimeout bounds the work that must not stop when the caller's context
// ends: the decision, and cleaning up after it. It is well below lifetime.
const settleTimeout = 10 * time.Second

// Options configure an Engine. The zero value is usable.
type Options struct {
	CoordinatorNamespace string        // default "coordinator"
	MetadataTTL          time.Duration // how long table definitions are kept; default 60 s, negative: for ever
	// SerialPrepare, SerialValidate, SerialCommit and SerialRollback turn off
	// the parallel execution of groups of mutations and of validation reads.
	SerialPrepare, SerialValidate, SerialCommit, SerialRollback bool
	// AsyncCommit and AsyncRollback let Commit return when the decision stands
	// and before the records follow it (spec 8.2). As in ScalarDB they have no
	// effect where the phase is serial.
	AsyncCommit, AsyncRollback bool
	// OnePhase commits transactions that write a single atomicity unit without
	// a coordinator row (spec 8.3).
	OnePhase bool
	// AlwaysDecide writes a coordinator row also for transactions without
	// writes.
	AlwaysDecide bool
	// SingleDecisions writes every coordinator row by itself, also where the
	// storage takes many in one request.
	SingleDecisions bool
	// SeparateRecords completes the records of each asynchronous commit by
	// themselves, also where those of several transactions could be one request.
	SeparateRecords bool
	// MaxRequests bounds the requests with coordinator rows that are under way
	// before others gather for the next one, and those that complete records of
	// asynchronous commits; default 4. More would not be sooner back: a database
	// makes writes durable one after the other, or several at once in the same time
	// as one.
	MaxRequests int
	// PreReads reads what a write replaces before it is prepared, if nobody has read
	// it, also where the storage could keep it by itself.
	PreReads bool
	// SeparateValidation repeats the reads of SERIALIZABLE transactions by requests
	// of their own, also where those that write could check them.
	SeparateValidation bool
	// WriteSets stores the keys of the written records in the coordinator row,
	// if its table has the column (spec 1.10), so that Finish can complete them.
	WriteSets bool
	// GroupCommit decides several transactions in one coordinator row, nil for
	// each in its own (spec 8.5).
	GroupCommit *GroupCommit
	// EventuallyConsistentIndexes skips the check of before-image indexes
	// (spec 3.9). All processes must agree on it.
	EventuallyConsistentIndexes bool
	// Wait is how long a read waits for a transaction that has prepared the
	// record to decide, before it reports [ErrUncommittedRecord]; 0 for not at
	// all, as ScalarDB.
	Wait time.Duration
	// BeforePrepare is told of each transaction that is about to prepare records
	// (spec 2.14). The transaction goes on meanwhile and is not decided before
	// wait has returned; an error of either aborts it. wait may be nil.
	BeforePrepare func(ctx context.Context, p Preparation) (wait func(context.Context) error, err error)

	Now      func() time.Time // default time.Now
	NewID    func() string    // default a random UUID; must never repeat
	Log      *slog.Logger     // default: nothing is logged
	Observer observe.Observer // nil for none
}

// GroupCommit are the limits of a group commit; 0 is the default of each.
type GroupCommit struct {
	Capacity   int           // transactions in a group; default 20
	MaxWindow  time.Duration // longest wait of a decided member for the others; default 40 ms
	AbortAfter time.Duration // when a member that never decides is forgotten; default 60 s

	NewID func() string // of a group: 24 letters and digits; default random
}

// Preparation is a transaction that is about to prepare its records.
type Preparation struct {
	TxID   string
	Writes []Write
}

// Write is one record that a transaction writes.
type Write struct {
	Table  storage.TableName
	Key    []storage.Value
	Delete bool
}

// Engine runs transactions on one storage.
type Engine struct {
	storage     storage.Storage
	options     Options
	catalog     catalog
	coordinator coordinator
	background  background
	completions completions
	queue       queue
	groups      *groupcommit.Committer[[]writeset.Entry] // nil without group commit
}

// New returns an engine on s. The caller keeps ownership of s.
func New(s storage.Storage, options Options) *Engine {
	if options.CoordinatorNamespace == "" {
		options.CoordinatorNamespace = "coordinator"
	}
	if options.MetadataTTL == 0 {
		options.MetadataTTL = time.Minute
	}
	if options.MaxRequests == 0 {
		options.MaxRequests = 4
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.NewID == nil {
		options.NewID = newID
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{storage: s, options: options}
	e.catalog.engine = e
	e.coordinator.engine = e
	e.background.open()
	if g := options.GroupCommit; g != nil {
		e.groups = groupcommit.New(groupcommit.Options{Capacity: g.Capacity, MaxWindow: g.MaxWindow, AbortAfter: g.AbortAfter, NewParentID: g.NewID}, e.coordinator.emit)
	}
	return e
}

// Close waits until members of group commits have ended, and commits under way
// and background work are done, or until ctx ends, and then cuts it off: whatever
// it leaves undone is done by the next reader. Begin fails after Close, and so does
// a commit that begins when the waiting for members is over. A second Close does
// the same waiting again.
func (e *Engine) Close(ctx context.Context) error {
	e.background.refuse()
	var err error
	if e.groups != nil {
		err = e.groups.Close(ctx)
	}
	return cmp.Or(err, e.background.drain(ctx))
}

// detached returns a context that keeps ctx's values but not its end.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// millis is the unit of every time stamp in the tables.
func (e *Engine) millis() int64 { return e.options.Now().UnixMilli() }
