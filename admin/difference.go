package admin

import "fmt"

// DifferenceKind says in what a deployed table differs from the schema. The
// texts are part of what scalarctl prints as JSON, and stay.
type DifferenceKind string

// The kinds of differences.
const (
	TableMissing        DifferenceKind = "table-missing"        // the schema has the table, and the storage has not
	TableExtra          DifferenceKind = "table-extra"          // a namespace of the schema has a table more
	TransactionsMissing DifferenceKind = "transactions-missing" // the table has not the columns of transactions
	TransactionsExtra   DifferenceKind = "transactions-extra"   // it has them, and is to have none
	ColumnMissing       DifferenceKind = "column-missing"
	ColumnExtra         DifferenceKind = "column-extra"
	ColumnType          DifferenceKind = "column-type"
	PartitionKey        DifferenceKind = "partition-key"
	ClusteringKey       DifferenceKind = "clustering-key" // also another order of one of its columns
	IndexMissing        DifferenceKind = "index-missing"
	IndexExtra          DifferenceKind = "index-extra"
	Layout              DifferenceKind = "layout" // the database's own tables are not as the metadata say; only Verify looks
)

// Difference is one thing in which a deployed table differs from the schema.
type Difference struct {
	Kind   DifferenceKind
	Column string // of the kinds about columns and indexes

	// Deployed and Schema are the two types of a column, or the two keys. Of
	// TransactionsMissing and TransactionsExtra, Schema says who wants it so.
	Deployed, Schema string
	// Detail is what Layout has found.
	Detail string
}

// String returns the difference as a sentence whose subject is the table.
func (d Difference) String() string {
	switch d.Kind {
	case TableMissing:
		return "it does not exist"
	case TableExtra:
		return "the schema has no such table"
	case TransactionsMissing:
		return "it has not the columns of transactions, and " + d.Schema
	case TransactionsExtra:
		return "it has the columns of transactions, and " + d.Schema
	case ColumnMissing:
		return "it has no column " + d.Column
	case ColumnExtra:
		return fmt.Sprintf("it has a column %s, which the schema has not", d.Column)
	case ColumnType:
		return fmt.Sprintf("its column %s is %s, and %s in the schema", d.Column, d.Deployed, d.Schema)
	case PartitionKey:
		return fmt.Sprintf("its partition key is (%s), and (%s) in the schema", d.Deployed, d.Schema)
	case ClusteringKey:
		return fmt.Sprintf("its clustering key is (%s), and (%s) in the schema", d.Deployed, d.Schema)
	case IndexMissing:
		return "it has no index on column " + d.Column
	case IndexExtra:
		return fmt.Sprintf("it has an index on column %s, which the schema has not", d.Column)
	default:
		return d.Detail
	}
}
