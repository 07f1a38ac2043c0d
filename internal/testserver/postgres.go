package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const givenPostgres = "SCALARGEN_TEST_POSTGRES"

// Postgres returns a fresh database of a PostgreSQL server that the tests share,
// encoded in UTF-8, its texts ordered bytewise. It is dropped at the end of the
// test, whoever is still connected. Without a server the test is skipped.
func Postgres(t testing.TB, options ...Option) *Server {
	t.Helper()
	c := configure(options)
	if len(c.settings) > 0 {
		t.Fatal("a shared server takes no settings: use PostgresOwn")
	}
	server, err := findPostgres(c.mode)
	if err != nil {
		skip(t, "postgres", err)
	}
	if err := server.createPostgres(c.collation); err != nil {
		if c.collation != "" && missingCollation(err) {
			t.Skipf("SKIPPED COLLATION %s: %v", c.collation, err)
		}
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := server.dropPostgres(); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return server
}

func findPostgres(mode Mode) (*Server, error) {
	if given := os.Getenv(givenPostgres); given != "" {
		return parsePostgres(given)
	}
	state, err := postgres.join(mode)
	if err != nil {
		return nil, err
	}
	return privatePostgres(state), nil
}

func privatePostgres(state *state) *Server {
	server := privateServer("postgres", state)
	server.parameters = url.Values{"sslmode": {"disable"}}
	server.Admin = server.postgresURL("postgres")
	return server
}

// parsePostgres does not repeat the URL in its errors, for its password.
func parsePostgres(given string) (*Server, error) {
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User == nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return nil, errors.New(givenPostgres + ": want postgres://user:password@host:port/database")
	}
	password, _ := u.User.Password()
	server := &Server{Kind: "postgres", Addr: u.Host, User: u.User.Username(), Password: password, parameters: u.Query(), Admin: given}
	if u.Port() == "" {
		server.Addr += ":5432"
	}
	if !server.parameters.Has("sslmode") {
		server.parameters.Set("sslmode", "prefer")
	}
	return server, nil
}

// createPostgres copies template0, which alone may be copied with another
// collation, and while others copy it too.
func (s *Server) createPostgres(collation Collation) error {
	s.Database = newName()
	s.Prefix = s.Database + "_"
	statement := "CREATE DATABASE " + s.Database + " TEMPLATE template0 ENCODING 'UTF8' "
	switch locale, icu := strings.CutPrefix(string(collation), "icu:"); {
	case icu:
		statement += fmt.Sprintf("LOCALE_PROVIDER icu ICU_LOCALE %s LC_COLLATE 'C' LC_CTYPE 'C'", quote(locale))
	case locale == "":
		statement += "LC_COLLATE 'C' LC_CTYPE 'C'"
	default:
		statement += fmt.Sprintf("LC_COLLATE %s LC_CTYPE %[1]s", quote(locale))
	}
	s.name()
	return s.onPostgres(s.Admin, statement)
}

func (s *Server) dropPostgres() error {
	return s.onPostgres(s.Admin, "DROP DATABASE IF EXISTS "+s.Database+" WITH (FORCE)")
}

func (s *Server) onPostgres(url, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	return err
}

// missingCollation reports whether the server lacks the collation, or the means for
// it (an ICU library, or a version that knows the clause).
func missingCollation(err error) bool {
	refused, is := errors.AsType[*pgconn.PgError](err)
	return is && (refused.Code == "42809" || refused.Code == "22023" || refused.Code == "0A000" ||
		refused.Code == "42601" || strings.Contains(refused.Message, "locale"))
}

func quote(literal string) string { return "'" + strings.ReplaceAll(literal, "'", "''") + "'" }
