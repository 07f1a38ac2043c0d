package native

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// settleTimeout bounds the work that must not stop when the caller's context
// ends: a commit and a rollback. It is that of package commit.
const settleTimeout = 10 * time.Second

// Isolation is what observers are told instead of a level: the database has its
// own.
const Isolation = "DATABASE"

// Options configure a Manager. The zero value is usable.
type Options struct {
	NewID    func() string // of transactions; default a random UUID
	Log      *slog.Logger  // default: nothing is logged
	Observer observe.Observer
}

// Manager begins the transactions of one storage and knows which hold a
// connection.
type Manager struct {
	storage    storage.Storage
	transactor storage.Transactor
	options    Options

	mu     sync.Mutex
	open   map[*Tx]struct{} // that hold a connection or wait for one
	closed bool
	empty  chan struct{} // closed when closed is set and none is open
}

// New returns a Manager on s, whose transactions are those of transactor. The
// caller keeps ownership of s.
func New(s storage.Storage, transactor storage.Transactor, options Options) *Manager {
	if options.NewID == nil {
		options.NewID = uuid.NewString
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Manager{storage: s, transactor: transactor, options: options, open: map[*Tx]struct{}{}, empty: make(chan struct{})}
}

// Begin starts a transaction. It touches no storage. The isolation level in o
// means nothing here.
func (m *Manager) Begin(o commit.BeginOptions) (*Tx, error) {
	if m.isClosed() {
		return nil, errClosed()
	}
	if o.ID == "" {
		o.ID = m.options.NewID()
	}
	return &Tx{
		manager: m, id: o.ID, readOnly: o.ReadOnly, oneOperation: o.OneOperation,
		turn: make(chan struct{}, 1), scans: map[*scan]struct{}{},
	}, nil
}

// Close rolls back the transactions that are open, those in the midst of a call
// when it returns, and waits until ctx ends for those and for the commits under
// way. Transactions that begin or commit later are [commit.ErrClosed].
func (m *Manager) Close(ctx context.Context) error {
	const why = "the database handle was closed"
	for _, tx := range m.close() {
		go tx.doom(why) // a database that does not answer keeps each waiting
	}
	select {
	case <-m.empty: // before a look at ctx, which may have ended
		return nil
	default:
	}
	select {
	case <-m.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close returns the transactions that are open, to which no more are added.
func (m *Manager) close() []*Tx {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed && len(m.open) == 0 {
		close(m.empty)
	}
	m.closed = true
	open := make([]*Tx, 0, len(m.open))
	for tx := range m.open {
		open = append(open, tx)
	}
	return open
}

func (m *Manager) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// hold notes that tx needs a connection. It reports false after Close.
func (m *Manager) hold(tx *Tx) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.open[tx] = struct{}{}
	return true
}

// drop notes that tx needs its connection no more.
func (m *Manager) drop(tx *Tx) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, tx)
	if m.closed && len(m.open) == 0 {
		close(m.empty)
	}
}
