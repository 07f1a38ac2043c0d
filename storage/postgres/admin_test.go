package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

type dryContext = context.Context

// show returns the statements of a dry run.
func show(t testing.TB, call func(ctx dryContext) error) (statements []string) {
	t.Helper()
	if err := call(storage.WithDryRun(t.Context(), func(statement string) { statements = append(statements, statement) })); err != nil {
		t.Fatal(err)
	}
	return statements
}

func simpleTable(namespace, name string, indexed ...string) *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: name},
		Columns:   []storage.Column{{Name: "k", Type: storage.Int}, {Name: "v", Type: storage.Int}},
		Partition: []int{0},
	}
	for _, column := range indexed {
		t.Indexes = append(t.Indexes, len(t.Columns))
		t.Columns = append(t.Columns, storage.Column{Name: column, Type: storage.Text})
	}
	return t
}

func TestChangesAreShownAndWrittenAsJavaWritesThem(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	table := simpleTable("ns", "t", "i")
	table.Columns = append(table.Columns, storage.Column{Name: "s", Type: storage.Text})
	create(t, s, table)
	name := table.TableName
	for _, c := range []struct {
		change func(ctx dryContext) error
		want   []string
	}{
		{func(ctx dryContext) error {
			return s.AddColumn(ctx, name, storage.Column{Name: "d", Type: storage.Date})
		}, []string{`ALTER TABLE "ns"."t" ADD "d" DATE`}},
		{func(ctx dryContext) error { return s.CreateIndex(ctx, name, "s", nil) },
			[]string{`ALTER TABLE "ns"."t" ALTER COLUMN "s" TYPE VARCHAR(10485760)`, `CREATE INDEX "index_ns_t_s" ON "ns"."t" ("s")`}},
		{func(ctx dryContext) error { return s.DropIndex(ctx, name, "s") }, []string{`DROP INDEX "ns"."index_ns_t_s"`, `ALTER TABLE "ns"."t" ALTER COLUMN "s" TYPE TEXT`}},
		{func(ctx dryContext) error { return s.RenameColumn(ctx, name, "i", "j") },
			[]string{`ALTER TABLE "ns"."t" RENAME COLUMN "i" TO "j"`, `ALTER INDEX "ns"."index_ns_t_i" RENAME TO "index_ns_t_j"`}},
		{func(ctx dryContext) error { return s.AlterColumnType(ctx, name, "v", storage.BigInt) }, []string{`ALTER TABLE "ns"."t" ALTER COLUMN "v" TYPE BIGINT`}},
		{func(ctx dryContext) error { return s.RenameTable(ctx, name, "u") },
			[]string{`ALTER TABLE "ns"."t" RENAME TO "u"`, `ALTER INDEX "ns"."index_ns_t_j" RENAME TO "index_ns_u_j"`}},
	} {
		shown := show(t, c.change)
		if diff := cmp.Diff(c.want, shown[:min(len(c.want), len(shown))]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if err := c.change(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	name.Name = "u"
	wantMetadata := []string{
		"ns.u|k|INT|PARTITION|NULL|f|1", "ns.u|v|BIGINT|NULL|NULL|f|2", "ns.u|j|TEXT|NULL|NULL|t|3", "ns.u|s|TEXT|NULL|NULL|f|4", "ns.u|d|DATE|NULL|NULL|f|5",
	}
	if diff := cmp.Diff(wantMetadata, results(t, s, metadataQuery)); diff != "" {
		t.Errorf("metadata (-want +got)\n%s", diff)
	}
	wantColumns := []string{"k|integer|t|", "v|bigint|f|", "j|character varying(10485760)|f|default", "s|text|f|default", "d|date|f|"}
	if diff := cmp.Diff(wantColumns, results(t, s, fmt.Sprintf(columnsQuery, "ns.u"))); diff != "" {
		t.Errorf("columns (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"CREATE INDEX index_ns_u_j ON ns.u USING btree (j)", "CREATE UNIQUE INDEX t_pkey ON ns.u USING btree (k)"}, results(t, s, indexesQuery)); diff != "" {
		t.Errorf("indexes (-want +got)\n%s", diff)
	}
	for _, statement := range show(t, func(ctx dryContext) error { return s.DropTable(ctx, name) }) {
		if !strings.HasPrefix(statement, `DROP TABLE IF EXISTS "ns"."u"`) && !strings.HasPrefix(statement, `DELETE FROM "scalardb"."metadata"`) {
			t.Errorf("drop table executes %s", statement)
		}
	}
}

// An index of clustering orders goes with its table, so that the name of the
// table is free.
func TestTableOfMixedOrdersIsRenamed(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	create(t, s, appendixA())
	if err := s.RenameTable(t.Context(), appendixA().TableName, "other"); err != nil {
		t.Fatal(err)
	}
	create(t, s, appendixA())
	want := []string{"index_clustering_order_ns_other", "index_clustering_order_ns_tbl", "index_ns_other_i", "index_ns_tbl_i"}
	if diff := cmp.Diff(want, results(t, s, `SELECT indexname FROM pg_indexes WHERE schemaname='ns' AND indexname NOT LIKE '%pkey%' ORDER BY 1`)); diff != "" {
		t.Error(diff)
	}
}

// Before version 3.16.5 Java did not shorten the names of indexes, and PostgreSQL
// cut them.
func TestIndexesAreFoundUnderTheirLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	for name, change := range map[string]func(s *Storage, name storage.TableName) error{
		"drop index":    func(s *Storage, name storage.TableName) error { return s.DropIndex(t.Context(), name, long) },
		"drop column":   func(s *Storage, name storage.TableName) error { return s.DropColumn(t.Context(), name, long) },
		"rename column": func(s *Storage, name storage.TableName) error { return s.RenameColumn(t.Context(), name, long, "y") },
		"rename table":  func(s *Storage, name storage.TableName) error { return s.RenameTable(t.Context(), name, "u") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openAt(t, testserver.Postgres(t), WithMaxConnections(2))
			create(t, s, simpleTable("ns", "t", long))
			short := results(t, s, `SELECT indexname FROM pg_indexes WHERE schemaname='ns' AND indexname LIKE 'index%'`)[0]
			run(t, s, `DROP INDEX ns."`+short+`"`, `CREATE INDEX "index_ns_t_`+long+`" ON ns.t ("`+long+`")`)
			if err := change(s, storage.TableName{Namespace: "ns", Name: "t"}); err != nil {
				t.Fatal(err)
			}
			for _, left := range results(t, s, `SELECT indexname FROM pg_indexes WHERE schemaname='ns'`) {
				if strings.HasPrefix(left, "index_ns_t_x") {
					t.Errorf("index %s is left", left)
				}
			}
		})
	}
}

// Java changes the table first and writes the metadata after. What it leaves
// when it is cut off in between is completed.
func TestChangesThatJavaBeganAreCompleted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		begun  []string
		change func(s *Storage, name storage.TableName) error
		want   string
	}{
		"create index": {[]string{`CREATE INDEX index_ns_t_v ON ns.t (v)`},
			func(s *Storage, name storage.TableName) error { return s.CreateIndex(t.Context(), name, "v", nil) }, "index_ns_t_i,index_ns_t_v"},
		"drop index": {[]string{`DROP INDEX ns.index_ns_t_i`},
			func(s *Storage, name storage.TableName) error { return s.DropIndex(t.Context(), name, "i") }, ""},
		"add column": {[]string{`ALTER TABLE ns.t ADD x TIMESTAMP`},
			func(s *Storage, name storage.TableName) error {
				return s.AddColumn(t.Context(), name, storage.Column{Name: "x", Type: storage.Timestamp})
			}, "index_ns_t_i"},
		"drop column": {[]string{`ALTER TABLE ns.t DROP COLUMN i`},
			func(s *Storage, name storage.TableName) error { return s.DropColumn(t.Context(), name, "i") }, ""},
		"rename column": {[]string{`ALTER TABLE ns.t RENAME COLUMN i TO j`},
			func(s *Storage, name storage.TableName) error { return s.RenameColumn(t.Context(), name, "i", "j") }, "index_ns_t_j"},
		"rename column and index": {[]string{`ALTER TABLE ns.t RENAME COLUMN i TO j`, `ALTER INDEX ns.index_ns_t_i RENAME TO index_ns_t_j`},
			func(s *Storage, name storage.TableName) error { return s.RenameColumn(t.Context(), name, "i", "j") }, "index_ns_t_j"},
		"alter type": {[]string{`ALTER TABLE ns.t ALTER COLUMN v TYPE BIGINT`},
			func(s *Storage, name storage.TableName) error {
				return s.AlterColumnType(t.Context(), name, "v", storage.BigInt)
			}, "index_ns_t_i"},
		"rename table": {[]string{`ALTER TABLE ns.t RENAME TO u`},
			func(s *Storage, name storage.TableName) error { return s.RenameTable(t.Context(), name, "u") }, "index_ns_u_i"},
		"rename table and index": {[]string{`ALTER TABLE ns.t RENAME TO u`, `ALTER INDEX ns.index_ns_t_i RENAME TO index_ns_u_i`},
			func(s *Storage, name storage.TableName) error { return s.RenameTable(t.Context(), name, "u") }, "index_ns_u_i"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openAt(t, testserver.Postgres(t), WithMaxConnections(2))
			create(t, s, simpleTable("ns", "t", "i"))
			run(t, s, c.begun...)
			if err := c.change(s, storage.TableName{Namespace: "ns", Name: "t"}); err != nil {
				t.Fatal(err)
			}
			tables, err := s.Tables(t.Context(), "ns")
			if err != nil || len(tables) != 1 {
				t.Fatal(tables, err)
			}
			definition, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: tables[0]})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Scan(t.Context(), &storage.Scan{Table: definition, Kind: storage.FullScan}); err != nil {
				t.Errorf("the table cannot be read as the metadata say: %v", err)
			}
			if got := strings.Join(results(t, s, `SELECT indexname FROM pg_indexes WHERE schemaname='ns' AND indexname LIKE 'index%' ORDER BY 1`), ","); got != c.want {
				t.Errorf("indexes %s, want %s", got, c.want)
			}
		})
	}
}

