package scalar_test

import (
	"slices"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
)

// schemaOf returns the schema of test.orders with its definition changed.
func schemaOf(change func(*scalar.TableDef)) scalar.Schema {
	def := ordersDef()
	change(def)
	table := ordersTable(def)
	return scalar.Schema{&table}
}

// The fingerprint stands in generated code and in what programs keep of it, so
// it must not change from version to version.
func TestFingerprintIsStable(t *testing.T) {
	t.Parallel()
	const want = "660b4e6ab18cd4b0e16d490041a0a7ee"
	if got := testSchema.Fingerprint(); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
}

func TestFingerprintIgnoresOrder(t *testing.T) {
	t.Parallel()
	backwards := slices.Clone(testSchema)
	slices.Reverse(backwards)
	if backwards.Fingerprint() != testSchema.Fingerprint() {
		t.Error("the order of tables matters")
	}
	moved := schemaOf(func(def *scalar.TableDef) { // order_id and total change places
		def.Columns[3], def.Columns[4] = def.Columns[4], def.Columns[3]
		def.Indexes = []int{4}
	})
	if moved.Fingerprint() != schemaOf(func(*scalar.TableDef) {}).Fingerprint() {
		t.Error("the order of columns matters")
	}
	two := schemaOf(func(def *scalar.TableDef) { def.Indexes = []int{3, 4} })
	if two.Fingerprint() != schemaOf(func(def *scalar.TableDef) { def.Indexes = []int{4, 3} }).Fingerprint() {
		t.Error("the order of indexes matters")
	}
}

func TestFingerprintTellsTablesApart(t *testing.T) {
	t.Parallel()
	plain := ordersTable(ordersDef())
	stored := scalar.StorageTable{Def: plain.Def}
	seen := map[string]string{}
	for name, s := range map[string]scalar.Schema{
		"none":        {},
		"as it is":    {&plain},
		"two":         {&plain, &audit},
		"no tx":       {&stored},
		"namespace":   schemaOf(func(def *scalar.TableDef) { def.Namespace = "other" }),
		"name":        schemaOf(func(def *scalar.TableDef) { def.Name = "other" }),
		"dots":        schemaOf(func(def *scalar.TableDef) { def.Namespace, def.Name = "test.orders", "" }),
		"type":        schemaOf(func(def *scalar.TableDef) { def.Columns[4].Type = scalar.TypeBigInt }),
		"column name": schemaOf(func(def *scalar.TableDef) { def.Columns[4].Name = "sum" }),
		"column more": schemaOf(func(def *scalar.TableDef) {
			def.Columns = append(def.Columns, scalar.ColumnDef{Name: "x", Type: scalar.TypeInt})
		}),
		"line in name": schemaOf(func(def *scalar.TableDef) { def.Columns[4].Name = "total\" INT\ncolumn \"x" }),
		"index":        schemaOf(func(def *scalar.TableDef) { def.Indexes = nil }),
		"order":        schemaOf(func(def *scalar.TableDef) { def.Clustering[0].Order = scalar.Asc }),
		"key order":    schemaOf(func(def *scalar.TableDef) { slices.Reverse(def.Clustering) }),
		"key":          schemaOf(func(def *scalar.TableDef) { def.Clustering = def.Clustering[:1] }),
		"partition":    schemaOf(func(def *scalar.TableDef) { def.Partition, def.Clustering = []int{0, 1}, def.Clustering[1:] }),
		"other layout": schemaOf(func(def *scalar.TableDef) { def.Partition = []int{1}; def.Clustering[0].Column = 0 }),
	} {
		print := s.Fingerprint()
		if other, taken := seen[print]; taken {
			t.Errorf("%q and %q have the same fingerprint", name, other)
		}
		seen[print] = name
	}
}
