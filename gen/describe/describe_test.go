package describe_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/gen"
	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/gen/describe"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/templates"
)

const describedSchema = `{
  "order.orders": {
    "partition-key": ["customer_id", "region"], "clustering-key": ["timestamp DESC", "seq"], "secondary-index": ["order_id", "seq"],
    "columns": {"customer_id": "INT", "region": "TEXT", "timestamp": "BIGINT", "seq": "INT", "order_id": "TEXT", "paid": "BOOLEAN"}
  },
  "log.entries": {"transaction": false, "partition-key": ["ID"], "columns": {"ID": "TEXT", "at": "TIMESTAMP"}}
}`

func tables(t *testing.T, yaml string) []templates.Table {
	t.Helper()
	s, ds := schema.Parse(schema.File{Name: "schema.json", Data: []byte(describedSchema)})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	c, ds := config.Load(config.FileName, []byte(yaml))
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	plan, ds := gen.NewPlan(s, c)
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	return describe.Tables(plan, c)
}

func TestTablesListsEveryAccessPath(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	if err := templates.Describe(&page, "text", tables(t, "storages: [cassandra, memory]\ntables: {order.orders: {required: [paid]}}\n")); err != nil {
		t.Fatal(err)
	}
	want := `log.entries: records log.Entry, without transactions
  one record       log.Entries.Get(ctx, db, log.EntryKey{ID: id})
  several records  log.Entries.GetAll(ctx, db, keys...)
                   // one round trip where the storage can
  the whole table  log.Entries.Scan(ctx, db, log.AllEntries())
                   // reads every partition, in no order
  Cassandra: column "at": it has no TIMESTAMP (DB-CORE-10227): use TIMESTAMPTZ

order.orders: records order.Order
  one record            order.Orders.Get(ctx, tx, order.OrderKey{CustomerID: customerID, Region: region, Timestamp: timestamp, Seq: seq})
  several records       order.Orders.GetAll(ctx, tx, keys...)
                        // one round trip where the storage can
  a partition           order.Orders.Scan(ctx, tx, order.OrdersOf(customerID, region))
                        // ordered by timestamp descending, seq ascending; the other way round with .Reverse()
  a range of timestamp  order.Orders.Scan(ctx, tx, order.OrdersOf(customerID, region).TimestampFrom(timestamp))
                        // also TimestampAfter, TimestampTo, TimestampBefore
  a range of seq        order.Orders.Scan(ctx, tx, order.OrdersOf(customerID, region).TimestampIs(timestamp).SeqFrom(seq))
                        // also SeqAfter, SeqTo, SeqBefore
  by seq                order.Orders.BySeq(ctx, tx, seq)
                        // secondary index, in no order
  by order_id           order.Orders.ByOrderID(ctx, tx, orderID)
                        // secondary index, in no order
  the whole table       order.Orders.Scan(ctx, tx, order.AllOrders())
                        // reads every partition, in no order
`
	if diff := cmp.Diff(want, page.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTablesTellsRolesAndTypes(t *testing.T) {
	t.Parallel()
	all := tables(t, "tables: {order.orders: {required: [paid], doc: An order.}}\n")
	want := []templates.Column{
		{Name: "customer_id", Type: "INT", Field: "CustomerID", Go: "int32", Key: true, Role: "partition key"},
		{Name: "region", Type: "TEXT", Field: "Region", Go: "string", Key: true, Role: "partition key"},
		{Name: "timestamp", Type: "BIGINT", Field: "Timestamp", Go: "int64", Key: true, Role: "clustering key, descending"},
		{Name: "seq", Type: "INT", Field: "Seq", Go: "int32", Key: true, Role: "clustering key, ascending, index"},
		{Name: "order_id", Type: "TEXT", Field: "OrderID", Go: "scalar.Null[string]", Role: "index"},
		{Name: "paid", Type: "BOOLEAN", Field: "Paid", Go: "bool"},
	}
	if diff := cmp.Diff(want, all[1].Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if all[1].Doc != "An order." {
		t.Errorf("doc %q", all[1].Doc)
	}
}

func TestTablesJoinsStoragesWithTheSameLimit(t *testing.T) {
	t.Parallel()
	var found bool
	for _, l := range tables(t, "")[1].Limits {
		if l.Message == `column "order_id": values have at most 128 bytes (scalar.db.jdbc.oracle.variable_key_column_size), because the column is part of a key or index` {
			found = l.Storage == "Oracle"
		}
	}
	if !found {
		t.Error("Oracle's limit on keys is missing")
	}
	for _, l := range tables(t, "storages: [sqlite]\n")[1].Limits {
		t.Errorf("SQLite has no such limit: %v", l)
	}
}
