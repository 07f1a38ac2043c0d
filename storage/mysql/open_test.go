package mysql

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// withDSN returns the server's data source name after a change.
func withDSN(t testing.TB, server *testserver.Server, change func(c *my.Config)) string {
	t.Helper()
	c, err := my.ParseDSN(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	change(c)
	return c.FormatDSN()
}

func TestOpenFailures(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		closed.Close()
		for _, c := range []struct {
			name   string
			change func(c *my.Config)
			want   []string
		}{
			{"wrong password", func(c *my.Config) { c.Passwd = "wrong-secret" }, []string{server.Addr, "Access denied", "scalar.db.password"}},
			{"no such user", func(c *my.Config) { c.User = "nobody" }, []string{server.Addr, "nobody", "scalar.db.username"}},
			{"missing database", func(c *my.Config) { c.DBName = "no_such_database" }, []string{server.Addr, "no_such_database", "create the database"}},
			{"nobody listens", func(c *my.Config) { c.Addr = closed.Addr().String() }, []string{closed.Addr().String(), "refused"}},
			{"no TLS", func(c *my.Config) { c.TLSConfig = "true" }, []string{server.Addr}},
		} {
			dsn := withDSN(t, server, c.change)
			s, err := Open(t.Context(), dsn)
			if err == nil {
				s.Close()
				t.Errorf("%s: opened", c.name)
				continue
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error %q does not say %q", c.name, err, want)
				}
			}
			for _, secret := range []string{"wrong-secret", server.Password} {
				if secret != "" && secret != server.User && strings.Contains(err.Error(), secret) {
					t.Errorf("%s: error %q gives the password away", c.name, err)
				}
			}
		}
	})
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, option := range []Option{
		WithPoolSize(0), WithPageSize(0), WithKeySize(63), WithConnectionTimeout(-1), WithIdleTimeout(-1), WithMaxLifetime(-1), WithIsolation("SNAPSHOT"),
		WithMetadataSchema("a.b"), WithMetadataSchema("mysql"),
	} {
		if s, err := Open(t.Context(), "u:secret@tcp(127.0.0.1:1)/", option); err == nil {
			s.Close()
			t.Error("opened")
		}
	}
	if _, err := Open(t.Context(), "u:secret@tcp(127.0.0.1:1)"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a malformed name: %v", err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version            string
		product            product
		compounds, renames bool
		refused            string
	}{
		{"8.0.36", productMySQL, false, true, ""},
		{"8.4.0-commercial", productMySQL, false, true, ""},
		{"5.7.44-log", productMySQL, false, false, ""},
		{"10.11.19-MariaDB-0+deb12u1", productMariaDB, true, true, ""},
		{"5.5.5-10.3.39-MariaDB-log", productMariaDB, false, false, ""},
		{"11.4.5-MariaDB", productMariaDB, true, true, ""},
		{"10.5.1-MariaDB", productMariaDB, false, false, ""},
		{"8.0.11-TiDB-v8.5.1", productTiDB, false, true, ""},
		{"5.6.51", 0, false, false, "MySQL 5.6: 5.7 is the oldest"},
		{"5.5.68-MariaDB", 0, false, false, "MariaDB 5.5: 10.0 is the oldest"},
		{"unknown", 0, false, false, `"unknown"`},
	} {
		s := server{address: "h:3306"}
		err := s.parseVersion(c.version)
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) || !strings.Contains(err.Error(), "h:3306") {
				t.Errorf("%s: %v", c.version, err)
			}
			continue
		}
		if err != nil || s.product != c.product || s.compounds != c.compounds || s.renames != c.renames {
			t.Errorf("%s: %+v, %v", c.version, s, err)
		}
	}
}

// TestTiDBRefusesChecksBesideWrites: it has no shared locks.
func TestTiDBRefusesChecksBesideWrites(t *testing.T) {
	t.Parallel()
	s := &Storage{server: &server{product: productTiDB}}
	table := &storage.Table{TableName: storage.TableName{Namespace: "n", Name: "t"}, Columns: []storage.Column{{Name: "k", Type: storage.Int}, {Name: "v", Type: storage.Int}}, Partition: []int{0}}
	check := storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(1)}, Condition: storage.IfExists}
	err := s.Mutate(t.Context(), []storage.Mutation{check, insert(table, 2, 1)})
	if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "TiDB") {
		t.Errorf("error %v", err)
	}
}

