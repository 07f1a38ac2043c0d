package mysql

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// declared returns the types of a table's columns in the database.
func declared(t testing.TB, server *testserver.Server, name storage.TableName) string {
	t.Helper()
	return strings.Join(results(t, server, "SELECT CONCAT(COLUMN_NAME,' ',COLUMN_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='"+name.Namespace+"' AND TABLE_NAME='"+name.Name+"' ORDER BY ORDINAL_POSITION"), ", ")
}

func indexes(t testing.TB, server *testserver.Server, name storage.TableName) string {
	t.Helper()
	return strings.Join(results(t, server, "SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA='"+name.Namespace+"' AND TABLE_NAME='"+name.Name+"' AND INDEX_NAME<>'PRIMARY' ORDER BY 1"), ", ")
}

// TestLetterCase: names of columns that differ in letter case alone cannot stand
// side by side, names of tables can, on a server with a case-sensitive file
// system.
func TestLetterCase(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		namespace := server.Prefix + "ns"
		table := func(name string, columns ...string) *storage.Table {
			parts := []storagetest.Part{storagetest.PartitionKey("p", storage.Int)}
			for _, c := range columns {
				parts = append(parts, storagetest.Column(c, storage.Int))
			}
			return storagetest.Table(namespace, name, parts...)
		}
		createTable(t, s, table("case", "v"))
		if err := s.Admin().CreateTable(t.Context(), table("other", "v", "V"), nil); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("columns v and V: %v", err)
		}
		name := storage.TableName{Namespace: namespace, Name: "case"}
		if err := s.Admin().AddColumn(t.Context(), name, storage.Column{Name: "V", Type: storage.Int}); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("column V beside v: %v", err)
		}
		if s.server.folds {
			t.Skip("the server keeps names of tables in lower case")
		}
		upper := table("CASE", "w")
		createTable(t, s, upper)
		mutate(t, s, putOne(upper, 1, 1, storage.IntValue(5)))
		lower, err := s.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if got := value(t, s, lower, 1); got != -1 {
			t.Errorf("the record of CASE is in case: %d", got)
		}
		s.server.folds = true
		if err := s.Admin().CreateTable(t.Context(), table("Mixed"), nil); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("upper case where the server folds it: %v", err)
		}
	})
}

// TestIndexesChangeTypes: columns of TEXT and BLOB have another type as long as
// they have an index.
func TestIndexesChangeTypes(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server, WithKeySize(200))
		table := storagetest.Table(server.Prefix+"ns", "t", storagetest.PartitionKey("p", storage.Text), storagetest.Column("v", storage.Text), storagetest.Column("b", storage.Blob))
		name, admin := table.TableName, s.Admin()
		createTable(t, s, table)
		plain := "p varchar(200), v longtext, b longblob"
		if got := declared(t, server, name); got != plain {
			t.Errorf("created as %s", got)
		}
		key := []storage.Value{storage.TextValue("k")}
		mutate(t, s, storage.Mutation{Table: table, Key: key, Columns: []int{1}, Values: []storage.Value{storage.TextValue("short")}})
		for _, column := range []string{"v", "b"} {
			if err := admin.CreateIndex(t.Context(), name, column, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := declared(t, server, name), "p varchar(200), v varchar(200), b varbinary(200)"; got != want {
			t.Errorf("with indexes %s, want %s", got, want)
		}
		indexed, err := s.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		long := storage.Mutation{Table: indexed, Key: key, Columns: []int{1}, Values: []storage.Value{storage.TextValue(strings.Repeat("x", 201))}}
		if err := s.Mutate(t.Context(), []storage.Mutation{long}); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("a text of 201 characters in an index: %v", err)
		}
		for _, column := range []string{"v", "b"} {
			if err := admin.DropIndex(t.Context(), name, column); err != nil {
				t.Fatal(err)
			}
		}
		if got := declared(t, server, name); got != plain || indexes(t, server, name) != "" {
			t.Errorf("without indexes %s, %s", got, indexes(t, server, name))
		}
		long.Table = table
		mutate(t, s, long)
		if err := admin.CreateIndex(t.Context(), name, "v", nil); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("an index over a text of 201 characters: %v", err)
		}
	})
}

