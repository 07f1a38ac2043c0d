package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

// opened returns a storage on a new file, the file as another program sees it,
// and a table ns.t with columns k, v and the indexed ones.
func opened(t *testing.T, indexed ...string) (*Storage, *rawFile, storage.TableName) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := simpleTable("ns", "t", indexed...)
	create(t, s, table)
	return s, &rawFile{t, path}, table.TableName
}

type rawFile struct {
	t    *testing.T
	path string
}

func (f *rawFile) run(statements ...string) {
	f.t.Helper()
	db := raw(f.t, f.path)
	for _, statement := range statements {
		run(f.t, db, statement)
	}
}

// want compares table and indexes with their statements, and the metadata.
func (f *rawFile) want(schema, metadata []string) {
	f.t.Helper()
	db := raw(f.t, f.path)
	if diff := cmp.Diff(schema, results(f.t, db, `SELECT sql FROM sqlite_master WHERE name NOT LIKE 'scalardb%' AND sql IS NOT NULL ORDER BY type DESC,name`)); diff != "" {
		f.t.Errorf("schema (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(metadata, results(f.t, db, `SELECT full_table_name,column_name,data_type,key_type,CAST(indexed AS INTEGER),ordinal_position
		FROM "scalardb$metadata" ORDER BY full_table_name,ordinal_position`)); diff != "" {
		f.t.Errorf("metadata (-want +got)\n%s", diff)
	}
}

// The table is the only one, so that metadata that were emptied first would take
// their table with them.
func TestChangesAreWrittenAsJavaWritesThem(t *testing.T) {
	t.Parallel()
	s, file, name := opened(t, "i")
	ctx := t.Context()
	if err := errors.Join(
		s.AddColumn(ctx, name, storage.Column{Name: "d", Type: storage.Date}),
		s.CreateIndex(ctx, name, "v", nil),
		s.RenameColumn(ctx, name, "i", "j"),
	); err != nil {
		t.Fatal(err)
	}
	file.want([]string{
		`CREATE TABLE "ns$t"("k" INT,"v" INT,"j" TEXT, "d" INT, PRIMARY KEY ("k"))`,
		`CREATE INDEX "index_ns_t_j" ON "ns$t" ("j")`,
		`CREATE INDEX "index_ns_t_v" ON "ns$t" ("v")`,
	}, []string{"ns.t|k|INT|PARTITION|0|1", "ns.t|v|INT|<nil>|1|2", "ns.t|j|TEXT|<nil>|1|3", "ns.t|d|DATE|<nil>|0|4"})
	if err := errors.Join(
		s.DropColumn(ctx, name, "j"),
		s.RenameTable(ctx, name, "u"),
	); err != nil {
		t.Fatal(err)
	}
	file.want([]string{
		`CREATE TABLE "ns$u"("k" INT,"v" INT,"d" INT, PRIMARY KEY ("k"))`,
		`CREATE INDEX "index_ns_u_v" ON "ns$u" ("v")`,
	}, []string{"ns.u|k|INT|PARTITION|0|1", "ns.u|v|INT|<nil>|1|2", "ns.u|d|DATE|<nil>|0|3"})
	if err := s.DropIndex(ctx, storage.TableName{Namespace: "ns", Name: "u"}, "v"); err != nil {
		t.Fatal(err)
	}
	file.want([]string{`CREATE TABLE "ns$u"("k" INT,"v" INT,"d" INT, PRIMARY KEY ("k"))`},
		[]string{"ns.u|k|INT|PARTITION|0|1", "ns.u|v|INT|<nil>|0|2", "ns.u|d|DATE|<nil>|0|3"})
}

// Before version 3.16.5 Java did not shorten the names of indexes.
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
			s, file, table := opened(t, long)
			short := results(t, raw(t, file.path), `SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'`)[0]
			file.run(`DROP INDEX "`+short+`"`, `CREATE INDEX "index_ns_t_`+long+`" ON "ns$t" ("`+long+`")`)
			if err := change(s, table); err != nil {
				t.Fatal(err)
			}
			for _, left := range results(t, raw(t, file.path), `SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'`) {
				if left == "index_ns_t_"+long {
					t.Errorf("index %s is left", left)
				}
			}
		})
	}
}

