package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

// appendixA is the table of the storage spec's appendix A, its columns in
// another order than that in which they are to be created.
func appendixA() *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: "ns", Name: "tbl"},
		Columns: []storage.Column{
			{Name: "v", Type: storage.BigInt}, {Name: "c2", Type: storage.Text}, {Name: "i", Type: storage.Text}, {Name: "p", Type: storage.Text},
			{Name: "b", Type: storage.Blob}, {Name: "c1", Type: storage.Int}, {Name: "ts", Type: storage.Timestamp},
		},
		Partition:  []int{3},
		Clustering: []storage.ClusteringColumn{{Column: 5}, {Column: 1, Order: storage.Desc}},
		Indexes:    []int{2},
	}
}

// allTypes has a column of each type beside its key k.
func allTypes() *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: "ns", Name: "types"},
		Columns:   []storage.Column{{Name: "k", Type: storage.Int}},
		Partition: []int{0},
	}
	for _, typ := range storage.Types() {
		t.Columns = append(t.Columns, storage.Column{Name: "c_" + strings.ToLower(typ.String()), Type: typ})
	}
	return t
}

func create(t testing.TB, s *Storage, table *storage.Table) {
	t.Helper()
	if err := s.CreateTable(t.Context(), table, nil); err != nil {
		t.Fatal(err)
	}
}

// raw opens the file as another program would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// results returns the rows of a query as texts joined by |, strings quoted.
func results(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		fields := make([]string, len(values))
		for i, v := range values {
			fields[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(fields, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreateTableWritesTheSchemaOfJava(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	create(t, s, appendixA())
	db := raw(t, path)
	// Appendix A and section 3.3.1; white space is not significant.
	want := []string{
		`index|index_ns_tbl_i|ns$tbl|CREATE INDEX "index_ns_tbl_i" ON "ns$tbl" ("i")`,
		`index|sqlite_autoindex_ns$tbl_1|ns$tbl|<nil>`,
		`index|sqlite_autoindex_scalardb$metadata_1|scalardb$metadata|<nil>`,
		`table|ns$tbl|ns$tbl|CREATE TABLE "ns$tbl"("p" TEXT,"c1" INT,"c2" TEXT,"v" BIGINT,"i" TEXT,"b" BLOB,"ts" BIGINT, PRIMARY KEY ("p","c1","c2"))`,
		`table|scalardb$metadata|scalardb$metadata|CREATE TABLE "scalardb$metadata"("full_table_name" TEXT,"column_name" TEXT,"data_type" TEXT NOT NULL,` +
			`"key_type" TEXT,"clustering_order" TEXT,"indexed" BOOLEAN NOT NULL,"ordinal_position" INTEGER NOT NULL, PRIMARY KEY ("full_table_name","column_name"))`,
	}
	if diff := cmp.Diff(want, results(t, db, "SELECT type,name,tbl_name,sql FROM sqlite_master ORDER BY type,name")); diff != "" {
		t.Error("schema (-want +got):\n" + diff)
	}
	wantRows := []string{
		"ns.tbl|p|TEXT|PARTITION|<nil>|0|1",
		"ns.tbl|c1|INT|CLUSTERING|ASC|0|2",
		"ns.tbl|c2|TEXT|CLUSTERING|DESC|0|3",
		"ns.tbl|v|BIGINT|<nil>|<nil>|0|4",
		"ns.tbl|i|TEXT|<nil>|<nil>|1|5",
		"ns.tbl|b|BLOB|<nil>|<nil>|0|6",
		"ns.tbl|ts|TIMESTAMP|<nil>|<nil>|0|7",
	}
	// CAST, since the driver makes a bool of a column declared BOOLEAN.
	got := results(t, db, `SELECT full_table_name,column_name,data_type,key_type,clustering_order,CAST(indexed AS INTEGER),ordinal_position
		FROM "scalardb$metadata" ORDER BY ordinal_position`)
	if diff := cmp.Diff(wantRows, got); diff != "" {
		t.Error("metadata (-want +got):\n" + diff)
	}
	if diff := cmp.Diff([]string{"integer|text"}, results(t, db, `SELECT DISTINCT typeof(indexed),typeof(full_table_name) FROM "scalardb$metadata"`)); diff != "" {
		t.Error("metadata types (-want +got):\n" + diff)
	}
	read, err := s.Table(t.Context(), appendixA().TableName)
	if err != nil {
		t.Fatal(err)
	}
	if !read.Equal(appendixA()) {
		t.Errorf("read back %+v", read)
	}
}

func TestColumnTypesAreThoseOfJava(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	create(t, openFile(t, path), allTypes())
	want := []string{`CREATE TABLE "ns$types"("k" INT,"c_boolean" BOOLEAN,"c_int" INT,"c_bigint" BIGINT,"c_float" FLOAT,"c_double" DOUBLE,"c_text" TEXT,` +
		`"c_blob" BLOB,"c_date" INT,"c_time" BIGINT,"c_timestamp" BIGINT,"c_timestamptz" BIGINT, PRIMARY KEY ("k"))`}
	if diff := cmp.Diff(want, results(t, raw(t, path), "SELECT sql FROM sqlite_master WHERE name='ns$types'")); diff != "" {
		t.Error(diff)
	}
}

// storedValues pairs values with what the file holds for them (storage spec,
// sections 1.2, 4.1 and 4.4).
var storedValues = []struct {
	value  storage.Value
	stored string // typeof|quote(...)
}{
	{storage.BooleanValue(true), "integer|1"},
	{storage.BooleanValue(false), "integer|0"},
	{storage.IntValue(math.MinInt32), "integer|-2147483648"},
	{storage.BigIntValue(math.MaxInt64), "integer|9223372036854775807"},
	{storage.FloatValue(0.1), "real|0.10000000149011612"},
	{storage.FloatValue(1), "real|1.0"},
	{storage.DoubleValue(0.1), "real|0.1"},
	{storage.DoubleValue(math.Copysign(0, -1)), "real|0.0"},
	{storage.TextValue("a'日"), "text|'a''日'"},
	{storage.TextValue(""), "text|''"},
	{storage.TextValue("12"), "text|'12'"},
	{storage.BlobValue([]byte{1, 0xff}), "blob|X'01FF'"},
	{storage.BlobValue(nil), "blob|X''"},
	{storage.DateValue(storage.MinDate), "integer|-354285"},
	{storage.DateValue(20669), "integer|20669"},
	{storage.TimeValue(45296123456000), "integer|45296123456000"},
	{storage.TimestampValue(-1), "integer|-1000"},
	{storage.TimestampValue(-999), "integer|-1998"},
	{storage.TimestampValue(-1000), "integer|-1999"},
	{storage.TimestampValue(-1500), "integer|-2499"},
	{storage.TimestampValue(storage.MinTimestamp), "integer|-30610224000999"},
	{storage.TimestampTZValue(storage.MaxTimestamp), "integer|253402300799999"},
	{storage.TimestampTZValue(-1), "integer|-1000"},
	{storage.Null(storage.Text), "null|NULL"},
	{storage.Null(storage.TimestampTZ), "null|NULL"},
}

func TestValuesAreStoredAsJavaStoresThem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := allTypes()
	create(t, s, table)
	db := raw(t, path)
	for i, c := range storedValues {
		column := table.Column("c_" + strings.ToLower(c.value.Type().String()))
		key := []storage.Value{storage.IntValue(int32(i))}
		put := storage.Mutation{Table: table, Key: key, Columns: []int{column}, Values: []storage.Value{c.value}}
		if err := s.Mutate(t.Context(), []storage.Mutation{put}); err != nil {
			t.Fatal(err)
		}
		name := table.Columns[column].Name
		got := results(t, db, fmt.Sprintf(`SELECT typeof(%s),quote(%s) FROM "ns$types" WHERE k=%d`, name, name, i))
		if diff := cmp.Diff([]string{c.stored}, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.value, diff)
		}
	}
}

func TestValuesOfJavaAreRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := allTypes()
	create(t, s, table)
	db := raw(t, path)
	for i, c := range storedValues {
		column := table.Column("c_" + strings.ToLower(c.value.Type().String()))
		_, literal, _ := strings.Cut(c.stored, "|")
		run(t, db, fmt.Sprintf(`INSERT INTO "ns$types"(k,%s) VALUES (%d,%s)`, table.Columns[column].Name, i, literal))
		rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(int32(i))}}})
		if err != nil {
			t.Fatal(err)
		}
		want := make(storage.Row, len(table.Columns))
		for j := range want {
			want[j] = storage.Null(table.Columns[j].Type)
		}
		want[0] = storage.IntValue(int32(i))
		want[column] = c.value
		if c.value == storage.DoubleValue(math.Copysign(0, -1)) {
			want[column] = storage.DoubleValue(0)
		}
		if diff := cmp.Diff(want, rows[0], cmp.Comparer(func(a, b storage.Value) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.stored, diff)
		}
	}
}

