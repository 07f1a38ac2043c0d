package testserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	givenMariaDB = "SCALARGEN_TEST_MARIADB"
	givenMySQL   = "SCALARGEN_TEST_MYSQL"
)

// MariaDB returns a fresh database of a MariaDB server that the tests share. It and
// all databases whose names begin with [Server.Prefix] are dropped at the end of
// the test, after their connections were closed. A test whose namespaces are
// databases names them by the prefix, and the schema of the metadata tables too.
// Without a server the test is skipped.
func MariaDB(t testing.TB, options ...Option) *Server {
	t.Helper()
	c := configure(options)
	if len(c.settings) > 0 {
		t.Fatal("a shared server takes no settings: use MariaDBOwn")
	}
	server, err := findMariaDBServer(c.mode)
	return useMySQL(t, "mariadb", server, err)
}

// MySQL returns the same of the MySQL server that SCALARGEN_TEST_MYSQL gives. No
// package holds a MySQL server, so the test is skipped otherwise.
func MySQL(t testing.TB) *Server {
	t.Helper()
	given := os.Getenv(givenMySQL)
	if given == "" {
		skip(t, "mysql", errUnavailable{errors.New(givenMySQL + " is not set, and no package registry has MySQL")})
	}
	server, err := parseMySQL("mysql", givenMySQL, given)
	return useMySQL(t, "mysql", server, err)
}

func useMySQL(t testing.TB, kind string, server *Server, err error) *Server {
	t.Helper()
	if err != nil {
		skip(t, kind, err)
	}
	if err := server.createMySQL(); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := server.dropMySQL(); err != nil {
			t.Errorf("drop the databases of the test: %v", err)
		}
	})
	return server
}

func findMariaDBServer(mode Mode) (*Server, error) {
	if given := os.Getenv(givenMariaDB); given != "" {
		return parseMySQL("mariadb", givenMariaDB, given)
	}
	state, err := mariadb.join(mode)
	if err != nil {
		return nil, err
	}
	return privateMariaDB(state), nil
}

func privateMariaDB(state *state) *Server {
	server := privateServer("mariadb", state)
	server.Admin = server.mysqlDSN("")
	return server
}

// parseMySQL does not repeat the DSN in its errors, for its password.
func parseMySQL(kind, variable, given string) (*Server, error) {
	config, err := mysql.ParseDSN(given)
	if err != nil || config.Net != "tcp" {
		return nil, errors.New(variable + ": want user:password@tcp(host:port)/")
	}
	server := &Server{Kind: kind, Addr: config.Addr, User: config.User, Password: config.Passwd}
	server.Admin = server.mysqlDSN("")
	return server, nil
}

func (s *Server) createMySQL() error {
	s.Database = newName()
	s.Prefix = s.Database + "_"
	s.name()
	return s.onMySQL(func(ctx context.Context, connection *sql.Conn) error {
		_, err := connection.ExecContext(ctx, "CREATE DATABASE "+s.Database+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
		return err
	})
}

// dropMySQL closes the connections that use the databases first: a transaction that
// somebody left open would keep them for ever.
func (s *Server) dropMySQL() error {
	return s.onMySQL(func(ctx context.Context, connection *sql.Conn) error {
		ours := func(name string) bool { return name == s.Database || strings.HasPrefix(name, s.Prefix) }
		used, err := column(ctx, connection, "SELECT CONCAT(id, ' ', db) FROM information_schema.processlist WHERE db IS NOT NULL")
		if err != nil {
			return err
		}
		for _, line := range used {
			if id, name, _ := strings.Cut(line, " "); ours(name) {
				_, _ = connection.ExecContext(ctx, "KILL "+id) // it may have gone by itself
			}
		}
		names, err := column(ctx, connection, "SELECT schema_name FROM information_schema.schemata")
		if err != nil {
			return err
		}
		if _, err := connection.ExecContext(ctx, "SET SESSION lock_wait_timeout = 30"); err != nil {
			return err
		}
		for _, name := range names {
			if !ours(name) {
				continue
			}
			if _, err := connection.ExecContext(ctx, "DROP DATABASE IF EXISTS `"+strings.ReplaceAll(name, "`", "``")+"`"); err != nil {
				return fmt.Errorf("%s (is a transaction of a connection without a database still open?): %w", name, err)
			}
		}
		return nil
	})
}

func column(ctx context.Context, connection *sql.Conn, query string) ([]string, error) {
	rows, err := connection.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

func (s *Server) onMySQL(do func(context.Context, *sql.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("mysql", s.Admin)
	if err != nil {
		return err
	}
	defer db.Close()
	connection, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	return do(ctx, connection)
}
