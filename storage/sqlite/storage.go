package sqlite

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Storage is one SQLite file, or one in-memory database.
type Storage struct {
	*administration
	config  config
	db      *sql.DB
	writer  *pool // one session
	readers *pool // the writer's pool if the database is in memory
	closing atomic.Bool
	closed  chan struct{}
}

var (
	_ storage.Storage = (*Storage)(nil)
	_ storage.Batcher = (*Storage)(nil)
)

// dialect is how SQLite spells what package sqlstore builds.
var dialect = sqlstore.Dialect{
	Quote:              '"',
	NamespaceSeparator: "$",
	UncheckedInts:      true,
	// SQLite looks at the value of a bare parameter when it plans, and plans anew
	// for each value.
	LimitSuffix: "+0",
}

// Info describes what SQLite promises: everything, on every access path.
func (s *Storage) Info(string) storage.Info {
	return storage.Info{
		Name:                      "sqlite",
		Atomicity:                 storage.AtomicStorage,
		Batch:                     true,
		Copies:                    true,
		Checks:                    true,
		LinearizableGet:           true,
		LinearizablePartitionScan: true,
		LinearizableIndexScan:     true,
		LinearizableFullScan:      true,
		Compare:                   compare,
	}
}

// Admin returns s: tables are created through the connection that writes.
func (s *Storage) Admin() storage.Admin { return s }

// Close waits for the calls in flight, none of which waits for long, and closes
// the connections; the last one writes the log back into the file. Later calls
// report [storage.ErrClosed].
func (s *Storage) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	close(s.closed)
	s.writer.drain()
	if s.readers != s.writer {
		s.readers.drain()
	}
	return s.db.Close()
}

// read runs f on a reading session. f must only read, and may run several
// times if it finds the database locked.
func (s *Storage) read(ctx context.Context, op string, table storage.TableName, f func(*session) error) error {
	ses, err := s.readers.acquire(ctx)
	if err != nil {
		return failure(op, table, err)
	}
	defer s.readers.release(ses)
	var wait lockWait
	for {
		err := f(ses)
		if err == nil {
			return nil
		}
		if repeat, err := wait.again(ctx, s, err); !repeat {
			return failure(op, table, err)
		}
	}
}
