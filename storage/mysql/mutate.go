package mysql

import (
	"context"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const opMutate = "mutate"

// First bytes of the shapes that are this package's own, between those of
// [sqlstore.Kind] and those of sqlstore's gets and scans.
const (
	shapeGroup byte = 16
	shapeGets  byte = 32 // plus the number of records, at most maxUnion
)

// Mutate applies a single mutation by one statement that commits by itself, and
// a group in one transaction that is sent as one request.
//
// A write whose reply is lost is never sent again.
func (s *Storage) Mutate(ctx context.Context, group []storage.Mutation) error {
	if len(group) == 0 {
		return nil
	}
	if err := storage.CheckGroup(s.Info(""), group); err != nil {
		return err
	}
	return s.apply(ctx, group)
}

// apply applies a group that has passed the checks.
func (s *Storage) apply(ctx context.Context, group []storage.Mutation) error {
	first := &group[0]
	if len(group) > 1 {
		for i := range group {
			if err := s.server.checkLocks(&group[i]); err != nil {
				return err
			}
		}
		err := s.sessions.do(ctx, false, func(ses *session) error { return ses.applyGroup(ctx, group) })
		return s.server.writeFailure(opMutate, first.Table.TableName, err)
	}
	if sqlstore.KindOf(first) == sqlstore.Exists {
		err := s.sessions.do(ctx, true, func(ses *session) error { return ses.check(ctx, first, "") })
		return s.server.failure(opMutate, first.Table.TableName, err)
	}
	err := s.sessions.do(ctx, false, func(ses *session) error { return ses.applyOne(ctx, first) })
	return s.server.writeFailure(opMutate, first.Table.TableName, err)
}

// applyOne runs the statement that applies m, in the transaction of the session
// or else as one of its own. It returns a [storage.Error] if the precondition is
// false.
func (s *session) applyOne(ctx context.Context, m *storage.Mutation) error {
	kind := sqlstore.KindOf(m)
	if kind == sqlstore.Exists {
		return s.check(ctx, m, lockForShare)
	}
	matched, err := s.run(ctx, kind, m)
	switch {
	case err == nil && matched == 0 && m.Condition != storage.Always:
		return sqlstore.Unsatisfied(m)
	case kind == sqlstore.Insert && isDuplicateKey(err):
		return sqlstore.Unsatisfied(m)
	}
	return err
}

func (s *session) run(ctx context.Context, kind sqlstore.Kind, m *storage.Mutation) (matched int64, err error) {
	s.shape = sqlstore.AppendMutationShape(s.shape[:0], kind, m)
	st, err := s.statement(ctx, m.Table, func() (string, sqlstore.Selection) {
		b := dialect.New()
		mutation(b, kind, m)
		return b.String(), sqlstore.Selection{}
	})
	if err != nil {
		return 0, err
	}
	s.values = dialect.AppendMutationParams(s.values[:0], kind, m)
	if err := s.bind(opMutate, m.Table.TableName); err != nil {
		return 0, err
	}
	return s.execute(ctx, st)
}

// check reports whether the precondition of m, which writes nothing, holds. lock
// is what keeps it so until the transaction ends.
func (s *session) check(ctx context.Context, m *storage.Mutation, lock string) error {
	s.shape = append(sqlstore.AppendMutationShape(s.shape[:0], sqlstore.Exists, m), byte(len(lock)))
	st, err := s.statement(ctx, m.Table, func() (string, sqlstore.Selection) {
		b := dialect.New()
		return b.Mutation(sqlstore.Exists, m).Text(lock).String(), sqlstore.Selection{}
	})
	if err != nil {
		return err
	}
	s.values = dialect.AppendMutationParams(s.values[:0], sqlstore.Exists, m)
	if err := s.bind(opMutate, m.Table.TableName); err != nil {
		return err
	}
	found := false
	err = s.query(ctx, st, func() error {
		found = true
		return nil
	})
	if err == nil && found == (m.Condition == storage.IfNotExists) {
		err = sqlstore.Unsatisfied(m)
	}
	return err
}

// lockForShare is the clause of a SELECT that keeps others from writing what it
// has found. MySQL 8 alone has another spelling, FOR SHARE, besides.
const lockForShare = " LOCK IN SHARE MODE"

// checkLocks refuses a mutation that only looks, if the server has no lock that
// would keep what it has found until the others are committed.
func (s *server) checkLocks(m *storage.Mutation) error {
	if s.product != productTiDB || sqlstore.KindOf(m) != sqlstore.Exists {
		return nil
	}
	return storage.Invalidf(opMutate, m.Table.TableName, "record %s: TiDB has no shared locks, so a record cannot be checked together with writes of others: "+
		"commit in two phases, or write the record", m.Table.FormatKey(m.Key))
}
