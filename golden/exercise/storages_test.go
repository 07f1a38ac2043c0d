package exercise

import (
	"context"
	"errors"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// storages are what every method of every table runs on.
var storages = map[string]func(t *testing.T, schema scalar.Schema) *scalar.DB{
	"memory": func(t *testing.T, schema scalar.Schema) *scalar.DB { return scalartest.Open(t, schema) },
	"sqlite": func(t *testing.T, schema scalar.Schema) *scalar.DB {
		s, err := sqlite.Open(t.Context(), ":memory:")
		if err != nil {
			t.Fatal(err)
		}
		db := scalar.New(s)
		t.Cleanup(func() {
			if err := db.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		tables := []*scalar.TableDef{scalar.CoordinatorTable("")}
		for def, transactions := range schema.Tables() {
			if transactions {
				def = scalar.TransactionTable(def, false)
			}
			tables = append(tables, def)
		}
		for _, table := range tables {
			err := errors.Join(
				s.Admin().CreateNamespace(t.Context(), table.Namespace, nil),
				s.Admin().CreateTable(t.Context(), table, nil),
			)
			if errors.Is(err, storage.ErrInvalid) {
				t.Skipf("SQLite cannot hold the schema: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return db
	},
}
