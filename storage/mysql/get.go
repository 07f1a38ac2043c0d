package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// maxUnion is the number of records of one table that one prepared statement
// reads.
const maxUnion = 32

// Get reads the records in one round trip: a single one, or several of the same
// columns of one table, by a prepared statement, and all others by one text of
// several statements.
func (s *Storage) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	const op = "get"
	for i := range gets {
		if err := storage.CheckGet(&gets[i]); err != nil {
			return nil, err
		}
	}
	if len(gets) == 0 {
		return []storage.Row{}, nil
	}
	var rows []storage.Row
	err := s.sessions.do(ctx, true, func(ses *session) (err error) {
		rows, err = ses.get(ctx, gets)
		return err
	})
	if err != nil {
		return nil, s.server.failure(op, gets[0].Table.TableName, err)
	}
	return rows, nil
}

func (s *session) get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	rows := make([]storage.Row, len(gets))
	first := &gets[0]
	alike := len(gets) <= maxUnion && !slices.ContainsFunc(gets, func(g storage.Get) bool {
		return g.Table != first.Table || !slices.Equal(g.Columns, first.Columns) || (g.Columns == nil) != (first.Columns == nil)
	})
	if alike {
		return rows, s.getUnion(ctx, gets, rows)
	}
	return rows, s.getText(ctx, gets, rows)
}

// getUnion reads records of the same columns of one table. The first column of
// the result says which of gets a row answers.
func (s *session) getUnion(ctx context.Context, gets []storage.Get, rows []storage.Row) error {
	table := gets[0].Table
	s.shape = sqlstore.AppendGetShape(append(s.shape[:0], shapeGets+byte(len(gets))), gets[0].Columns)
	st, err := s.statement(ctx, table, func() (string, sqlstore.Selection) {
		selected := sqlstore.Select(table, gets[0].Columns)
		b := dialect.New()
		for i := range gets {
			if i > 0 {
				b.Text(" UNION ALL ")
			}
			b.Text(fmt.Sprintf("SELECT %d,", i)).Columns(table, selected.Columns).Text(" FROM ").Table(table.TableName).
				Text(" WHERE ").Equals(table, table.PrimaryKey())
		}
		return b.String(), selected
	})
	if err != nil {
		return err
	}
	s.values = s.values[:0]
	for i := range gets {
		s.values = append(s.values, gets[i].Key...)
	}
	if err := s.bind("get", table.TableName); err != nil {
		return err
	}
	return s.query(ctx, st, func() error {
		i, isInteger := s.cells[0].(int64)
		if !isInteger || i < 0 || int(i) >= len(gets) {
			return fmt.Errorf("the server returned %s for the number of a record", describe(s.cells[0]))
		}
		row, err := s.row(table, &st.selected, s.cells[1:], func() string { return table.FormatKey(gets[i].Key) })
		rows[i] = row
		return err
	})
}

// getText reads any records by one text. In the text protocol a FLOAT column of
// an imported table has six digits only, hence the sum.
func (s *session) getText(ctx context.Context, gets []storage.Get, rows []storage.Row) error {
	b := dialect.New()
	selections := make([]sqlstore.Selection, len(gets))
	s.values = s.values[:0]
	for i := range gets {
		g := &gets[i]
		selections[i] = sqlstore.Select(g.Table, g.Columns)
		b.Text("SELECT ")
		for j, c := range selections[i].Columns {
			if j > 0 {
				b.Text(",")
			}
			b.Name(g.Table.Columns[c].Name)
			if g.Table.Columns[c].Type == storage.Float {
				b.Text("+0e0")
			}
		}
		b.Text(" FROM ").Table(g.Table.TableName).Text(" WHERE ").Equals(g.Table, g.Table.PrimaryKey()).Text(";")
		s.values = append(s.values, g.Key...)
	}
	if err := s.bind("get", gets[0].Table.TableName); err != nil {
		return err
	}
	result, err := s.conn.QueryContext(ctx, b.String(), s.args)
	if errors.Is(err, driver.ErrSkip) {
		// The keys together are more than a request may hold.
		for half := range slices.Chunk(gets, (len(gets)+1)/2) {
			if err := s.getText(ctx, half, rows[:len(half)]); err != nil {
				return err
			}
			rows = rows[len(half):]
		}
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(s.eachResult(result.(driver.RowsNextResultSet), len(gets), func(i int) error {
		table := gets[i].Table
		row, err := s.row(table, &selections[i], s.cells, func() string { return table.FormatKey(gets[i].Key) })
		rows[i] = row
		return err
	}), result.Close())
}

// eachResult calls row for each row of n results.
func (s *session) eachResult(result driver.RowsNextResultSet, n int, row func(i int) error) error {
	for i := range n {
		if i > 0 {
			switch err := result.NextResultSet(); {
			case errors.Is(err, io.EOF):
				return fmt.Errorf("the server returned %d results for %d statements", i, n)
			case err != nil:
				return err
			}
		}
		if err := s.each(result, func() error { return row(i) }); err != nil {
			return err
		}
	}
	return nil
}

// row decodes the columns asked for. key names the record in errors.
func (s *session) row(table *storage.Table, selected *sqlstore.Selection, cells []driver.Value, key func() string) (storage.Row, error) {
	row := make(storage.Row, selected.Asked)
	for i := range row {
		v, err := s.value(table, selected, cells, i, key)
		if err != nil {
			return nil, err
		}
		row[i] = v
	}
	return row, nil
}

// value decodes the i-th selected column.
func (s *session) value(table *storage.Table, selected *sqlstore.Selection, cells []driver.Value, i int, key func() string) (storage.Value, error) {
	column := table.Columns[selected.Columns[i]]
	v, err := decode(column.Type, cells[i])
	if err != nil {
		return v, &storage.Error{Op: "read", Table: table.TableName, Err: fmt.Errorf("record %s: column %s %w", key(), column.Name, err)}
	}
	return v, nil
}
