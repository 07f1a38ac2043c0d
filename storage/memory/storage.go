package memory

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

// Storage is one handle on a database in memory. It implements
// [storage.Storage], [storage.Batcher] and [storage.Admin].
type Storage struct {
	db       *database
	info     storage.Info
	pageSize int
	closed   atomic.Bool
}

var (
	_ storage.Storage = (*Storage)(nil)
	_ storage.Admin   = (*Storage)(nil)
	_ storage.Batcher = (*Storage)(nil)
)

// database is what the handles of one name share. Its lock is never held
// across anything that waits, so the storage can run in a synctest bubble.
type database struct {
	mu         sync.RWMutex
	namespaces map[string]map[string]*table
}

func newDatabase() *database { return &database{namespaces: map[string]map[string]*table{}} }

// Option changes what a new Storage promises.
type Option func(*Storage)

// WithName sets Info.Name; the default is "memory".
func WithName(name string) Option { return func(s *Storage) { s.info.Name = name } }

// WithAtomicity limits what one group of mutations may span, and how many it
// may hold; 0 is no limit. The default is any number in the whole storage.
func WithAtomicity(unit storage.Atomicity, maxMutations int) Option {
	return func(s *Storage) { s.info.Atomicity, s.info.MaxMutations = unit, maxMutations }
}

// WithPageSize makes a page of a scan end after n rows were looked at, whether
// or not they passed the filter: small pages may be empty, as in DynamoDB. The
// default is 1000.
func WithPageSize(n int) Option { return func(s *Storage) { s.pageSize = n } }

// WithoutComparator leaves Info.Compare nil, as a storage does whose key order
// only the server knows.
func WithoutComparator() Option { return func(s *Storage) { s.info.Compare = nil } }

// WithoutBatch makes the storage refuse batches, as one does that has none.
func WithoutBatch() Option { return func(s *Storage) { s.info.Batch = false } }

// New returns a storage with an empty database of its own.
func New(options ...Option) *Storage { return newHandle(newDatabase(), options...) }

func newHandle(db *database, options ...Option) *Storage {
	const defaultPageSize = 1000
	s := &Storage{
		db: db,
		info: storage.Info{
			Name:                      "memory",
			Atomicity:                 storage.AtomicStorage,
			Batch:                     true,
			Copies:                    true,
			Checks:                    true,
			LinearizableGet:           true,
			LinearizablePartitionScan: true,
			LinearizableIndexScan:     true,
			LinearizableFullScan:      true,
			Compare:                   storage.Compare,
		},
		pageSize: defaultPageSize,
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// Info says the same for every namespace.
func (s *Storage) Info(string) storage.Info { return s.info }

// Admin returns s itself.
func (s *Storage) Admin() storage.Admin { return s }

// Close makes all later calls on this handle fail with [storage.ErrClosed].
// The data stay for other handles of the same name.
func (s *Storage) Close() error {
	s.closed.Store(true)
	return nil
}

// Table returns the definition with which the table was created: partition-key
// columns first, then clustering-key columns, then the others.
func (s *Storage) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	if err := s.ready(ctx, "table", name); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	t, err := s.db.table("table", name)
	if err != nil {
		return nil, err
	}
	return t.definition, nil
}

// Get reads all records at one moment.
func (s *Storage) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	if err := s.ready(ctx, "get", nameOf(gets)); err != nil {
		return nil, err
	}
	rows := make([]storage.Row, len(gets))
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	for i := range gets {
		g := &gets[i]
		if err := storage.CheckGet(g); err != nil {
			return nil, err
		}
		t, v, err := s.db.view("get", g.Table)
		if err != nil {
			return nil, err
		}
		if row := t.rows.get(g.Key); row != nil {
			rows[i] = v.project(row, g.Columns)
		}
	}
	return rows, nil
}

func nameOf(gets []storage.Get) storage.TableName {
	if len(gets) == 0 || gets[0].Table == nil {
		return storage.TableName{}
	}
	return gets[0].Table.TableName
}

// ready reports why a call cannot begin. Since nothing waits later on, it is
// also the only place where a cancelled context ends a call: always before the
// effect.
func (s *Storage) ready(ctx context.Context, op string, name storage.TableName) error {
	if s.closed.Load() {
		return &storage.Error{Op: op, Table: name, Class: storage.ErrClosed}
	}
	if err := ctx.Err(); err != nil {
		return &storage.Error{Op: op, Table: name, Err: err}
	}
	return nil
}