// TestCallsThatWereCutOffAreCompleted does by hand what Java, or an earlier call,
// did before it was cut off, and then makes the call.
func TestCallsThatWereCutOffAreCompleted(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		table := storagetest.Table(server.Prefix+"ns", "t", storagetest.PartitionKey("p", storage.Int), storagetest.Indexed("v", storage.Text), storagetest.Column("w", storage.Int))
		name, admin, db := table.TableName, s.Admin(), raw(t, server)
		if err := admin.CreateNamespace(t.Context(), name.Namespace, nil); err != nil {
			t.Fatal(err)
		}
		index := func(column string) string { return sqlstore.IndexName(name, column) }
		full := qualified(table)
		for _, c := range []struct {
			what   string
			before []string
			call   func() error
			want   string // columns, then indexes
		}{
			{"create table", []string{"CREATE TABLE " + full + " (p INT, v VARCHAR(128), w INT, PRIMARY KEY (p))"},
				func() error { return admin.CreateTable(t.Context(), table, nil) }, "p, v, w; " + index("v")},
			{"create index", []string{"CREATE INDEX `" + index("w") + "` ON " + full + " (w)"},
				func() error { return admin.CreateIndex(t.Context(), name, "w", nil) }, "p, v, w; " + index("v") + ", " + index("w")},
			{"drop index", []string{"DROP INDEX `" + index("v") + "` ON " + full},
				func() error { return admin.DropIndex(t.Context(), name, "v") }, "p, v, w; " + index("w")},
			{"rename column", []string{"ALTER TABLE " + full + " CHANGE w x INT"},
				func() error { return admin.RenameColumn(t.Context(), name, "w", "x") }, "p, v, x; " + index("x")},
			{"add column", []string{"ALTER TABLE " + full + " ADD y DATE"},
				func() error { return admin.AddColumn(t.Context(), name, storage.Column{Name: "y", Type: storage.Date}) }, "p, v, x, y; " + index("x")},
			{"drop column", []string{"ALTER TABLE " + full + " DROP COLUMN x"},
				func() error { return admin.DropColumn(t.Context(), name, "x") }, "p, v, y; "},
			{"alter column type", []string{"ALTER TABLE " + full + " MODIFY y LONGTEXT"},
				func() error { return admin.AlterColumnType(t.Context(), name, "y", storage.Text) }, "p, v, y; "},
			{"rename table", []string{"ALTER TABLE " + full + " RENAME TO `" + name.Namespace + "`.u"},
				func() error { return admin.RenameTable(t.Context(), name, "u") }, "; "},
			{"drop table", []string{"DROP TABLE `" + name.Namespace + "`.u"},
				func() error {
					return admin.DropTable(t.Context(), storage.TableName{Namespace: name.Namespace, Name: "u"})
				}, "; "},
		} {
			for _, statement := range c.before {
				run(t, db, statement)
			}
			if err := c.call(); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			var columns []string
			if deployed, err := s.Table(t.Context(), name); err == nil {
				for _, column := range deployed.Columns {
					columns = append(columns, column.Name)
				}
			}
			if got := strings.Join(columns, ", ") + "; " + indexes(t, server, name); got != c.want {
				t.Errorf("%s: %s, want %s", c.what, got, c.want)
			}
		}
	})
}

