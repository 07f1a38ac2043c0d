package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

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

func TestMetadataTableGoesWithTheLastTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	db := raw(t, path)
	create(t, s, simpleTable("ns", "a", "i"))
	create(t, s, simpleTable("ns", "b"))
	for _, step := range []struct {
		drop string
		want []string
	}{
		{"a", []string{"ns$b", "scalardb$metadata", "sqlite_autoindex_ns$b_1", "sqlite_autoindex_scalardb$metadata_1"}},
		{"b", nil},
	} {
		if err := s.DropTable(t.Context(), storage.TableName{Namespace: "ns", Name: step.drop}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, results(t, db, "SELECT name FROM sqlite_master ORDER BY name")); diff != "" {
			t.Errorf("after dropping %s (-want +got):\n%s", step.drop, diff)
		}
	}
}

func TestMetadataSchemaCanBeNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	create(t, openFile(t, path, WithMetadataSchema("meta")), simpleTable("ns", "a"))
	if diff := cmp.Diff([]string{"meta$metadata", "ns$a"}, results(t, raw(t, path), "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")); diff != "" {
		t.Error(diff)
	}
}

func TestNamespaceListOfScalarDB4IsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	db := raw(t, path)
	run(t, db, `CREATE TABLE "scalardb$namespaces"("namespace_name" TEXT, PRIMARY KEY ("namespace_name"))`)
	run(t, db, `INSERT INTO "scalardb$namespaces" VALUES ('scalardb')`)
	for range 2 {
		if err := s.CreateNamespace(t.Context(), "empty", nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"empty", "scalardb"}, results(t, db, `SELECT * FROM "scalardb$namespaces" ORDER BY 1`)); diff != "" {
		t.Error(diff)
	}
	got, err := s.Namespaces(t.Context())
	if diff := cmp.Diff([]string{"empty"}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if err := s.DropNamespace(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"scalardb"}, results(t, db, `SELECT * FROM "scalardb$namespaces"`)); diff != "" {
		t.Error(diff)
	}
}

func TestNamespaceWithForeignTableIsNotEmpty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	run(t, raw(t, path), `CREATE TABLE "ns$foreign"(x)`)
	if err := s.DropNamespace(t.Context(), "ns"); !errors.Is(err, storage.ErrNotEmpty) {
		t.Error(err)
	}
	// As a LIKE pattern it would cover ns.
	if err := s.DropNamespace(t.Context(), "n_"); err != nil {
		t.Error(err)
	}
}

func TestTablesOfSimilarNamespacesAreKeptApart(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	for _, namespace := range []string{"a_b", "axb", "a"} {
		create(t, s, simpleTable(namespace, "t_"+namespace))
	}
	got, err := s.Tables(t.Context(), "a_b")
	if diff := cmp.Diff([]string{"t_a_b"}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestCreateTableTakesOverWhatJavaLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	db := raw(t, path)
	run(t, db, `CREATE TABLE "ns$a"("k" INT,"v" INT,"i" TEXT,PRIMARY KEY ("k"))`)
	run(t, db, `CREATE TABLE "ns$b"("k" INT,"v" TEXT,"i" TEXT,PRIMARY KEY ("k"))`)
	create(t, s, simpleTable("ns", "a", "i"))
	if diff := cmp.Diff([]string{"index_ns_a_i"}, results(t, db, `SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'`)); diff != "" {
		t.Error(diff)
	}
	if err := s.CreateTable(t.Context(), simpleTable("ns", "b", "i"), nil); err == nil || !strings.Contains(err.Error(), "with other columns") {
		t.Error(err)
	}
	if _, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "b"}); !errors.Is(err, storage.ErrTableNotFound) {
		t.Error(err)
	}
}

func TestNamesThatSQLiteCannotKeepApartAreRefused(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	create(t, s, simpleTable("a_b", "c", "i"))
	create(t, s, simpleTable("ns", "t"))
	clashing := simpleTable("x", "t", "K")
	rowids := simpleTable("x", "t", "RowID", "oid", "_rowid_")
	for reason, table := range map[string]*storage.Table{
		`the index on column i must be called "index_a_b_c_i", and "a_b$c" has that name already`: simpleTable("a", "b_c", "i"),
		`SQLite cannot tell the name from that of "ns$t"`:                                         simpleTable("ns", "T"),
		"SQLite cannot tell this column from k":                                                   clashing,
		"hide SQLite's rowid":                                                                     rowids,
		"must not contain $":                                                                      simpleTable("ns", "a$b"),
		"a name must not contain $":                                                               simpleTable("n$s", "b"),
		"must not contain a dot":                                                                  simpleTable("n.s", "b"),
		"SQLite reserves names":                                                                   simpleTable("SQLite_x", "b"),
		"ScalarDB keeps its own data":                                                             simpleTable("scalardb", "Metadata"),
		"a name must not contain a NUL character":                                                 simpleTable("ns", "b\x00"),
	} {
		err := s.CreateTable(t.Context(), table, nil)
		if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %s", table.TableName, err, reason)
		}
	}
	// The refused table left nothing behind.
	if got, err := s.Tables(t.Context(), "a"); err != nil || len(got) > 0 {
		t.Error(got, err)
	}
	if exists, err := s.NamespaceExists(t.Context(), "a"); err != nil || exists {
		t.Error(exists, err)
	}
}

func TestScanSurvivesColumnsNamedAsTheRowid(t *testing.T) {
	t.Parallel()
	s := openFile(t, "", WithPageSize(1))
	table := simpleTable("ns", "t", "RowID", "oid")
	create(t, s, table)
	for k := range int32(3) {
		put := storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{2}, Values: []storage.Value{storage.TextValue("0")}}
		if err := s.Mutate(t.Context(), []storage.Mutation{put}); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan, Columns: []int{1}})
	if len(rows) != 3 {
		t.Errorf("%d rows, want 3", len(rows))
	}
}

func TestTablesOfOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"metadata":   `CREATE TABLE "scalardb$metadata"(full_table_name TEXT,column_name TEXT,data_type TEXT,key_type TEXT,clustering_order TEXT,indexed BOOLEAN,ordinal_position INTEGER,extra TEXT)`,
		"namespaces": `CREATE TABLE "scalardb$namespaces"(namespace_name TEXT,extra TEXT)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			s := openFile(t, path)
			run(t, raw(t, path), statement)
			err := s.CreateNamespace(t.Context(), "ns", nil)
			if name == "metadata" {
				err = s.CreateTable(t.Context(), simpleTable("ns", "a"), nil)
				if _, openErr := Open(t.Context(), path); openErr == nil || !strings.Contains(openErr.Error(), "another version of ScalarDB") {
					t.Errorf("open: %v", openErr)
				}
			}
			if err == nil || !strings.Contains(err.Error(), "another version of ScalarDB") {
				t.Error(err)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	create(t, s, simpleTable("ns", "a"))
	run(t, raw(t, path), `UPDATE "scalardb$metadata" SET data_type='JSON' WHERE column_name='v'`)
	if _, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "a"}); err == nil || !strings.Contains(err.Error(), `column "v": unknown data_type "JSON"`) {
		t.Error(err)
	}
}
