package scalar

// Column stands for one column of the table whose records are R. Its type
// carries what may be done with it, so that a wrong use does not compile: T is
// the Go type of its values, C is [Key] or [Data], and O says which operators
// its values have.
//
// Columns are found in generated code (order.StatementColumns.Count) and used
// through functions: [Set], [Eq], [Ge], …
type Column[R, T, C, O any] struct {
	Pos    int           // position in the table definition
	Encode func(T) Value // the stored form of a value
}

// Key marks columns of the primary key. They cannot be assigned, and conditions
// of updates and deletes cannot name them.
type Key struct{}

// Data marks columns outside the primary key.
type Data struct{}

// The operators that a column's values have. A Null… column may also be set to
// NULL.
type (
	// Bool columns have = and <> only.
	Bool struct{}
	// Ordered columns also have >, >=, < and <=.
	Ordered struct{}
	// Text columns also have LIKE and NOT LIKE.
	Text struct{}
	// NullBool is a Bool that may be NULL.
	NullBool struct{}
	// NullOrdered is an Ordered that may be NULL.
	NullOrdered struct{}
	// NullText is a Text that may be NULL.
	NullText struct{}
)

// Comparable is the constraint of <, <=, > and >=.
type Comparable interface {
	Ordered | Text | NullOrdered | NullText
}

// Textual is the constraint of LIKE.
type Textual interface{ Text | NullText }

// Nullable is the constraint of [SetNull].
type Nullable interface {
	NullBool | NullOrdered | NullText
}

// Assign is the assignment of a value to a column of R.
type Assign[R any] struct {
	_      [0]func() // not comparable: the compiler need not make == for every table
	column int
	value  Value
	null   bool
}

// Set assigns v to a column.
func Set[R, T, O any](c Column[R, T, Data, O], v T) Assign[R] {
	return Assign[R]{column: c.Pos, value: c.Encode(v)}
}

// SetNull assigns NULL to a column. A column that scalargen.yaml declares
// required has no SetNull.
func SetNull[R, T any, O Nullable](c Column[R, T, Data, O]) Assign[R] {
	return Assign[R]{column: c.Pos, null: true}
}

// SetOrNull assigns v to a column, which may be NULL.
func SetOrNull[R, T any, O Nullable](c Column[R, T, Data, O], v Null[T]) Assign[R] {
	if !v.Valid {
		return SetNull(c)
	}
	return Set(c, v.V)
}
