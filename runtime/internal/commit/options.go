package commit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

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
	Isolation            Isolation
	CoordinatorNamespace string        // default "coordinator"
	MetadataTTL          time.Duration // how long table definitions are kept; default 60 s, negative: for ever
	// SerialPrepare, SerialValidate, SerialCommit and SerialRollback turn off
	// the parallel execution of groups of mutations and of validation reads.
	SerialPrepare, SerialValidate, SerialCommit, SerialRollback bool
	// AlwaysDecide writes a coordinator row also for transactions without
	// writes.
	AlwaysDecide bool
	// EventuallyConsistentIndexes skips the check of before-image indexes
	// (spec 3.9). All processes must agree on it.
	EventuallyConsistentIndexes bool

	Now   func() time.Time // default time.Now
	NewID func() string    // default a random UUID; must never repeat
	Log   *slog.Logger     // default: nothing is logged
}

// Engine runs transactions on one storage.
type Engine struct {
	storage     storage.Storage
	options     Options
	catalog     catalog
	coordinator coordinator

	// Background work is recovery that no reader waits for. ctx ends when Close
	// gives up waiting for it.
	mu         sync.Mutex
	closed     bool
	background sync.WaitGroup
	ctx        context.Context
	cancel     context.CancelFunc
}

// New returns an engine on s. The caller keeps ownership of s.
func New(s storage.Storage, options Options) *Engine {
	if options.CoordinatorNamespace == "" {
		options.CoordinatorNamespace = "coordinator"
	}
	if options.MetadataTTL == 0 {
		options.MetadataTTL = time.Minute
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.NewID == nil {
		options.NewID = uuid.NewString
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{storage: s, options: options}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.catalog.engine = e
	e.coordinator.engine = e
	return e
}

// Close waits for background work until ctx ends, then cuts it off: whatever it
// leaves undone is done by the next reader. Begin fails after Close.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	done := make(chan struct{})
	go func() {
		e.background.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.cancel()
	<-done
	return err
}

// start runs work in the background. It reports false, without running it, if
// the engine is closed.
func (e *Engine) start(work func(ctx context.Context)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.background.Add(1)
	go func() {
		defer e.background.Done()
		ctx, cancel := context.WithTimeout(e.ctx, settleTimeout)
		defer cancel()
		work(ctx)
	}()
	return true
}

// detached returns a context that keeps ctx's values but not its end.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// millis is the unit of every time stamp in the tables.
func (e *Engine) millis() int64 { return e.options.Now().UnixMilli() }
