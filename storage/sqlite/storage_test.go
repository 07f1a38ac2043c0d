package sqlite

import (
	"cmp"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// openFile opens a new database file, or the one at path.
func openFile(t testing.TB, path string, options ...Option) *Storage {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "test.db")
	}
	s, err := Open(t.Context(), path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// honest is what the suite must know of SQLite.
var honest = []storagetest.Option{
	storagetest.ImplicitNamespaces("a namespace is the prefix of its tables' names"),
	storagetest.FoldsCase("SQLite does not tell names that differ in the case of ASCII letters apart"),
	storagetest.Refuses("SQLite would store NaN as NULL", func(_ storagetest.Use, v storage.Value) bool {
		return math.IsNaN(number(v))
	}),
	storagetest.Folds("SQLite stores −0.0 as 0.0", func(v storage.Value) storage.Value {
		switch v.Type() {
		case storage.Float:
			return storage.FloatValue(v.Float32() + 0)
		case storage.Double:
			return storage.DoubleValue(v.Float64() + 0)
		}
		return v
	}),
	storagetest.CannotChange("SQLite's ALTER TABLE cannot change types", storagetest.AlterTypes),
	storagetest.ForeignTables(func(s storage.Storage, definition *storage.Table) error {
		return s.(*Storage).update(context.Background(), "create", definition.TableName, func(ses *session) error {
			return execute(ses, createTableText(definition))
		})
	}),
	storagetest.RefusesName("$ separates namespace and table, and a dot ends the namespace in the metadata", func(kind storagetest.NameKind, name string) bool {
		return kind != storagetest.ColumnName && strings.Contains(name, "$") || kind == storagetest.NamespaceName && strings.Contains(name, ".")
	}),
}

func number(v storage.Value) float64 {
	switch {
	case v.IsNull():
		return 0
	case v.Type() == storage.Float:
		return float64(v.Float32())
	case v.Type() == storage.Double:
		return v.Float64()
	default:
		return 0
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) storage.Storage{
		"file":   func(t *testing.T) storage.Storage { return openUnowned(t, filepath.Join(t.TempDir(), "test.db")) },
		"memory": func(t *testing.T) storage.Storage { return openUnowned(t, memoryPath) },
		"rollback journal": func(t *testing.T) storage.Storage {
			return openUnowned(t, filepath.Join(t.TempDir(), "test.db"), WithRollbackJournal())
		},
		"small": func(t *testing.T) storage.Storage {
			return openUnowned(t, filepath.Join(t.TempDir(), "test.db"), WithReaders(1), WithPageSize(2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, open, honest...)
		})
	}
}

// openUnowned opens a database that the suite closes.
func openUnowned(t *testing.T, path string, options ...Option) storage.Storage {
	t.Helper()
	s, err := Open(t.Context(), path, options...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCompareHoldsTheZerosEqual(t *testing.T) {
	t.Parallel()
	minusZero := math.Copysign(0, -1)
	for _, c := range []struct {
		a, b storage.Value
		want int
	}{
		{storage.DoubleValue(minusZero), storage.DoubleValue(0), 0},
		{storage.FloatValue(float32(minusZero)), storage.FloatValue(0), 0},
		{storage.DoubleValue(-1), storage.DoubleValue(minusZero), -1},
		{storage.Null(storage.Double), storage.DoubleValue(math.Inf(-1)), -1},
		{storage.TextValue("\U0001F600"), storage.TextValue("\uffee"), 1},
		{storage.BooleanValue(false), storage.BooleanValue(true), -1},
	} {
		if got := cmp.Compare(compare(c.a, c.b), 0); got != c.want {
			t.Errorf("compare(%v, %v) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