func TestCollationOfTheServerIsLookedAt(t *testing.T) {
	t.Parallel()
	process := testserver.MariaDBOwn(t, testserver.Set("collation-server=utf8mb4_general_ci"))
	var log bytes.Buffer
	s := openServer(t, process.Server, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if !strings.Contains(log.String(), "utf8mb4_general_ci") || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("log %q", log.String())
	}
	if s.Info("anything").Compare != nil {
		t.Error("an order is given for namespaces to come")
	}
	db := raw(t, process.Server)
	run(t, db, "CREATE SCHEMA binary_ns COLLATE utf8mb4_bin")
	run(t, db, "CREATE SCHEMA mixed_ns COLLATE utf8mb4_bin")
	log.Reset()
	s = openServer(t, process.Server, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	table := &storage.Table{TableName: storage.TableName{Namespace: "binary_ns", Name: "t"}, Columns: []storage.Column{{Name: "k", Type: storage.Text}}, Partition: []int{0}}
	mixed := *table
	mixed.Namespace = "mixed_ns"
	for _, table := range []*storage.Table{table, &mixed} {
		if err := s.Admin().CreateTable(t.Context(), table, nil); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, "ALTER TABLE mixed_ns.t MODIFY k VARCHAR(128) COLLATE utf8mb4_general_ci")
	for _, table := range []*storage.Table{table, &mixed} {
		if s.Info(table.Namespace).Compare == nil {
			t.Errorf("no order is given for %s, whose database compares code points", table.Namespace)
		}
		if _, err := s.Table(t.Context(), table.TableName); err != nil {
			t.Fatal(err)
		}
	}
	if s.Info("binary_ns").Compare == nil || s.Info("mixed_ns").Compare != nil {
		t.Error("the tables' own collations were not looked at")
	}
	if !strings.Contains(log.String(), "mixed_ns.t") {
		t.Errorf("log %q", log.String())
	}
}

// TestDefaultsOfTheServerAreNotInherited runs on a server that commits nothing by
// itself, begins a transaction after each, and cuts what is too long.
func TestDefaultsOfTheServerAreNotInherited(t *testing.T) {
	t.Parallel()
	process := testserver.MariaDBOwn(t, testserver.Set("autocommit=0"), testserver.Set("completion-type=CHAIN"), testserver.Set("sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES"),
		testserver.Set("transaction-isolation=SERIALIZABLE"), testserver.Set("default-storage-engine=MyISAM"))
	s := openServer(t, process.Server)
	table := storagetest.Table(process.Prefix+"ns", "t", storagetest.PartitionKey("k", storage.Text), storagetest.Column("v", storage.Text))
	createTable(t, s, table)
	put := func(key string) storage.Mutation {
		return storage.Mutation{Table: table, Key: []storage.Value{storage.TextValue(key)}, Columns: []int{1}, Values: []storage.Value{storage.TextValue(`\'"`)}}
	}
	seen := func(want string) {
		t.Helper()
		if got := results(t, process.Server, "SELECT COUNT(*) FROM `"+table.Namespace+"`.t WHERE v=x'5c2722'"); got[0] != want {
			t.Errorf("others see %s records, want %s", got[0], want)
		}
	}
	mutate(t, s, put("a"))
	seen("1")
	s.server.compounds = false
	mutate(t, s, put("b"), put("c"))
	mutate(t, s, put("d")) // over the same connection
	seen("4")
	if got := results(t, process.Server, "SELECT DISTINCT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA LIKE '"+process.Prefix+"%'"); strings.Join(got, ",") != "InnoDB" {
		t.Errorf("tables of %s, which may have no transactions", got)
	}
	if err := s.Mutate(t.Context(), []storage.Mutation{put(strings.Repeat("x", 129))}); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a key that is too long: %v", err)
	}
}

func TestServerThatOnlyReads(t *testing.T) {
	t.Parallel()
	process := testserver.MariaDBOwn(t)
	s := openServer(t, process.Server)
	table := counters(t, s, process.Prefix+"ns")
	mutate(t, s, insert(table, 1, 1))
	db := raw(t, process.Server)
	run(t, db, "CREATE USER app IDENTIFIED BY 'app-secret'")
	run(t, db, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON `"+process.Prefix+"%`.* TO app")
	app := *process.Server
	app.DSN = withDSN(t, process.Server, func(c *my.Config) { c.User, c.Passwd, c.DBName = "app", "app-secret", "" })
	s = openServer(t, &app)
	run(t, db, "SET GLOBAL read_only=1")
	for _, group := range [][]storage.Mutation{{insert(table, 2, 1)}, {insert(table, 2, 1), insert(table, 3, 1)}} {
		err := s.Mutate(t.Context(), group)
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "only reads") || !strings.Contains(err.Error(), process.Addr) {
			t.Errorf("error %v", err)
		}
	}
	if got := value(t, s, table, 1); got != 1 {
		t.Errorf("read %d", got)
	}
	run(t, db, "SET GLOBAL read_only=0")
	mutate(t, s, insert(table, 2, 1)) // over the connections that were refused
	run(t, db, "REVOKE UPDATE ON `"+process.Prefix+"%`.* FROM app")
	s = openServer(t, &app)
	for _, group := range [][]storage.Mutation{{increment(table, 1, 1)}, {increment(table, 1, 1), insert(table, 4, 1)}} {
		err := s.Mutate(t.Context(), group)
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "grant") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := openWith(app.DSN, "elsewhere"); err != nil {
		t.Errorf("metadata that are not there: %v", err)
	}
}