func TestColumnOfAnotherProgramIsNotRenamedAtALoss(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		s.server.renames = false
		db := raw(t, server)
		name := storage.TableName{Namespace: server.Prefix + "ns", Name: "t"}
		run(t, db, "CREATE SCHEMA `"+name.Namespace+"`")
		run(t, db, "CREATE TABLE `"+name.Namespace+"`.t (k INT PRIMARY KEY, a INT DEFAULT 5, b VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL)")
		if err := s.Admin().ImportTable(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Admin().RenameColumn(t.Context(), name, "a", "c"); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("a column with a default value: %v", err)
		}
		if err := s.Admin().RenameColumn(t.Context(), name, "b", "d"); err != nil {
			t.Error(err)
		}
		got := results(t, server, "SELECT COLUMN_NAME,COLUMN_TYPE,COLLATION_NAME,IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='"+name.Namespace+"' AND COLUMN_NAME<>'k' ORDER BY 1")
		if diff := cmp.Diff([]string{"a|int(11)|NULL|YES", "d|varchar(10)|utf8mb4_general_ci|NO"}, got); diff != "" && server.Kind == "mariadb" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestImportedTypes(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		db := raw(t, server)
		name := storage.TableName{Namespace: server.Prefix + "ns", Name: "t"}
		run(t, db, "CREATE SCHEMA `"+name.Namespace+"`")
		run(t, db, "CREATE TABLE `"+name.Namespace+"`.t (a TINYINT(1), b BIT(1), c TINYINT, d SMALLINT, e MEDIUMINT, f INT, g INT UNSIGNED, h BIGINT, i FLOAT, j DOUBLE, "+
			"k VARCHAR(20), l CHAR(5), m TINYTEXT, n MEDIUMTEXT, o VARBINARY(9), p BLOB, q DATE, r TIME, s DATETIME, u DATETIME(3), v TIMESTAMP NULL, w BOOL, PRIMARY KEY (k, f), KEY plain (d))")
		types := map[string]storage.Type{"u": storage.TimestampTZ, "j": storage.Float}
		got, err := s.Admin().ForeignTable(t.Context(), name, types)
		if err != nil {
			t.Fatal(err)
		}
		want := &storage.Table{TableName: name, Partition: []int{10, 5}}
		for i, typ := range []storage.Type{
			storage.Boolean, storage.Boolean, storage.Int, storage.Int, storage.Int, storage.Int, storage.BigInt, storage.BigInt, storage.Float, storage.Float,
			storage.Text, storage.Text, storage.Text, storage.Text, storage.Blob, storage.Blob, storage.Date, storage.Time, storage.Timestamp, storage.TimestampTZ, storage.TimestampTZ, storage.Boolean,
		} {
			want.Columns = append(want.Columns, storage.Column{Name: string("abcdefghijklmnopqrsuvw"[i]), Type: typ})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if err := errors.Join(s.Admin().ImportTable(t.Context(), name, types), s.Admin().RepairTable(t.Context(), want, nil)); err != nil {
			t.Fatal(err)
		}
		imported, err := s.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "INSERT INTO `"+name.Namespace+"`.t VALUES (1,b'1',-1,2,3,4,4294967295,5,0.5,0.25,'k','l','m','n','o','p','2022-01-08','01:02:03','2022-01-08 01:02:03','2022-01-08 01:02:03.5','2022-01-08 01:02:03',0)")
		key := []storage.Value{storage.TextValue("k"), storage.IntValue(4)}
		wantRow := "\"k\" 4 true true -1 2 3 4294967295 5 0.5 0.25 \"l\" \"m\" \"n\" x'6f' x'70' 2022-01-08 01:02:03 2022-01-08T01:02:03 2022-01-08T01:02:03.5Z 2022-01-08T01:02:03Z false"
		read := func(key []storage.Value) string {
			var out []string
			for _, gets := range [][]storage.Get{{{Table: imported, Key: key}}, {{Table: imported, Key: key}, {Table: imported, Key: key, Columns: []int{0}}}} {
				rows, err := s.Get(t.Context(), gets)
				if err != nil {
					t.Fatal(err)
				}
				var row []string
				for _, v := range rows[0] {
					row = append(row, v.String())
				}
				out = append(out, strings.Join(row, " "))
			}
			if out[0] != out[1] {
				t.Errorf("read as %s, and in another way as %s", out[0], out[1])
			}
			return out[0]
		}
		if diff := cmp.Diff(wantRow, read(key)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		rows, err := s.Get(t.Context(), []storage.Get{{Table: imported, Key: key}})
		if err != nil {
			t.Fatal(err)
		}
		// All of it written by us.
		put := storage.Mutation{Table: imported, Key: []storage.Value{storage.TextValue("k"), storage.IntValue(5)}}
		for c := range imported.Columns {
			if !imported.InPrimaryKey(c) {
				put.Columns, put.Values = append(put.Columns, c), append(put.Values, rows[0][c])
			}
		}
		mutate(t, s, put)
		if diff := cmp.Diff(strings.Replace(wantRow, " 4 ", " 5 ", 1), read(put.Key)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestTablesThatCannotBeImported(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		db := raw(t, server)
		namespace := server.Prefix + "ns"
		run(t, db, "CREATE SCHEMA `"+namespace+"`")
		run(t, db, "CREATE TABLE `"+namespace+"`.base (k INT PRIMARY KEY)")
		for i, c := range []struct{ create, want string }{
			{"TABLE %s (v INT)", "no primary key"},
			{"TABLE %s (k INT PRIMARY KEY, v DECIMAL(10,2))", `column v has the type "decimal(10,2)"`},
			{"TABLE %s (k INT PRIMARY KEY, v BIGINT UNSIGNED)", `"bigint unsigned"`},
			{"TABLE %s (k INT PRIMARY KEY, v BIT(2))", `"bit(2)"`},
			{"TABLE %s (k INT PRIMARY KEY, v YEAR)", "year"},
			{"TABLE %s (k INT PRIMARY KEY, v ENUM('a'))", "enum"},
			{"TABLE %s (k INT PRIMARY KEY, v INT AS (k+1) VIRTUAL)", "computed"},
			{"TABLE %s (k INT PRIMARY KEY, v INT UNIQUE)", "unique"},
			{"TABLE %s (k VARCHAR(20), PRIMARY KEY (k(5)))", "only the beginning of column k"},
			{"TABLE %s (k INT PRIMARY KEY, v TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)", "changes by itself"},
			{"TABLE %s (k INT PRIMARY KEY) ENGINE=MyISAM", "no transactions"},
			{"VIEW %s AS SELECT * FROM `" + namespace + "`.base", "view"},
		} {
			name := storage.TableName{Namespace: namespace, Name: fmt.Sprintf("t%d", i)}
			run(t, db, "CREATE "+fmt.Sprintf(c.create, "`"+namespace+"`."+name.Name))
			err := s.Admin().ImportTable(t.Context(), name, nil)
			if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.create, err)
			}
		}
		s.server.utc = false
		run(t, db, "CREATE TABLE `"+namespace+"`.zone (k INT PRIMARY KEY, v TIMESTAMP NULL)")
		if err := s.Admin().ImportTable(t.Context(), storage.TableName{Namespace: namespace, Name: "zone"}, nil); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "time zone") {
			t.Errorf("a TIMESTAMP in another time zone: %v", err)
		}
	})
}

