package testserver

import (
	"context"
	"testing"
)

// onEachOwn runs a test with a server of its own of each kind.
func onEachOwn(t *testing.T, test func(*testing.T, *Process), options ...Option) {
	t.Parallel()
	for kind, get := range map[string]func(testing.TB, ...Option) *Process{"postgres": PostgresOwn, "mariadb": MariaDBOwn} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, get(t, options...))
		})
	}
}

func TestOwnServerKeepsItsDataWhenKilledAndStopped(t *testing.T) {
	onEachOwn(t, func(t *testing.T, process *Process) {
		run(t, process.Server, "CREATE TABLE t (x varchar(10))")
		for round, end := range []func() error{process.Kill, process.Stop, process.Kill} {
			run(t, process.Server, "INSERT INTO t VALUES ('row')")
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if _, err := tryAsk(t.Context(), process.Server, "SELECT 'there'"); err == nil {
				t.Fatal("the server that has ended answers")
			}
			if err := end(); err != nil {
				t.Errorf("end of a server that has ended: %v", err)
			}
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			if got, want := ask(t, process.Server, "SELECT concat(count(*), '') FROM t"), string(rune('1'+round)); got != want {
				t.Errorf("round %d: %s rows, want %s", round, got, want)
			}
		}
		if err := process.Start(); err == nil {
			t.Error("started a server that runs")
		}
	}, Durable)
}

// A statement that is under way when the server is killed does not outlive Kill: the
// server could not start again, and the statement could still commit.
func TestKillLeavesNoStatementUnderWay(t *testing.T) {
	t.Parallel()
	process := PostgresOwn(t)
	run(t, process.Server, "CREATE TABLE t (x varchar(10))")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, _ = tryAsk(ctx, process.Server, "SELECT 'x' FROM generate_series(1, 1000000000) g ORDER BY g DESC LIMIT 1")
	}()
	for ask(t, process.Server, "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%generate_series(1,%' AND pid <> pg_backend_pid()") == "0" {
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
}

func TestSettingsAreThoseOfTheOwnServer(t *testing.T) {
	t.Parallel()
	if got := ask(t, PostgresOwn(t, Set("max_connections=17")).Server, "SHOW max_connections"); got != "17" {
		t.Errorf("PostgreSQL: %s", got)
	}
	if got := ask(t, MariaDBOwn(t, Set("max-connections=17")).Server, "SELECT @@max_connections"); got != "17" {
		t.Errorf("MariaDB: %s", got)
	}
}

// What the server says about it is in the error, and nothing is left.
func TestServerThatDoesNotStartSaysWhy(t *testing.T) {
	t.Setenv("TMPDIR", ownPlace(t))
	for kind, setting := range map[string]Set{"postgres": "no_such_setting=1", "mariadb": "no-such-setting=1"} {
		_, err := Start(kind, setting)
		if isUnavailable(err) {
			t.Logf("SKIPPED SERVER %s: %v", kind, err)
			continue
		}
		wantError(t, err, "such")
		wantGone(t, baseDirectory())
	}
}

func TestMisuseIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Start("oracle")
	wantError(t, err, `unknown kind of server "oracle": want postgres or mariadb`)
	_, err = Start("postgres", Set("fsync"))
	wantError(t, err, `setting "fsync": want name=value`)
}
