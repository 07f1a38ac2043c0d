package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Get reads the records one by one, each with the statement that is prepared
// for its table: SQLite runs in this process, so a round trip is a function
// call.
func (s *Storage) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	const op = "get"
	for i := range gets {
		if err := storage.CheckGet(&gets[i]); err != nil {
			return nil, err
		}
	}
	rows := make([]storage.Row, len(gets))
	if len(gets) == 0 {
		return rows, nil
	}
	ses, err := s.readers.acquire(ctx)
	if err != nil {
		return nil, failure(op, gets[0].Table.TableName, err)
	}
	defer s.readers.release(ses)
	for i := range gets {
		g := &gets[i]
		var wait lockWait
		for {
			if err := ctx.Err(); err != nil {
				return nil, failure(op, g.Table.TableName, err)
			}
			rows[i], err = ses.get(g)
			if err == nil {
				break
			}
			if repeat, err := wait.again(ctx, s, err); !repeat {
				return nil, failure(op, g.Table.TableName, err)
			}
		}
	}
	return rows, nil
}

func (s *session) get(g *storage.Get) (row storage.Row, err error) {
	s.shape = sqlstore.AppendGetShape(s.shape[:0], g.Columns)
	st := s.find(g.Table)
	if st == nil {
		selected := sqlstore.Select(g.Table, g.Columns)
		if st, err = s.prepare(g.Table, dialect.New().SelectByKey(g.Table, selected.Columns).String(), selected); err != nil {
			return nil, err
		}
	}
	s.args = s.args[:0]
	if err := s.bind("get", g.Table, g.Key); err != nil {
		return nil, err
	}
	// The statement reads one row and waits for locks by slices: a context
	// would only cost two goroutines.
	rows, err := st.prepared.QueryContext(context.Background(), s.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return nil, rows.Err()
	}
	if err := rows.Scan(s.destinations(len(st.selected.Columns))...); err != nil {
		return nil, err
	}
	return s.row(g.Table, &st.selected, func() string { return g.Table.FormatKey(g.Key) })
}

// bind appends values to the arguments of the next statement.
func (s *session) bind(op string, table *storage.Table, values []storage.Value) error {
	for _, v := range values {
		bound, why := encode(v)
		if why != "" {
			return storage.Invalidf(op, table.TableName, "%s", why)
		}
		s.args = append(s.args, bound)
	}
	return nil
}

// row decodes the columns asked for. key names the record in errors.
func (s *session) row(table *storage.Table, selected *sqlstore.Selection, key func() string) (storage.Row, error) {
	row := make(storage.Row, selected.Asked)
	for i := range row {
		v, err := s.value(table, selected, i, key)
		if err != nil {
			return nil, err
		}
		row[i] = v
	}
	return row, nil
}

// value decodes the i-th selected column.
func (s *session) value(table *storage.Table, selected *sqlstore.Selection, i int, key func() string) (storage.Value, error) {
	column := table.Columns[selected.Columns[i]]
	v, err := s.cells[i].decode(column.Type)
	if err == nil && v.IsNull() && table.InPrimaryKey(selected.Columns[i]) {
		err = errors.New("holds NULL, which no key column may") // SQLite would let another program write it
	}
	if err != nil {
		return v, &storage.Error{Op: "read", Table: table.TableName, Err: fmt.Errorf("record %s: column %s %w", key(), column.Name, err)}
	}
	return v, nil
}
