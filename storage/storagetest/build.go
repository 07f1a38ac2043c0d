package storagetest

import "github.com/scalargen/scalargen/storage"

// cell is a column's name and value.
type cell struct {
	column string
	value  storage.Value
}

func is(column string, v storage.Value) cell { return cell{column, v} }

func key(values ...storage.Value) []storage.Value { return values }

// put returns an unconditional put.
func put(t *storage.Table, key []storage.Value, cells ...cell) storage.Mutation {
	m := storage.Mutation{Table: t, Op: storage.Put, Key: key}
	for _, c := range cells {
		m.Columns = append(m.Columns, t.Column(c.column))
		m.Values = append(m.Values, c.value)
	}
	return m
}

func remove(t *storage.Table, key ...storage.Value) storage.Mutation {
	return storage.Mutation{Table: t, Op: storage.Delete, Key: key}
}

func verify(t *storage.Table, key ...storage.Value) storage.Mutation {
	return storage.Mutation{Table: t, Op: storage.Check, Key: key}
}

// when returns m under a precondition.
func when(m storage.Mutation, condition storage.Precondition, where ...storage.Predicate) storage.Mutation {
	m.Condition, m.Where = condition, where
	return m
}

func predicate(t *storage.Table, column string, operator storage.Operator, v ...storage.Value) storage.Predicate {
	p := storage.Predicate{Column: t.Column(column), Operator: operator}
	if len(v) > 0 {
		p.Value = v[0]
	}
	return p
}

// row returns a row of t with NULL in the columns that are not named.
func row(t *storage.Table, cells ...cell) storage.Row {
	r := make(storage.Row, len(t.Columns))
	for i, c := range t.Columns {
		r[i] = storage.Null(c.Type)
	}
	for _, c := range cells {
		r[t.Column(c.column)] = c.value
	}
	return r
}

// putRow returns a put of all columns of r.
func putRow(t *storage.Table, r storage.Row) storage.Mutation {
	m := storage.Mutation{Table: t, Op: storage.Put, Key: t.Key(r)}
	for i, v := range r {
		if !t.InPrimaryKey(i) {
			m.Columns, m.Values = append(m.Columns, i), append(m.Values, v)
		}
	}
	return m
}
