package templates

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file below testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if os.Getenv("CI") == "true" {
			t.Fatal("-update is for people: CI compares")
		}
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), -update if it is meant so:\n%s", name, diff)
	}
}

var described = []Table{{
	Name: "order.orders", Package: "order", Record: "Order", Repository: "Orders", Key: "OrderKey", Transaction: true,
	Doc: "An order.\nOr a | draft of <b>one</b>.",
	Columns: []Column{
		{Name: "customer_id", Type: "INT", Field: "CustomerID", Go: "int32", Key: true, Role: "partition key"},
		{Name: "timestamp", Type: "BIGINT", Field: "Timestamp", Go: "int64", Key: true, Role: "clustering key, descending"},
		{Name: "order_id", Type: "TEXT", Field: "OrderID", Go: "scalar.Null[string]", Role: "index"},
	},
	Paths: []Path{
		{What: "one record", Call: "order.Orders.Get(ctx, tx, key)"},
		{What: "the whole table", Call: "order.Orders.Scan(ctx, tx, order.AllOrders())", Note: "reads every partition"},
	},
	Limits: []Limit{{Storage: "Cosmos DB", Message: `column "timestamp": values reach from −2^53 to 2^53 only`}},
}, {
	Name: `odd."x|y".` + "`z`", Package: "odd", Record: "Z", Repository: "Zs", Key: "ZKey",
	Columns: []Column{
		{Name: "1st a", Type: "TEXT", Field: "FirstA", Go: "string", Key: true, Role: "partition key"},
		{Name: `q"u\`, Type: "BLOB", Field: "Qu", Go: "[]byte"},
		{Name: "名前", Type: "DATE", Field: "F", Go: "scalar.Date"},
	},
	Paths: []Path{{What: "by `1st a`", Call: "odd.Zs.Get(ctx, db, odd.ZKey{FirstA: firstA})"}},
}}

func TestDescribePrintsEveryFormat(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var page bytes.Buffer
			if err := Describe(&page, format, described); err != nil {
				t.Fatal(err)
			}
			golden(t, "describe."+format, page.Bytes())
		})
	}
}

func TestDescribeSaysThatThereAreNoTables(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"text":     "The schema has no tables.\n",
		"markdown": "# Tables\n\nThe schema has no tables.\n",
		"mermaid":  "erDiagram\n",
	} {
		var page bytes.Buffer
		if err := Describe(&page, format, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, page.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestScaffoldIsARepository(t *testing.T) {
	t.Parallel()
	files, err := Scaffold(App{Module: "github.com/acme/shop-app", Name: "shop-app", Go: "1.26.0"})
	if err != nil {
		t.Fatal(err)
	}
	var archive txtar.Archive
	for _, f := range files {
		archive.Files = append(archive.Files, txtar.File{Name: f.Path, Data: f.Data})
		switch {
		case strings.HasSuffix(f.Path, ".go"):
			if _, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Data, parser.AllErrors); err != nil {
				t.Error(err)
			}
		case strings.HasSuffix(f.Path, ".json"):
			if !json.Valid(f.Data) {
				t.Errorf("%s is not JSON", f.Path)
			}
		}
	}
	golden(t, "scaffold.txtar", txtar.Format(&archive))
}
