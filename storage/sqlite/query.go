package sqlite

import (
	"context"
	"database/sql"
)

// These run statements that are too rare to be kept prepared. None takes the
// caller's context: see [lockSlice].

func execute(ses *session, text string, args ...any) error {
	_, err := ses.conn.ExecContext(context.Background(), text, args...)
	return err
}

// found reports whether a query returns a row.
func found(ses *session, query string, args ...any) (bool, error) {
	rows, err := ses.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return false, err
	}
	one := rows.Next()
	if err := rows.Close(); err != nil {
		return false, err
	}
	return one, rows.Err()
}

// texts returns the results of a query for one column.
func texts(ses *session, text string, args ...any) ([]string, error) {
	rows, err := query(ses, text, args...)
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row[0]
	}
	return out, err
}

// query returns the rows of a query as texts. NULL is "".
func query(ses *session, text string, args ...any) ([][]string, error) {
	rows, err := ses.conn.QueryContext(context.Background(), text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err below tells all there is
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]string
	fields := make([]sql.NullString, len(columns))
	dest := make([]any, len(columns))
	for i := range fields {
		dest[i] = &fields[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := make([]string, len(fields))
		for i, field := range fields {
			row[i] = field.String
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