func TestCreateTableTakesOverWhatJavaLeft(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	run(t, s, `CREATE SCHEMA ns`, `CREATE TABLE ns.tbl(p VARCHAR(10485760),c1 INT,c2 VARCHAR(10485760),v BIGINT,i VARCHAR(10485760),b BYTEA,ts TIMESTAMP,PRIMARY KEY (p,c1,c2))`,
		`CREATE TABLE ns.b(k INT PRIMARY KEY,v TEXT,i VARCHAR(10485760))`)
	create(t, s, appendixA())
	if got := len(results(t, s, indexesQuery)); got != 4 {
		t.Errorf("%d indexes, want 3 and that of ns.b", got)
	}
	if err := s.CreateTable(t.Context(), simpleTable("ns", "b", "i"), nil); err == nil || !strings.Contains(err.Error(), "with other columns") {
		t.Error(err)
	}
	if _, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "b"}); !errors.Is(err, storage.ErrTableNotFound) {
		t.Error(err)
	}
}

func TestWhatPostgreSQLCannotHoldIsRefused(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	create(t, s, simpleTable("a_b", "c", "i"))
	create(t, s, simpleTable("ns", "t", "i"))
	create(t, s, simpleTable("ns", "a_b"))
	// Both would be index_ns_a_b_c.
	run(t, s, `CREATE INDEX index_ns_a_b_c ON ns.t (k)`, `CREATE INDEX mine ON ns.t (v,i)`)
	clash := simpleTable("ns", "a", "b_c")
	system := simpleTable("ns", "b", "ctid")
	ctx, name := t.Context(), storage.TableName{Namespace: "ns", Name: "t"}
	create := func(table *storage.Table) error { return s.CreateTable(ctx, table, nil) }
	for want, err := range map[string]error{
		`must be called "index_ns_a_b_c", and one of table "t" has that name already`: create(clash),
		"every table of PostgreSQL has a column of this name":                         create(system),
		"PostgreSQL keeps 63 bytes of a name":                                         create(simpleTable("ns", strings.Repeat("é", 32))),
		"a name must not contain a NUL character":                                     create(simpleTable("ns", "b\x00")),
		"must not contain a dot":                                                      s.CreateNamespace(ctx, "n.s", nil),
		"PostgreSQL keeps the schema for itself":                                      s.CreateNamespace(ctx, "pg_ns", nil),
		"ScalarDB keeps its own data in a table":                                      create(simpleTable("scalardb", "metadata")),
		"ScalarDB keeps its own data in the schema":                                   s.DropNamespace(ctx, "scalardb"),
		"there is no namespace none: create it first":                                 create(simpleTable("none", "t")),
		`the index "mine", which another program has created`:                         s.DropColumn(ctx, name, "v"),
	} {
		if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if tables, err := s.Tables(ctx, "ns"); err != nil || strings.Join(tables, " ") != "a_b t" {
		t.Error(tables, err)
	}
}

func TestNamespaceWithAnythingInItIsNotEmpty(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	for kind, statement := range map[string]string{
		"table": "CREATE TABLE %s.x (a int)", "view": "CREATE VIEW %s.x AS SELECT 1", "function": "CREATE FUNCTION %s.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	} {
		run(t, s, "CREATE SCHEMA "+kind+"_ns", fmt.Sprintf(statement, kind+"_ns"))
		if err := s.DropNamespace(t.Context(), kind+"_ns"); !errors.Is(err, storage.ErrNotEmpty) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestNamespaceListOfScalarDB4IsKept(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	run(t, s, `CREATE SCHEMA scalardb`, `CREATE TABLE scalardb.namespaces(namespace_name VARCHAR(128) PRIMARY KEY)`, `INSERT INTO scalardb.namespaces VALUES ('scalardb')`)
	for range 2 {
		if err := s.CreateNamespace(t.Context(), "empty", nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"empty", "scalardb"}, results(t, s, `SELECT * FROM scalardb.namespaces ORDER BY 1`)); diff != "" {
		t.Error(diff)
	}
	if err := s.DropNamespace(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"scalardb"}, results(t, s, `SELECT * FROM scalardb.namespaces`)); diff != "" {
		t.Error(diff)
	}
}

func TestTablesOfOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server)
	create(t, s, simpleTable("ns", "a"))
	run(t, s, `UPDATE scalardb.metadata SET data_type='JSON' WHERE column_name='v'`)
	if _, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "a"}); err == nil || !strings.Contains(err.Error(), `column "v": unknown data_type "JSON"`) {
		t.Error(err)
	}
	run(t, s, `ALTER TABLE scalardb.metadata ADD extra TEXT`)
	if _, err := Open(t.Context(), server.URL); err == nil || !strings.Contains(err.Error(), "another version of ScalarDB") {
		t.Errorf("open: %v", err)
	}
	if err := s.CreateTable(t.Context(), simpleTable("ns", "b"), nil); err == nil || !strings.Contains(err.Error(), "another version of ScalarDB") {
		t.Error(err)
	}
}

// CREATE … IF NOT EXISTS of several sessions at once fails on the catalogue.
func TestConcurrentCreatorsDoNotFail(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	const programs, tables = 4, 3
	var wg sync.WaitGroup
	for range programs {
		s := openAt(t, server, WithMaxConnections(2))
		wg.Go(func() {
			for i := range tables {
				table := simpleTable("ns", fmt.Sprint("t", i), "i")
				if err := s.CreateNamespace(t.Context(), "ns", nil); err != nil {
					t.Error(err)
				}
				if err := s.CreateTable(t.Context(), table, nil); err != nil && !errors.Is(err, storage.ErrTableExists) {
					t.Error(err)
				}
				if err := s.RepairTable(t.Context(), table, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
