package sqlite

import "context"

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
func texts(ses *session, query string, args ...any) ([]string, error) {
	rows, err := ses.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err below tells all there is
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
