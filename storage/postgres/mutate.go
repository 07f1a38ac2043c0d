package postgres

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const opMutate = "mutate"

// Mutate applies a single mutation by one statement that commits by itself, and
// a group by a pipeline that is one transaction: one round trip and one commit
// either way. See the package comment for the order of locks and what becomes
// of a request whose answer is lost.
func (s *Storage) Mutate(ctx context.Context, group []storage.Mutation) error {
	if len(group) == 0 {
		return nil
	}
	if err := storage.CheckGroup(s.Info(""), group); err != nil {
		return err
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		return s.failure(opMutate, group[0].Table.TableName, err)
	}
	defer s.release(ses)
	if len(group) > 1 {
		return ses.mutateGroups(ctx, [][]storage.Mutation{group})[0]
	}
	m := &group[0]
	rows, err := ses.mutateOne(ctx, m, alone)
	if err != nil {
		return s.writeFailure(opMutate, m.Table.TableName, err)
	}
	if !satisfied(m, rows) {
		return sqlstore.Unsatisfied(m)
	}
	return nil
}

// mutateOne applies one mutation by a statement of its own, and returns how many
// rows it has written or found.
func (s *session) mutateOne(ctx context.Context, m *storage.Mutation, f form) (rows int64, err error) {
	kind := sqlstore.KindOf(m)
	err = s.attempt(func() (ran bool, err error) {
		st := s.mutation(kind, m, f)
		if err := errors.Join(s.prepare(ctx), st.err); err != nil {
			// Preparing writes nothing.
			return false, s.storage.failure(opMutate, m.Table.TableName, err)
		}
		s.unbind()
		s.params = dialect.AppendMutationParams(s.params[:0], kind, m)
		if err := s.bind(opMutate, st, s.params); err != nil {
			return false, err
		}
		tag, err := s.run(ctx, st).Close()
		rows = tag.RowsAffected()
		return true, err
	})
	return rows, err
}

// satisfied reports whether the precondition of m held, given the number of rows
// that its statement wrote or found.
func satisfied(m *storage.Mutation, rows int64) bool {
	switch {
	case m.Condition == storage.Always:
		return true
	case m.Op == storage.Check && m.Condition == storage.IfNotExists:
		return rows == 0
	default:
		return rows > 0
	}
}

// A form is how a mutation's statement tells that the precondition was false.
type form byte

const (
	alone   form = iota // by the number of rows
	inGroup             // by an error, which undoes the group
	locking             // by the number of rows, in a transaction that goes on
)

// conditionFailed is the text that the server fails to make a number of where a
// precondition is false. No setting of a server translates it away.
const conditionFailed = "scalargen: condition not satisfied"

// mutation returns the statement for m. Parameters: see
// [sqlstore.Dialect.AppendMutationParams].
func (s *session) mutation(kind sqlstore.Kind, m *storage.Mutation, f form) *statement {
	if f == inGroup && m.Condition == storage.Always {
		f = alone // it cannot fail
	}
	s.shape = append(sqlstore.AppendMutationShape(s.shape[:0], kind, m), byte(f))
	if st := s.find(m.Table); st != nil {
		return st
	}
	b := dialect.New()
	if f == inGroup {
		b.Text("WITH m AS (")
	}
	b.Mutation(kind, m)
	switch kind {
	case sqlstore.Insert:
		// A taken key is no error. One of another unique index is.
		b.Text(" ON CONFLICT (").Columns(m.Table, m.Table.PrimaryKey()).Text(") DO NOTHING")
	case sqlstore.Exists:
		if f != alone {
			b.Text(" FOR SHARE")
		}
	}
	if f == inGroup {
		if kind != sqlstore.Exists {
			b.Text(" RETURNING 1")
		}
		// The text is made a number only in the rows that need it: a constant
		// alone would fail when the statement is planned.
		b.Text(") SELECT CAST(CASE count(*) WHEN 0 THEN '" + conditionFailed + "' ELSE '1' END AS int) FROM m")
	}
	return s.add(m.Table, b.String(), sqlstore.Selection{})
}
