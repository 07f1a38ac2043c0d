package postgres

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// openAt opens the database of a test server, and closes it with the test.
func openAt(t testing.TB, server *testserver.Server, options ...Option) *Storage {
	t.Helper()
	s, err := Open(t.Context(), server.URL, append([]Option{WithMaxConnections(8)}, options...)...)
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

// honest is what the suite must know of PostgreSQL.
var honest = []storagetest.Option{
	storagetest.Refuses("PostgreSQL holds no text with U+0000", func(_ storagetest.Use, v storage.Value) bool {
		return !v.IsNull() && v.Type() == storage.Text && strings.Contains(v.Text(), "\x00")
	}),
	storagetest.RefusesName("a dot ends the namespace in the metadata", func(kind storagetest.NameKind, name string) bool {
		return kind == storagetest.NamespaceName && strings.Contains(name, ".")
	}),
	storagetest.ForeignTables(func(s storage.Storage, definition *storage.Table) error {
		return s.(*Storage).execute(context.Background(), createTableText(definition))
	}),
}

// execute runs a statement as another program would.
func (s *Storage) execute(ctx context.Context, text string) error {
	_, err := s.pool.Exec(ctx, text)
	return err
}

func TestConformance(t *testing.T) {
	t.Parallel()
	otherOrder := append(honest[:len(honest):len(honest)], storagetest.Without(
		"the two zeros are equal, which the suite cannot know where only the server knows the order (Info.Compare is nil)", storagetest.AsValue, storage.Float, storage.Double))
	for name, c := range map[string]struct {
		server   []testserver.Option
		storage  []Option
		declared []storagetest.Option
	}{
		"default":         {declared: honest},
		"other collation": {server: []testserver.Option{testserver.Collation("C.UTF-8")}, declared: otherOrder},
		"serializable":    {storage: []Option{WithIsolationLevel("SERIALIZABLE")}, declared: honest},
		"small":           {storage: []Option{WithMaxConnections(2), WithPageSize(2)}, declared: honest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.Postgres(t, c.server...)
			storagetest.Run(t, func(t *testing.T) storage.Storage {
				s, err := Open(t.Context(), server.URL, append([]Option{WithMaxConnections(8)}, c.storage...)...)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}, c.declared...)
		})
	}
}

func TestCompareIsTheOrderOfTheServer(t *testing.T) {
	t.Parallel()
	minusZero, nan := math.Copysign(0, -1), math.NaN()
	for _, c := range []struct {
		a, b storage.Value
		want int
	}{
		{storage.DoubleValue(minusZero), storage.DoubleValue(0), 0},
		{storage.FloatValue(float32(minusZero)), storage.FloatValue(0), 0},
		{storage.DoubleValue(nan), storage.DoubleValue(math.Inf(1)), 1},
		{storage.DoubleValue(nan), storage.DoubleValue(nan), 0},
		{storage.FloatValue(-1), storage.FloatValue(float32(nan)), -1},
		{storage.Null(storage.Double), storage.DoubleValue(math.Inf(-1)), -1},
		{storage.TextValue("\U0001F600"), storage.TextValue("\uffee"), 1},
	} {
		if got := compare(c.a, c.b); got != c.want {
			t.Errorf("compare(%v, %v) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
