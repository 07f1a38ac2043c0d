package storage_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func orders() *storage.Table {
	return storagetest.Table("shop", "orders",
		storagetest.Column("note", storage.Text),
		storagetest.ClusteringKey("line", storage.Int, storage.Desc),
		storagetest.PartitionKey("order_id", storage.Text),
		storagetest.Indexed("sku", storage.Text),
		storagetest.PartitionKey("shop", storage.Int))
}

func TestTableKeys(t *testing.T) {
	t.Parallel()
	table := orders()
	if diff := cmp.Diff([]int{2, 4, 1}, table.PrimaryKey()); diff != "" {
		t.Errorf("primary key (-want +got):\n%s", diff)
	}
	if table.KeyLen() != 3 || table.Column("sku") != 3 || table.Column("SKU") != -1 {
		t.Errorf("KeyLen %d, sku %d, SKU %d", table.KeyLen(), table.Column("sku"), table.Column("SKU"))
	}
	for i, want := range []struct{ inKey, indexed bool }{{false, false}, {true, false}, {true, false}, {false, true}, {true, false}} {
		if table.InPrimaryKey(i) != want.inKey || table.Indexed(i) != want.indexed {
			t.Errorf("column %d: in key %t, indexed %t", i, table.InPrimaryKey(i), table.Indexed(i))
		}
	}
	row := storage.Row{storage.Null(storage.Text), storage.IntValue(3), storage.TextValue("o-1"), storage.TextValue("s"), storage.IntValue(9)}
	if key, want := table.Key(row), []storage.Value{storage.TextValue("o-1"), storage.IntValue(9), storage.IntValue(3)}; !slices.Equal(key, want) {
		t.Errorf("key %v, want %v", key, want)
	}
}

func TestFormatKey(t *testing.T) {
	t.Parallel()
	table := orders()
	for want, key := range map[string][]storage.Value{
		`(order_id="o-1", shop=9, line=3)`:    {storage.TextValue("o-1"), storage.IntValue(9), storage.IntValue(3)},
		`(order_id="o-1")`:                    {storage.TextValue("o-1")},
		`()`:                                  nil,
		`(order_id="o-1", shop=9, line=3, 4)`: {storage.TextValue("o-1"), storage.IntValue(9), storage.IntValue(3), storage.IntValue(4)},
	} {
		if got := table.FormatKey(key); got != want {
			t.Errorf("FormatKey = %s, want %s", got, want)
		}
	}
}

func TestTableEqual(t *testing.T) {
	t.Parallel()
	changed := func(change func(t *storage.Table)) *storage.Table {
		table := orders()
		change(table)
		return table
	}
	for _, c := range []struct {
		name  string
		other *storage.Table
		want  bool
	}{
		{"itself", orders(), true},
		{"other order of columns", storagetest.Table("shop", "orders",
			storagetest.PartitionKey("order_id", storage.Text), storagetest.Indexed("sku", storage.Text), storagetest.PartitionKey("shop", storage.Int),
			storagetest.ClusteringKey("line", storage.Int, storage.Desc), storagetest.Column("note", storage.Text)), true},
		{"other name", changed(func(t *storage.Table) { t.Name = "orders2" }), false},
		{"other namespace", changed(func(t *storage.Table) { t.Namespace = "shop2" }), false},
		{"other type", changed(func(t *storage.Table) { t.Columns[0].Type = storage.Blob }), false},
		{"other column", changed(func(t *storage.Table) { t.Columns[0].Name = "remark" }), false},
		{"one more column", changed(func(t *storage.Table) { t.Columns = append(t.Columns, storage.Column{Name: "x", Type: storage.Int}) }), false},
		{"other clustering order", changed(func(t *storage.Table) { t.Clustering[0].Order = storage.Asc }), false},
		{"other order of the key", changed(func(t *storage.Table) { slices.Reverse(t.Partition) }), false},
		{"clustering column in the partition key", changed(func(t *storage.Table) { t.Partition, t.Clustering = append(t.Partition, 1), nil }), false},
		{"no index", changed(func(t *storage.Table) { t.Indexes = nil }), false},
		{"another index", changed(func(t *storage.Table) { t.Indexes = []int{0} }), false},
		{"one more index", changed(func(t *storage.Table) { t.Indexes = []int{3, 0} }), false},
	} {
		if orders().Equal(c.other) != c.want || c.other.Equal(orders()) != c.want {
			t.Errorf("%s: equal %t, and the other way round %t", c.name, orders().Equal(c.other), c.other.Equal(orders()))
		}
	}
}

func TestNamesInMessages(t *testing.T) {
	t.Parallel()
	if got := orders().TableName.String(); got != "shop.orders" {
		t.Errorf("table name %s", got)
	}
	if storage.Asc.String() != "ASC" || storage.Desc.String() != "DESC" {
		t.Errorf("orders %s, %s", storage.Asc, storage.Desc)
	}
	var operators []string
	for o := storage.Eq; o <= storage.NotLike; o++ {
		operators = append(operators, o.String())
	}
	if diff := cmp.Diff([]string{"=", "<>", ">", ">=", "<", "<=", "IS NULL", "IS NOT NULL", "LIKE", "NOT LIKE"}, operators); diff != "" {
		t.Errorf("operators (-want +got):\n%s", diff)
	}
}
