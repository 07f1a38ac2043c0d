package sqlstore

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Equals appends col=? AND … for the given columns. Parameters: their values.
func (b *Builder) Equals(t *storage.Table, columns []int) *Builder {
	for i, c := range columns {
		if i > 0 {
			b.Text(" AND ")
		}
		b.Name(t.Columns[c].Name).Text("=").Param()
	}
	return b
}

// Predicates appends predicates joined by AND. Parameters: the operand of each,
// none for IS NULL and IS NOT NULL; the pattern, then the escape if the text has
// one, for LIKE and NOT LIKE. See [Dialect.AppendOperands].
func (b *Builder) Predicates(t *storage.Table, predicates []storage.Predicate) *Builder {
	for i := range predicates {
		p := &predicates[i]
		if i > 0 {
			b.Text(" AND ")
		}
		b.Name(t.Columns[p.Column].Name)
		switch p.Operator {
		case storage.IsNull, storage.IsNotNull:
			b.Text(" ").Text(p.Operator.String())
		case storage.Like, storage.NotLike:
			b.Text(" ").Text(p.Operator.String()).Text(" ").Param()
			if b.dialect.escapes(p) {
				b.Text(" ESCAPE ").Param()
			}
		default:
			b.Text(p.Operator.String()).Param()
		}
	}
	return b
}

// AppendOperands appends the parameters of [Builder.Predicates].
func (d Dialect) AppendOperands(dst []storage.Value, predicates []storage.Predicate) []storage.Value {
	for i := range predicates {
		p := &predicates[i]
		switch p.Operator {
		case storage.IsNull, storage.IsNotNull:
		case storage.Like, storage.NotLike:
			dst = append(dst, p.Value)
			if d.escapes(p) {
				dst = append(dst, storage.TextValue(p.Escape))
			}
		default:
			dst = append(dst, p.Value)
		}
	}
	return dst
}

// escapes reports whether a LIKE has an ESCAPE clause.
func (d Dialect) escapes(p *storage.Predicate) bool { return d.AlwaysEscape || p.Escape != "" }

// Filter appends a filter, which must not be empty, as an OR of ANDs in
// parentheses. SQL's three-valued logic is the contract's: a comparison with
// NULL is neither true nor false and lets no row pass. Parameters: those of
// [Builder.Predicates] for each conjunction in turn.
func (b *Builder) Filter(t *storage.Table, filter storage.Filter) *Builder {
	b.Text("(")
	for i, conjunction := range filter {
		if i > 0 {
			b.Text(" OR ")
		}
		if len(conjunction) == 0 {
			// An empty conjunction holds for every row.
			b.Text("1=1")
			continue
		}
		b.Predicates(t, conjunction)
	}
	return b.Text(")")
}

// Sort is a column to order by.
type Sort struct {
	Column int
	Desc   bool
}

// OrderBy appends an ORDER BY clause, nothing for no columns.
func (b *Builder) OrderBy(t *storage.Table, order []Sort) *Builder {
	for i, s := range order {
		if i == 0 {
			b.Text(" ORDER BY ")
		} else {
			b.Text(",")
		}
		b.Name(t.Columns[s.Column].Name)
		if s.Desc {
			b.Text(" DESC")
		}
	}
	return b
}

// After appends the condition that a row comes after a given one in the order
// of columns that hold no NULL. Parameters: see [AfterParams].
//
// With one direction for all columns it is a row value, which most databases
// turn into one index range. With mixed directions, or where they do not, it is
// nested: a, or a equal and then b.
func (b *Builder) After(t *storage.Table, order []Sort) *Builder {
	if !b.dialect.nested(order) {
		b.Text("(")
		for i, s := range order {
			if i > 0 {
				b.Text(",")
			}
			b.Name(t.Columns[s.Column].Name)
		}
		b.Text(")").Text(afterOperator(order[0])).Text("(").paramList(len(order))
		return b.Text(")")
	}
	// The outermost column bounds the index range on its own, since an OR
	// does not.
	b.Name(t.Columns[order[0].Column].Name).Text(afterOperator(order[0])).Text("=").Param().Text(" AND ")
	for i, s := range order {
		name := t.Columns[s.Column].Name
		b.Text("(").Name(name).Text(afterOperator(s)).Param()
		if i < len(order)-1 {
			b.Text(" OR ").Name(name).Text("=").Param().Text(" AND ")
		}
	}
	for range order {
		b.Text(")")
	}
	return b
}

// AfterParams appends the parameters of [Builder.After] to args, given the
// position: the values of the order's columns in the row to continue after.
func AfterParams[T any](d Dialect, args []T, order []Sort, position []T) []T {
	if !d.nested(order) {
		return append(args, position...)
	}
	args = append(args, position[0])
	for i, v := range position {
		args = append(args, v)
		if i < len(position)-1 {
			args = append(args, v)
		}
	}
	return args
}

func (d Dialect) nested(order []Sort) bool {
	return len(order) > 1 && d.NestedAfter || slices.ContainsFunc(order, func(s Sort) bool { return s.Desc != order[0].Desc })
}

func afterOperator(s Sort) string {
	if s.Desc {
		return "<"
	}
	return ">"
}
