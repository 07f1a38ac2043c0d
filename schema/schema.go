package schema

import "slices"

// Schema is what the files of one run declare.
type Schema struct {
	// Tables in file order, files in the order given to [Parse].
	Tables []*Table
}

// Table is one table. After [Parse] without errors every column of a key or
// index is one of Columns, and no name is empty.
type Table struct {
	Namespace string
	Name      string
	// Transaction tells whether records carry Consensus Commit's metadata.
	// Tables without are read and written outside transactions.
	Transaction   bool
	Columns       []*Column          // file order, keys included
	PartitionKey  []*Column          // at least one
	ClusteringKey []ClusteringColumn // may be empty
	Indexes       []*Column          // one secondary index each
	Options       []Option           // file order
	Pos           Position           // of the table's name
}

// Column is one column of a table.
type Column struct {
	Name string
	Type Type
	Pos  Position // of the column's name under "columns"
}

// ClusteringColumn is a column of a clustering key.
type ClusteringColumn struct {
	*Column
	Order Order
}

// Option is a storage option of a table. Value is text, as storages receive
// it: a number or boolean of the file is spelled as in the file. The alias
// network-strategy arrives under its real name, replication-strategy.
type Option struct {
	Name  string
	Value string
	Pos   Position // of the member's name
}

// FullName returns namespace.table, the table's name in schema files.
func (t *Table) FullName() string { return t.Namespace + "." + t.Name }

// Column returns the named column, nil if there is none.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// IsKey reports whether c is part of the primary key.
func (t *Table) IsKey(c *Column) bool {
	return slices.Contains(t.PartitionKey, c) ||
		slices.ContainsFunc(t.ClusteringKey, func(k ClusteringColumn) bool { return k.Column == c })
}

// PrimaryKey returns the partition-key columns followed by the clustering-key
// columns.
func (t *Table) PrimaryKey() []*Column {
	key := make([]*Column, 0, len(t.PartitionKey)+len(t.ClusteringKey))
	key = append(key, t.PartitionKey...)
	for _, c := range t.ClusteringKey {
		key = append(key, c.Column)
	}
	return key
}
