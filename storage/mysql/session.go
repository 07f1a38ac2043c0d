package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// A session is one connection with its prepared statements and scratch space.
// One call at a time uses it.
//
// It works on the driver's own interfaces. Package database/sql would send a
// statement again on another connection where it sees fit; whether a write may
// be sent again is decided here.
type session struct {
	conn       connection
	server     *server
	statements *sqlstore.Statements[*statement]
	tables     map[*storage.Table]uint64 // see tableID
	lastTable  uint64                    // of the numbers given
	broken     bool                      // not to be used again
	opened     time.Time
	idle       time.Time // since when

	shape  []byte              // scratch: what tells statements of a table apart
	order  []int               // scratch: the order of a group
	values []storage.Value     // scratch: parameters as they are built
	args   []driver.NamedValue // scratch: parameters as they are bound
	cells  []driver.Value      // scratch: the current row
}

// connection is what the driver's connections can do.
type connection interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
}

// statement is a prepared statement.
type statement struct {
	prepared prepared
	selected sqlstore.Selection // of a SELECT of columns
}

type prepared interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxStatements bounds the prepared statements of a session. The server allows
// 16,382 over all its connections unless it is told otherwise.
const maxStatements = 64

func newSession(conn connection, of *server) *session {
	s := &session{conn: conn, server: of, tables: map[*storage.Table]uint64{}, opened: time.Now()}
	s.statements = sqlstore.NewStatements(maxStatements, func(st *statement) {
		_ = st.prepared.Close() // frees memory of the server, and has no reply
	})
	return s
}

// notApplied is an error that came before the server could have committed
// anything.
type notApplied struct{ error }

func (e notApplied) Unwrap() error { return e.error }

// statement returns the statement of table with s.shape. It is prepared with
// the text that build returns if it is new.
func (s *session) statement(ctx context.Context, table *storage.Table, build func() (text string, selected sqlstore.Selection)) (*statement, error) {
	if st, found := s.statements.Get(table, s.shape); found {
		return st, nil
	}
	text, selected := build()
	st, err := s.prepare(ctx, text)
	if number(err) == errTooManyStatements && s.statements.Len() > 0 {
		s.statements.Clear()
		st, err = s.prepare(ctx, text)
	}
	if err != nil {
		return nil, notApplied{err}
	}
	out := &statement{prepared: st, selected: selected}
	s.statements.Put(table, s.shape, out)
	return out, nil
}

func (s *session) prepare(ctx context.Context, text string) (prepared, error) {
	st, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.(prepared), nil
}

// forget reports whether the server refused a statement because it no longer
// knows it, as after a change of the table. Nothing has run then.
func (s *session) forget(err error) bool {
	if n := number(err); n != errNeedReprepare && n != errUnknownStatement {
		return false
	}
	s.statements.Clear()
	return true
}

// tableID returns a number that stands for a definition, and never for another,
// in the shapes of statements that concern several.
func (s *session) tableID(table *storage.Table) uint64 {
	id, known := s.tables[table]
	if !known {
		if len(s.tables) >= 4*maxStatements {
			// Definitions that are no longer in use must not be kept for ever.
			clear(s.tables)
		}
		s.lastTable++
		id = s.lastTable
		s.tables[table] = id
	}
	return id
}

// bind makes s.values the arguments of the next statement.
func (s *session) bind(op string, table storage.TableName) error {
	s.args = s.args[:0]
	for i, v := range s.values {
		bound, why := encode(v)
		if n := len(v.Text()); n >= s.server.maxPacket {
			why = fmt.Sprintf("a value of %d bytes is more than the server takes: raise its max_allowed_packet, which is %d", n, s.server.maxPacket)
		}
		if why != "" {
			return notApplied{storage.Invalidf(op, table, "%s", why)}
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: bound})
	}
	return nil
}

// execute runs a statement that returns no rows and reports how many records it
// matched.
func (s *session) execute(ctx context.Context, st *statement) (matched int64, err error) {
	result, err := st.prepared.ExecContext(ctx, s.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs a statement and calls row for each of its rows, which is in
// s.cells, until it returns an error.
func (s *session) query(ctx context.Context, st *statement, row func() error) error {
	rows, err := st.prepared.QueryContext(ctx, s.args)
	if err != nil {
		return err
	}
	return errors.Join(s.each(rows, row), rows.Close())
}

// each calls row for each row of a result.
func (s *session) each(rows driver.Rows, row func() error) error {
	width := len(rows.Columns())
	if cap(s.cells) < width {
		s.cells = make([]driver.Value, width)
	}
	s.cells = s.cells[:width]
	for {
		switch err := rows.Next(s.cells); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := row(); err != nil {
			return err
		}
	}
}

// command runs a text that returns no rows. It must hold no user input but
// quoted names; args are interpolated by the driver, which knows how the server
// reads literals.
func (s *session) command(ctx context.Context, text string, args ...driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, text, args)
}

// rollback undoes what the session has not committed. If that fails the
// connection is given up: then the server does.
func (s *session) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	if _, err := s.command(ctx, "ROLLBACK"); err != nil {
		s.broken = true
	}
}

// rollbackTimeout is how long a connection may take to roll back before it is
// given up.
const rollbackTimeout = 10 * time.Second

// close closes the connection, which rolls back what was not committed; there
// is nobody to tell a failure to.
func (s *session) close() { _ = s.conn.Close() }