func TestIndexOfAnotherTableIsNotDropped(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	create(t, s, simpleTable("a_b", "c", "i"))
	other := simpleTable("a", "b_c")
	other.Columns = append(other.Columns, storage.Column{Name: "i", Type: storage.Text})
	create(t, s, other)
	if err := s.CreateIndex(t.Context(), other.TableName, "i", nil); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "has that name already") {
		t.Error(err)
	}
	if err := s.DropColumn(t.Context(), other.TableName, "i"); err != nil {
		t.Fatal(err)
	}
	scan := storage.Scan{Table: simpleTable("a_b", "c", "i"), Kind: storage.IndexScan, Index: 2, IndexValue: storage.TextValue("x")}
	if _, err := s.Scan(t.Context(), &scan); err != nil {
		t.Error(err)
	}
	ses, err := s.writer.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.writer.release(ses)
	if kept, err := found(ses, "SELECT 1 FROM sqlite_master WHERE name='index_a_b_c_i'"); err != nil || !kept {
		t.Error(kept, err)
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
		"create index": {[]string{`CREATE INDEX "index_ns_t_v" ON "ns$t" ("v")`},
			func(s *Storage, name storage.TableName) error { return s.CreateIndex(t.Context(), name, "v", nil) }, "index_ns_t_i,index_ns_t_v"},
		"drop index": {[]string{`DROP INDEX "index_ns_t_i"`},
			func(s *Storage, name storage.TableName) error { return s.DropIndex(t.Context(), name, "i") }, ""},
		"add column": {[]string{`ALTER TABLE "ns$t" ADD "x" BIGINT`},
			func(s *Storage, name storage.TableName) error {
				return s.AddColumn(t.Context(), name, storage.Column{Name: "x", Type: storage.Timestamp})
			}, "index_ns_t_i"},
		"drop column": {[]string{`DROP INDEX "index_ns_t_i"`, `ALTER TABLE "ns$t" DROP COLUMN "i"`},
			func(s *Storage, name storage.TableName) error { return s.DropColumn(t.Context(), name, "i") }, ""},
		"rename column": {[]string{`ALTER TABLE "ns$t" RENAME COLUMN "i" TO "j"`},
			func(s *Storage, name storage.TableName) error { return s.RenameColumn(t.Context(), name, "i", "j") }, "index_ns_t_j"},
		"rename column and index": {[]string{`ALTER TABLE "ns$t" RENAME COLUMN "i" TO "j"`, `DROP INDEX "index_ns_t_i"`, `CREATE INDEX "index_ns_t_j" ON "ns$t" ("j")`},
			func(s *Storage, name storage.TableName) error { return s.RenameColumn(t.Context(), name, "i", "j") }, "index_ns_t_j"},
		"rename table": {[]string{`ALTER TABLE "ns$t" RENAME TO "ns$u"`},
			func(s *Storage, name storage.TableName) error { return s.RenameTable(t.Context(), name, "u") }, "index_ns_u_i"},
		"rename table and index": {[]string{`ALTER TABLE "ns$t" RENAME TO "ns$u"`, `DROP INDEX "index_ns_t_i"`, `CREATE INDEX "index_ns_u_i" ON "ns$u" ("i")`},
			func(s *Storage, name storage.TableName) error { return s.RenameTable(t.Context(), name, "u") }, "index_ns_u_i"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, file, table := opened(t, "i")
			file.run(c.begun...)
			if err := c.change(s, table); err != nil {
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
			if got := strings.Join(results(t, raw(t, file.path), `SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%' ORDER BY 1`), ","); got != c.want {
				t.Errorf("indexes %s, want %s", got, c.want)
			}
		})
	}
}

func TestChangesThatTheFileDoesNotAllow(t *testing.T) {
	t.Parallel()
	s, file, name := opened(t, "i")
	file.run(`ALTER TABLE "ns$t" ADD "x" TEXT`, `CREATE INDEX mine ON "ns$t" ("v")`, `CREATE TABLE "ns$u" (a)`)
	ctx := t.Context()
	for want, err := range map[string]error{
		`has a column "x" of type TEXT that its metadata do not name`: s.AddColumn(ctx, name, storage.Column{Name: "x", Type: storage.Int}),
		`has a column "x" of type TEXT`:                               s.AddColumn(ctx, name, storage.Column{Name: "X", Type: storage.Text}),
		`the index "mine", which another program has created`:         s.DropColumn(ctx, name, "v"),
		"SQLite cannot tell this column from k":                       s.RenameColumn(ctx, name, "v", "K"),
		`SQLite cannot tell the name from that of "ns$t"`:             s.RenameTable(ctx, name, "T"),
		"must not contain $":                                          s.RenameTable(ctx, name, "a$b"),
		"SQLite cannot change the type of a column":                   s.AlterColumnType(ctx, name, "v", storage.BigInt),
	} {
		if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := s.RenameTable(ctx, name, "u"); !errors.Is(err, storage.ErrTableExists) {
		t.Errorf("rename to a table of another program: %v", err)
	}
	if table, err := s.Table(ctx, name); err != nil || !table.Equal(simpleTable("ns", "t", "i")) {
		t.Error(table, err)
	}
}

// The statements that a session has prepared go on with what another process has
// changed, or say what is gone.
func TestChangesByAnotherProcessAreSeen(t *testing.T) {
	t.Parallel()
	s, file, _ := opened(t, "i")
	other := openFile(t, file.path)
	table := simpleTable("ns", "t", "i")
	key := []storage.Value{storage.IntValue(1)}
	put := []storage.Mutation{{Table: table, Key: key, Columns: []int{2}, Values: []storage.Value{storage.TextValue("x")}}}
	if err := s.Mutate(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	get := []storage.Get{{Table: table, Key: key}}
	if _, err := s.Get(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	if err := other.AddColumn(t.Context(), table.TableName, storage.Column{Name: "new", Type: storage.Int}); err != nil {
		t.Fatal(err)
	}
	if rows, err := s.Get(t.Context(), get); err != nil || len(rows[0]) != 3 {
		t.Error(rows, err)
	}
	if err := other.DropColumn(t.Context(), table.TableName, "i"); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(t.Context(), get)
	for _, err := range []error{getErr, s.Mutate(t.Context(), put)} {
		if !errors.Is(err, storage.ErrInvalid) {
			t.Error(err)
		}
	}
}
