package mysql

import (
	"context"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// servers are those that the tests run on.
var servers = map[string]func(t testing.TB) *testserver.Server{
	"MariaDB": func(t testing.TB) *testserver.Server { return testserver.MariaDB(t) },
	"MySQL":   func(t testing.TB) *testserver.Server { return testserver.MySQL(t) },
}

// onServers runs a test on each server.
func onServers(t *testing.T, test func(t *testing.T, server *testserver.Server)) {
	t.Parallel()
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, server(t))
		})
	}
}

// openServer opens the server with a metadata schema of the test's own.
func openServer(t testing.TB, server *testserver.Server, options ...Option) *Storage {
	t.Helper()
	options = append([]Option{WithMetadataSchema(server.Prefix + "meta"), WithPoolSize(20)}, options...)
	s, err := Open(context.Background(), server.DSN, options...)
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

func TestConformance(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		storagetest.Run(t, func(t *testing.T) storage.Storage {
			return openServer(t, server, WithPageSize(7))
		}, conformanceOptions(server)...)
	})
}

// TestConformanceWithoutMariaDB has MariaDB served as MySQL is: groups as
// several statements of one text, columns renamed by CHANGE.
func TestConformanceWithoutMariaDB(t *testing.T) {
	t.Parallel()
	server := testserver.MariaDB(t)
	long := "the same as in TestConformance"
	storagetest.Run(t, func(t *testing.T) storage.Storage {
		s := openServer(t, server)
		s.server.compounds, s.server.renames = false, false
		return s
	}, append(conformanceOptions(server), storagetest.Skip("names/namespaces", long), storagetest.Skip("names/tables", long))...)
}

func conformanceOptions(server *testserver.Server) []storagetest.Option {
	return []storagetest.Option{
		storagetest.Refuses("MySQL has neither NaN nor infinities", func(_ storagetest.Use, v storage.Value) bool {
			var f float64
			switch v.Type() {
			case storage.Float:
				f = float64(v.Float32())
			case storage.Double:
				f = v.Float64()
			}
			return math.IsNaN(f) || math.IsInf(f, 0)
		}),
		storagetest.Refuses("TEXT and BLOB in keys and indexes are VARCHAR(128) and VARBINARY(128)", func(use storagetest.Use, v storage.Value) bool {
			isKey := use == storagetest.AsPartitionKey || use == storagetest.AsClusteringKey || use == storagetest.AsIndex
			return isKey && (v.Type() == storage.Text && utf8.RuneCountInString(v.Text()) > 128 || v.Type() == storage.Blob && len(v.Text()) > 128)
		}),
		storagetest.Folds("−0.0 becomes 0.0", func(v storage.Value) storage.Value {
			switch v.Type() {
			case storage.Float:
				return storage.FloatValue(v.Float32() + 0)
			case storage.Double:
				return storage.DoubleValue(v.Float64() + 0)
			}
			return v
		}),
		storagetest.RefusesName("the metadata join namespace and table by a dot", func(kind storagetest.NameKind, name string) bool {
			return kind == storagetest.NamespaceName && strings.Contains(name, ".")
		}),
		storagetest.Skip("names/letter case", "MySQL folds the names of columns only: see TestLetterCase"),
		storagetest.ForeignTables(func(s storage.Storage, definition *storage.Table) error {
			return createForeign(server, definition)
		}),
	}
}
