package sqlstore

import (
	"strconv"

	"github.com/scalargen/scalargen/storage"
)

// Insert appends an INSERT of the primary key and the given columns.
// Parameters: the key, then the columns.
func (b *Builder) Insert(t *storage.Table, columns []int) *Builder {
	key := t.PrimaryKey()
	b.Text("INSERT INTO ").Table(t.TableName).Text(" (").Columns(t, key)
	if len(columns) > 0 {
		b.Text(",").Columns(t, columns)
	}
	return b.Text(") VALUES (").paramList(len(key) + len(columns)).Text(")")
}

// UpsertOnConflict appends the INSERT of [Builder.Insert] with the ON CONFLICT
// clause of PostgreSQL and SQLite: an existing record gets the given columns
// and keeps the others.
func (b *Builder) UpsertOnConflict(t *storage.Table, columns []int) *Builder {
	b.Insert(t, columns).Text(" ON CONFLICT (").Columns(t, t.PrimaryKey()).Text(") DO ")
	if len(columns) == 0 {
		return b.Text("NOTHING")
	}
	b.Text("UPDATE SET ")
	for i, c := range columns {
		if i > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c].Name).Text("=excluded.").Name(t.Columns[c].Name)
	}
	return b
}

// Update appends an UPDATE of the given columns, at least one, of the record
// with a key if conditions hold. Parameters: the columns, the key, the operands
// of the conditions (see [Builder.Predicates]).
func (b *Builder) Update(t *storage.Table, columns []int, conditions []storage.Predicate) *Builder {
	return b.update(t, nil, columns, conditions)
}

// update is Update with copies, which come first: MySQL evaluates from left to
// right. What they add is part of the text, since it is nearly always 1.
func (b *Builder) update(t *storage.Table, copies []storage.Copy, columns []int, conditions []storage.Predicate) *Builder {
	b.Text("UPDATE ").Table(t.TableName).Text(" SET ")
	for i, c := range copies {
		if i > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c.To].Name).Text("=").copied(t.Columns[c.From].Name, c.Plus)
	}
	for i, c := range columns {
		if i+len(copies) > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c].Name).Text("=").Param()
	}
	return b.whereKey(t, conditions)
}

// copied appends the value of a column plus a number.
func (b *Builder) copied(column string, plus int32) *Builder {
	if plus == 0 {
		return b.Name(column)
	}
	sum := func() *Builder { return b.Name(column).Text("+(" + strconv.Itoa(int(plus)) + ")") }
	if !b.dialect.UncheckedInts {
		return sum()
	}
	// There is no positive counterpart of the smallest integer, which is an error.
	b.Text("CASE WHEN ")
	sum().Text(" NOT BETWEEN -2147483648 AND 2147483647 THEN abs(-9223372036854775807-1) ELSE ")
	return sum().Text(" END")
}

// Delete appends a DELETE of the record with a key if conditions hold.
// Parameters: the key, the operands of the conditions.
func (b *Builder) Delete(t *storage.Table, conditions []storage.Predicate) *Builder {
	return b.Text("DELETE FROM ").Table(t.TableName).whereKey(t, conditions)
}

// Exists appends a SELECT that returns a row if there is a record with a key
// for which conditions hold. Parameters: the key, the operands of the
// conditions.
func (b *Builder) Exists(t *storage.Table, conditions []storage.Predicate) *Builder {
	return b.Text("SELECT 1 FROM ").Table(t.TableName).whereKey(t, conditions)
}

// SelectByKey appends a SELECT of columns of the record with a key.
// Parameters: the key.
func (b *Builder) SelectByKey(t *storage.Table, columns []int) *Builder {
	return b.Text("SELECT ").Columns(t, columns).Text(" FROM ").Table(t.TableName).whereKey(t, nil)
}

func (b *Builder) whereKey(t *storage.Table, conditions []storage.Predicate) *Builder {
	b.Text(" WHERE ").Equals(t, t.PrimaryKey())
	if len(conditions) > 0 {
		b.Text(" AND ").Predicates(t, conditions)
	}
	return b
}