func openWith(dsn, schema string) (*Storage, error) {
	s, err := Open(context.Background(), dsn, WithMetadataSchema(schema))
	if err == nil {
		err = s.Close()
	}
	return s, err
}

// TestBinaryLogOfStatements: such a log cannot take what is written under READ
// COMMITTED.
func TestBinaryLogOfStatements(t *testing.T) {
	t.Parallel()
	process := testserver.MariaDBOwn(t, testserver.Set("log-bin=binlog"), testserver.Set("server-id=1"))
	s := openServer(t, process.Server)
	table := counters(t, s, process.Prefix+"ns")
	run(t, raw(t, process.Server), "SET GLOBAL binlog_format=STATEMENT")
	s = openServer(t, process.Server)
	for _, group := range [][]storage.Mutation{{insert(table, 1, 1)}, {insert(table, 1, 1), putOne(table, 2, columnV, storage.IntValue(1))}} {
		err := s.Mutate(t.Context(), group)
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "binlog_format") {
			t.Errorf("group of %d: error %v", len(group), err)
		}
	}
}

// TestServerThatIsKilled kills the server in the middle of writes and starts it
// again: what was acknowledged is there.
func TestServerThatIsKilled(t *testing.T) {
	t.Parallel()
	process := testserver.MariaDBOwn(t, testserver.Durable)
	s := openServer(t, process.Server)
	table := counters(t, s, process.Prefix+"ns")
	mutate(t, s, insert(table, 0, 0))
	mutate(t, s, insert(table, 1, 0))
	written := int32(0)
	for round := range 2 {
		killed := make(chan error, 1)
		timer := time.AfterFunc(300*time.Millisecond, func() { killed <- process.Kill() })
		var err error
		for err == nil {
			if err = s.Mutate(t.Context(), []storage.Mutation{increment(table, 0, written), increment(table, 1, written)}); err == nil {
				written++
			}
		}
		timer.Stop()
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		got := value(t, s, table, 0)
		if both := value(t, s, table, 1); both != got {
			t.Fatalf("round %d: records are %d and %d: half of a group was applied", round, got, both)
		}
		if got < written || got > written+1 || got == written+1 && storage.NotApplied(err) {
			t.Fatalf("round %d: the records are %d after %d acknowledged writes and the error %v", round, got, written, err)
		}
		written = got
	}
}

func TestMetadataOfAnotherVersion(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		db := raw(t, server)
		run(t, db, "CREATE SCHEMA `"+server.Prefix+"meta`")
		run(t, db, "CREATE TABLE `"+server.Prefix+"meta`.metadata (full_table_name VARCHAR(128) PRIMARY KEY, definition LONGTEXT)")
		_, err := openWith(server.DSN, server.Prefix+"meta")
		if err == nil || !strings.Contains(err.Error(), "another version of ScalarDB") {
			t.Errorf("error %v", err)
		}
	})
}

func TestCancelledCallGivesItsConnectionUp(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server, WithPoolSize(1))
		table := counters(t, s, server.Prefix+"ns")
		mutate(t, s, insert(table, 1, 0))
		holder, err := raw(t, server).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer holder.Rollback()
		if _, err := holder.ExecContext(t.Context(), "UPDATE "+qualified(table)+" SET v=5 WHERE k=1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		outcome := make(chan error, 1)
		go func() { outcome <- s.Mutate(ctx, []storage.Mutation{increment(table, 1, 0)}) }()
		waitForLock(t, server)
		cancel()
		if err := <-outcome; !errors.Is(err, storage.ErrUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want unknown and cancelled", err)
		}
		if got := value(t, s, table, 1); got != 0 { // over a new connection
			t.Errorf("record is %d", got)
		}
	})
}
