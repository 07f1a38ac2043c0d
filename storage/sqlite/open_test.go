package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/unprivileged"
	"github.com/scalargen/scalargen/storage"
)

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	utf16 := filepath.Join(dir, "utf16.db")
	run(t, raw(t, utf16), "PRAGMA encoding='UTF-16le'; CREATE TABLE t(x)")
	for name, c := range map[string]struct{ path, want string }{
		"not a database":    {text, "not a SQLite database"},
		"other encoding":    {utf16, "its text encoding is UTF-16le"},
		"missing directory": {filepath.Join(dir, "no", "such.db"), "check that its directory exists"},
		"directory":         {dir, "the file cannot be opened"},
		"empty path":        {"", "the path is empty"},
		"URI":               {"file:" + filepath.Join(dir, "a.db"), "give a plain path"},
		"NUL":               {"a\x00b", "NUL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(context.Background(), c.path)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	content, err := os.ReadFile(text)
	if err != nil || !strings.HasPrefix(string(content), "this is no") {
		t.Error("the foreign file was changed")
	}
}

func TestReadOnlyFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]Option{"WAL": nil, "rollback journal": {WithRollbackJournal()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			s := openFile(t, path, options...)
			create(t, s, simpleTable("ns", "t"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			unprivileged.Run(t, func() {
				s, err := Open(context.Background(), path, options...)
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), "cannot be written") {
					t.Errorf("error %v, want that the file cannot be written", err)
				}
			}, path)
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestPathsAreTakenLiterally(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a?mode=memory&x=.db", "per%20cent.db", "hash#.db", "space and 'quotes\".db", "日本.db"} {
		create(t, openFile(t, filepath.Join(dir, name)), simpleTable("ns", "t"))
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenKeepsWALAndFullDurability(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	for _, p := range []*pool{s.writer, s.readers} {
		ses, err := p.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "50"} {
			if got, err := pragma(ses, name); err != nil || got != want {
				t.Errorf("%s = %s, %v, want %s", name, got, err, want)
			}
		}
		p.release(ses)
	}
}

func TestOpenByProperties(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		properties storage.Properties
		want       string // the error, or the journal mode
	}{
		{storage.Properties{"scalar.db.storage": "sqlite", "scalar.db.contact_points": file("a.db")}, "wal"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:" + file("b.db") + "?busy_timeout=10000&journal_mode=WAL"}, "wal"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:" + file("c.db") + "?journal_mode=delete"}, "delete"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:"}, "memory"},
		{storage.Properties{"scalar.db.storage": "sqlite"}, "contact_points is missing"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x?cache_size=5"}, "unknown parameter cache_size"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x?synchronous=OFF"}, "synchronous=OFF"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x?journal_mode=MEMORY"}, "journal_mode=MEMORY"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x?transaction_mode=EXCLUSIVE"}, "transaction_mode=EXCLUSIVE"},
		{storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x?busy_timeout=-1"}, "busy_timeout"},
		{storage.Properties{"scalar.db.storage": "sqlite", "scalar.db.contact_points": ":memory:", "scalar.db.jdbc.isolation_level": "CHAOS"}, "isolation_level must be one of"},
		{storage.Properties{"scalar.db.storage": "sqlite", "scalar.db.contact_points": ":memory:", "scalar.db.jdbc.connection_pool.max_total": "0"}, "max_total must be at least 1"},
		{storage.Properties{"scalar.db.storage": "sqlite", "scalar.db.contact_points": ":memory:", "scalar.db.scan_fetch_size": "0"}, "scan_fetch_size must be at least 1"},
		{storage.Properties{"scalar.db.storage": "sqlite", "scalar.db.contact_points": ":memory:", "scalar.db.jdbc.table_metadata.schema": "a$b"}, "metadata schema"},
	} {
		s, err := storage.Open(t.Context(), c.properties)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			ses, err := s.(*Storage).writer.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, err = pragma(ses, "journal_mode"); err != nil {
				t.Fatal(err)
			}
			s.(*Storage).writer.release(ses)
			s.Close()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v: %s, want %s", c.properties, got, c.want)
		}
	}
}

func TestPropertiesReachTheConfiguration(t *testing.T) {
	t.Parallel()
	s, err := openProperties(t.Context(), storage.Properties{
		"scalar.db.contact_points":                 "jdbc:sqlite::memory:?busy_timeout=1234",
		"scalar.db.jdbc.connection_pool.max_total": "7",
		"scalar.db.jdbc.table_metadata.schema":     "meta",
		"scalar.db.scan_fetch_size":                "12",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := config{busyTimeout: 1234 * time.Millisecond, journalMode: journalWAL, metadataSchema: "meta", readers: 7, pageSize: 12}
	if diff := cmp.Diff(want, s.config, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
}

func TestMemoryDatabasesAreApart(t *testing.T) {
	t.Parallel()
	a, b := openFile(t, memoryPath), openFile(t, memoryPath)
	create(t, a, simpleTable("ns", "t"))
	if _, err := b.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "t"}); !errors.Is(err, storage.ErrTableNotFound) {
		t.Error(err)
	}
}
