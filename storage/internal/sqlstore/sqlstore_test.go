package sqlstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

var (
	flat     = Dialect{Quote: '"', NamespaceSeparator: "$"}
	schemas  = Dialect{Quote: '"', NumberedParams: true}
	backtick = Dialect{Quote: '`', NestedAfter: true}
	always   = Dialect{Quote: '"', AlwaysEscape: true, UncheckedInts: true}
)

// appendixA is the table of the storage spec's appendix A.
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

func TestIndexNames(t *testing.T) {
	t.Parallel()
	long := storage.TableName{Namespace: "my_namespace_with_a_long_name", Name: "my_table_with_a_long_name"}
	short := storage.TableName{Namespace: "ns", Name: "tbl"}
	// index_ns_tbl_ has 13 characters; 😀 is two UTF-16 units.
	for _, c := range []struct{ got, want string }{
		{IndexName(short, "i"), "index_ns_tbl_i"},
		{IndexName(long, "my_indexed_column"), "index_64409204fd717d4e453c6c85daf7c61c"},
		{LongIndexName(long, "my_indexed_column"), "index_my_namespace_with_a_long_name_my_table_with_a_long_name_my_indexed_column"},
		{IndexName(short, strings.Repeat("c", 50)), "index_ns_tbl_" + strings.Repeat("c", 50)},
		{IndexName(short, strings.Repeat("😀", 25)), "index_ns_tbl_" + strings.Repeat("😀", 25)},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	for _, column := range []string{strings.Repeat("c", 51), strings.Repeat("😀", 26)} {
		if got := IndexName(short, column); len(got) != len("index_")+32 {
			t.Errorf("%s is not shortened", got)
		}
	}
}

func TestMetadataRows(t *testing.T) {
	t.Parallel()
	want := []MetadataRow{
		{"ns.tbl", "p", "TEXT", "PARTITION", "", false, 1},
		{"ns.tbl", "c1", "INT", "CLUSTERING", "ASC", false, 2},
		{"ns.tbl", "c2", "TEXT", "CLUSTERING", "DESC", false, 3},
		{"ns.tbl", "v", "BIGINT", "", "", false, 4},
		{"ns.tbl", "i", "TEXT", "", "", true, 5},
		{"ns.tbl", "b", "BLOB", "", "", false, 6},
		{"ns.tbl", "ts", "TIMESTAMP", "", "", false, 7},
	}
	rows := MetadataRows(appendixA())
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	table, err := TableFromMetadata(appendixA().TableName, rows)
	if err != nil || !table.Equal(appendixA()) {
		t.Errorf("read back %+v, %v", table, err)
	}
}

func TestUnknownMetadataAreRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*MetadataRow){
		`unknown data_type "JSON"`:    func(r *MetadataRow) { r.DataType = "JSON" },
		`unknown key_type "SORT"`:     func(r *MetadataRow) { r.KeyType = "SORT" },
		`unknown clustering_order ""`: func(r *MetadataRow) { r.KeyType = "CLUSTERING" },
		"name no partition key":       func(r *MetadataRow) { r.KeyType = "" },
	} {
		rows := MetadataRows(appendixA())
		change(&rows[0])
		if _, err := TableFromMetadata(appendixA().TableName, rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	table := appendixA()
	condition := []storage.Predicate{{Column: 0, Operator: storage.Ge}, {Column: 4, Operator: storage.IsNull}}
	like := storage.Filter{{{Column: 2, Operator: storage.Like, Escape: `\`}}, {{Column: 2, Operator: storage.NotLike}, {Column: 0, Operator: storage.Ne}}}
	copying := storage.Mutation{Table: table, Columns: []int{0}, Copies: []storage.Copy{{To: 2, From: 1}, {To: 5, From: 5, Plus: -1}}}
	counting := storage.Mutation{Table: table, Copies: []storage.Copy{{To: 5, From: 5, Plus: 1}}}
	for _, c := range []struct{ got, want string }{
		// Appendix A, but for the values, which need not be bound twice.
		{flat.New().UpsertOnConflict(table, []int{0, 2, 4, 6}).String(),
			`INSERT INTO "ns$tbl" ("p","c1","c2","v","i","b","ts") VALUES (?,?,?,?,?,?,?) ON CONFLICT ("p","c1","c2") DO UPDATE SET "v"=excluded."v","i"=excluded."i","b"=excluded."b","ts"=excluded."ts"`},
		{schemas.New().UpsertOnConflict(table, nil).String(), `INSERT INTO "ns"."tbl" ("p","c1","c2") VALUES ($1,$2,$3) ON CONFLICT ("p","c1","c2") DO NOTHING`},
		{backtick.New().Insert(table, []int{0}).String(), "INSERT INTO `ns`.`tbl` (`p`,`c1`,`c2`,`v`) VALUES (?,?,?,?)"},
		{schemas.New().Update(table, []int{0, 2}, condition).String(), `UPDATE "ns"."tbl" SET "v"=$1,"i"=$2 WHERE "p"=$3 AND "c1"=$4 AND "c2"=$5 AND "v">=$6 AND "b" IS NULL`},
		{flat.New().Delete(table, nil).String(), `DELETE FROM "ns$tbl" WHERE "p"=? AND "c1"=? AND "c2"=?`},
		{flat.New().Exists(table, condition).String(), `SELECT 1 FROM "ns$tbl" WHERE "p"=? AND "c1"=? AND "c2"=? AND "v">=? AND "b" IS NULL`},
		{flat.New().SelectByKey(table, []int{6, 3}).String(), `SELECT "ts","p" FROM "ns$tbl" WHERE "p"=? AND "c1"=? AND "c2"=?`},
		{schemas.New().Filter(table, like).String(), `("i" LIKE $1 ESCAPE $2 OR "i" NOT LIKE $3 AND "v"<>$4)`},
		{always.New().Filter(table, storage.Filter{{{Column: 2, Operator: storage.Like}}}).String(), `("i" LIKE ? ESCAPE ?)`},
		{schemas.New().Mutation(Update, &copying).String(), `UPDATE "ns"."tbl" SET "i"="c2","c1"="c1"+(-1),"v"=$1 WHERE "p"=$2 AND "c1"=$3 AND "c2"=$4`},
		{always.New().Mutation(Update, &counting).String(), `UPDATE "ns"."tbl" SET "c1"=CASE WHEN "c1"+(1) NOT BETWEEN -2147483648 AND 2147483647 ` +
			`THEN abs(-9223372036854775807-1) ELSE "c1"+(1) END WHERE "p"=? AND "c1"=? AND "c2"=?`},
		{flat.New().Name(`a"b`).String(), `"a""b"`},
		{backtick.New().Name("a`b\"").String(), "`a``b\"`"},
		{flat.New().OrderBy(table, []Sort{{5, false}, {1, true}}).String(), ` ORDER BY "c1","c2" DESC`},
		{flat.New().OrderBy(table, nil).String(), ""},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	table := appendixA()
	for _, c := range []struct {
		order  []Sort
		want   string
		params string
	}{
		{[]Sort{{5, false}}, `("c1")>($1)`, "x"},
		{[]Sort{{5, true}, {1, true}}, `("c1","c2")<($1,$2)`, "xy"},
		{[]Sort{{5, false}, {1, true}}, `"c1">=$1 AND ("c1">$2 OR "c1"=$3 AND ("c2"<$4))`, "xxxy"},
		{[]Sort{{5, true}, {1, false}, {0, true}}, `"c1"<=$1 AND ("c1"<$2 OR "c1"=$3 AND ("c2">$4 OR "c2"=$5 AND ("v"<$6)))`, "xxxyyz"},
	} {
		if diff := cmp.Diff(c.want, schemas.New().After(table, c.order).String()); diff != "" {
			t.Error(diff)
		}
		position := strings.Split("xyz", "")[:len(c.order)]
		if got := strings.Join(AfterParams(schemas, nil, c.order, position), ""); got != c.params {
			t.Errorf("parameters %s, want %s", got, c.params)
		}
	}
}

func TestAfterWithoutRowValues(t *testing.T) {
	t.Parallel()
	order := []Sort{{5, false}, {1, false}}
	if diff := cmp.Diff("`c1`>=? AND (`c1`>? OR `c1`=? AND (`c2`>?))", backtick.New().After(appendixA(), order).String()); diff != "" {
		t.Error(diff)
	}
	if got := AfterParams(backtick, nil, order, []string{"x", "y"}); strings.Join(got, "") != "xxxy" {
		t.Error(got)
	}
	if diff := cmp.Diff("(`c1`)>(?)", backtick.New().After(appendixA(), order[:1]).String()); diff != "" {
		t.Error(diff)
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{schemas.Literals(`UPDATE "a$1" SET "b""$2"=$2, c='$1''$2' WHERE d=$1 AND e=$10`, "it's", 7), `UPDATE "a$1" SET "b""$2"=7, c='$1''$2' WHERE d='it''s' AND e=$10`},
		{schemas.Literals(`VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, 1, 2, 3, 4, 5, 6, 7, nil, true, false), `VALUES (1,2,3,4,5,6,7,NULL,TRUE,FALSE)`},
		{backtick.Literals("SELECT `?` FROM t WHERE a=? AND b='?' AND c=?", "x"), "SELECT `?` FROM t WHERE a='x' AND b='?' AND c=?"},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
}

// Two mutations with the same shape must have the same statement.
func TestShapesTellStatementsApart(t *testing.T) {
	t.Parallel()
	table := appendixA()
	where := func(operator storage.Operator) []storage.Predicate {
		return []storage.Predicate{{Column: 0, Operator: operator, Value: storage.BigIntValue(1)}}
	}
	texts := map[string]string{}
	for _, m := range []storage.Mutation{
		{}, {Columns: []int{0}}, {Columns: []int{2}}, {Columns: []int{0, 2}}, {Condition: storage.IfNotExists}, {Columns: []int{0}, Condition: storage.IfNotExists},
		{Columns: []int{0}, Condition: storage.IfExists}, {Columns: []int{0}, Condition: storage.If, Where: where(storage.Eq)}, {Columns: []int{0}, Condition: storage.If, Where: where(storage.Ne)},
		{Condition: storage.IfExists}, {Op: storage.Delete}, {Op: storage.Delete, Condition: storage.If, Where: where(storage.Eq)}, {Op: storage.Check, Condition: storage.IfNotExists},
		{Op: storage.Check, Condition: storage.If, Where: where(storage.IsNull)}, {Condition: storage.IfExists, Copies: []storage.Copy{{To: 0, From: 0}}},
		{Condition: storage.IfExists, Copies: []storage.Copy{{To: 5, From: 5, Plus: 1}}}, {Condition: storage.IfExists, Copies: []storage.Copy{{To: 5, From: 5, Plus: -1}}},
		{Condition: storage.IfExists, Columns: []int{0}, Copies: []storage.Copy{{To: 5, From: 5}}},
	} {
		m.Table = table
		kind := KindOf(&m)
		shape, text := string(AppendMutationShape(nil, kind, &m)), schemas.New().Mutation(kind, &m).String()
		if other, known := texts[shape]; known && other != text {
			t.Errorf("one shape for %s and %s", text, other)
		}
		texts[shape] = text
	}
}

func TestStatementsAreEvictedByLastUse(t *testing.T) { // not parallel, since it counts allocations
	var evicted []int
	c := NewStatements(2, func(n int) { evicted = append(evicted, n) })
	a, b := appendixA(), appendixA()
	c.Put(a, []byte("x"), 1)
	c.Put(b, []byte("x"), 2)
	if _, found := c.Get(a, []byte("y")); found {
		t.Error("another shape is found")
	}
	if n, found := c.Get(a, []byte("x")); !found || n != 1 {
		t.Error(n, found)
	}
	c.Put(a, []byte("y"), 3)
	if _, found := c.Get(b, []byte("x")); found {
		t.Error("what was used longest ago is kept")
	}
	c.Clear()
	if diff := cmp.Diff([]int{2, 1, 3}, evicted); diff != "" || c.Len() != 0 {
		t.Error(diff)
	}
	shape := []byte("x")
	c.Put(a, shape, 4)
	if allocations := testing.AllocsPerRun(100, func() { c.Get(a, shape) }); allocations > 0 {
		t.Errorf("%v allocations to look up", allocations)
	}
}

func TestLockOrder(t *testing.T) {
	t.Parallel()
	record := func(namespace, name string, k int32) storage.Mutation {
		return storage.Mutation{Table: &storage.Table{TableName: storage.TableName{Namespace: namespace, Name: name}}, Key: []storage.Value{storage.IntValue(k)}}
	}
	group := []storage.Mutation{record("b", "a", 1), record("a", "b", 2), record("a", "b", -1), record("a", "a", 9)}
	if diff := cmp.Diff([]int{3, 2, 1, 0}, AppendLockOrder(nil, group)); diff != "" {
		t.Error(diff)
	}
}

func TestParseJDBCURL(t *testing.T) {
	t.Parallel()
	rest, parameters, err := ParseJDBCURL("jdbc:sqlite:/data/app.db?busy_timeout=10&journal_mode=WAL", "sqlite")
	if diff := cmp.Diff(map[string]string{"busy_timeout": "10", "journal_mode": "WAL"}, parameters); err != nil || diff != "" || rest != "/data/app.db" {
		t.Error(rest, err, diff)
	}
	for _, text := range []string{"jdbc:mysql:secret", "sqlite:secret", "jdbc:sqlite:x?a=secret&a=secret", "jdbc:sqlite:x?a=%zzsecret"} {
		if _, _, err := ParseJDBCURL(text, "sqlite"); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
