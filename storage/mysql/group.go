package mysql

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// maxPrepared is the number of mutations of a group up to which it is worth a
// prepared statement: those of larger ones are too many to be kept.
const maxPrepared = 32

// applyGroup applies a group in one transaction and one request. The request
// commits only if no precondition was false: the server itself stops before the
// COMMIT otherwise.
//
// Records are touched in the same order by every client, and under READ
// COMMITTED, where no lock reaches beyond the records named; so groups do not
// wait for each other in a circle.
func (s *session) applyGroup(ctx context.Context, group []storage.Mutation) error {
	s.order = sqlstore.AppendLockOrder(s.order[:0], group)
	err := s.sendGroup(ctx, group)
	if errors.Is(err, driver.ErrSkip) || errors.Is(err, my.ErrPktTooLarge) {
		err = s.applySteps(ctx, group)
	}
	if err == nil || isLost(err) || isUnapplied(err) {
		return err
	}
	// What stopped the request has left the transaction open, or the server
	// has rolled it back by itself; a lock timeout has undone one statement.
	s.rollback()
	return s.falsified(group, err)
}

// falsified returns the [storage.ErrCondition] that err stands for, if it does.
func (s *session) falsified(group []storage.Mutation, err error) error {
	var guarded func(m *storage.Mutation) bool
	switch number(err) {
	case errGuard:
		at := new(my.MySQLError)
		errors.As(err, &at)
		if i, err := strconv.Atoi(at.Message); err == nil && i >= 0 && i < len(s.order) {
			return sqlstore.Unsatisfied(&group[s.order[i]])
		}
		return err
	case errOutOfRange:
		guarded = func(m *storage.Mutation) bool { return guardOf(m) != noGuard }
	case errDuplicateKey:
		if !isDuplicateKey(err) {
			return err
		}
		guarded = func(m *storage.Mutation) bool { return sqlstore.KindOf(m) == sqlstore.Insert }
	default:
		return err
	}
	var candidates []*storage.Mutation
	for _, i := range s.order {
		if guarded(&group[i]) {
			candidates = append(candidates, &group[i])
		}
	}
	switch len(candidates) {
	case 0:
		return err
	case 1:
		return sqlstore.Unsatisfied(candidates[0])
	}
	m := candidates[0]
	return &storage.Error{Op: opMutate, Table: m.Table.TableName, Class: storage.ErrCondition,
		Err: fmt.Errorf("one of %d records, the first of which is %s", len(candidates), m.Table.FormatKey(m.Key))}
}

// sendGroup sends a group as one request, in the form that suits the server.
func (s *session) sendGroup(ctx context.Context, group []storage.Mutation) error {
	form := severalStatements
	if s.server.compounds {
		form = compoundStatement
	}
	if form == compoundStatement && len(group) <= maxPrepared {
		return s.sendPrepared(ctx, group)
	}
	s.values = s.values[:0]
	s.appendGroupParams(group)
	if err := s.bind(opMutate, group[0].Table.TableName); err != nil {
		return err
	}
	_, err := s.command(ctx, s.groupText(form, group), s.args...)
	return err
}

func (s *session) sendPrepared(ctx context.Context, group []storage.Mutation) error {
	s.shape = append(s.shape[:0], shapeGroup)
	for _, i := range s.order {
		m := &group[i]
		s.shape = binary.AppendUvarint(s.shape, s.tableID(m.Table))
		s.shape = append(sqlstore.AppendMutationShape(s.shape, sqlstore.KindOf(m), m), byte(m.Condition))
	}
	st, err := s.statement(ctx, nil, func() (string, sqlstore.Selection) {
		return s.groupText(compoundStatement, group), sqlstore.Selection{}
	})
	if err != nil {
		return err
	}
	s.values = s.values[:0]
	s.appendGroupParams(group)
	if err := s.bind(opMutate, group[0].Table.TableName); err != nil {
		return err
	}
	_, err = s.execute(ctx, st)
	return err
}

// applySteps applies a group statement by statement: what is too large for one
// request is sent in as many as there are mutations.
func (s *session) applySteps(ctx context.Context, group []storage.Mutation) error {
	if _, err := s.command(ctx, s.begin(group)); err != nil {
		return notApplied{err}
	}
	for _, i := range s.order {
		if err := s.applyOne(ctx, &group[i]); err != nil {
			s.rollback()
			// A transaction that was not told to commit has not.
			return notApplied{err}
		}
	}
	_, err := s.command(ctx, "COMMIT")
	return err
}

// begin returns what begins the transaction of a group.
//
// Only the absence of a record needs REPEATABLE READ: there the check locks the
// gap in which the record would be. Two groups that check each other's absence
// may then deadlock, which is a conflict.
func (s *session) begin(group []storage.Mutation) string {
	if slices.ContainsFunc(group, func(m storage.Mutation) bool { return guardOf(&m) == guardAbsent }) {
		return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;START TRANSACTION"
	}
	return "START TRANSACTION"
}
