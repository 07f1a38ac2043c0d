package sqlstore

import (
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

// DefaultMetadataSchema is the schema of the metadata table unless
// scalar.db.jdbc.table_metadata.schema says otherwise.
const DefaultMetadataSchema = "scalardb"

// The tables of the metadata schema (storage spec, section 3.3).
const (
	MetadataTable      = "metadata"
	NamespacesTable    = "namespaces"     // Java 4.0 only
	VirtualTablesTable = "virtual_tables" // since Java 3.17, when there are any
)

// MetadataColumns are the columns of the metadata table. Java inserts by
// position, so their order is part of the format.
var MetadataColumns = []string{
	"full_table_name", "column_name", "data_type", "key_type", "clustering_order", "indexed", "ordinal_position",
}

// MetadataRow describes one column of one table.
type MetadataRow struct {
	FullTableName   string
	ColumnName      string
	DataType        string
	KeyType         string // PARTITION, CLUSTERING or "" for NULL
	ClusteringOrder string // ASC, DESC or "" for NULL
	Indexed         bool
	OrdinalPosition int // from 1
}

const (
	keyTypePartition  = "PARTITION"
	keyTypeClustering = "CLUSTERING"
)

// FullTableName is the key of a table in the metadata: namespace.table.
func FullTableName(name storage.TableName) string { return name.String() }

// ColumnOrder returns the positions of t's columns in the order in which they
// are created and numbered: partition key, clustering key, then the others as
// declared.
func ColumnOrder(t *storage.Table) []int {
	order := t.PrimaryKey()
	for c := range t.Columns {
		if !t.InPrimaryKey(c) {
			order = append(order, c)
		}
	}
	return order
}

// MetadataRows returns the rows that describe t.
func MetadataRows(t *storage.Table) []MetadataRow {
	rows := make([]MetadataRow, 0, len(t.Columns))
	for i, c := range ColumnOrder(t) {
		row := MetadataRow{
			FullTableName:   FullTableName(t.TableName),
			ColumnName:      t.Columns[c].Name,
			DataType:        t.Columns[c].Type.String(),
			Indexed:         t.Indexed(c),
			OrdinalPosition: i + 1,
		}
		switch {
		case i < len(t.Partition):
			row.KeyType = keyTypePartition
		case i < t.KeyLen():
			row.KeyType = keyTypeClustering
			row.ClusteringOrder = t.Clustering[i-len(t.Partition)].Order.String()
		}
		rows = append(rows, row)
	}
	return rows
}

// TableFromMetadata is the inverse of [MetadataRows] for rows in the order of
// ordinal_position. It refuses words it does not know, which only a newer
// ScalarDB or another program can have written.
func TableFromMetadata(name storage.TableName, rows []MetadataRow) (*storage.Table, error) {
	t := &storage.Table{TableName: name, Columns: make([]storage.Column, 0, len(rows))}
	for i, row := range rows {
		typ, known := storage.ParseType(row.DataType)
		if !known {
			return nil, fmt.Errorf("metadata of column %q: unknown data_type %q: a newer version of ScalarDB may have written it", row.ColumnName, row.DataType)
		}
		t.Columns = append(t.Columns, storage.Column{Name: row.ColumnName, Type: typ})
		switch row.KeyType {
		case "":
		case keyTypePartition:
			t.Partition = append(t.Partition, i)
		case keyTypeClustering:
			column := storage.ClusteringColumn{Column: i}
			switch row.ClusteringOrder {
			case storage.Asc.String():
			case storage.Desc.String():
				column.Order = storage.Desc
			default:
				return nil, fmt.Errorf("metadata of column %q: unknown clustering_order %q", row.ColumnName, row.ClusteringOrder)
			}
			t.Clustering = append(t.Clustering, column)
		default:
			return nil, fmt.Errorf("metadata of column %q: unknown key_type %q", row.ColumnName, row.KeyType)
		}
		if row.Indexed {
			t.Indexes = append(t.Indexes, i)
		}
	}
	if len(t.Partition) == 0 {
		return nil, fmt.Errorf("metadata of table %s name no partition key", name)
	}
	return t, nil
}