func TestReadingIsStrict(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := allTypes()
	create(t, s, table)
	db := raw(t, path)
	for i, c := range []struct{ column, literal, reason string }{
		{"c_boolean", "2", "the integer 2, which is not a BOOLEAN"},
		{"c_int", "2147483648", "the integer 2147483648, which is not a INT"},
		{"c_int", "'x'", `the text "x", which is not a INT`},
		{"c_bigint", "1.5", "the number 1.5, which is not a BIGINT"},
		{"c_double", "'x'", `the text "x", which is not a DOUBLE`},
		{"c_text", "X'00'", "the blob x'00', which is not a TEXT"},
		{"c_blob", "'x'", `the text "x", which is not a BLOB`},
		{"c_date", "-354286", "the integer -354286, which is not a DATE"},
		{"c_time", "1", "the integer 1, which is not a TIME"},
		{"c_time", "86400000000000", "the integer 86400000000000, which is not a TIME"},
		{"c_timestamp", "-1", "the integer -1, which is not a TIMESTAMP"},
		{"c_timestamptz", "253402300800000", "the integer 253402300800000, which is not a TIMESTAMPTZ"},
	} {
		run(t, db, `DELETE FROM "ns$types"`)
		run(t, db, fmt.Sprintf(`INSERT INTO "ns$types"(k,%s) VALUES (%d,%s)`, c.column, i, c.literal))
		want := fmt.Sprintf("ns.types: record (k=%d): column %s holds %s", i, c.column, c.reason)
		if _, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(int32(i))}}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("get: %v, want %s", err, want)
		}
		if _, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan, Columns: []int{table.Column(c.column)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("scan: %v, want %s", err, want)
		}
	}
	run(t, db, `DELETE FROM "ns$types"`)
	run(t, db, `INSERT INTO "ns$types"(k) VALUES (NULL)`)
	if _, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan}); err == nil || !strings.Contains(err.Error(), "column k holds NULL") {
		t.Errorf("NULL in the key: %v", err)
	}
}
