//go:build linux

package soak

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	_ "github.com/scalargen/scalargen/storage/mysql"
	_ "github.com/scalargen/scalargen/storage/postgres"
	_ "github.com/scalargen/scalargen/storage/sqlite"
)

// silenceDrivers stops the driver of MariaDB from telling of each connection that
// is cut.
func silenceDrivers() { _ = driver.SetLogger(&driver.NopLogger{}) }

func targetOf(t *testing.T, name string) *Target {
	switch name {
	case "sqlite":
		return sqliteTarget(t)
	case "postgres":
		return serverTarget(t, testserver.PostgresOwn(t, testserver.Durable), postgresFull)
	case "mariadb":
		return serverTarget(t, testserver.MariaDBOwn(t, testserver.Durable), mariadbFull)
	default:
		t.Fatalf("there is no storage %q", name)
		return nil
	}
}

func sqliteTarget(t *testing.T) *Target {
	return &Target{
		Name:      "sqlite",
		Namespace: "soak", Coordinator: "coordinator",
		Properties: storage.Properties{
			"scalar.db.storage":        "sqlite",
			"scalar.db.contact_points": filepath.Join(t.TempDir(), "soak.db"),
		},
		// The log and the file of the database grow beyond it soon, histories do not.
		FileSize: 1 << 20,
		Losses:   0.002,
	}
}

const pool = "scalar.db.jdbc.connection_pool."

// serverTarget is a database on a server that the test may kill. full makes it
// report a full disk.
func serverTarget(t *testing.T, server *testserver.Process, full func(*sql.DB, context.Context, *Target, bool) error) *Target {
	namespace := server.Prefix
	target := &Target{
		Name:      server.Kind,
		Namespace: namespace + "soak", Coordinator: namespace + "coordinator",
		Losses: 0.0005,
	}
	properties := func(s *testserver.Server) storage.Properties {
		point := s.URL
		if point == "" {
			point = s.DSN
		}
		return storage.Properties{
			"scalar.db.storage":                    s.Kind,
			"scalar.db.contact_points":             point,
			"scalar.db.jdbc.table_metadata.schema": namespace + "scalardb",
			pool + "max_total":                     "8",
			pool + "min_idle":                      "1",
		}
	}
	target.Properties = properties(server.Server)
	for range 2 {
		proxy := testserver.NewProxy(t, server.Server)
		target.Routes = append(target.Routes, Route{properties(proxy.Server), proxy}, Route{target.Properties, nil})
	}
	target.FewConnections = func(p storage.Properties) storage.Properties {
		p = maps.Clone(p)
		p[pool+"max_total"], p[pool+"min_idle"], p[pool+"connection_timeout_millis"] = "1", "0", "300"
		return p
	}
	target.Crash = func() error {
		if err := server.Kill(); err != nil {
			return err
		}
		return server.Start()
	}
	kind, source := "pgx", server.URL
	if source == "" {
		kind, source = "mysql", server.DSN
	}
	db, err := sql.Open(kind, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(time.Second)
	target.DiskFull = func(ctx context.Context, on bool) error { return full(db, ctx, target, on) }
	return target
}

// fullTables are those on which triggers are set.
func fullTables(t *Target) map[string]string {
	return map[string]string{"lists": t.Namespace, "registers": t.Namespace, "state": t.Coordinator}
}

// postgresFull has every write of the soak's tables fail as on a full disk.
func postgresFull(db *sql.DB, ctx context.Context, t *Target, full bool) error {
	_, err := db.ExecContext(ctx, `CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
	for table, namespace := range fullTables(t) {
		_, dropped := db.ExecContext(ctx, fmt.Sprintf(`DROP TRIGGER IF EXISTS disk_full ON %q.%q`, namespace, table))
		err = errors.Join(err, dropped)
		if full {
			_, set := db.ExecContext(ctx, fmt.Sprintf(`CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE OR DELETE ON %q.%q FOR EACH ROW EXECUTE FUNCTION disk_full()`, namespace, table))
			err = errors.Join(err, set)
		}
	}
	return err
}

// mariadbFull does the same on MariaDB, where each kind of write has a trigger of
// its own.
func mariadbFull(db *sql.DB, ctx context.Context, t *Target, full bool) error {
	var err error
	for table, namespace := range fullTables(t) {
		for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
			name := fmt.Sprintf("`%s`.`disk_full_%s_%s`", namespace, table, event)
			_, dropped := db.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+name)
			err = errors.Join(err, dropped)
			if full {
				_, set := db.ExecContext(ctx, fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON `%s`.`%s` FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021, MESSAGE_TEXT = 'Disk full'",
					name, event, namespace, table))
				err = errors.Join(err, set)
			}
		}
	}
	return err
}