// TestUniqueIndexOfAnotherProgram: what it refuses is not a record that exists.
func TestUniqueIndexOfAnotherProgram(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, fmt.Sprintf("%sns%t", server.Prefix, s.server.compounds))
		run(t, raw(t, server), "CREATE UNIQUE INDEX others ON "+qualified(table)+" (v)")
		mutate(t, s, insert(table, 1, 5))
		for _, group := range [][]storage.Mutation{{insert(table, 2, 5)}, {insert(table, 2, 5), putOne(table, 3, columnV, storage.IntValue(6))}} {
			err := s.Mutate(t.Context(), group)
			if err == nil || errors.Is(err, storage.ErrCondition) || !storage.NotApplied(err) || !strings.Contains(err.Error(), "others") {
				t.Errorf("group of %d: error %v", len(group), err)
			}
		}
		if err := s.Mutate(t.Context(), []storage.Mutation{insert(table, 1, 7)}); !errors.Is(err, storage.ErrCondition) {
			t.Errorf("a record that exists: %v", err)
		}
	})
}

// TestConcurrentCreators has many clients create the same namespaces and tables,
// from nothing.
func TestConcurrentCreators(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		const clients, tables = 6, 3
		var all sync.WaitGroup
		created := make([][tables]error, clients)
		for i := range clients {
			s := openServer(t, server)
			all.Go(func() {
				for j := range tables {
					namespace := fmt.Sprintf("%sns%d", server.Prefix, j)
					if err := s.Admin().CreateNamespace(t.Context(), namespace, nil); err != nil {
						t.Error(err)
					}
					created[i][j] = s.Admin().CreateTable(t.Context(), storagetest.Table(namespace, "t", storagetest.PartitionKey("p", storage.Int), storagetest.Indexed("v", storage.Text)), nil)
				}
			})
		}
		all.Wait()
		for j := range tables {
			winners := 0
			for i := range clients {
				if created[i][j] == nil {
					winners++
				} else if !errors.Is(created[i][j], storage.ErrTableExists) {
					t.Error(created[i][j])
				}
			}
			if winners != 1 {
				t.Errorf("%d clients created table %d", winners, j)
			}
		}
	})
}

func TestNamesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"": "empty", "a\x00b": "NUL", "a ": "space", strings.Repeat("x", 65): "64 characters", "a\xff": "UTF-8", "a😀": "U+FFFF",
	} {
		if got := checkName(name); !strings.Contains(got, why) {
			t.Errorf("%q: %q", name, got)
		}
	}
	for _, namespace := range []string{"a.b", "mysql", "Information_Schema", "sys"} {
		if checkNamespace(namespace) == "" {
			t.Errorf("%q can be a namespace", namespace)
		}
	}
	s := &Storage{config: config{metadataSchema: "scalardb"}, server: &server{}}
	long := storagetest.Table(strings.Repeat("n", 64), strings.Repeat("t", 64), storagetest.PartitionKey("p", storage.Int))
	if err := s.checkNames("create table", long); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a name that the metadata cannot hold: %v", err)
	}
}
