package mysql

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Storage is one server.
type Storage struct {
	config         config
	server         *server
	sessions       *pool // for records
	administrators *pool // for definitions
	admin          *sqlstore.Administration
	closing        atomic.Bool
	closed         chan struct{}

	mu     sync.RWMutex
	orders map[string]textOrder // by namespace; the others have the server's default
}

var (
	_ storage.Storage    = (*Storage)(nil)
	_ storage.Batcher    = (*Storage)(nil)
	_ storage.Transactor = (*Storage)(nil)
)

// Info describes what the server promises: everything, on every access path, but
// for TiDB, which has no shared locks to check records with.
// The order of TEXT is given for namespaces whose database and tables compare
// code points, as far as this Storage has seen them.
func (s *Storage) Info(namespace string) storage.Info {
	return storage.Info{
		Name:                      "mysql",
		Atomicity:                 storage.AtomicStorage,
		Batch:                     true,
		Copies:                    true,
		Checks:                    s.server.product != productTiDB,
		LinearizableGet:           true,
		LinearizablePartitionScan: true,
		LinearizableIndexScan:     true,
		LinearizableFullScan:      true,
		Compare:                   s.order(namespace).compare(),
	}
}

func (s *Storage) order(namespace string) textOrder {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if order, known := s.orders[namespace]; known {
		return order
	}
	return orderOf(s.server.collation)
}

// Table reads the definition of a table from the metadata table, and looks at
// the collations of its columns.
func (s *Storage) Table(ctx context.Context, name storage.TableName) (table *storage.Table, err error) {
	err = s.administrators.do(ctx, true, func(ses *session) error {
		table, err = s.readTable(ctx, ses, name)
		return err
	})
	if err != nil {
		return nil, s.server.failure(opTable, name, err)
	}
	return table, nil
}

const opTable = "table"

func (s *Storage) readTable(ctx context.Context, ses *session, name storage.TableName) (*storage.Table, error) {
	table, err := sqlstore.ReadTable(s.admin, &adminSession{Storage: s, session: ses, ctx: ctx}, name)
	if err != nil {
		return nil, err
	}
	return table, s.observeOrder(ctx, ses, name)
}

// observeOrder takes back the order of a namespace if a table's columns have
// another one.
func (s *Storage) observeOrder(ctx context.Context, ses *session, name storage.TableName) error {
	expected := s.order(name.Namespace)
	if expected == orderUnknown {
		return nil
	}
	collations, err := ses.column(ctx, "SELECT DISTINCT COLLATION_NAME FROM information_schema.COLUMNS "+
		"WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND COLLATION_NAME IS NOT NULL", name.Namespace, name.Name)
	if err != nil {
		return err
	}
	for _, collation := range collations {
		if orderOf(collation) == expected {
			continue
		}
		s.mu.Lock()
		s.orders[name.Namespace] = orderUnknown
		s.mu.Unlock()
		s.config.log.WarnContext(ctx, "a table does not compare texts as its database does, so the order of its namespace is left to the server",
			"table", name.String(), "collation", collation)
		return nil
	}
	return nil
}

// Admin returns the administration side.
func (s *Storage) Admin() storage.Admin { return s.admin }

// Close waits for the calls in flight and closes the connections. Later calls
// report [storage.ErrClosed].
func (s *Storage) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	close(s.closed)
	s.sessions.drain()
	s.administrators.drain()
	return nil
}
