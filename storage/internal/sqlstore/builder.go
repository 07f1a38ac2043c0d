package sqlstore

import (
	"strconv"

	"github.com/scalargen/scalargen/storage"
)

// Dialect is how one database spells names and parameters.
type Dialect struct {
	// Quote encloses identifiers; inside one it is doubled.
	Quote byte
	// NamespaceSeparator joins namespace and table to one identifier, as in
	// "ns$t". Empty where a namespace is a schema: "ns"."t".
	NamespaceSeparator string
	// NumberedParams says that parameters are $1, $2, …, not ?.
	NumberedParams bool
	// AlwaysEscape says that LIKE needs an ESCAPE clause, which may be empty,
	// to have no escape character: without one it has a backslash.
	AlwaysEscape bool
	// UncheckedInts says that an INT column takes larger numbers, so that a sum
	// which is none must be kept out.
	UncheckedInts bool
	// NestedAfter says that no comparison of row values becomes an index range.
	NestedAfter bool
	// LimitSuffix follows the parameter of LIMIT.
	LimitSuffix string
}

// Builder writes the text of one statement. Names are always quoted and never
// case-folded; values are always parameters.
type Builder struct {
	dialect Dialect
	text    []byte
	params  int
}

// New returns an empty Builder.
func (d Dialect) New() *Builder {
	return &Builder{dialect: d, text: make([]byte, 0, 256)}
}

// Text appends s as it is. It must never be user input.
func (b *Builder) Text(s string) *Builder {
	b.text = append(b.text, s...)
	return b
}

// Name appends a quoted identifier.
func (b *Builder) Name(name string) *Builder {
	q := b.dialect.Quote
	b.text = append(b.text, q)
	for i := range len(name) {
		if name[i] == q {
			b.text = append(b.text, q)
		}
		b.text = append(b.text, name[i])
	}
	b.text = append(b.text, q)
	return b
}

// Table appends the qualified name of a table.
func (b *Builder) Table(name storage.TableName) *Builder {
	if sep := b.dialect.NamespaceSeparator; sep != "" {
		return b.Name(name.Namespace + sep + name.Name)
	}
	return b.Name(name.Namespace).Text(".").Name(name.Name)
}

// Param appends the next parameter.
func (b *Builder) Param() *Builder {
	b.params++
	if !b.dialect.NumberedParams {
		return b.Text("?")
	}
	b.text = append(b.text, '$')
	b.text = strconv.AppendInt(b.text, int64(b.params), 10)
	return b
}

// Columns appends the names of columns of t, separated by commas.
func (b *Builder) Columns(t *storage.Table, columns []int) *Builder {
	for i, c := range columns {
		if i > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c].Name)
	}
	return b
}

// paramList appends n parameters separated by commas.
func (b *Builder) paramList(n int) *Builder {
	for i := range n {
		if i > 0 {
			b.Text(",")
		}
		b.Param()
	}
	return b
}

// String returns the text so far.
func (b *Builder) String() string { return string(b.text) }
