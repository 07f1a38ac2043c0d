package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

func TestImportedTypes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	run(t, raw(t, path), `CREATE TABLE "ns$t" (a BOOLEAN, b smallint, c INT, d INTEGER, e BIGINT(20), f FLOAT, g REAL, h double precision,
		i VARCHAR(10), j TEXT NOT NULL DEFAULT 'x', k BLOB, l INTEGER, m bigint, PRIMARY KEY (i, d))`)
	run(t, raw(t, path), `CREATE INDEX plain ON "ns$t" (b)`)
	name := storage.TableName{Namespace: "ns", Name: "t"}
	types := map[string]storage.Type{"l": storage.Date, "m": storage.TimestampTZ, "f": storage.Float}
	got, err := s.ForeignTable(t.Context(), name, types)
	if err != nil {
		t.Fatal(err)
	}
	want := &storage.Table{TableName: name, Columns: []storage.Column{
		{Name: "a", Type: storage.Boolean}, {Name: "b", Type: storage.Int}, {Name: "c", Type: storage.Int}, {Name: "d", Type: storage.BigInt},
		{Name: "e", Type: storage.BigInt}, {Name: "f", Type: storage.Float}, {Name: "g", Type: storage.Double}, {Name: "h", Type: storage.Double},
		{Name: "i", Type: storage.Text}, {Name: "j", Type: storage.Text}, {Name: "k", Type: storage.Blob}, {Name: "l", Type: storage.Date}, {Name: "m", Type: storage.TimestampTZ},
	}, Partition: []int{8, 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Repair takes the declared types for what they hold.
	if err := errors.Join(s.ImportTable(t.Context(), name, types), s.RepairTable(t.Context(), want, nil)); err != nil {
		t.Error(err)
	}
	run(t, raw(t, path), `INSERT INTO "ns$t" (a,d,e,g,i,l) VALUES (1,2,3,0.5,'x',19000)`)
	deployed, err := s.Table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Get(t.Context(), []storage.Get{{Table: deployed, Key: []storage.Value{storage.TextValue("x"), storage.BigIntValue(2)}, Columns: []int{deployed.Column("a"), deployed.Column("g"), deployed.Column("l"), deployed.Column("m")}}})
	if diff := cmp.Diff("[true 0.5 2022-01-08 NULL]", strings.TrimSpace(sprint(rows))); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func sprint(rows []storage.Row) string {
	var texts []string
	for _, v := range rows[0] {
		texts = append(texts, v.String())
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func TestTablesThatCannotBeImported(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	db := raw(t, path)
	for statement, want := range map[string]string{
		`CREATE TABLE "ns$nokey" (a INT)`:                                                 "has no primary key",
		`CREATE TABLE "ns$number" (a INT PRIMARY KEY, b NUMERIC(5,2))`:                    `column b has the type "NUMERIC(5,2)", which has no counterpart`,
		`CREATE TABLE "ns$untyped" (a INT PRIMARY KEY, b)`:                                `column b has the type "", which has no counterpart`,
		`CREATE TABLE "ns$day" (a INT PRIMARY KEY, b DATE)`:                               `column b has the type "DATE"`,
		`CREATE TABLE "ns$rowid" (a INT PRIMARY KEY) WITHOUT ROWID`:                       "WITHOUT ROWID",
		`CREATE TABLE "ns$strict" (a INT PRIMARY KEY) STRICT`:                             "STRICT",
		`CREATE TABLE "ns$nocase" (a TEXT COLLATE NOCASE PRIMARY KEY)`:                    "COLLATE",
		`CREATE TABLE "ns$replace" (a INT PRIMARY KEY ON CONFLICT REPLACE)`:               "lets an insert overwrite",
		`CREATE TABLE "ns$unique" (a INT PRIMARY KEY, b TEXT UNIQUE)`:                     "demands unique values beside the primary key",
		`CREATE TABLE "ns$computed" (a INT PRIMARY KEY, b INT GENERATED ALWAYS AS (a+1))`: "column b is computed",
		`CREATE VIEW "ns$view" AS SELECT 1 AS a`:                                          "a view or a virtual table",
	} {
		run(t, db, statement)
		physical := strings.Split(statement, `"`)[1]
		name := storage.TableName{Namespace: "ns", Name: strings.TrimPrefix(physical, "ns$")}
		if err := s.ImportTable(t.Context(), name, nil); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if tables, err := s.Tables(t.Context(), "ns"); err != nil || len(tables) != 0 {
		t.Error(tables, err)
	}
}

func TestRepairRefusesATableOfAnotherShape(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	run(t, raw(t, path), `CREATE TABLE "ns$key" ("k" INT, "v" INT, PRIMARY KEY ("k","v"))`)
	run(t, raw(t, path), `CREATE TABLE "ns$type" ("k" INT, "v" TEXT, PRIMARY KEY ("k"))`)
	for name, want := range map[string]string{"key": "the primary key of the table in the database is (k, v), and (k) in the definition", "type": "column v of the table in the database is of type TEXT and holds no INT"} {
		if err := s.RepairTable(t.Context(), simpleTable("ns", name), nil); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
