package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/unprivileged"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/sqlite"
)

const shop = `{
  "customer.customers": {
    "partition-key": ["id"],
    "columns": {"id": "INT", "name": "TEXT"}
  },
  "order.orders": {
    "partition-key": ["id"],
    "columns": {"id": "INT", "at": "TIMESTAMP"}
  }
}`

// bench is a directory with a configuration and a schema.
type bench struct {
	t                       *testing.T
	dir, config, schema, db string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, dir: dir, db: filepath.Join(dir, "shop.db")}
	b.config = b.write("scalar.properties", "scalar.db.storage=sqlite\nscalar.db.contact_points="+filepath.ToSlash(b.db)+"\n")
	b.schema = b.write("schema.json", shop)
	return b
}

func (b *bench) write(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// run runs scalarctl. The name of the directory is cut out of what it prints.
func (b *bench) run(args ...string) (code int, stdout, stderr string) {
	b.t.Helper()
	var out, errOut bytes.Buffer
	code = run(args, strings.NewReader("yes\n"), &out, &errOut)
	cut := strings.NewReplacer(b.dir+string(filepath.Separator), "")
	return code, cut.Replace(out.String()), cut.Replace(errOut.String())
}

// want runs scalarctl and compares all it prints on standard output.
func (b *bench) want(code int, stdout string, args ...string) (stderr string) {
	b.t.Helper()
	gotCode, gotOut, gotErr := b.run(args...)
	if diff := cmp.Diff(strings.TrimPrefix(stdout, "\n"), gotOut); gotCode != code || diff != "" {
		b.t.Fatalf("%v: exit %d, want %d; (-want +got)\n%s\nstandard error: %s", args, gotCode, code, diff, gotErr)
	}
	return gotErr
}

func (b *bench) all(verb string, more ...string) []string {
	return append([]string{"schema", verb, "--config", b.config, "--schema-file", b.schema, "--coordinator"}, more...)
}

// namespaces returns what is in the file.
func (b *bench) namespaces() []string {
	b.t.Helper()
	s, err := sqlite.Open(b.t.Context(), b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.Close()
	namespaces, err := s.Namespaces(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return namespaces
}

func TestCreateTwiceAndDropTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if stderr := b.want(exitOK, `
Plan: 6 changes
  + create namespace customer
  + create table customer.customers
  + create namespace order
  + create table order.orders
  + create namespace coordinator
  + create table coordinator.state
[1/6] create namespace customer ... done
[2/6] create table customer.customers ... done
[3/6] create namespace order ... done
[4/6] create table order.orders ... done
[5/6] create namespace coordinator ... done
[6/6] create table coordinator.state ... done
Created 3 tables and 3 namespaces.
`, b.all("create")...); stderr != "" {
		t.Errorf("standard error %q", stderr)
	}
	b.want(exitOK, `
Plan: no changes
  = customer.customers: exists already
  = order.orders: exists already
  = coordinator.state: exists already
Nothing was changed.
`, b.all("create")...)
	b.want(exitOK, `
Plan: 6 changes
  - drop table customer.customers  ! its records are lost
  - drop table order.orders  ! its records are lost
  - drop namespace customer
  - drop namespace order
  - drop table coordinator.state  ! its records are lost
  - drop namespace coordinator
[1/6] drop table customer.customers ... done
[2/6] drop table order.orders ... done
[3/6] drop namespace customer ... done
[4/6] drop namespace order ... done
[5/6] drop table coordinator.state ... done
[6/6] drop namespace coordinator ... done
Dropped 3 tables and 3 namespaces.
`, b.all("drop", "--yes")...)
	b.want(exitOK, `
Plan: no changes
  = customer.customers: does not exist
  = order.orders: does not exist
  = coordinator.state: does not exist
Nothing was changed.
`, b.all("drop")...)
	if left := b.namespaces(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// columns returns the names of the columns of a table in the file.
func (b *bench) columns(namespace, table string) string {
	b.t.Helper()
	s, err := sqlite.Open(b.t.Context(), b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.Close()
	deployed, err := s.Table(b.t.Context(), storage.TableName{Namespace: namespace, Name: table})
	if err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, c := range deployed.Columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// definedTables returns the tables of a namespace.
func (b *bench) definedTables(namespace string) []string {
	b.t.Helper()
	s, err := sqlite.Open(b.t.Context(), b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.Close()
	tables, err := s.Tables(b.t.Context(), namespace)
	if err != nil {
		b.t.Fatal(err)
	}
	return tables
}

// configure adds lines to the configuration.
func (b *bench) configure(lines string) {
	b.t.Helper()
	data, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write("scalar.properties", string(data)+lines)
}

func TestCreateWithoutTransactions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.configure("scalar.db.transaction_manager=single-crud-operation\n")
	b.want(exitOK, `
Plan: 4 changes
  + create namespace customer
  + create table customer.customers
  + create namespace order
  + create table order.orders
  = coordinator.state: is left alone, the transaction manager single-crud-operation has no use for it
[1/4] create namespace customer ... done
[2/4] create table customer.customers ... done
[3/4] create namespace order ... done
[4/4] create table order.orders ... done
Created 2 tables and 2 namespaces.
`, b.all("create")...)
	if got := b.columns("customer", "customers"); got != "id name" {
		t.Errorf("columns %s", got)
	}
}

func TestCreateCoordinatorForTheConfiguration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	coordinator := func(verb string) []string { return []string{"schema", verb, "-c", b.config, "--coordinator"} }
	b.configure("scalar.db.consensus_commit.coordinator.group_commit.enabled=true\n")
	b.run(coordinator("create")...)
	if got := b.columns("coordinator", "state"); got != "tx_id tx_child_ids tx_state tx_created_at" {
		t.Errorf("with group commit: %s", got)
	}
	b.configure("scalar.db.consensus_commit.coordinator.write_set_logging.enabled=true\n")
	b.run(coordinator("repair")...)
	if got := b.columns("coordinator", "state"); got != "tx_id tx_child_ids tx_state tx_created_at tx_write_set" {
		t.Errorf("with write sets as well: %s", got)
	}
}

func TestShortFlagsAndSeveralSchemaFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.write("other.json", `{"other.t": {"partition-key": ["id"], "columns": {"id": "INT"}}}`)
	code, out, errOut := b.run("schema", "create", "-c", b.config, "-f", b.schema, "-f", other)
	if code != exitOK || !strings.HasSuffix(out, "Created 3 tables and 3 namespaces.\n") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	s, err := sqlite.Open(t.Context(), b.db)
	if err != nil {
		t.Fatal(err)
	}
	customers := storage.TableName{Namespace: "customer", Name: "customers"}
	if err := errors.Join(
		s.DropColumn(t.Context(), customers, "before_name"),
		s.DropTable(t.Context(), storage.TableName{Namespace: "order", Name: "orders"}),
		s.Close(),
	); err != nil {
		t.Fatal(err)
	}
	const plan = `
Plan: 4 changes
  ~ repair table customer.customers
  + create namespace order
  ~ repair table order.orders
  ~ repair table coordinator.state
`
	code, out, _ := b.run(b.all("repair", "--dry-run")...)
	if code != exitOK || !strings.Contains(out, "  ~ repair table customer.customers\n      ALTER TABLE \"customer$customers\" ADD COLUMN \"before_name\" TEXT;\n") {
		t.Errorf("dry run: exit %d\n%s", code, out)
	}
	stderr := b.want(exitOK, plan+`[1/4] repair table customer.customers ... done
[2/4] create namespace order ... done
[3/4] repair table order.orders ... done
[4/4] repair table coordinator.state ... done
Created 1 namespace.
Repaired 3 tables.
`, b.all("repair")...)
	if want := `scalarctl: warning: the table customer.customers that exists differs from the schema, and it gets what is missing:
  it has no column before_name
`; stderr != want {
		t.Errorf("standard error %q", stderr)
	}
	b.want(exitOK, `
Plan: no changes
  = customer.customers: exists already
  = order.orders: exists already
  = coordinator.state: exists already
Nothing was changed.
`, b.all("create")...)
	b.write("schema.json", strings.Replace(shop, `"name": "TEXT"`, `"name": "BIGINT"`, 1))
	code, out, errOut := b.run(b.all("repair")...)
	if code != exitOK || !strings.Contains(out, "  = customer.customers: is kept, a repair cannot make it what the schema says\n") || !strings.Contains(errOut, "and it stays as it is:\n  its column name is TEXT") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
}

func TestDropNeedsYesWhereNobodyCanAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	code, _, errOut := b.run(b.all("drop")...)
	if code != exitUsage || !strings.Contains(errOut, "add --yes if it is meant") {
		t.Errorf("exit %d, %s", code, errOut)
	}
	if got := b.namespaces(); len(got) != 3 {
		t.Errorf("namespaces %v", got)
	}
}

func TestOnlyYesIsYes(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"yes\n": true, " yes \r\n": true, "yes": true, "y\n": true, "YES\n": true, "Y": true, "no\n": false, "n\n": false, "yea\n": false, "\n": false, "": false} {
		var out bytes.Buffer
		err := ask(t.Context(), strings.NewReader(answer), &out, "Sure? ")
		if (err == nil) != want || out.String() != "Sure? " {
			t.Errorf("%q: %v, printed %q", answer, err, out.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never, close := pipe(t)
	defer close()
	if err := ask(ctx, never, &bytes.Buffer{}, "Sure? "); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("interrupted: %v", err)
	}
}

// pipe returns an input on which nobody writes.
func pipe(t *testing.T) (*os.File, func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, func() { w.Close(); r.Close() }
}

func TestExistingTableThatDiffersIsAWarning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.write("schema.json", strings.Replace(shop, `"name": "TEXT"`, `"name": "BIGINT", "email": "TEXT"`, 1))
	code, out, errOut := b.run(b.all("create")...)
	const want = `scalarctl: warning: the table customer.customers that exists differs from the schema, and it stays as it is:
  its column name is TEXT, and BIGINT in the schema
  it has no column email
`
	if code != exitOK || errOut != want || !strings.HasSuffix(out, "Nothing was changed.\n") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
	code, _, errOut = b.run(b.all("drop", "--yes")...)
	if code != exitOK || !strings.Contains(errOut, "it is dropped all the same") {
		t.Errorf("drop: exit %d\n%s", code, errOut)
	}
}

func TestNamespaceWithOtherTablesIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	s, err := sqlite.Open(t.Context(), b.db)
	if err != nil {
		t.Fatal(err)
	}
	other := &storage.Table{TableName: storage.TableName{Namespace: "order", Name: "other"}, Columns: []storage.Column{{Name: "a", Type: storage.Int}}, Partition: []int{0}}
	if err := errors.Join(s.CreateTable(t.Context(), other, nil), s.Close()); err != nil {
		t.Fatal(err)
	}
	code, out, _ := b.run(b.all("drop", "--yes")...)
	if code != exitOK || !strings.Contains(out, "  = order: kept, it has other tables: other\n") || len(b.namespaces()) != 1 {
		t.Errorf("exit %d, left %v\n%s", code, b.namespaces(), out)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	file := func(name, text string) func(*bench) []string {
		return func(b *bench) []string {
			b.write(name, text)
			return b.all("create")
		}
	}
	config := func(text string) func(*bench) []string { return file("scalar.properties", text) }
	for name, c := range map[string]struct {
		args func(*bench) []string
		want string
	}{
		"schema with errors": {
			file("schema.json", "{\n\"n.t\": {\"partition-key\": [\"id\"], \"columns\": {\"id\": \"INTT\"}}}"),
			"schema.json:2:52: ",
		},
		"no JSON":            {file("schema.json", "hello"), "schema.json:1:1: "},
		"schema is missing":  {func(b *bench) []string { os.Remove(b.schema); return b.all("create") }, "scalarctl: open schema.json: "},
		"config is missing":  {func(b *bench) []string { os.Remove(b.config); return b.all("create") }, "the configuration cannot be read: open scalar.properties: "},
		"misspelt key":       {config("scalar.db.storage=sqlite\nscalar.db.contact_point=x"), "scalar.properties:2: scalar.db.contact_point: there is no such key: did you mean scalar.db.contact_points?"},
		"feature to come":    {config("scalar.db.storage=sqlite\nscalar.db.consensus_commit.include_metadata.enabled=true"), "scalar.properties:2: scalar.db.consensus_commit.include_metadata.enabled: showing the columns of the transactions is not supported by this version"},
		"variable not set":   {config("scalar.db.storage=${env:SCALARCTL_NOT_SET}"), "scalar.properties:1: scalar.db.storage: the environment variable SCALARCTL_NOT_SET is not set"},
		"no storage":         {config("# nothing"), "scalar.db.storage is not set, and its default is cassandra"},
		"unknown storage":    {config("scalar.db.storage=sqlight"), `unknown storage "sqlight" in scalar.db.storage: this version has no adapter for it; this program knows mariadb, mysql, postgres, postgresql, sqlite`},
		"no contact points":  {config("scalar.db.storage=sqlite"), "scalar.db.contact_points is missing"},
		"memory":             {config("scalar.db.storage=memory"), "the storage memory exists only inside the program that opens it"},
		"missing directory":  {config("scalar.db.storage=jdbc\nscalar.db.contact_points=jdbc:sqlite:no/such/directory/a.db"), "check that its directory exists"},
		"not a database":     {file("shop.db", strings.Repeat("this is no database\n", 100)), "not a SQLite database"},
		"coordinator's name": {config("scalar.db.storage=sqlite\nscalar.db.contact_points=:memory:\nscalar.db.consensus_commit.coordinator.namespace=order"), `schema.json:6:3: namespace "order" belongs to the coordinator table`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			code, out, errOut := b.run(c.args(b)...)
			if code != exitNo || !strings.Contains(errOut, c.want) || out != "" {
				t.Errorf("exit %d\n%s%s\nwant %s", code, out, errOut, c.want)
			}
		})
	}
}

func TestConfigurationAndSchemaAreCheckedTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("scalar.properties", "scalar.db.contact_point=x\n")
	b.write("schema.json", `{"t": {}}`)
	code, _, errOut := b.run(b.all("create")...)
	if code != exitNo || !strings.Contains(errOut, "scalar.properties:1: ") || !strings.Contains(errOut, "schema.json:1:2: ") {
		t.Errorf("exit %d\n%s", code, errOut)
	}
}

func TestReadOnlyFileIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	if err := os.Chmod(b.db, 0o400); err != nil {
		t.Fatal(err)
	}
	unprivileged.Run(t, func() {
		code, out, errOut := b.run(b.all("create")...)
		if code != exitNo || !strings.Contains(errOut, "cannot be written") {
			t.Errorf("exit %d\n%s%s", code, out, errOut)
		}
	}, b.db, b.config, b.schema)
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for line, want := range map[string]string{
		"":                                                   "which command?",
		"schema":                                             "which command?",
		"shcema":                                             `unknown command "shcema": did you mean schema?`,
		"schema creat":                                       `unknown command "creat": did you mean create?`,
		"schema create":                                      `required flag(s) "config" not set`,
		"schema create --confg x":                            "unknown flag: --confg",
		"schema create -c CONFIG":                            "give --schema-file, --coordinator or both",
		"schema create -c CONFIG -f x y":                     `unknown command "y"`,
		"schema create -c CONFIG -f x --yes":                 "unknown flag: --yes",
		"schema repair -c CONFIG":                            "give --schema-file, --coordinator or both",
		"schema repair -c CONFIG -f x --yes":                 "unknown flag: --yes",
		"schema drop -c CONFIG --coordinator=1x":             "invalid argument",
		"schema alter -c CONFIG":                             "there is nothing to do: give --schema-file\n",
		"schema alter -c CONFIG --coordinator":               "unknown flag: --coordinator",
		"schema import -c CONFIG":                            "there is nothing to do: give --schema-file\n",
		"schema import -c CONFIG --coordinator":              "unknown flag: --coordinator",
		"schema diff -c CONFIG":                              "give --schema-file, --coordinator or both",
		"schema diff -c CONFIG -f x --dry-run":               "unknown flag: --dry-run",
		"schema diff -c CONFIG -f x --format y":              "--format y: there are text and json",
		"schema verify -c CONFIG -f x --yes":                 "unknown flag: --yes",
		"schema alter -c CONFIG -f x --rename a.b=c":         `--rename "a.b=c": write NAMESPACE.TABLE.OLD=NEW`,
		"schema alter -c CONFIG -f x --rename a.b.c":         `--rename "a.b.c": write NAMESPACE.TABLE.OLD=NEW`,
		"schema alter -c CONFIG -f x --rename-table a.b.c=d": `--rename-table "a.b.c=d": write NAMESPACE.OLD=NEW`,
		"schema alter -c CONFIG -f x --rename-table a.b=":    `--rename-table "a.b=": write NAMESPACE.OLD=NEW`,
		"version 2":                                          `unknown command "2"`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			code, out, errOut := b.run(strings.Fields(strings.ReplaceAll(line, "CONFIG", b.config))...)
			if code != exitUsage || !strings.Contains(errOut, want) || !strings.Contains(errOut, "--help' for usage") || out != "" {
				t.Errorf("exit %d\n%s%s", code, out, errOut)
			}
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	b := newBench(t)
	for name, text := range map[string]string{
		"malformed values":    "scalar.db.storage=sqlite\nscalar.db.password=" + secret + "\nscalar.db.contact_port=" + secret + "\nscalar.db.consensus_commit.isolation_level=" + secret,
		"malformed separator": "scalar.db.storage=sqlite\nscalar.db.password;" + secret + "\nscalar.db.contact_points=:memory:",
		"misspelt key":        "scalar.db.pasword=" + secret,
		"set twice":           "scalar.db.password=" + secret + "\nscalar.db.password=" + secret + "2",
		"placeholder":         "scalar.db.password=" + secret + "${" + secret + "}",
		"URL":                 "scalar.db.storage=jdbc\nscalar.db.contact_points=jdbc:postgresql://u:" + secret + "@host/db",
		"URL of no database":  "scalar.db.storage=jdbc\nscalar.db.contact_points=postgres://u:" + secret + "@host/db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "scalar.properties")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"create", "repair", "drop", "alter", "import", "diff", "verify"} {
				_, out, errOut := b.run("schema", verb, "-c", path, "-f", b.schema, "-v")
				if strings.Contains(out+errOut, secret) {
					t.Errorf("%s%s", out, errOut)
				}
			}
		})
	}
}

