package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const opGet = "get"

// Get reads the records in one round trip, each with the statement that is
// prepared for its table.
func (s *Storage) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	for i := range gets {
		if err := storage.CheckGet(&gets[i]); err != nil {
			return nil, err
		}
	}
	if len(gets) == 0 {
		return []storage.Row{}, nil
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		return nil, s.failure(opGet, gets[0].Table.TableName, err)
	}
	defer s.release(ses)
	rows, err := ses.get(ctx, gets)
	if err != nil {
		return nil, s.failure(opGet, gets[0].Table.TableName, err)
	}
	return rows, nil
}

// get reads records. Errors that concern one of them name its table.
func (s *session) get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	rows = make([]storage.Row, len(gets))
	err = s.attempt(func() (bool, error) {
		if len(gets) == 1 {
			return s.getOne(ctx, &gets[0], &rows[0])
		}
		return s.getMany(ctx, gets, rows)
	})
	return rows, err
}

func (s *session) getStatement(g *storage.Get) *statement {
	s.shape = sqlstore.AppendGetShape(s.shape[:0], g.Columns)
	if st := s.find(g.Table); st != nil {
		return st
	}
	selected := sqlstore.Select(g.Table, g.Columns)
	return s.add(g.Table, dialect.New().SelectByKey(g.Table, selected.Columns).String(), selected)
}

func (s *session) getOne(ctx context.Context, g *storage.Get, row *storage.Row) (ran bool, err error) {
	st := s.getStatement(g)
	if err := errors.Join(s.prepare(ctx), st.err); err != nil {
		return false, err
	}
	s.unbind()
	if err := s.bind(opGet, st, g.Key); err != nil {
		return false, err
	}
	result := s.run(ctx, st)
	err = s.readRow(result, st, g, row)
	_, closeErr := result.Close()
	return true, errors.Join(closeErr, err)
}

func (s *session) getMany(ctx context.Context, gets []storage.Get, rows []storage.Row) (ran bool, err error) {
	statements := make([]*statement, len(gets))
	for i := range gets {
		statements[i] = s.getStatement(&gets[i])
	}
	if err := s.prepare(ctx); err != nil {
		return false, err
	}
	for i, st := range statements {
		if st.err != nil {
			return false, s.storage.failure(opGet, gets[i].Table.TableName, st.err)
		}
	}
	s.unbind()
	for i, st := range statements {
		if err := s.bind(opGet, st, gets[i].Key); err != nil {
			return false, err
		}
	}
	p := s.pg.StartPipeline(ctx)
	values := s.values
	for i, st := range statements {
		n := len(gets[i].Key)
		p.SendQueryStatement(st.description, values[:n], binaryFormat, binaryFormat)
		values = values[n:]
	}
	if err := p.Sync(); err != nil {
		return true, errors.Join(err, closed(p))
	}
	for i, st := range statements {
		result, err := p.GetResults()
		if err != nil {
			return true, s.failed(p, opGet, gets[i].Table.TableName, err)
		}
		reader := result.(*pgconn.ResultReader)
		err = s.readRow(reader, st, &gets[i], &rows[i])
		if _, closeErr := reader.Close(); closeErr != nil {
			return true, s.failed(p, opGet, gets[i].Table.TableName, closeErr)
		}
		if err != nil {
			return true, errors.Join(err, closed(p))
		}
	}
	return true, closed(p)
}

// failed ends the pipeline of reads that failed with err.
func (s *session) failed(p *pgconn.Pipeline, op string, table storage.TableName, err error) error {
	if closeErr := closed(p); closeErr != nil && sqlState(err) == "" {
		return err // it is the same
	}
	return s.storage.failure(op, table, err)
}

// readRow reads the row of a result, if there is one.
func (s *session) readRow(result *pgconn.ResultReader, st *statement, g *storage.Get, row *storage.Row) error {
	if !result.NextRow() {
		*row = nil
		return nil
	}
	r, err := st.row(result.Values())
	if err != nil {
		return &storage.Error{Op: "read", Table: g.Table.TableName, Err: fmt.Errorf("record %s: %w", g.Table.FormatKey(g.Key), err)}
	}
	*row = r
	return nil
}

// row decodes the columns that were asked for.
func (st *statement) row(fields [][]byte) (storage.Row, error) {
	row := make(storage.Row, st.selected.Asked)
	for i := range row {
		v, err := st.value(fields, i)
		if err != nil {
			return nil, err
		}
		row[i] = v
	}
	return row, nil
}

// value decodes the i-th selected column.
func (st *statement) value(fields [][]byte, i int) (storage.Value, error) {
	column := st.table.Columns[st.selected.Columns[i]]
	v, err := decode(fields[i], column.Type, st.description.Fields[i].DataTypeOID)
	if err != nil {
		return v, fmt.Errorf("column %s %w", column.Name, err)
	}
	return v, nil
}
