package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribePrintsCallsAndLimits(t *testing.T) {
	got := runIn(t, shopSchema+"-- scalargen.yaml --\nstorages: [cosmos]\n", "describe")
	want := result{stdout: `shop.items: records shop.Item
  one record       shop.Items.Get(ctx, tx, shop.ItemKey{ID: id})
  several records  shop.Items.GetAll(ctx, tx, keys...)
                   // one round trip where the storage can
  the whole table  shop.Items.Scan(ctx, tx, shop.AllItems())
                   // reads every partition, in no order
`}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDescribeReadsStandardInput(t *testing.T) {
	t.Chdir(t.TempDir())
	got := runWith(`{"a.b": {"partition-key": ["c"], "columns": {"c": "INT"}}}`, "describe", "--format", "mermaid", "-")
	want := result{stdout: "erDiagram\n  \"a.b\" {\n    INT c PK \"partition key\"\n  }\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := runWith("[]", "describe", "-"); got.code != exitNo || !strings.HasPrefix(got.stderr, "stdin:1:1: ") {
		t.Errorf("%+v", got)
	}
}
