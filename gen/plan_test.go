package gen

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// plan returns the plan of schema files given as name, text, name, text, …
func plan(t *testing.T, yaml string, files ...string) (*Plan, schema.Diagnostics) {
	t.Helper()
	var in []schema.File
	for i := 0; i < len(files); i += 2 {
		in = append(in, schema.File{Name: files[i], Data: []byte(files[i+1])})
	}
	s, found := schema.Parse(in...)
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	c, found := config.Load("scalargen.yaml", []byte(yaml))
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	if found := config.Check(c, s); found.Err() != nil {
		t.Fatal(found.Err())
	}
	return NewPlan(s, c)
}

// table is a table with one key column, in one line.
func table(name string, columns ...string) string {
	text := `"` + name + `": {"transaction": true, "partition-key": ["id"], "columns": {"id": "TEXT"`
	for _, c := range columns {
		text += `, "` + c + `": "INT"`
	}
	return text + "}}"
}

func TestClashesNameBothSidesAndTheLineThatHelps(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ schema, yaml, want string }{
		"two columns": {
			schema: "{" + table("o.orders", "order_id", "orderId", "order-id") + "}",
			want: `s.json:1:106: column orderId of table o.orders and column order_id of table o.orders (s.json:1:87) would both be named OrderID in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.orders: {columns: {orderId: {name: OrderID2}}}}
s.json:1:124: column order-id of table o.orders and column order_id of table o.orders (s.json:1:87) would both be named OrderID in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.orders: {columns: {order-id: {name: OrderID3}}}}`,
		},
		"two tables, reported once": {
			schema: "{" + table("o.order") + ",\n" + table("o.orders") + "}",
			want:   `s.json:2:1: the record type of table o.orders and the record type of table o.order (s.json:1:2) would both be named Order in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.orders: {record: Order2}}`,
		},
		"a record and a key": {
			schema: "{" + table("o.order_key") + ",\n" + table("o.order") + "}",
			want:   `s.json:2:1: the key type of table o.order and the record type of table o.order_key (s.json:1:2) would both be named OrderKey in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.order: {record: Order2}}`,
		},
		"a table and the package's Schema": {
			schema: "{" + table("o.schema") + "}",
			want:   `s.json:1:2: the record type of table o.schema and the variable with the schema of the package would both be named Schema in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.schema: {record: Schema2}}`,
		},
		"names of the configuration": {
			schema: "{" + table("o.a") + ",\n" + table("o.b") + "}",
			yaml:   "tables: {o.a: {repository: Things}, o.b: {repository: Things}}",
			want:   `s.json:2:1: the repository of table o.b and the repository of table o.a (s.json:1:2) would both be named Things in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.b: {repository: Things2}}`,
		},
		"a record and a repository": {
			schema: "{" + table("o.a") + "}",
			yaml:   "tables: {o.a: {record: Thing, repository: Thing}}",
			want:   `s.json:1:2: the repository of table o.a and the record type of table o.a (s.json:1:2) would both be named Thing in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.a: {repository: Thing2}}`,
		},
		"an enum and a record": {
			schema: "{" + table("o.orders", "status") + ",\n" + table("o.order_status") + "}",
			yaml:   "tables: {o.orders: {columns: {status: {enum: {values: [{value: 1, name: A}]}}}}}",
			want:   `s.json:2:1: the record type of table o.order_status and the type of column status of table o.orders (scalargen.yaml:1:46) would both be named OrderStatus in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.order_status: {record: OrderStatus2}}`,
		},
		"an enum that is declared twice": {
			schema: "{" + table("o.a", "x") + ",\n" + table("o.b", "x") + "}",
			yaml:   "tables:\n o.a: {columns: {x: {enum: {name: X, values: [{value: 1, name: A}]}}}}\n o.b: {columns: {x: {enum: {name: X, values: [{value: 2, name: A}]}}}}",
			want:   `scalargen.yaml:3:28: column x of table o.b: type X is declared differently for column a.x (scalargen.yaml:2:28): columns share a type only if column type and values are the same; choose another name, such as  tables: {o.b: {columns: {x: {enum: {name: X2, …}}}}}`,
		},
		"a constant and a record": {
			schema: "{" + table("o.a", "x") + ",\n" + table("o.xb") + "}",
			yaml:   "tables: {o.a: {columns: {x: {enum: {name: X, values: [{value: 1, name: b}, {value: 2, name: B}]}}}}}",
			want:   `s.json:2:1: the record type of table o.xb and the constant of value "1" of column x of table o.a (scalargen.yaml:1:55) would both be named Xb in Go: add to scalargen.yaml, with a name of your choice:  tables: {o.xb: {record: Xb2}}`,
		},
		"two packages": {
			schema: "{" + table("order_a.x") + ",\n" + table("orderA.x") + "}",
			want:   `s.json:1:2: namespaces orderA and order_a would both be generated in directory ordera: add to scalargen.yaml, with a name of your choice:  packages: {order_a: {name: ordera2}}`,
		},
		"directories that differ in case": {
			schema: "{" + table("a.x") + ",\n" + table("b.x") + "}",
			yaml:   "packages: {a: {dir: db/One}, b: {dir: db/one}}",
			want:   `scalargen.yaml:1:30: namespaces a and b would both be generated in directory db/one: add to scalargen.yaml, with a name of your choice:  packages: {b: {name: b2}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found := plan(t, test.yaml, "s.json", test.schema)
			if d := cmp.Diff(test.want, strings.TrimSpace(found.Error())); d != "" {
				t.Errorf("-want +got:\n%s\n%s", d, found.Error())
			}
		})
	}
}

func TestNamesThatGoHasNoLettersForAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ schema, yaml, want string }{
		"a table": {
			schema: "{" + table("o.--- ") + "}",
			want:   `s.json:1:2: table "o.--- " has no letter or digit to name Go types after: add to scalargen.yaml, with names of your choice:  tables: {"o.--- ": {record: Record, repository: Records}}`,
		},
		"a column": {
			schema: "{" + table("o.a", "__") + "}",
			want:   `s.json:1:82: column __ of table o.a has no letter or digit to name a Go field after: add to scalargen.yaml, with a name of your choice:  tables: {o.a: {columns: {__: {name: Field}}}}`,
		},
		"a namespace": {
			schema: "{" + table("注文.a") + "}",
			want:   `s.json:1:2: namespace 注文 has no name that Go's import paths allow (ASCII letters and digits): add to scalargen.yaml, with a name of your choice:  packages: {"注文": {name: orders}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found := plan(t, test.yaml, "s.json", test.schema)
			if d := cmp.Diff(test.want, strings.TrimSpace(found.Error())); d != "" {
				t.Errorf("-want +got:\n%s\n%s", d, found.Error())
			}
		})
	}
}
