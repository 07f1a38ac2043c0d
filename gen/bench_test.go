package gen

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// synthetic returns a schema of tables spread over namespaces, each with a
// composite key of two columns and eight more of mixed types.
func synthetic(tables, namespaces int) []byte {
	var b bytes.Buffer
	for i := range tables {
		sep := ','
		if i == 0 {
			sep = '{'
		}
		fmt.Fprintf(&b, `%c
"ns%d.items%d_of_stock": {
  "transaction": true,
  "partition-key": ["customer_id"],
  "clustering-key": ["created_at DESC"],
  "secondary-index": ["order_id"],
  "columns": {
    "customer_id": "INT", "created_at": "BIGINT", "order_id": "TEXT", "amount": "BIGINT", "paid": "BOOLEAN",
    "weight": "DOUBLE", "delivered": "TIMESTAMPTZ", "day": "DATE", "label": "TEXT", "picture": "BLOB"
  }
}`, sep, i%namespaces, i)
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

func BenchmarkGenerate(b *testing.B) {
	for _, size := range []struct{ tables, namespaces int }{{10, 1}, {100, 1}, {1000, 10}} {
		b.Run(fmt.Sprintf("tables=%d", size.tables), func(b *testing.B) {
			data := synthetic(size.tables, size.namespaces)
			b.ReportAllocs()
			for b.Loop() {
				s, found := schema.Parse(schema.File{Name: "schema.json", Data: data})
				if err := found.Err(); err != nil {
					b.Fatal(err)
				}
				plan, found := NewPlan(s, &config.Config{})
				if err := found.Err(); err != nil {
					b.Fatal(err)
				}
				if _, err := Generate(plan); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
