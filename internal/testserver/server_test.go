package testserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// ask runs a query of one value in a connection of its own.
func ask(t testing.TB, server *Server, query string) string {
	t.Helper()
	answer, err := tryAsk(t.Context(), server, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func tryAsk(ctx context.Context, server *Server, query string) (answer string, err error) {
	if server.Kind != "postgres" {
		db, err := sql.Open("mysql", server.DSN)
		if err != nil {
			return "", err
		}
		defer db.Close()
		err = db.QueryRowContext(ctx, query).Scan(&answer)
		return answer, err
	}
	connection, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		return "", err
	}
	defer connection.Close(context.WithoutCancel(ctx))
	err = connection.QueryRow(ctx, query).Scan(&answer)
	return answer, err
}

// run runs statements, each in a connection of its own.
func run(t testing.TB, server *Server, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		var err error
		if server.Kind == "postgres" {
			err = server.onPostgres(server.URL, statement)
		} else {
			err = server.onMySQL(func(ctx context.Context, connection *sql.Conn) error {
				if _, err := connection.ExecContext(ctx, "USE "+server.Database); err != nil {
					return err
				}
				_, err := connection.ExecContext(ctx, statement)
				return err
			})
		}
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// onEach runs a test with a shared server of each kind.
func onEach(t *testing.T, test func(*testing.T, *Server)) {
	t.Parallel()
	for kind, get := range map[string]func(testing.TB, ...Option) *Server{"postgres": Postgres, "mariadb": MariaDB} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, get(t))
		})
	}
}

func TestDatabaseIsFresh(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		wants := map[string]string{
			"SELECT current_database()":                      server.Database,
			"SHOW server_encoding":                           "UTF8",
			"SHOW fsync":                                     "off",
			"SELECT count(*)::text FROM pg_stat_user_tables": "0",
			"SELECT datcollate FROM pg_database WHERE datname = current_database()": "C",
		}
		if server.Kind == "mariadb" {
			wants = map[string]string{
				"SELECT database()":                       server.Database,
				"SELECT @@collation_database":             "utf8mb4_bin",
				"SELECT @@innodb_flush_log_at_trx_commit": "0",
				"SELECT count(*) FROM mysql.global_priv WHERE Priv NOT LIKE '%\"plugin\"%' OR User = 'root'": "0",
			}
		}
		for query, want := range wants {
			if got := ask(t, server, query); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
	})
}

func TestDurableServerSyncs(t *testing.T) {
	t.Parallel()
	if got := ask(t, Postgres(t, Durable), "SELECT current_setting('fsync') || current_setting('synchronous_commit')"); got != "onon" {
		t.Errorf("PostgreSQL: %s", got)
	}
	if got := ask(t, MariaDB(t, Durable), "SELECT @@innodb_flush_log_at_trx_commit"); got != "1" {
		t.Errorf("MariaDB: %s", got)
	}
}

// The databases of a test go with it, also while somebody uses them.
func TestDatabasesGoWithTheTest(t *testing.T) {
	onEach(t, func(t *testing.T, kept *Server) {
		var gone *Server
		t.Run("test", func(t *testing.T) {
			if kept.Kind == "postgres" {
				gone = Postgres(t)
				connection, err := pgx.Connect(t.Context(), gone.URL)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { connection.Close(context.Background()) })
				if _, err := connection.Exec(t.Context(), "BEGIN"); err != nil {
					t.Fatal(err)
				}
				return
			}
			gone = MariaDB(t)
			run(t, gone, "CREATE TABLE t (x int)", "CREATE DATABASE "+gone.Prefix+"more")
			db, err := sql.Open("mysql", gone.DSN)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
				t.Fatal(err)
			}
		})
		query := "SELECT count(*)::text FROM pg_database WHERE datname LIKE '" + gone.Database + "%'"
		if kept.Kind == "mariadb" {
			query = "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE '" + gone.Database + "%'"
		}
		if got := ask(t, kept, query); got != "0" {
			t.Errorf("%s databases are left", got)
		}
	})
}

func TestCollationIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	for collation, want := range map[Collation]string{"": "f", "C.UTF-8": "f", "icu:en-US": "t"} {
		t.Run(string(collation), func(t *testing.T) {
			t.Parallel()
			server := Postgres(t, collation)
			if got := ask(t, server, "SELECT ('a' < 'B')::text"); got[:1] != want {
				t.Errorf("'a' < 'B': %s, want %s", got, want)
			}
		})
	}
}

func TestUnknownCollationIsASkipOfItsOwn(t *testing.T) {
	t.Parallel()
	server := Postgres(t)
	err := server.onPostgres(server.Admin, "CREATE DATABASE x TEMPLATE template0 LC_COLLATE 'xx_XX.UTF-8' LC_CTYPE 'xx_XX.UTF-8'")
	if err == nil || !missingCollation(err) {
		t.Errorf("not recognised: %v", err)
	}
}

func TestPasswordIsChecked(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		wrong := *server
		wrong.Password = "wrong"
		wrong.name()
		if _, err := tryAsk(t.Context(), &wrong, "SELECT '1'"); err == nil || strings.Contains(err.Error(), server.Password) {
			t.Errorf("wrong password: %v", err)
		}
	})
}

func TestCertificateIsSignedByTheAuthority(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		needTLS(t, server)
		secured := *server
		if server.Kind == "postgres" {
			secured.URL = strings.Replace(server.URL, "sslmode=disable", "sslmode=verify-full&sslrootcert="+server.Authority, 1)
			if got := ask(t, &secured, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"); got != "true" {
				t.Errorf("encrypted: %s", got)
			}
			return
		}
		secured.DSN = trusting(t, server)
		if got := ask(t, &secured, "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'"); got != "1" {
			t.Errorf("encrypted: %s", got)
		}
	})
}

func needTLS(t *testing.T, server *Server) {
	t.Helper()
	if server.Authority == "" {
		t.Skipf("this build of %s speaks no TLS", server.Kind)
	}
}

// trusting is the DSN of a connection that is encrypted.
func trusting(t *testing.T, server *Server) string {
	t.Helper()
	content, err := os.ReadFile(server.Authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		t.Fatal("no certificate in " + server.Authority)
	}
	if err := mysql.RegisterTLSConfig(server.Database, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mysql.DeregisterTLSConfig(server.Database) })
	return fmt.Sprintf("%s?tls=%s", server.DSN, server.Database)
}

func TestGivenServerIsDescribed(t *testing.T) {
	t.Parallel()
	server, err := parsePostgres("postgres://us%40r:p%2Fw@db.example/main?sslmode=require&sslrootcert=x")
	if err != nil {
		t.Fatal(err)
	}
	server.Database = "d"
	server.name()
	if want := "postgres://us%40r:p%2Fw@db.example:5432/d?sslmode=require&sslrootcert=x"; server.URL != want {
		t.Errorf("URL %s, want %s", server.URL, want)
	}
	if want := "jdbc:postgresql://db.example:5432/d?sslmode=require"; server.JDBC != want {
		t.Errorf("JDBC %s, want %s", server.JDBC, want)
	}
	if server, err = parseMySQL("mysql", givenMySQL, "us@r:p:/w@tcp(db.example:3307)/"); err != nil {
		t.Fatal(err)
	}
	server.Database = "d"
	server.name()
	if want := "us@r:p:/w@tcp(db.example:3307)/d"; server.DSN != want {
		t.Errorf("DSN %s, want %s", server.DSN, want)
	}
	if want := "jdbc:mysql://db.example:3307/d"; server.JDBC != want {
		t.Errorf("JDBC %s, want %s", server.JDBC, want)
	}
}

func TestGivenServerThatIsNoneIsRefusedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"secret", "postgres://u:secret@%zz/", "postgres://u:secret@", "host=h password=secret"} {
		if _, err := parsePostgres(given); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", given, err)
		}
	}
	for _, given := range []string{"secret", "u:secret@unix(/s)/", "u:secret@tcp(h"} {
		if _, err := parseMySQL("mariadb", givenMariaDB, given); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", given, err)
		}
	}
}
