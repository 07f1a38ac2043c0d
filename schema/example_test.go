package schema_test

import (
	"fmt"

	"github.com/scalargen/scalargen/schema"
)

func ExampleParse() {
	s, diagnostics := schema.Parse(schema.File{Name: "order.json", Data: []byte(`{
  "order.statements": {
    "partition-key": ["order_id"],
    "clustering-key": ["item_id DESC"],
    "columns": {"order_id": "TEXT", "item_id": "INT", "count": "INT"}
  }
}`)})
	if err := diagnostics.Err(); err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range s.Tables {
		fmt.Println(t.FullName())
		for _, c := range t.PrimaryKey() {
			fmt.Println("\t", c.Name, c.Type)
		}
	}
	// Output:
	// order.statements
	// 	 order_id TEXT
	// 	 item_id INT
}

func ExampleParse_errors() {
	_, diagnostics := schema.Parse(schema.File{Name: "order.json", Data: []byte(`{
  "order.statements": {
    "partition-key": ["order_idd"],
    "columns": {"order_id": "TEXT", "placed_at": "TIMESTAMP"}
  }
}`)})
	fmt.Println(diagnostics.Err())
	// Output:
	// order.json:3:23: partition-key names "order_idd", which is not a column of "order.statements": declare it under "columns"; did you mean "order_id"?
	// order.json:4:37: warning: Cassandra: column "placed_at": it has no TIMESTAMP (DB-CORE-10227): use TIMESTAMPTZ
}
