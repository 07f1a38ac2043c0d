package sqlite

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// transact runs body in a transaction that holds the write lock from the
// start, so that nothing in body meets a lock or a changed snapshot. The errors
// of body promise that nothing was applied.
func (s *Storage) transact(ctx context.Context, ses *session, op string, table storage.TableName, body func() error) error {
	if err := s.control(ctx, ses, "BEGIN IMMEDIATE"); err != nil {
		// Without a transaction there is nothing to undo.
		return failure(op, table, err)
	}
	if err := body(); err != nil {
		ses.rollback()
		return failure(op, table, err)
	}
	if err := s.control(ctx, ses, "COMMIT"); err != nil {
		ses.rollback()
		return commitFailure(op, table, err)
	}
	return nil
}

// control runs BEGIN or COMMIT, and again as long as it finds the database
// locked: both leave things as they were then.
func (s *Storage) control(ctx context.Context, ses *session, text string) error {
	var wait lockWait
	for {
		err := ses.control(text)
		if err == nil {
			return nil
		}
		if repeat, err := wait.again(ctx, s, err); !repeat {
			return err
		}
	}
}

func (s *session) control(text string) error {
	st, err := s.prepareText(text)
	if err != nil {
		return err
	}
	_, err = st.prepared.ExecContext(context.Background())
	return err
}

// rollback undoes what the session has not committed. SQLite may have done so
// by itself after an error; then, as after a failure, the connection is given
// up: to close it undoes all as well.
func (s *session) rollback() {
	if err := s.control("ROLLBACK"); err != nil {
		s.broken = true
	}
}
