package mysql

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// appendixA is the table of the storage spec's appendix A, its columns in
// another order than that in which they are to be created.
func appendixA(namespace string) *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "tbl"},
		Columns: []storage.Column{
			{Name: "v", Type: storage.BigInt}, {Name: "c2", Type: storage.Text}, {Name: "i", Type: storage.Text}, {Name: "p", Type: storage.Text},
			{Name: "b", Type: storage.Blob}, {Name: "c1", Type: storage.Int}, {Name: "ts", Type: storage.Timestamp},
		},
		Partition:  []int{3},
		Clustering: []storage.ClusteringColumn{{Column: 5}, {Column: 1, Order: storage.Desc}},
		Indexes:    []int{2},
	}
}

func TestStatementsAreThoseOfJava(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		namespace, meta := server.Prefix+"ns", server.Prefix+"meta"
		table := appendixA(namespace)
		var got []string
		show := storage.WithDryRun(t.Context(), func(statement string) { got = append(got, statement) })
		if err := s.Admin().CreateNamespace(show, namespace, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Admin().CreateTable(show, table, nil); err != nil {
			t.Fatal(err)
		}
		index := sqlstore.IndexName(table.TableName, "i")
		want := []string{
			"CREATE SCHEMA IF NOT EXISTS `ns`",
			"CREATE TABLE `ns`.`tbl`(`p` VARCHAR(128),`c1` INT,`c2` VARCHAR(128),`v` BIGINT,`i` VARCHAR(128),`b` LONGBLOB,`ts` DATETIME(3), PRIMARY KEY (`p` ASC,`c1` ASC,`c2` DESC))",
			"CREATE INDEX `" + index + "` ON `ns`.`tbl` (`i`)",
			"CREATE SCHEMA IF NOT EXISTS `scalardb`",
			"CREATE TABLE `scalardb`.`metadata`(`full_table_name` VARCHAR(128),`column_name` VARCHAR(128),`data_type` VARCHAR(20) NOT NULL,`key_type` VARCHAR(20)," +
				"`clustering_order` VARCHAR(10),`indexed` BOOLEAN NOT NULL,`ordinal_position` INTEGER NOT NULL, PRIMARY KEY (`full_table_name`,`column_name`))",
			"START TRANSACTION",
			"INSERT INTO `scalardb`.`metadata` VALUES ('ns.tbl','p','TEXT','PARTITION',NULL,FALSE,1),('ns.tbl','c1','INT','CLUSTERING','ASC',FALSE,2)," +
				"('ns.tbl','c2','TEXT','CLUSTERING','DESC',FALSE,3),('ns.tbl','v','BIGINT',NULL,NULL,FALSE,4),('ns.tbl','i','TEXT',NULL,NULL,TRUE,5)," +
				"('ns.tbl','b','BLOB',NULL,NULL,FALSE,6),('ns.tbl','ts','TIMESTAMP',NULL,NULL,FALSE,7)",
			"COMMIT",
		}
		names := strings.NewReplacer("`"+namespace+"`", "`ns`", "'"+namespace+".", "'ns.", "`"+meta+"`", "`scalardb`")
		for i := range got {
			got[i] = names.Replace(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if exists, err := s.Admin().NamespaceExists(t.Context(), namespace); err != nil || exists {
			t.Errorf("after a dry run the namespace exists: %t, %v", exists, err)
		}
	})
}

func TestMetadataRowsAreThoseOfJava(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		namespace := server.Prefix + "ns"
		createTable(t, s, appendixA(namespace))
		got := results(t, server, "SELECT * FROM `"+server.Prefix+"meta`.metadata ORDER BY ordinal_position")
		want := []string{
			"tbl|p|TEXT|PARTITION|NULL|0|1", "tbl|c1|INT|CLUSTERING|ASC|0|2", "tbl|c2|TEXT|CLUSTERING|DESC|0|3", "tbl|v|BIGINT|NULL|NULL|0|4",
			"tbl|i|TEXT|NULL|NULL|1|5", "tbl|b|BLOB|NULL|NULL|0|6", "tbl|ts|TIMESTAMP|NULL|NULL|0|7",
		}
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], namespace+".")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		// The column types as the server understood them.
		got = results(t, server, "SELECT CONCAT(COLUMN_NAME,' ',DATA_TYPE,' ',COALESCE(CHARACTER_MAXIMUM_LENGTH,'')) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='"+namespace+"' ORDER BY ORDINAL_POSITION")
		want = []string{"p varchar 128", "c1 int ", "c2 varchar 128", "v bigint ", "i varchar 128", "b longblob 4294967295", "ts datetime "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// allTypes has a column of each type beside its key k.
func allTypes(namespace string) *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "types"},
		Columns:   []storage.Column{{Name: "k", Type: storage.Int}},
		Partition: []int{0},
	}
	for _, typ := range storage.Types() {
		t.Columns = append(t.Columns, storage.Column{Name: "c_" + strings.ToLower(typ.String()), Type: typ})
	}
	return t
}

