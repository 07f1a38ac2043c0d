package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Storage is one database of a PostgreSQL server.
type Storage struct {
	*administration
	config config
	pool   *pgxpool.Pool
	target string        // host, port and database, for messages
	tokens chan struct{} // one for each session in use
	closed chan struct{}
	byByte bool // the server compares texts by their bytes

	mu           sync.Mutex
	closing      bool
	transactions map[*transaction]struct{}
}

var (
	_ storage.Storage    = (*Storage)(nil)
	_ storage.Batcher    = (*Storage)(nil)
	_ storage.Transactor = (*Storage)(nil)
)

// dialect is how PostgreSQL spells what package sqlstore builds.
var dialect = sqlstore.Dialect{Quote: '"', NumberedParams: true, AlwaysEscape: true}

// Info describes what PostgreSQL promises: everything, on every access path. The
// order of texts is known only if the database compares them by their bytes.
func (s *Storage) Info(string) storage.Info {
	info := storage.Info{
		Name:                      "postgres",
		Atomicity:                 storage.AtomicStorage,
		Batch:                     true,
		Copies:                    true,
		Checks:                    true,
		LinearizableGet:           true,
		LinearizablePartitionScan: true,
		LinearizableIndexScan:     true,
		LinearizableFullScan:      true,
	}
	if s.byByte {
		info.Compare = compare
	}
	return info
}

// Admin returns s.
func (s *Storage) Admin() storage.Admin { return s }

// sessionKey is where a connection keeps its session.
const sessionKey = "scalargen"

// acquire waits for a session. Its errors are those of the context,
// [storage.ErrClosed], and those of connecting.
func (s *Storage) acquire(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-s.closed:
		return nil, storage.ErrClosed
	default:
	}
	select {
	case s.tokens <- struct{}{}:
	default:
		if err := s.waitForToken(ctx); err != nil {
			return nil, err
		}
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		<-s.tokens
		select {
		case <-s.closed:
			return nil, storage.ErrClosed
		default:
			return nil, err
		}
	}
	ses := conn.Conn().PgConn().CustomData()[sessionKey].(*session)
	ses.conn = conn
	return ses, nil
}

var errExhausted = errors.New("all connections of the pool were in use")

func (s *Storage) waitForToken(ctx context.Context) error {
	timeout := time.NewTimer(s.config.connectionTimeout)
	defer timeout.Stop()
	select {
	case s.tokens <- struct{}{}:
		return nil
	case <-s.closed:
		return storage.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return fmt.Errorf("%w: %d for %v: raise scalar.db.jdbc.connection_pool.max_total, or keep transactions shorter",
			errExhausted, s.config.maxConnections, s.config.connectionTimeout)
	}
}

// release gives a session back. The pool closes a connection that is not ready
// for another statement.
func (s *Storage) release(ses *session) {
	ses.pending = ses.pending[:0]
	conn := ses.conn
	ses.conn = nil
	conn.Release()
	<-s.tokens
}

// connected prepares a new connection. A server may be told to acknowledge
// commits that are not on disk, which the contract does not allow.
func (s *Storage) connected(ctx context.Context, conn *pgx.Conn) error {
	const durable = "SELECT set_config('synchronous_commit','on',false) WHERE current_setting('synchronous_commit')='off'"
	if err := conn.PgConn().Exec(ctx, durable).Close(); err != nil {
		return err
	}
	conn.PgConn().CustomData()[sessionKey] = newSession(s, conn.PgConn())
	return nil
}

// Close waits for the calls in flight, cuts off the transactions that are open,
// and closes the connections. Later calls report [storage.ErrClosed].
func (s *Storage) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.closing = true
	close(s.closed)
	var errs []error
	for t := range s.transactions {
		// Whoever uses the transaction fails, and gives the session back.
		errs = append(errs, t.ses.pg.Conn().Close())
	}
	open := len(s.transactions)
	s.mu.Unlock()
	for range cap(s.tokens) - open {
		s.tokens <- struct{}{}
	}
	if open == 0 {
		s.pool.Close()
	} else {
		go s.pool.Close() // it waits for the sessions of the transactions
	}
	return errors.Join(errs...)
}
