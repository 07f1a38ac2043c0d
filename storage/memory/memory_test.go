package memory_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]memory.Option{
		"default":        nil,
		"like Cassandra": {memory.WithAtomicity(storage.AtomicPartition, 0), memory.WithPageSize(3), memory.WithoutBatch()},
		"like DynamoDB":  {memory.WithAtomicity(storage.AtomicStorage, 100), memory.WithPageSize(7), memory.WithoutBatch()},
		"like Cosmos":    {memory.WithAtomicity(storage.AtomicPartition, 100), memory.WithPageSize(1), memory.WithoutBatch()},
		"single records": {memory.WithAtomicity(storage.AtomicRecord, 1)},
		"one table":      {memory.WithAtomicity(storage.AtomicTable, 10)},
		"one namespace":  {memory.WithAtomicity(storage.AtomicNamespace, 0)},
		"server's order": {memory.WithoutComparator()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foreign := storagetest.ForeignTables(func(s storage.Storage, definition *storage.Table) error {
				return s.(*memory.Storage).AddForeignTable(definition)
			})
			storagetest.Run(t, func(*testing.T) storage.Storage { return memory.New(options...) }, foreign)
		})
	}
}

var items = storagetest.Table("shop", "items",
	storagetest.Column("n", storage.Int),
	storagetest.ClusteringKey("line", storage.Int, storage.Desc),
	storagetest.PartitionKey("id", storage.Int),
	storagetest.Indexed("kind", storage.Int))

func withItems(t testing.TB, s storage.Storage) *storage.Table {
	t.Helper()
	if err := s.Admin().CreateNamespace(t.Context(), items.Namespace, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Admin().CreateTable(t.Context(), items, nil); err != nil {
		t.Fatal(err)
	}
	table, err := s.Table(t.Context(), items.TableName)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func put(t *storage.Table, id, line, n int32) []storage.Mutation {
	return []storage.Mutation{{
		Table: t, Key: []storage.Value{storage.IntValue(id), storage.IntValue(line)},
		Columns: []int{t.Column("n")}, Values: []storage.Value{storage.IntValue(n)},
	}}
}

func TestColumnsAreInOrderOfScalarDBsMetadata(t *testing.T) {
	t.Parallel()
	table := withItems(t, memory.New())
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"id", "line", "n", "kind"}, names); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if !table.Equal(items) {
		t.Errorf("%+v does not equal the created table", table)
	}
}

func TestReturnedRowsNeverChange(t *testing.T) {
	t.Parallel()
	s := memory.New()
	table := withItems(t, s)
	if err := s.Mutate(t.Context(), put(table, 1, 1, 10)); err != nil {
		t.Fatal(err)
	}
	key := []storage.Value{storage.IntValue(1), storage.IntValue(1)}
	rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(rows[0])
	if err := s.Mutate(t.Context(), put(table, 1, 1, 11)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], before) || !slices.Equal(page.Rows[0], before) {
		t.Errorf("rows read before the write are now %v and %v", rows[0], page.Rows[0])
	}
}

func TestRequestsAreNotKept(t *testing.T) {
	t.Parallel()
	s := memory.New()
	table := withItems(t, s)
	group := put(table, 1, 1, 10)
	if err := s.Mutate(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	key := slices.Clone(group[0].Key)
	group[0].Key[0], group[0].Values[0] = storage.IntValue(9), storage.IntValue(9)
	rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key, Columns: []int{0, table.Column("n")}}})
	if err != nil || !slices.Equal(rows[0], storage.Row{storage.IntValue(1), storage.IntValue(10)}) {
		t.Errorf("the stored row followed the caller's slices: %v, %v", rows, err)
	}
}

func TestPageSizeCountsRowsLookedAt(t *testing.T) {
	t.Parallel()
	s := memory.New(memory.WithPageSize(4))
	table := withItems(t, s)
	const rows = 10
	for n := range int32(rows) {
		if err := s.Mutate(t.Context(), put(table, 1, n, n)); err != nil {
			t.Fatal(err)
		}
	}
	scan := storage.Scan{Table: table, Kind: storage.FullScan, Where: storage.Filter{{{Column: table.Column("n"), Operator: storage.Eq, Value: storage.IntValue(0)}}}}
	var sizes []int
	for {
		page, err := s.Scan(t.Context(), &scan)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Rows))
		if page.Next == nil {
			break
		}
		scan.After = page.Next
	}
	if diff := cmp.Diff([]int{0, 0, 1}, sizes); diff != "" {
		t.Errorf("rows per page (-want +got):\n%s", diff)
	}
}

func TestInfoSaysWhatTheOptionsSay(t *testing.T) {
	t.Parallel()
	if info := memory.New().Info("any"); info.Name != "memory" || info.Atomicity != storage.AtomicStorage || info.MaxMutations != 0 || info.Compare == nil {
		t.Errorf("default: %+v", info)
	}
	info := memory.New(memory.WithName("left"), memory.WithAtomicity(storage.AtomicPartition, 7), memory.WithoutComparator()).Info("any")
	if info.Name != "left" || info.Atomicity != storage.AtomicPartition || info.MaxMutations != 7 || info.Compare != nil {
		t.Errorf("with options: %+v", info)
	}
}

func TestTableNeedsItsNamespace(t *testing.T) {
	t.Parallel()
	err := memory.New().CreateTable(t.Context(), items, nil)
	if err == nil || errors.Is(err, storage.ErrTableExists) {
		t.Errorf("error %v", err)
	}
}

func TestDefinitionsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	s := memory.New()
	withItems(t, s)
	id, line := storagetest.PartitionKey("id", storage.Int), storagetest.ClusteringKey("line", storage.Int, storage.Desc)
	key := []storage.Value{storage.IntValue(1), storage.IntValue(1)}
	for name, c := range map[string]struct {
		parts []storagetest.Part
		fits  bool
	}{
		"fewer columns":              {[]storagetest.Part{line, id}, true},
		"a column too many":          {[]storagetest.Part{id, line, storagetest.Column("x", storage.Int)}, false},
		"another type":               {[]storagetest.Part{id, line, storagetest.Column("n", storage.BigInt)}, false},
		"another clustering order":   {[]storagetest.Part{id, storagetest.ClusteringKey("line", storage.Int, storage.Asc)}, false},
		"another partition key":      {[]storagetest.Part{id, storagetest.PartitionKey("line", storage.Int)}, false},
		"an index that is not there": {[]storagetest.Part{id, line, storagetest.Indexed("n", storage.Int)}, true},
	} {
		table := storagetest.Table("shop", "items", c.parts...)
		_, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key}})
		if (err == nil) != c.fits || err != nil && !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	indexed := storagetest.Table("shop", "items", id, line, storagetest.Indexed("n", storage.Int))
	if _, err := s.Scan(t.Context(), &storage.Scan{Table: indexed, Kind: storage.IndexScan, Index: 2, IndexValue: storage.IntValue(1)}); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("scan of an index that is not there: %v", err)
	}
}

// TestManyDefinitions uses a new definition for every request, which must stay
// right when the cache of definitions is full.
func TestManyDefinitions(t *testing.T) {
	t.Parallel()
	s := memory.New()
	withItems(t, s)
	for n := range int32(200) {
		table := storagetest.Table("shop", "items", storagetest.Column("n", storage.Int), storagetest.ClusteringKey("line", storage.Int, storage.Desc), storagetest.PartitionKey("id", storage.Int))
		if err := s.Mutate(t.Context(), put(table, 1, 1, n)); err != nil {
			t.Fatal(err)
		}
		rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1), storage.IntValue(1)}}})
		if err != nil || !slices.Equal(rows[0], storage.Row{storage.IntValue(n), storage.IntValue(1), storage.IntValue(1)}) {
			t.Fatalf("definition %d: %v, %v", n, rows, err)
		}
	}
}

func TestOpenByName(t *testing.T) {
	t.Parallel()
	open := func(name string) storage.Storage {
		s, err := storage.Open(t.Context(), storage.Properties{"scalar.db.storage": "memory", "scalar.db.contact_points": name})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	has := func(s storage.Storage) bool {
		_, err := s.Table(t.Context(), items.TableName)
		if err != nil && !errors.Is(err, storage.ErrTableNotFound) {
			t.Error(err)
		}
		return err == nil
	}
	first := open(t.Name())
	withItems(t, first)
	if !has(open(t.Name())) {
		t.Error("a storage of the same name does not share the data")
	}
	if has(open(t.Name()+"2")) || has(open("")) || has(memory.New()) {
		t.Error("another storage shares the data")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Table(t.Context(), items.TableName); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if !has(open(t.Name())) {
		t.Error("the data went with a closed storage")
	}
}

// TestAllocations: the result of Get, and the row that Put stores.
func TestAllocations(t *testing.T) {
	s := memory.New()
	table := withItems(t, s)
	group := put(table, 1, 1, 1)
	group[0].Columns = append(group[0].Columns, table.Column("kind"))
	group[0].Values = append(group[0].Values, storage.IntValue(5))
	gets := []storage.Get{{Table: table, Key: group[0].Key}}
	for name, c := range map[string]struct {
		want float64
		call func() error
	}{
		"get": {1, func() error { _, err := s.Get(t.Context(), gets); return err }},
		"put": {1, func() error { return s.Mutate(t.Context(), group) }},
	} {
		got := testing.AllocsPerRun(100, func() {
			if err := c.call(); err != nil {
				t.Fatal(err)
			}
		})
		if got > c.want {
			t.Errorf("%s allocates %g times, want at most %g", name, got, c.want)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := memory.New()
	table := withItems(b, s)
	fill(b, s, table)
	gets := []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(50), storage.IntValue(50)}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), gets); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConditionalPut(b *testing.B) {
	s := memory.New()
	table := withItems(b, s)
	fill(b, s, table)
	group := put(table, 50, 50, 1)
	group[0].Condition = storage.If
	group[0].Where = []storage.Predicate{{Column: table.Column("n"), Operator: storage.Ge, Value: storage.IntValue(0)}}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Mutate(b.Context(), group); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScanPartition(b *testing.B) {
	s := memory.New()
	table := withItems(b, s)
	fill(b, s, table)
	scan := storage.Scan{Table: table, Partition: []storage.Value{storage.IntValue(50)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Scan(b.Context(), &scan); err != nil {
			b.Fatal(err)
		}
	}
}

// fill writes 100 partitions of 100 records.
func fill(b *testing.B, s storage.Storage, table *storage.Table) {
	b.Helper()
	for n := range int32(10_000) {
		if err := s.Mutate(b.Context(), put(table, n/100, n%100, n)); err != nil {
			b.Fatal(err)
		}
	}
}