// storedValues pairs values with the literals that Java writes for them.
var storedValues = []struct {
	value   storage.Value
	literal string
}{
	{storage.BooleanValue(true), "TRUE"},
	{storage.BooleanValue(false), "0"},
	{storage.IntValue(math.MinInt32), "-2147483648"},
	{storage.BigIntValue(math.MaxInt64), "9223372036854775807"},
	{storage.BigIntValue(math.MinInt64), "-9223372036854775808"},
	{storage.FloatValue(0.1), "0.1"}, // never 0.10000000149011612
	{storage.FloatValue(16777217), "16777216"},
	{storage.FloatValue(1e10), "1e10"},
	{storage.FloatValue(math.MaxFloat32), "3.4028235e38"},
	{storage.FloatValue(math.SmallestNonzeroFloat32), "1.4e-45"},
	{storage.DoubleValue(0.1), "0.1"},
	{storage.DoubleValue(1e23), "1e23"},
	{storage.DoubleValue(math.MaxFloat64), "1.7976931348623157e308"},
	{storage.DoubleValue(0), "0"},
	{storage.TextValue("a'\\日😀"), "'a''\\\\日😀'"},
	{storage.TextValue(""), "''"},
	{storage.BlobValue([]byte{1, 0xff, '\'', '\\', 0}), "x'01ff275c00'"},
	{storage.BlobValue(nil), "''"},
	{storage.DateValue(storage.MinDate), "'1000-01-01'"},
	{storage.DateValue(20669), "'2026-08-04'"},
	{storage.DateValue(storage.MaxDate), "'9999-12-31'"},
	{storage.TimeValue(45296123456000), "'12:34:56.123456'"},
	{storage.TimeValue(0), "'00:00:00'"},
	{storage.TimeValue(storage.MaxTime), "'23:59:59.999999'"},
	{storage.TimestampValue(-1), "'1969-12-31 23:59:59.999'"},
	{storage.TimestampValue(-1500), "'1969-12-31 23:59:58.500'"},
	{storage.TimestampValue(storage.MinTimestamp), "'1000-01-01 00:00:00.000'"},
	{storage.TimestampTZValue(1785854809123), "'2026-08-04 14:46:49.123'"},
	{storage.TimestampTZValue(storage.MaxTimestamp), "'9999-12-31 23:59:59.999'"},
	{storage.Null(storage.Text), "NULL"},
	{storage.Null(storage.TimestampTZ), "NULL"},
}

