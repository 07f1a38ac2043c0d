package storagetest

import "github.com/scalargen/scalargen/storage"

// Table builds a table definition for tests, with its columns in the order of
// the parts:
//
//	storagetest.Table("shop", "items",
//		storagetest.PartitionKey("order_id", storage.Text),
//		storagetest.ClusteringKey("item_id", storage.Int, storage.Desc),
//		storagetest.Column("count", storage.Int),
//		storagetest.Indexed("sku", storage.Text))
func Table(namespace, name string, parts ...Part) *storage.Table {
	t := &storage.Table{TableName: storage.TableName{Namespace: namespace, Name: name}}
	for _, part := range parts {
		part(t)
	}
	return t
}

// Part is one column of a table under construction.
type Part func(*storage.Table)

// PartitionKey adds a partition-key column.
func PartitionKey(name string, typ storage.Type) Part {
	return func(t *storage.Table) { t.Partition = append(t.Partition, addColumn(t, name, typ)) }
}

// ClusteringKey adds a clustering-key column.
func ClusteringKey(name string, typ storage.Type, order storage.Order) Part {
	return func(t *storage.Table) {
		t.Clustering = append(t.Clustering, storage.ClusteringColumn{Column: addColumn(t, name, typ), Order: order})
	}
}

// Column adds a column outside the key.
func Column(name string, typ storage.Type) Part {
	return func(t *storage.Table) { addColumn(t, name, typ) }
}

// Indexed adds a column outside the key with a secondary index.
func Indexed(name string, typ storage.Type) Part {
	return func(t *storage.Table) { t.Indexes = append(t.Indexes, addColumn(t, name, typ)) }
}

func addColumn(t *storage.Table, name string, typ storage.Type) (position int) {
	t.Columns = append(t.Columns, storage.Column{Name: name, Type: typ})
	return len(t.Columns) - 1
}
