package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
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
	if len(group) == 1 && onlyReads(&group[0]) {
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

// onlyReads reports whether m writes nothing, whatever it finds.
func onlyReads(m *storage.Mutation) bool {
	return m.Op == storage.Check || m.Op == storage.Put && len(m.Columns) == 0 && (m.Condition == storage.IfExists || m.Condition == storage.If)
}

// apply runs the statement for m. It returns a [storage.Error] if m must not or
// cannot be applied, and SQLite's own error if the statement failed.
func (s *session) apply(m *storage.Mutation) error {
	switch {
	case onlyReads(m):
		return s.check(m)
	case m.Op == storage.Put && m.Condition == storage.Always:
		_, err := s.execute(shapeUpsert, m)
		return err
	case m.Op == storage.Put && m.Condition == storage.IfNotExists:
		_, err := s.execute(shapeInsert, m)
		if err != nil && isDuplicateKey(err) {
			return unsatisfied(m)
		}
		return err
	}
	shape := shapeUpdate
	if m.Op == storage.Delete {
		shape = shapeDelete
	}
	matched, err := s.execute(shape, m)
	if err == nil && matched == 0 && m.Condition != storage.Always {
		return unsatisfied(m)
	}
	return err
}

func unsatisfied(m *storage.Mutation) error {
	return &storage.Error{Op: opMutate, Table: m.Table.TableName, Class: storage.ErrCondition, Err: fmt.Errorf("record %s", m.Table.FormatKey(m.Key))}
}

// execute runs a writing statement and returns the number of records that it
// matched.
func (s *session) execute(shape byte, m *storage.Mutation) (int64, error) {
	st, err := s.prepareMutation(shape, m)
	if err != nil {
		return 0, err
	}
	if err := s.bindMutation(shape, m); err != nil {
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
	st, err := s.prepareMutation(shapeExists, m)
	if err != nil {
		return err
	}
	if err := s.bindMutation(shapeExists, m); err != nil {
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
		return unsatisfied(m)
	}
	return nil
}

func (s *session) prepareMutation(shape byte, m *storage.Mutation) (*statement, error) {
	s.shape = appendPredicates(appendColumns(append(s.shape[:0], shape), m.Columns), m.Where)
	if st := s.find(m.Table); st != nil {
		return st, nil
	}
	b := dialect.New()
	switch shape {
	case shapeUpsert:
		b.UpsertOnConflict(m.Table, m.Columns)
	case shapeInsert:
		b.Insert(m.Table, m.Columns)
	case shapeUpdate:
		b.Update(m.Table, m.Columns, m.Where)
	case shapeDelete:
		b.Delete(m.Table, m.Where)
	default:
		b.Exists(m.Table, m.Where)
	}
	return s.prepare(m.Table, b.String(), selection{})
}

// bindMutation binds the parameters in the order in which prepareMutation's
// statements have them.
func (s *session) bindMutation(shape byte, m *storage.Mutation) error {
	s.args = s.args[:0]
	lists := [3][]storage.Value{m.Key, m.Values, operands(m.Where)}
	if shape == shapeUpdate {
		lists[0], lists[1] = lists[1], lists[0]
	}
	for _, values := range lists {
		if err := s.bind(opMutate, m.Table, values); err != nil {
			return err
		}
	}
	return nil
}
