package testserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Server is a database of one test on a server that other tests use too.
type Server struct {
	Kind     string // "postgres", "mariadb" or "mysql"
	Addr     string // host:port
	User     string // may create databases; on a private server it may do everything
	Password string
	Database string // exists and is empty

	// Prefix begins the names of further databases that the test creates on
	// MariaDB and MySQL, where a namespace is a database. What bears it is
	// dropped with the test. It is Database and "_".
	Prefix string

	URL   string // of the database, for pgx: postgres://…; empty on MariaDB and MySQL
	DSN   string // of the database, for go-sql-driver/mysql; empty on PostgreSQL
	JDBC  string // of the database, for Java, without user and password
	Admin string // as URL or DSN, of the server: for what concerns more than the database

	// Authority is the file of the certificate that signed the server's, for TLS to
	// 127.0.0.1 or localhost. Empty if the environment gives the server, or if it
	// was built without TLS. URL, DSN and JDBC do not ask for TLS.
	Authority string

	parameters url.Values // of a given URL
}

// Through returns the same database behind another address, that of a proxy.
func (s *Server) Through(addr string) *Server {
	moved := *s
	moved.Addr = addr
	moved.name()
	return &moved
}

// name derives what can be derived from the other fields.
func (s *Server) name() {
	if s.Kind == "postgres" {
		s.URL = s.postgresURL(s.Database)
		s.JDBC = "jdbc:postgresql://" + s.Addr + "/" + s.Database + "?sslmode=" + s.parameters.Get("sslmode")
		return
	}
	s.DSN = s.mysqlDSN(s.Database)
	s.JDBC = "jdbc:" + s.Kind + "://" + s.Addr + "/" + s.Database
}

func (s *Server) postgresURL(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: s.Addr, Path: "/" + database, RawQuery: s.parameters.Encode(),
	}).String()
}

func (s *Server) mysqlDSN(database string) string {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.DBName = s.User, s.Password, "tcp", s.Addr, database
	return config.FormatDSN()
}

// newName is a name for a database that no other has.
func newName() string { return fmt.Sprintf("scalargen_%08x", rand.Uint32()) }

// privateServer describes a server that a keeper keeps.
func privateServer(kind string, state *state) *Server {
	return &Server{
		Kind: kind, Addr: net.JoinHostPort("127.0.0.1", fmt.Sprint(state.Port)), User: state.User, Password: state.Password,
		Authority: state.Authority,
	}
}

// skip skips or fails a test that gets no server.
func skip(t testing.TB, kind string, err error) {
	t.Helper()
	if !isUnavailable(err) {
		t.Fatalf("test server %s: %v", kind, err)
		return
	}
	Skip(t, kind, err)
}

// Skip skips a test that needs something which cannot be had on this machine, and
// counts that: a line goes to the file that SCALARGEN_SKIPS names. The test fails
// instead if SCALARGEN_REQUIRE lists the kind.
func Skip(t testing.TB, kind string, err error) {
	t.Helper()
	required := strings.Split(os.Getenv("SCALARGEN_REQUIRE"), ",")
	if slices.ContainsFunc(required, func(name string) bool { return strings.TrimSpace(name) == kind }) {
		t.Fatalf("SCALARGEN_REQUIRE lists %s: %v", kind, err)
		return
	}
	reason := "SKIPPED SERVER " + kind + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")
	if path := os.Getenv("SCALARGEN_SKIPS"); path != "" {
		if err := note(path, reason); err != nil {
			t.Fatalf("SCALARGEN_SKIPS: %v", err)
			return
		}
	}
	t.Skip(reason)
}

// note appends a line to a file that several processes append to.
func note(path, line string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line + "\n")
	return errors.Join(err, file.Close())
}
