package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

var errOpened = errors.New("opened with ")

func init() {
	for _, name := range []string{"test-storage", "testsql"} {
		storage.Register(name, func(_ context.Context, p storage.Properties) (storage.Storage, error) {
			return nil, errors.Join(errOpened, errors.New(name+" "+p.String("scalar.db.contact_points", "")))
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		properties storage.Properties
		opened     bool
		contains   string
	}{
		{"by name", storage.Properties{"scalar.db.storage": "test-storage", "scalar.db.contact_points": "here"}, true, "test-storage here"},
		{"by JDBC URL", storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:testsql:file.db"}, true, "testsql jdbc:testsql:file.db"},
		{"name trimmed", storage.Properties{"scalar.db.storage": " testsql "}, true, "testsql"},
		{"Cassandra is the default", nil, false, `unknown storage "cassandra"`},
		{"unknown name", storage.Properties{"scalar.db.storage": "testsq"}, false, "test-storage, testsql"},
		{"not linked", storage.Properties{"scalar.db.storage": "sqlite"}, false, `import _ "github.com/scalargen/scalargen/storage/sqlite"`},
		{"not linked, by JDBC URL", storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:sqlite:x"}, false, "storage/sqlite"},
		{"no URL", storage.Properties{"scalar.db.storage": "jdbc"}, false, "scalar.db.contact_points"},
		{"no JDBC URL", storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "postgres://u:s3cret@host/db"}, false, "scalar.db.contact_points"},
		{"no subprotocol", storage.Properties{"scalar.db.storage": "jdbc", "scalar.db.contact_points": "jdbc:s3cret"}, false, "JDBC URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := storage.Open(t.Context(), c.properties)
			if err == nil || errors.Is(err, errOpened) != c.opened || !strings.Contains(err.Error(), c.contains) {
				t.Errorf("error %v, want one with %q", err, c.contains)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error quotes the URL: %v", err)
			}
		})
	}
}

func TestRegisterTwicePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	storage.Register("testsql", nil)
}
