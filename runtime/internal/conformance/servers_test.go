package conformance

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/mysql"
	"github.com/scalargen/scalargen/storage/postgres"
)

// always is for storages that need no server.
func always(open func() (storage.Storage, error)) func(*testing.T) func() (storage.Storage, error) {
	return func(*testing.T) func() (storage.Storage, error) { return open }
}

// postgresDatabases gives every storage a database of its own.
func postgresDatabases(t *testing.T) func() (storage.Storage, error) {
	testserver.Postgres(t) // or skip
	return func() (storage.Storage, error) {
		s, err := postgres.Open(context.Background(), testserver.Postgres(t).URL)
		if err != nil {
			return nil, err
		}
		return newOutside(s), nil
	}
}

// mariadbServers gives every storage a server of its own: a namespace is a
// database there, and the checklist has names for its own. A server whose storage
// is closed serves the next one.
func mariadbServers(t *testing.T) func() (storage.Storage, error) {
	var mu sync.Mutex
	idle := []*testserver.Process{testserver.MariaDBOwn(t)} // or skip
	take := func() *testserver.Process {
		mu.Lock()
		defer mu.Unlock()
		if n := len(idle); n > 0 {
			server := idle[n-1]
			idle = idle[:n-1]
			return server
		}
		return testserver.MariaDBOwn(t)
	}
	return func() (storage.Storage, error) {
		server := take()
		if err := dropDatabases(server.Admin); err != nil {
			return nil, err
		}
		s, err := mysql.Open(context.Background(), server.Admin)
		if err != nil {
			return nil, err
		}
		return closing{newOutside(s), func() {
			mu.Lock()
			defer mu.Unlock()
			idle = append(idle, server)
		}}, nil
	}
}

// closing is a storage whose end somebody is told of.
type closing struct {
	*outside
	closed func()
}

func (c closing) Close() error {
	defer c.closed()
	return c.outside.Close()
}

func dropDatabases(dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query("SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema','mysql','performance_schema','sys')")
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		var name string
		err = errors.Join(err, rows.Scan(&name))
		names = append(names, name)
	}
	for _, name := range names {
		_, failure := db.Exec("DROP DATABASE `" + strings.ReplaceAll(name, "`", "``") + "`")
		err = errors.Join(err, failure)
	}
	return errors.Join(err, rows.Err())
}
