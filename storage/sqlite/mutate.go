package sqlite

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const opMutate = "mutate"

// Mutate applies a single mutation by one statement that commits by itself, and
// a group in one transaction that locks the database before it looks at a
// record. The order within a group does not matter, since only one transaction
// writes at a time.
//
// The context is looked at while waiting for the connection or a lock and
// between statements, never during the one that commits. Hence a cancelled call
// was not applied, and [storage.ErrUnknown] comes from I/O errors only.
func (s *Storage) Mutate(ctx context.Context, group []storage.Mutation) error {
	if len(group) == 0 {
		return nil
	}
	if err := storage.CheckGroup(s.Info(""), group); err != nil {
		return err
	}
	first := group[0].Table.TableName
	if len(group) == 1 && sqlstore.KindOf(&group[0]) == sqlstore.Exists {
		return s.read(ctx, opMutate, first, func(ses *session) error { return ses.apply(&group[0]) })
	}
	ses, err := s.writer.acquire(ctx)
	if err != nil {
		return failure(opMutate, first, err)
	}
	defer s.writer.release(ses)
	if len(group) == 1 {
		return s.applyAlone(ctx, ses, &group[0])
	}
	return s.transact(ctx, ses, opMutate, first, func() error {
		for i := range group {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := ses.apply(&group[i]); err != nil {
				return failure(opMutate, group[i].Table.TableName, err)
			}
		}
		return nil
	})
}

// applyAlone applies one mutation outside of a transaction.
func (s *Storage) applyAlone(ctx context.Context, ses *session, m *storage.Mutation) error {
	var wait lockWait
	for {
		err := ses.apply(m)
		if err == nil {
			return nil
		}
		if notApplied, ok := err.(*storage.Error); ok {
			return notApplied
		}
		repeat, err := wait.again(ctx, s, err)
		if !repeat {
			err = commitFailure(opMutate, m.Table.TableName, err)
			ses.broken = errors.Is(err, storage.ErrUnknown)
			return err
		}
	}
}

// apply runs the statement for m. It returns a [storage.Error] if m must not or
// cannot be applied, and SQLite's own error if the statement failed.
func (s *session) apply(m *storage.Mutation) error {
	kind := sqlstore.KindOf(m)
	if kind == sqlstore.Exists {
		return s.check(m)
	}
	matched, err := s.execute(kind, m)
	switch {
	case kind == sqlstore.Insert && err != nil && isDuplicateKey(err):
		return sqlstore.Unsatisfied(m)
	case err == nil && matched == 0 && (kind == sqlstore.Update || kind == sqlstore.Delete) && m.Condition != storage.Always:
		return sqlstore.Unsatisfied(m)
	}
	return err
}

// execute runs a writing statement and returns the number of records that it
// matched.
func (s *session) execute(kind sqlstore.Kind, m *storage.Mutation) (int64, error) {
	st, err := s.prepareMutation(kind, m)
	if err != nil {
		return 0, err
	}
	if err := s.bindMutation(kind, m); err != nil {
		return 0, err
	}
	result, err := st.prepared.ExecContext(context.Background(), s.args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// check reports whether the precondition of m holds.
func (s *session) check(m *storage.Mutation) error {
	st, err := s.prepareMutation(sqlstore.Exists, m)
	if err != nil {
		return err
	}
	if err := s.bindMutation(sqlstore.Exists, m); err != nil {
		return err
	}
	rows, err := st.prepared.QueryContext(context.Background(), s.args...)
	if err != nil {
		return err
	}
	found := rows.Next()
	if err := rows.Close(); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if found != (m.Condition != storage.IfNotExists) {
		return sqlstore.Unsatisfied(m)
	}
	return nil
}

func (s *session) prepareMutation(kind sqlstore.Kind, m *storage.Mutation) (*statement, error) {
	s.shape = sqlstore.AppendMutationShape(s.shape[:0], kind, m)
	if st := s.find(m.Table); st != nil {
		return st, nil
	}
	return s.prepare(m.Table, dialect.New().Mutation(kind, m).String(), sqlstore.Selection{})
}

func (s *session) bindMutation(kind sqlstore.Kind, m *storage.Mutation) error {
	s.args = s.args[:0]
	s.params = dialect.AppendMutationParams(s.params[:0], kind, m)
	return s.bind(opMutate, m.Table, s.params)
}
