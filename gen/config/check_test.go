package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/schema"
)

const checkedSchema = `{
  "order.orders": {
    "partition-key": ["customer_id"], "clustering-key": ["timestamp"], "secondary-index": ["status"],
    "columns": {"customer_id": "INT", "timestamp": "BIGINT", "status": "TEXT", "kind": "INT", "paid": "BOOLEAN"}
  },
  "customer.customers": {"partition-key": ["id"], "columns": {"id": "INT"}}
}`

func TestCheckComparesWithTheSchema(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, yaml, want string }{
		{"nothing", "", ""},
		{"everything exists", "packages: {order: orderdb}\ntables: {order.orders: {required: [status], columns: {timestamp: {name: At}}}}\n", ""},
		{"namespace", "packages: {ordr: x, billing: x}\n",
			`f.yaml:1:12: the schema has no namespace "ordr": did you mean "order"?
f.yaml:1:21: the schema has no namespace "billing": it has order, customer`},
		{"table", "tables: {order.order: {}, customer.orders: {}, x.y: {}}\n",
			`f.yaml:1:10: the schema has no table "order.order": did you mean "order.orders"?
f.yaml:1:27: the schema has no table "customer.orders": it has customer.customers, order.orders
f.yaml:1:48: the schema has no table "x.y": it has customer.customers, order.orders`},
		{"column", "tables:\n  order.orders:\n    required: [statsu]\n    columns: {Timestamp: {}, x: {}}\n",
			`f.yaml:3:16: table "order.orders" has no column "statsu": did you mean "status"?
f.yaml:4:15: table "order.orders" has no column "Timestamp": did you mean "timestamp"?
f.yaml:4:30: table "order.orders" has no column "x": it has customer_id, timestamp, status, kind, paid`},
		{"required key", "tables: {order.orders: {required: [timestamp], columns: {customer_id: {required: true}}}}\n",
			`f.yaml:1:36: warning: column "timestamp" is part of the primary key of "order.orders", which is never NULL: required has no effect; remove it
f.yaml:1:58: warning: column "customer_id" is part of the primary key of "order.orders", which is never NULL: required has no effect; remove it`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, ds := Load("f.yaml", []byte(test.yaml))
			if ds != nil {
				t.Fatal(ds)
			}
			s, ds := schema.Parse(schema.File{Name: "schema.json", Data: []byte(checkedSchema)})
			if ds.Err() != nil {
				t.Fatal(ds)
			}
			if diff := cmp.Diff(test.want, Check(c, s).Error()); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRelevantKeepsWarningsOfNamedStorages(t *testing.T) {
	t.Parallel()
	warn := func(message string) schema.Diagnostic {
		return schema.Diagnostic{Severity: schema.Warning, Message: message}
	}
	all := schema.Diagnostics{
		warn("Cassandra: no"), warn("MySQL, SQLite: no"), warn("JDBC: no"), warn("member x is no option: remove it"), warn("no storage at all"),
		{Message: "Cassandra: an error"},
	}
	for _, test := range []struct {
		name     string
		storages []string
		want     schema.Diagnostics
	}{
		{"all", nil, all},
		{"one", []string{"sqlite"}, all[1:]},
		{"two", []string{"memory", "cassandra"}, schema.Diagnostics{all[0], all[3], all[4], all[5]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, (&Config{Storages: test.storages}).Relevant(all)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
