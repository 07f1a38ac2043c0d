package memory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func TestValuesAsText(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]storage.Value{
		"true": storage.BooleanValue(true), "-7": storage.IntValue(-7), "9007199254740993": storage.BigIntValue(9007199254740993),
		"0.1": storage.FloatValue(0.1), "1e+23": storage.DoubleValue(1e23), "00ff": storage.BlobValue([]byte{0, 255}),
		"1969-12-31": storage.DateValue(-1), "00:00:01.5": storage.TimeValue(1_500_000_000),
		"1970-01-01T00:00:00.001": storage.TimestampValue(1), "1970-01-01T00:00:00.001Z": storage.TimestampTZValue(1),
	} {
		s := memory.New()
		table := storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int), storagetest.Column("c", v.Type()))
		key := []storage.Value{storage.IntValue(1)}
		if err := errors.Join(
			s.CreateNamespace(t.Context(), "n", nil),
			s.CreateTable(t.Context(), table, nil),
			s.Mutate(t.Context(), []storage.Mutation{{Table: table, Key: key, Columns: []int{1}, Values: []storage.Value{v}}}),
			s.AlterColumnType(t.Context(), table.TableName, "c", storage.Text),
		); err != nil {
			t.Fatal(err)
		}
		changed, err := s.Table(t.Context(), table.TableName)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.Get(t.Context(), []storage.Get{{Table: changed, Key: key, Columns: []int{1}}})
		if err != nil || rows[0][0] != storage.TextValue(want) {
			t.Errorf("%v, %v, want %q", rows, err, want)
		}
	}
}

// A foreign table is in the way of a new one, and keeps its namespace.
func TestForeignTables(t *testing.T) {
	t.Parallel()
	s := memory.New()
	if err := s.AddForeignTable(items); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := s.CreateTable(ctx, items, nil); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("create: %v", err)
	}
	if err := s.DropNamespace(ctx, items.Namespace); !errors.Is(err, storage.ErrNotEmpty) {
		t.Errorf("drop namespace: %v", err)
	}
	if err := s.DropTable(ctx, items.TableName); !errors.Is(err, storage.ErrTableNotFound) {
		t.Errorf("drop: %v", err)
	}
	described, err := s.ForeignTable(ctx, items.TableName, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 1}, described.Partition); diff != "" || len(described.Clustering)+len(described.Indexes) > 0 {
		t.Errorf("%+v", described)
	}
	// A repair takes it over, its key in the roles of the definition.
	if err := s.RepairTable(ctx, items, nil); err != nil {
		t.Fatal(err)
	}
	if repaired, err := s.Table(ctx, items.TableName); err != nil || !repaired.Equal(items) {
		t.Errorf("%+v, %v", repaired, err)
	}
	other := storagetest.Table("shop", "other", storagetest.PartitionKey("a", storage.Int))
	if err := s.AddForeignTable(other); err != nil {
		t.Fatal(err)
	}
	for _, parts := range [][]storagetest.Part{
		{storagetest.PartitionKey("a", storage.Text)},
		{storagetest.PartitionKey("b", storage.Int)},
		{storagetest.PartitionKey("a", storage.Int), storagetest.PartitionKey("b", storage.Int)},
	} {
		if err := s.RepairTable(ctx, storagetest.Table("shop", "other", parts...), nil); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("repair of a foreign table of another shape: %v", err)
		}
	}
}
