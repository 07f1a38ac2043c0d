package storage

import (
	"slices"
	"strings"
)

// Order is the order of a clustering column.
type Order uint8

// The orders of a clustering column.
const (
	Asc Order = iota
	Desc
)

// String returns ASC or DESC.
func (o Order) String() string {
	if o == Desc {
		return "DESC"
	}
	return "ASC"
}

// TableName names a table: namespaces are schemas, keyspaces or databases,
// depending on the storage. Names are case-sensitive.
type TableName struct {
	Namespace string
	Name      string
}

// String returns namespace.table.
func (n TableName) String() string { return n.Namespace + "." + n.Name }

// Column is one column of a table.
type Column struct {
	Name string
	Type Type
}

// ClusteringColumn is one clustering-key column.
type ClusteringColumn struct {
	Column int // position in Table.Columns
	Order  Order
}

// Table is the definition of a table. Columns are referred to by their
// position in Columns everywhere in this package. A Table in use is immutable,
// and adapters may key caches of prepared statements by its address.
type Table struct {
	TableName
	Columns    []Column
	Partition  []int // positions of the partition-key columns, in key order
	Clustering []ClusteringColumn
	Indexes    []int // positions of the columns with a secondary index
}

// Column returns the position of the named column, −1 if there is none.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// PrimaryKey returns the positions of the primary-key columns, partition key
// first. A key in this package is the list of values in this order.
func (t *Table) PrimaryKey() []int {
	key := slices.Clone(t.Partition)
	for _, c := range t.Clustering {
		key = append(key, c.Column)
	}
	return key
}

// KeyLen returns the number of primary-key columns.
func (t *Table) KeyLen() int { return len(t.Partition) + len(t.Clustering) }

// InPrimaryKey reports whether column belongs to the primary key.
func (t *Table) InPrimaryKey(column int) bool {
	return slices.Contains(t.Partition, column) ||
		slices.ContainsFunc(t.Clustering, func(c ClusteringColumn) bool { return c.Column == column })
}

// Indexed reports whether column has a secondary index.
func (t *Table) Indexed(column int) bool { return slices.Contains(t.Indexes, column) }

// Key returns the primary key of a row that holds all columns.
func (t *Table) Key(row Row) []Value {
	key := make([]Value, 0, t.KeyLen())
	for _, c := range t.Partition {
		key = append(key, row[c])
	}
	for _, c := range t.Clustering {
		key = append(key, row[c.Column])
	}
	return key
}

// Equal reports whether t and other define the same table. The order of
// columns outside the key and the order of indexes do not matter.
func (t *Table) Equal(other *Table) bool {
	if t.TableName != other.TableName || len(t.Columns) != len(other.Columns) {
		return false
	}
	names := func(t *Table, positions []int) []string {
		out := make([]string, len(positions))
		for i, p := range positions {
			out[i] = t.Columns[p].Name
		}
		return out
	}
	for _, c := range t.Columns {
		if i := other.Column(c.Name); i < 0 || other.Columns[i] != c {
			return false
		}
	}
	if !slices.Equal(names(t, t.PrimaryKey()), names(other, other.PrimaryKey())) || len(t.Partition) != len(other.Partition) {
		return false
	}
	for i, c := range t.Clustering {
		if c.Order != other.Clustering[i].Order {
			return false
		}
	}
	return slices.Equal(slices.Sorted(slices.Values(names(t, t.Indexes))), slices.Sorted(slices.Values(names(other, other.Indexes))))
}

// FormatKey renders the primary key for messages: (order_id="o-1", item_id=3).
// It tolerates a key of the wrong length.
func (t *Table) FormatKey(key []Value) string {
	var b strings.Builder
	b.WriteByte('(')
	positions := t.PrimaryKey()
	for i, v := range key {
		if i > 0 {
			b.WriteString(", ")
		}
		if i < len(positions) {
			b.WriteString(t.Columns[positions[i]].Name)
			b.WriteByte('=')
		}
		b.WriteString(v.String())
	}
	b.WriteByte(')')
	return b.String()
}
