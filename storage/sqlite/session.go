package sqlite

import (
	"context"
	"database/sql"
	"sync"

	codes "modernc.org/sqlite/lib"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// A session is one connection with its prepared statements and scratch space.
// One call at a time uses it.
type session struct {
	conn       *sql.Conn
	statements *sqlstore.Statements[*statement]
	broken     bool // not to be used again

	shape  []byte          // scratch: see [sqlstore.Statements]
	params []storage.Value // scratch: parameters of the statement about to run
	args   []any           // scratch: params, encoded
	cells  []cell          // scratch: values of the current row
	dest   []any           // pointers to cells, for Rows.Scan
}

type statement struct {
	prepared *sql.Stmt
	selected sqlstore.Selection // of a SELECT of columns
}

// maxStatements bounds the prepared statements of a session.
const maxStatements = 256

// find returns the statement of table with s.shape, nil if it is not prepared.
func (s *session) find(table *storage.Table) *statement {
	st, _ := s.statements.Get(table, s.shape)
	return st
}

// prepare prepares text as the statement of table with s.shape.
func (s *session) prepare(table *storage.Table, text string, selected sqlstore.Selection) (*statement, error) {
	prepared, err := s.conn.PrepareContext(context.Background(), text)
	if err != nil && resultCode(err)&primaryCode == codes.SQLITE_ERROR {
		// SQLite has compiled against the schema that it remembers, and does
		// not compare it with the file's if that is locked just then. Any read
		// of the file does.
		if _, err := found(s, "SELECT 1 FROM sqlite_master"); err != nil {
			return nil, err
		}
		prepared, err = s.conn.PrepareContext(context.Background(), text)
	}
	if err != nil {
		return nil, err
	}
	st := &statement{prepared: prepared, selected: selected}
	s.statements.Put(table, s.shape, st)
	return st, nil
}

// prepareText returns the prepared statement text, which concerns no table of
// the user.
func (s *session) prepareText(text string) (*statement, error) {
	s.shape = append(s.shape[:0], text...)
	if st := s.find(nil); st != nil {
		return st, nil
	}
	return s.prepare(nil, text, sqlstore.Selection{})
}

// destinations returns pointers to n cells.
func (s *session) destinations(n int) []any {
	if len(s.cells) < n {
		s.cells = make([]cell, n)
		s.dest = make([]any, n)
		for i := range s.cells {
			s.dest[i] = &s.cells[i]
		}
	}
	return s.dest[:n]
}

// A pool hands out at most cap(tokens) sessions at a time.
type pool struct {
	storage *Storage
	tokens  chan struct{}
	// keep says that the database lives in the connection and goes with it.
	keep bool

	mu   sync.Mutex
	idle []*session // the last one was used most recently and has the warmest caches
}

func newPool(s *Storage, size int, keep bool) *pool {
	return &pool{storage: s, tokens: make(chan struct{}, size), keep: keep}
}

// acquire waits for a session. Its errors are those of the context,
// [storage.ErrClosed], and those of opening a connection.
func (p *pool) acquire(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.tokens <- struct{}{}:
	case <-p.storage.closed:
		return nil, storage.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-p.storage.closed:
		<-p.tokens
		return nil, storage.ErrClosed
	default:
	}
	if s := p.pop(); s != nil {
		return s, nil
	}
	conn, err := p.connect(ctx)
	if err != nil {
		<-p.tokens
		return nil, err
	}
	// Closing a statement frees memory and cannot undo anything.
	statements := sqlstore.NewStatements(maxStatements, func(st *statement) { _ = st.prepared.Close() })
	return &session{conn: conn, statements: statements}, nil
}

// connect opens a connection. Its settings make SQLite read the file, which may
// be locked.
func (p *pool) connect(ctx context.Context) (*sql.Conn, error) {
	var wait lockWait
	for {
		conn, err := p.storage.db.Conn(context.Background())
		if err == nil {
			return conn, nil
		}
		if repeat, err := wait.again(ctx, p.storage, err); !repeat {
			return nil, err
		}
	}
}

func (p *pool) pop() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	s := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return s
}

// release gives a session back.
func (p *pool) release(s *session) {
	if s.broken && !p.keep {
		s.close()
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, s)
		p.mu.Unlock()
	}
	<-p.tokens
}

// drain waits for the sessions in use and closes all. The storage must be
// closed to new calls.
func (p *pool) drain() {
	for range cap(p.tokens) {
		p.tokens <- struct{}{}
	}
	for s := p.pop(); s != nil; s = p.pop() {
		s.close()
	}
}

// close closes the connection, which rolls back what was not committed; there
// is nobody to tell a failure to.
func (s *session) close() {
	s.statements.Clear()
	_ = s.conn.Close()
}
