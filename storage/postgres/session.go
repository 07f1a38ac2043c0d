package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// A session is one connection with its prepared statements and scratch space.
// One call at a time uses it.
//
// It speaks through pgconn rather than through pgx: values go to and from the
// wire without passing through Go's any, and a pipeline may hold several
// transactions. Statements are named ones of its own, not those of pgx's cache,
// since that knows them by their text: looking one up would need the text, and
// a table that was created anew under its old name has the same texts with other
// types of parameters.
type session struct {
	storage    *Storage
	pg         *pgconn.PgConn
	conn       *pgxpool.Conn // while the session is in use
	statements *sqlstore.Statements[*statement]
	pending    []pending // statements that are not prepared yet
	names      int       // given to statements so far
	discarded  []string  // statements that the server may forget

	shape  []byte          // scratch: see [sqlstore.Statements]
	params []storage.Value // scratch: parameters of the statement about to run
	buffer []byte          // scratch: their encodings
	values [][]byte        // scratch: the pieces of buffer
	steps  []step          // scratch: see [session.plan]
	order  []int           // scratch: see [sqlstore.AppendLockOrder]
}

// maxStatements bounds the prepared statements of a session.
const maxStatements = 256

func newSession(s *Storage, pg *pgconn.PgConn) *session {
	ses := &session{storage: s, pg: pg, buffer: make([]byte, 0, 256)}
	ses.statements = sqlstore.NewStatements(maxStatements, func(st *statement) { ses.discarded = append(ses.discarded, st.description.Name) })
	return ses
}

// A statement is one that the server has prepared, or will have before it is
// run.
type statement struct {
	table       *storage.Table
	text        string
	selected    sqlstore.Selection // of a SELECT of columns
	description *pgconn.StatementDescription
	err         error // why it could not be prepared
}

// A pending statement is to be prepared and then known by its shape.
type pending struct {
	*statement
	shape string
}

// binary is the format of all parameters and results.
var binaryFormat = []int16{1}

// find returns the statement of table with s.shape, nil if there is none.
func (s *session) find(table *storage.Table) *statement {
	if st, found := s.statements.Get(table, s.shape); found {
		return st
	}
	for _, p := range s.pending {
		if p.table == table && p.shape == string(s.shape) {
			return p.statement
		}
	}
	return nil
}

// add adds text as the statement of table with s.shape, which is to be prepared.
func (s *session) add(table *storage.Table, text string, selected sqlstore.Selection) *statement {
	st := &statement{table: table, text: text, selected: selected}
	s.pending = append(s.pending, pending{st, string(s.shape)})
	return st
}

// prepare prepares what is pending in one round trip, each statement for itself:
// those that the server refuses have err set. It writes nothing, so nothing was
// applied if it fails.
func (s *session) prepare(ctx context.Context) error {
	if len(s.pending) == 0 {
		return nil
	}
	prepared := s.pending
	s.pending = s.pending[:0]
	p := s.pg.StartPipeline(ctx)
	for _, name := range s.discarded {
		p.SendDeallocate(name)
	}
	deallocated := len(s.discarded)
	names := make([]string, len(prepared))
	for i, st := range prepared {
		s.names++
		names[i] = "scalargen" + strconv.Itoa(s.names)
		if i > 0 {
			p.SendPipelineSync()
		}
		p.SendPrepare(names[i], st.text, nil)
	}
	if err := p.Sync(); err != nil {
		return errors.Join(err, closed(p))
	}
	for range deallocated {
		if _, err := p.GetResults(); err != nil {
			return errors.Join(err, closed(p))
		}
	}
	s.discarded = s.discarded[:0]
	for i := 0; i < len(prepared); {
		result, err := p.GetResults()
		switch result := result.(type) {
		case *pgconn.StatementDescription:
			result.Name = names[i]
			prepared[i].description = result
			s.statements.Put(prepared[i].table, []byte(prepared[i].shape), prepared[i].statement)
		case *pgconn.PipelineSync:
			i++
		default:
			if sqlState(err) == "" {
				return errors.Join(err, closed(p))
			}
			prepared[i].err = err
		}
	}
	if err := closed(p); err != nil && sqlState(err) == "" {
		return err
	}
	for _, st := range prepared {
		if st.err == nil && len(st.description.Fields) == 0 {
			// Without any field pgx asks for the fields at every execution.
			st.description.Fields = make([]pgconn.FieldDescription, 1)
		}
	}
	return nil
}

// closed ends a pipeline. What it reports again was reported by GetResults.
func closed(p *pgconn.Pipeline) error {
	if err := p.Close(); err != nil && sqlState(err) == "" {
		return err
	}
	return nil
}

// forget lets all statements be prepared anew.
func (s *session) forget() {
	s.statements.Clear()
	s.pending = s.pending[:0]
}

// unbind makes room for new parameters.
func (s *session) unbind() {
	const keptBuffer = 64 << 10
	if cap(s.buffer) > keptBuffer {
		s.buffer = make([]byte, 0, 256)
	}
	s.buffer, s.values = s.buffer[:0], s.values[:0]
}

// bind encodes params as parameters of st, and adds them to those that are bound
// already. It reports [storage.ErrInvalid] for values that the server does not
// take.
func (s *session) bind(op string, st *statement, params []storage.Value) error {
	for i, v := range params {
		if v.IsNull() {
			s.values = append(s.values, nil)
			continue
		}
		start, why := len(s.buffer), ""
		if s.buffer, why = encode(s.buffer, v, st.description.ParamOIDs[i]); why != "" {
			return storage.Invalidf(op, st.table.TableName, "%s", why)
		}
		s.values = append(s.values, s.buffer[start:])
	}
	return nil
}

// run runs a statement with the parameters that are bound, outside of a pipeline.
func (s *session) run(ctx context.Context, st *statement) *pgconn.ResultReader {
	return s.pg.ExecStatement(ctx, st.description, s.values, binaryFormat, binaryFormat)
}

// attempt runs body, and once more if it ran a statement that was prepared before
// the schema changed. That is safe for writes too: what the server refuses it has
// rolled back. body says whether it got as far as to run something.
func (s *session) attempt(body func() (ran bool, err error)) error {
	ran, err := body()
	if err == nil || !ran || !isStale(err) {
		return err
	}
	s.forget()
	if s.pg.TxStatus() == 'I' {
		_, err = body()
		return err
	}
	// The transaction has failed with the statement.
	if isOutdated(err) {
		return &storage.Error{Op: "read", Class: storage.ErrConflict, Err: fmt.Errorf("a table was changed meanwhile: %w", err)}
	}
	return err
}
