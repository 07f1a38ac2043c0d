package scalar_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// openDB returns a DB in memory with the tables of testSchema.
func openDB(t *testing.T, options ...scalartest.Option) *scalar.DB {
	t.Helper()
	return scalartest.Open(t, testSchema, options...)
}

// onEachStorage runs a test on storages that promise much and little, groups of
// any size and long pages, or single records and pages of two, and on SQLite.
func onEachStorage(t *testing.T, test func(t *testing.T, db *scalar.DB), options ...scalar.Option) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, openDB(t, scalartest.With(options...)))
	})
	t.Run("record by record", func(t *testing.T) {
		t.Parallel()
		s := memory.New(memory.WithAtomicity(storage.AtomicRecord, 1), memory.WithPageSize(2))
		deploy(t, s, deployed()...)
		test(t, newDB(t, s, options...))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite(t, options...))
	})
}

// openSQLite returns a DB in SQLite with the tables of testSchema.
func openSQLite(t *testing.T, options ...scalar.Option) *scalar.DB {
	t.Helper()
	s, err := sqlite.Open(t.Context(), ":memory:")
	must(t, err)
	deploy(t, s, deployed()...)
	return newDB(t, s, options...)
}

func newDB(t *testing.T, s storage.Storage, options ...scalar.Option) *scalar.DB {
	t.Helper()
	db := scalar.New(s, options...)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return db
}

// deployed returns the tables of testSchema and the coordinator table, with all
// its columns, as they stand in the database.
func deployed() []*storage.Table {
	tables := []*storage.Table{scalar.CoordinatorTable("", scalar.GroupMembers, scalar.WriteSets)}
	for def, transaction := range testSchema.Tables() {
		if transaction {
			def = scalar.TransactionTable(def, false)
		}
		tables = append(tables, def)
	}
	return tables
}

func deploy(t *testing.T, s storage.Storage, tables ...*storage.Table) {
	t.Helper()
	for _, table := range tables {
		if err := s.Admin().CreateNamespace(t.Context(), table.Namespace, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Admin().CreateTable(t.Context(), table, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks the kind of an error and every part of its message.
func wantError(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error is %v, want %v", err, kind)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("message %q does not say %q", err, part)
		}
	}
}
