package mysql

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// guard is what has to be true after the statement of a mutation.
type guard uint8

const (
	noGuard      guard = iota // the statement fails by itself, or cannot
	guardMatched              // it has matched a record
	guardPresent              // the record is found
	guardAbsent               // the record is not found
)

func guardOf(m *storage.Mutation) guard {
	switch sqlstore.KindOf(m) {
	case sqlstore.Exists:
		if m.Condition == storage.IfNotExists {
			return guardAbsent
		}
		return guardPresent
	case sqlstore.Update, sqlstore.Delete:
		if m.Condition != storage.Always {
			return guardMatched
		}
	}
	return noGuard
}

// groupForm is the form of a request that holds a whole transaction.
type groupForm uint8

const (
	// severalStatements: the server runs the statements of one text until one
	// of them fails. A guard is an assignment whose value, the largest integer
	// there is plus 1 if the condition is false, is out of range.
	severalStatements groupForm = iota
	// compoundStatement: MariaDB's anonymous block, which it also prepares. A
	// guard raises an error that names the mutation.
	compoundStatement
)

// groupText returns the text of a group in s.order; appendGroupParams has its
// parameters.
//
// Inserts alone that make one statement need no transaction around it.
func (s *session) groupText(form groupForm, group []storage.Mutation) string {
	b := dialect.New()
	if s.insertRun(group, 0) == len(group) {
		insertText(b, &group[s.order[0]], len(group))
		return b.String()
	}
	if form == compoundStatement {
		b.Text("BEGIN NOT ATOMIC ")
	}
	b.Text(s.begin(group)).Text(";")
	for at := 0; at < len(s.order); {
		m := &group[s.order[at]]
		switch guardOf(m) {
		case guardPresent:
			s.guardText(b, form, at, m, " IS NULL")
			at++
		case guardAbsent:
			s.guardText(b, form, at, m, " IS NOT NULL")
			at++
		case guardMatched:
			mutation(b, sqlstore.KindOf(m), m)
			b.Text(";")
			s.guardText(b, form, at, nil, "ROW_COUNT()=0")
			at++
		case noGuard:
			run := s.insertRun(group, at)
			insertText(b, m, run)
			b.Text(";")
			at += run
		}
	}
	b.Text("COMMIT")
	if form == compoundStatement {
		b.Text(";END")
	}
	return b.String()
}

// insertText appends the statement of a mutation, with so many rows.
func insertText(b *sqlstore.Builder, m *storage.Mutation, rows int) {
	mutation(b, sqlstore.KindOf(m), m)
	for range rows - 1 {
		b.Text(",(?").Text(strings.Repeat(",?", m.Table.KeyLen()+len(m.Columns)-1)).Text(")")
	}
}

// guardText appends what fails if a condition holds: that of the record of m,
// which it locks, or of the statement before. at is the mutation's place in
// s.order.
func (s *session) guardText(b *sqlstore.Builder, form groupForm, at int, m *storage.Mutation, failure string) {
	if form == compoundStatement {
		b.Text("IF ")
	} else {
		b.Text("SET @scalargen=~0+(")
	}
	if m != nil {
		b.Text("(").Mutation(sqlstore.Exists, m).Text(lockForShare).Text(")")
	}
	b.Text(failure)
	if form == compoundStatement {
		b.Text(fmt.Sprintf(" THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO=%d,MESSAGE_TEXT='%d';END IF;", errGuard, at))
	} else {
		b.Text(");")
	}
}

// insertRun returns how many inserts that begin at a place of s.order one
// statement makes together.
func (s *session) insertRun(group []storage.Mutation, at int) int {
	first := &group[s.order[at]]
	run := 1
	if sqlstore.KindOf(first) != sqlstore.Insert {
		return run
	}
	for _, i := range s.order[at+1:] {
		m := &group[i]
		if sqlstore.KindOf(m) != sqlstore.Insert || m.Table != first.Table || !slices.Equal(m.Columns, first.Columns) {
			break
		}
		run++
	}
	return run
}

// appendGroupParams appends the parameters of groupText to s.values.
func (s *session) appendGroupParams(group []storage.Mutation) {
	for _, i := range s.order {
		m := &group[i]
		s.values = dialect.AppendMutationParams(s.values, sqlstore.KindOf(m), m)
	}
}