// TestValuesAreStoredAsJavaStoresThem has the server compare what is stored with
// the literals, and reads what was stored by literals.
func TestValuesAreStoredAsJavaStoresThem(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		table := allTypes(server.Prefix + "ns")
		createTable(t, s, table)
		db := raw(t, server)
		for i, c := range storedValues {
			name := "c_" + strings.ToLower(c.value.Type().String())
			column, k := table.Column(name), int32(i)
			if err := s.Mutate(t.Context(), []storage.Mutation{putOne(table, k, column, c.value)}); err != nil {
				t.Fatalf("%v: %v", c.value, err)
			}
			// In a group, values travel in another way.
			if err := s.Mutate(t.Context(), []storage.Mutation{putOne(table, k+1000, column, c.value), putOne(table, k+2000, column, c.value)}); err != nil {
				t.Fatalf("%v: %v", c.value, err)
			}
			run(t, db, fmt.Sprintf("INSERT INTO %s (k,%s) VALUES (%d,%s)", qualified(table), name, k+3000, c.literal))
			found := results(t, server, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE k%%1000=%d AND %s<=>%s", qualified(table), k, name, c.literal))
			if diff := cmp.Diff([]string{"4"}, found); diff != "" {
				t.Errorf("records with %v in which the server finds %s (-want +got)\n%s", c.value, c.literal, diff)
			}
			for _, key := range []int32{k, k + 1000, k + 2000, k + 3000} {
				rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(key)}, Columns: []int{column}}})
				if err != nil {
					t.Fatal(err)
				}
				if rows[0] == nil || rows[0][0] != c.value {
					t.Errorf("record %d: read %v, want %v", key, rows[0], c.value)
				}
			}
		}
	})
}

func TestReadingIsStrict(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		table := allTypes(server.Prefix + "ns")
		createTable(t, s, table)
		db := raw(t, server)
		run(t, db, "ALTER TABLE "+qualified(table)+" MODIFY c_timestamp DATETIME(6), MODIFY c_int BIGINT")
		for i, c := range []struct{ column, literal, reason string }{
			{"c_boolean", "2", "the number 2, which is not a BOOLEAN"},
			{"c_int", "2147483648", "the number 2147483648, which is not a INT"},
			{"c_time", "'-01:00:00'", `which is not a TIME`},
			{"c_time", "'24:00:00'", `which is not a TIME`},
			{"c_timestamp", "'2026-08-04 14:46:49.123456'", `which is not a TIMESTAMP`},
			{"c_date", "'0999-12-31'", `which is not a DATE`},
		} {
			run(t, db, "DELETE FROM "+qualified(table))
			run(t, db, fmt.Sprintf("INSERT INTO %s (k,%s) VALUES (%d,%s)", qualified(table), c.column, i, c.literal))
			where := fmt.Sprintf("%s: record (k=%d): column %s holds ", table.TableName, i, c.column)
			get := storage.Get{Table: table, Key: []storage.Value{storage.IntValue(int32(i))}}
			for _, gets := range [][]storage.Get{{get}, {get, {Table: table, Key: get.Key, Columns: []int{0}}}} {
				if _, err := s.Get(t.Context(), gets); err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), c.reason) {
					t.Errorf("get of %d: error %v, want one with %q and %q", len(gets), err, where, c.reason)
				}
			}
			if _, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan}); err == nil || !strings.Contains(err.Error(), where) {
				t.Errorf("scan: error %v, want one with %q", err, where)
			}
		}
	})
}

func TestFloatOfAnImportedTableIsReadInFull(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		db := raw(t, server)
		table := storage.TableName{Namespace: server.Prefix + "ns", Name: "f"}
		run(t, db, "CREATE SCHEMA `"+table.Namespace+"`")
		run(t, db, "CREATE TABLE `"+table.Namespace+"`.f (k INT PRIMARY KEY, f FLOAT)")
		run(t, db, "INSERT INTO `"+table.Namespace+"`.f VALUES (1,16777215),(2,0.1)")
		if err := s.Admin().ImportTable(t.Context(), table, nil); err != nil {
			t.Fatal(err)
		}
		imported, err := s.Table(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		one, two := []storage.Value{storage.IntValue(1)}, []storage.Value{storage.IntValue(2)}
		for _, gets := range [][]storage.Get{
			{{Table: imported, Key: one}, {Table: imported, Key: two}},
			{{Table: imported, Key: one, Columns: []int{0, 1}}, {Table: imported, Key: two}}, // by one text
		} {
			rows, err := s.Get(t.Context(), gets)
			if err != nil {
				t.Fatal(err)
			}
			if rows[0][1] != storage.FloatValue(16777215) || rows[1][1] != storage.FloatValue(0.1) {
				t.Errorf("read %v and %v", rows[0][1], rows[1][1])
			}
		}
	})
}
