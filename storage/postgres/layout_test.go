package postgres

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
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

// create creates a table in its namespace.
func create(t testing.TB, s *Storage, table *storage.Table) {
	t.Helper()
	if err := s.CreateNamespace(t.Context(), table.Namespace, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateTable(t.Context(), table, nil); err != nil {
		t.Fatal(err)
	}
}

// run runs statements as another program would.
func run(t testing.TB, s *Storage, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if err := s.execute(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// results returns the rows of a query as the server prints them, fields joined
// by |.
func results(t testing.TB, s *Storage, query string) []string {
	t.Helper()
	ses, err := s.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.release(ses)
	rows, err := (&adminSession{session: ses, ctx: t.Context()}).Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var out []string
	for _, row := range rows {
		out = append(out, strings.Join(row, "|"))
	}
	return out
}

const (
	columnsQuery = `SELECT a.attname,format_type(a.atttypid,a.atttypmod),a.attnotnull,coalesce(l.collname,'') FROM pg_attribute a
		LEFT JOIN pg_collation l ON l.oid=a.attcollation WHERE a.attrelid='%s'::regclass AND a.attnum>0 ORDER BY a.attnum`
	indexesQuery  = `SELECT indexdef FROM pg_indexes WHERE schemaname='ns' ORDER BY indexname`
	metadataQuery = `SELECT full_table_name,column_name,data_type,coalesce(key_type,'NULL'),coalesce(clustering_order,'NULL'),indexed,ordinal_position
		FROM scalardb.metadata ORDER BY full_table_name,ordinal_position`
)

func TestCreateTableWritesTheSchemaOfJava(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	shown := show(t, func(ctx dryContext) error { return s.CreateTable(ctx, appendixA(), nil) })
	// Appendix A and section 3.3.1; white space is not significant.
	want := []string{
		`CREATE TABLE "ns"."tbl"("p" VARCHAR(10485760),"c1" INT,"c2" VARCHAR(10485760),"v" BIGINT,"i" VARCHAR(10485760),"b" BYTEA,"ts" TIMESTAMP, PRIMARY KEY ("p","c1","c2"))`,
		`CREATE UNIQUE INDEX "index_clustering_order_ns_tbl" ON "ns"."tbl" ("p" ASC,"c1" ASC,"c2" DESC)`,
		`CREATE INDEX "index_ns_tbl_i" ON "ns"."tbl" ("i")`,
		`CREATE SCHEMA "scalardb"`,
		`CREATE TABLE "scalardb"."metadata"("full_table_name" VARCHAR(128),"column_name" VARCHAR(128),"data_type" VARCHAR(20) NOT NULL,"key_type" VARCHAR(20),` +
			`"clustering_order" VARCHAR(10),"indexed" BOOLEAN NOT NULL,"ordinal_position" INTEGER NOT NULL, PRIMARY KEY ("full_table_name","column_name"))`,
		`INSERT INTO "scalardb"."metadata" VALUES ('ns.tbl','p','TEXT','PARTITION',NULL,FALSE,1),('ns.tbl','c1','INT','CLUSTERING','ASC',FALSE,2),` +
			`('ns.tbl','c2','TEXT','CLUSTERING','DESC',FALSE,3),('ns.tbl','v','BIGINT',NULL,NULL,FALSE,4),('ns.tbl','i','TEXT',NULL,NULL,TRUE,5),` +
			`('ns.tbl','b','BLOB',NULL,NULL,FALSE,6),('ns.tbl','ts','TIMESTAMP',NULL,NULL,FALSE,7)`,
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error("statements (-want +got):\n" + diff)
	}
	create(t, s, appendixA())
	wantColumns := []string{
		"p|character varying(10485760)|t|default", "c1|integer|t|", "c2|character varying(10485760)|t|default", "v|bigint|f|",
		"i|character varying(10485760)|f|default", "b|bytea|f|", "ts|timestamp without time zone|f|",
	}
	if diff := cmp.Diff(wantColumns, results(t, s, fmt.Sprintf(columnsQuery, "ns.tbl"))); diff != "" {
		t.Error("columns (-want +got):\n" + diff)
	}
	wantIndexes := []string{
		"CREATE UNIQUE INDEX index_clustering_order_ns_tbl ON ns.tbl USING btree (p, c1, c2 DESC)",
		"CREATE INDEX index_ns_tbl_i ON ns.tbl USING btree (i)",
		"CREATE UNIQUE INDEX tbl_pkey ON ns.tbl USING btree (p, c1, c2)",
	}
	if diff := cmp.Diff(wantIndexes, results(t, s, indexesQuery)); diff != "" {
		t.Error("indexes (-want +got):\n" + diff)
	}
	wantRows := []string{
		"ns.tbl|p|TEXT|PARTITION|NULL|f|1",
		"ns.tbl|c1|INT|CLUSTERING|ASC|f|2",
		"ns.tbl|c2|TEXT|CLUSTERING|DESC|f|3",
		"ns.tbl|v|BIGINT|NULL|NULL|f|4",
		"ns.tbl|i|TEXT|NULL|NULL|t|5",
		"ns.tbl|b|BLOB|NULL|NULL|f|6",
		"ns.tbl|ts|TIMESTAMP|NULL|NULL|f|7",
	}
	if diff := cmp.Diff(wantRows, results(t, s, metadataQuery)); diff != "" {
		t.Error("metadata (-want +got):\n" + diff)
	}
	wantMetadata := []string{
		"full_table_name|character varying(128)|t|default", "column_name|character varying(128)|t|default", "data_type|character varying(20)|t|default",
		"key_type|character varying(20)|f|default", "clustering_order|character varying(10)|f|default", "indexed|boolean|t|", "ordinal_position|integer|t|",
	}
	if diff := cmp.Diff(wantMetadata, results(t, s, fmt.Sprintf(columnsQuery, "scalardb.metadata"))); diff != "" {
		t.Error("metadata table (-want +got):\n" + diff)
	}
	read, err := s.Table(t.Context(), appendixA().TableName)
	if err != nil || !read.Equal(appendixA()) {
		t.Errorf("read back %+v, %v", read, err)
	}
}

func TestColumnTypesAreThoseOfJava(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	create(t, s, allTypes())
	want := []string{
		"k|integer|t|", "c_boolean|boolean|f|", "c_int|integer|f|", "c_bigint|bigint|f|", "c_float|real|f|", "c_double|double precision|f|", "c_text|text|f|default",
		"c_blob|bytea|f|", "c_date|date|f|", "c_time|time without time zone|f|", "c_timestamp|timestamp without time zone|f|", "c_timestamptz|timestamp with time zone|f|",
	}
	if diff := cmp.Diff(want, results(t, s, fmt.Sprintf(columnsQuery, "ns.types"))); diff != "" {
		t.Error(diff)
	}
}

// storedValues pairs values with the SQL literal for what the server holds
// (storage spec, sections 4.1, 4.2 and 11).
var storedValues = []struct {
	value   storage.Value
	literal string
}{
	{storage.BooleanValue(true), "true"},
	{storage.BooleanValue(false), "false"},
	{storage.IntValue(math.MinInt32), "-2147483648"},
	{storage.IntValue(math.MaxInt32), "2147483647"},
	{storage.BigIntValue(math.MinInt64), "-9223372036854775808"},
	{storage.BigIntValue(9007199254740992), "9007199254740992"},
	{storage.FloatValue(0.1), "0.1::real"},
	{storage.FloatValue(float32(math.Copysign(0, -1))), "'-0'::real"},
	{storage.FloatValue(math.MaxFloat32), "3.4028235e38::real"},
	{storage.FloatValue(math.SmallestNonzeroFloat32), "1.4e-45::real"},
	{storage.FloatValue(float32(math.NaN())), "'NaN'::real"},
	{storage.DoubleValue(0.1), "0.1::float8"},
	{storage.DoubleValue(math.SmallestNonzeroFloat64), "4.9e-324::float8"},
	{storage.DoubleValue(math.Inf(-1)), "'-Infinity'::float8"},
	{storage.TextValue("a'日"), "'a''日'"},
	{storage.TextValue(""), "''"},
	{storage.BlobValue([]byte{1, 0xff}), `'\x01ff'::bytea`},
	{storage.BlobValue(nil), `''::bytea`},
	{storage.DateValue(storage.MinDate), "'1000-01-01'::date"},
	{storage.DateValue(0), "'1970-01-01'::date"},
	{storage.DateValue(20669), "'2026-08-04'::date"},
	{storage.DateValue(storage.MaxDate), "'9999-12-31'::date"},
	{storage.TimeValue(0), "'00:00:00'::time"},
	{storage.TimeValue(45296123456000), "'12:34:56.123456'::time"},
	{storage.TimeValue(storage.MaxTime), "'23:59:59.999999'::time"},
	{storage.TimestampValue(1), "'1970-01-01 00:00:00.001'::timestamp"},
	{storage.TimestampValue(-1), "'1969-12-31 23:59:59.999'::timestamp"},
	{storage.TimestampValue(storage.MinTimestamp), "'1000-01-01'::timestamp"},
	{storage.TimestampValue(1785854809123), "'2026-08-04 14:46:49.123'::timestamp"},
	{storage.TimestampTZValue(-1000), "'1969-12-31 23:59:59+00'::timestamptz"},
	{storage.TimestampTZValue(storage.MaxTimestamp), "'9999-12-31 23:59:59.999Z'::timestamptz"},
	{storage.Null(storage.Text), "NULL"},
	{storage.Null(storage.TimestampTZ), "NULL"},
}

// The session's time zone must not matter.
func inOtherZone(server *testserver.Server) *testserver.Server {
	other := *server
	other.URL += "&timezone=Asia/Tokyo&datestyle=German"
	return &other
}

func TestValuesAreStoredAsJavaStoresThem(t *testing.T) {
	t.Parallel()
	s := openAt(t, inOtherZone(testserver.Postgres(t)))
	table := allTypes()
	create(t, s, table)
	for i, c := range storedValues {
		column := table.Column("c_" + strings.ToLower(c.value.Type().String()))
		key := []storage.Value{storage.IntValue(int32(i))}
		put := storage.Mutation{Table: table, Key: key, Columns: []int{column}, Values: []storage.Value{c.value}}
		if err := s.Mutate(t.Context(), []storage.Mutation{put}); err != nil {
			t.Fatal(err)
		}
		name := table.Columns[column].Name
		// As texts, since the two zeros are equal.
		query := fmt.Sprintf(`SELECT %s::text IS NOT DISTINCT FROM (%s)::text,%s::text FROM ns.types WHERE k=%d`, name, c.literal, name, i)
		if got := results(t, s, query)[0]; !strings.HasPrefix(got, "t|") {
			t.Errorf("%v is stored as %s, want %s", c.value, got, c.literal)
		}
	}
}

func TestValuesOfJavaAreRead(t *testing.T) {
	t.Parallel()
	s := openAt(t, inOtherZone(testserver.Postgres(t)))
	table := allTypes()
	create(t, s, table)
	for i, c := range storedValues {
		column := table.Column("c_" + strings.ToLower(c.value.Type().String()))
		run(t, s, fmt.Sprintf(`INSERT INTO ns.types(k,%s) VALUES (%d,%s)`, table.Columns[column].Name, i, c.literal))
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
		if diff := cmp.Diff(want, rows[0], cmp.Comparer(func(a, b storage.Value) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.literal, diff)
		}
	}
}

func TestReadingIsStrict(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t))
	table := allTypes()
	create(t, s, table)
	for i, c := range []struct{ column, literal, reason string }{
		{"c_date", "'infinity'", "the date infinity, which is not a DATE"},
		{"c_date", "'0999-12-31'", "a date that is out of the range of DATE"},
		{"c_time", "'24:00'", "a time that is out of the range of TIME"},
		{"c_timestamp", "'2000-01-01 00:00:00.000001'", "a time with microseconds, which is not a TIMESTAMP"},
		{"c_timestamp", "'-infinity'", "the time -infinity, which is not a TIMESTAMP"},
		{"c_timestamptz", "'10000-01-01Z'", "a time before the year 1000 or after 9999, which is not a TIMESTAMPTZ"},
	} {
		run(t, s, `DELETE FROM ns.types`, fmt.Sprintf(`INSERT INTO ns.types(k,%s) VALUES (%d,%s)`, c.column, i, c.literal))
		want := fmt.Sprintf("ns.types: record (k=%d): column %s holds %s", i, c.column, c.reason)
		get := storage.Get{Table: table, Key: []storage.Value{storage.IntValue(int32(i))}}
		if _, err := s.Get(t.Context(), []storage.Get{get}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("get: %v, want %s", err, want)
		}
		if _, err := s.Get(t.Context(), []storage.Get{get, get}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("get of several: %v, want %s", err, want)
		}
		if _, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan, Columns: []int{table.Column(c.column)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("scan: %v, want %s", err, want)
		}
	}
	// The sessions are still of use.
	if rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(99)}}}); err != nil || rows[0] != nil {
		t.Error(rows, err)
	}
}
