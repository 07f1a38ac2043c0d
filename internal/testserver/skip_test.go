package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// verdict is a test that remembers how it ended.
type verdict struct {
	testing.TB
	text string
}

func (v *verdict) Helper() {}

func (v *verdict) Skip(arguments ...any) { v.text = "skip: " + fmt.Sprint(arguments...) }

func (v *verdict) Fatalf(format string, arguments ...any) {
	v.text = "fail: " + fmt.Sprintf(format, arguments...)
}

func TestMissingServerIsACountedSkipUnlessRequired(t *testing.T) {
	missing := errUnavailable{errors.New("no PostgreSQL,\nnone to be had")}
	count := filepath.Join(t.TempDir(), "skips")
	t.Setenv("SCALARGEN_SKIPS", count)
	for _, test := range []struct {
		required string
		err      error
		want     string
	}{
		{"", missing, "skip: SKIPPED SERVER postgres: no PostgreSQL,; none to be had"},
		{"mariadb", fmt.Errorf("open: %w", missing), "skip: SKIPPED SERVER postgres: open: no PostgreSQL,; none to be had"},
		{"mariadb, postgres", missing, "fail: SCALARGEN_REQUIRE lists postgres: no PostgreSQL,\nnone to be had"},
		{"", errors.New("it crashed"), "fail: test server postgres: it crashed"},
	} {
		t.Setenv("SCALARGEN_REQUIRE", test.required)
		v := &verdict{TB: t}
		skip(v, "postgres", test.err)
		if v.text != test.want {
			t.Errorf("SCALARGEN_REQUIRE=%s: %s, want %s", test.required, v.text, test.want)
		}
	}
	lines, err := os.ReadFile(count)
	if err != nil || strings.Count(string(lines), "SKIPPED SERVER postgres: ") != 2 || strings.Count(string(lines), "\n") != 2 {
		t.Errorf("%q, %v, want two lines", lines, err)
	}
}

func TestServersOfTheEnvironmentAreUsed(t *testing.T) {
	for kind, use := range map[string]struct {
		variable string
		get      func(testing.TB, ...Option) *Server
		own      func(testing.TB, ...Option) *Process
	}{
		"postgres": {givenPostgres, Postgres, PostgresOwn},
		"mariadb":  {givenMariaDB, MariaDB, MariaDBOwn},
		"mysql":    {givenMySQL, func(t testing.TB, _ ...Option) *Server { return MySQL(t) }, MariaDBOwn},
	} {
		t.Run(kind, func(t *testing.T) {
			given := use.own(t)
			t.Setenv(use.variable, given.Admin)
			server := use.get(t)
			if server.Kind != kind || server.Addr != given.Addr || server.Database == given.Database {
				t.Errorf("%s database %s at %s, want a new one of %s at %s", server.Kind, server.Database, server.Addr, kind, given.Addr)
			}
			run(t, server, "CREATE TABLE t (x int)")
			if got := ask(t, server, "SELECT concat(count(*), '') FROM t"); got != "0" {
				t.Error(got)
			}
		})
	}
}
