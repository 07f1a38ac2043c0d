package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// change changes the file as another program would.
func (b *bench) change(change func(s *sqlite.Storage) error) {
	b.t.Helper()
	s, err := sqlite.Open(b.t.Context(), b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.Close()
	if err := change(s); err != nil {
		b.t.Fatal(err)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exitNo, `
customer.customers
  it does not exist
order.orders
  it does not exist
coordinator.state
  it does not exist
Of 3 tables, 3 differ.
`, b.all("diff")...)
	b.run(b.all("create")...)
	b.want(exitOK, "No differences.\n", b.all("diff")...)
	b.write("schema.json", strings.NewReplacer(`"name": "TEXT"`, `"name": "BIGINT", "email": "TEXT"`, "order.orders", "order.sales").Replace(shop))
	if stderr := b.want(exitNo, `
customer.customers
  its column name is TEXT, and BIGINT in the schema
  it has no column email
order.sales
  it does not exist
order.orders
  the schema has no such table
Of 4 tables, 3 differ.
`, b.all("diff")...); stderr != "" {
		t.Errorf("standard error %q", stderr)
	}
	b.want(exitNo, `
{
  "different": true,
  "tables": [
    {
      "table": "customer.customers",
      "differences": [
        {
          "kind": "column-type",
          "column": "name",
          "deployed": "TEXT",
          "schema": "BIGINT",
          "message": "its column name is TEXT, and BIGINT in the schema"
        },
        {
          "kind": "column-missing",
          "column": "email",
          "schema": "TEXT",
          "message": "it has no column email"
        }
      ]
    },
    {
      "table": "order.sales",
      "differences": [
        {
          "kind": "table-missing",
          "message": "it does not exist"
        }
      ]
    },
    {
      "table": "order.orders",
      "differences": [
        {
          "kind": "table-extra",
          "message": "the schema has no such table"
        }
      ]
    },
    {
      "table": "coordinator.state",
      "differences": []
    }
  ]
}
`, b.all("diff", "--format", "json")...)
	b.write("schema.json", shop)
	_, out, _ := b.run(b.all("diff", "--format", "json")...)
	var same jsonReport
	if err := json.Unmarshal([]byte(out), &same); err != nil || same.Different || len(same.Tables) != 3 {
		t.Errorf("%v %+v", err, same)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.want(exitOK, `
ok   customer.customers
ok   order.orders
ok   coordinator.state
`, b.all("verify")...)
	b.change(func(s *sqlite.Storage) error {
		return s.DropColumn(t.Context(), storage.TableName{Namespace: "customer", Name: "customers"}, "before_name")
	})
	b.write("schema.json", strings.NewReplacer("order.orders", "order.sales").Replace(shop))
	b.want(exitNo, `
bad  customer.customers: it has no column before_name
bad  order.sales: it does not exist
ok   coordinator.state
`, b.all("verify")...)
}

func TestTroubleIsNoDifference(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	if err := os.WriteFile(b.db, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"diff", "verify"} {
		stderr := b.want(exitUsage, "", b.all(verb)...)
		if !strings.Contains(stderr, "not a SQLite database") || strings.Contains(stderr, "--help") {
			t.Errorf("%s: %s", verb, stderr)
		}
	}
	b = newBench(t)
	code := run(b.all("diff"), strings.NewReader(""), &brokenPipe{written: 1}, &strings.Builder{})
	if code != exitUsage {
		t.Errorf("output that cannot be written: exit %d", code)
	}
}

func TestComparisonsChangeNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.change(func(s *sqlite.Storage) error {
		return s.DropColumn(t.Context(), storage.TableName{Namespace: "customer", Name: "customers"}, "before_name")
	})
	before := b.columns("customer", "customers")
	for _, verb := range []string{"diff", "verify"} {
		b.run(b.all(verb)...)
	}
	if diff := cmp.Diff(before, b.columns("customer", "customers")); diff != "" {
		t.Error(diff)
	}
}