func TestWarningsOfOtherStoragesNeedVerbose(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("schema.json", strings.Replace(shop, `"partition-key": ["id"],`, `"partition-key": ["id"], "frobnicate": "1",`, 1))
	_, _, quiet := b.run(b.all("create", "--dry-run")...)
	_, _, verbose := b.run(b.all("create", "--dry-run", "-v")...)
	if !strings.Contains(quiet, "frobnicate") || strings.Contains(quiet, "Cassandra:") || !strings.Contains(verbose, "Cassandra:") {
		t.Errorf("quiet\n%s\nverbose\n%s", quiet, verbose)
	}
}

// brokenPipe refuses everything after the first line.
type brokenPipe struct{ written int }

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.written > 0 {
		return 0, errors.New("broken pipe")
	}
	b.written++
	return len(p), nil
}

func TestNothingIsDroppedIfThePlanCannotBeShown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	var errOut bytes.Buffer
	code := run(b.all("drop", "--yes"), strings.NewReader(""), &brokenPipe{}, &errOut)
	if code != exitNo || !strings.Contains(errOut.String(), "writing the output: broken pipe") || len(b.namespaces()) != 3 {
		t.Errorf("exit %d, namespaces %v, %s", code, b.namespaces(), errOut.String())
	}
}

func TestStorageName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "cassandra", "sqlite": "sqlite", "jdbc": "jdbc", "jdbc jdbc:sqlite:a.db": "sqlite", "jdbc jdbc:postgresql://h/d": "postgres", "jdbc jdbc:mariadb://h/d": "mariadb", "jdbc x": "jdbc",
	} {
		name, points, _ := strings.Cut(text, " ")
		if got := storageName(storage.Properties{"scalar.db.storage": name, "scalar.db.contact_points": points}); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if code, out, _ := b.run("version"); code != exitOK || !strings.HasPrefix(out, "scalarctl ") {
		t.Errorf("exit %d, %q", code, out)
	}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"none":       {nil, "(unknown)"},
		"installed":  {&debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "v1.2.3"}}, "v1.2.3"},
		"dependency": {&debug.BuildInfo{Deps: []*debug.Module{{Path: "x"}, {Path: modulePath, Version: "v1.2.4"}}}, "v1.2.4"},
		"replaced":   {&debug.BuildInfo{Deps: []*debug.Module{{Path: modulePath, Replace: &debug.Module{Path: "../.."}}}}, "(replaced by ../..)"},
		"other":      {&debug.BuildInfo{}, "(devel)"},
	} {
		if got := moduleVersion(c.info); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	help := [][]string{{"--help"}, {"schema", "--help"}, {"completion", "bash"}}
	for _, verb := range []string{"create", "diff", "verify", "alter", "repair", "import", "drop"} {
		help = append(help, []string{"schema", verb, "--help"})
	}
	for _, args := range help {
		code, out, errOut := b.run(args...)
		if code != exitOK || out == "" || errOut != "" {
			t.Errorf("%v: exit %d, %s", args, code, errOut)
		}
		for line := range strings.Lines(out) {
			if args[0] != "completion" && len([]rune(line)) > 100 {
				t.Errorf("%v: long line %s", args, fmt.Sprintf("%q", line))
			}
		}
	}
}
