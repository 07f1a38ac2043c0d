package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

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
