package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

func collect(t testing.TB, s *Storage, scan storage.Scan) (rows []storage.Row, pages int) {
	t.Helper()
	for {
		page, err := s.Scan(t.Context(), &scan)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		rows = append(rows, page.Rows...)
		if scan.After = page.Next; page.Next == nil {
			return rows, pages
		}
	}
}

func TestPageOfAFilterWithoutMatchesEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	run(t, raw(t, path), fmt.Sprintf(`WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k+1 FROM n WHERE k<%d) INSERT INTO "ns$t" SELECT k,k,'text '||k FROM n`, maxExamined+1))
	rows, pages := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan, Columns: []int{0},
		Where: storage.Filter{{{Column: 2, Operator: storage.Like, Value: storage.TextValue(fmt.Sprintf("%%%d", maxExamined+1))}}}})
	if len(rows) != 1 || pages != 2 {
		t.Errorf("%d rows in %d pages, want 1 in 2", len(rows), pages)
	}
}

func TestLongFiltersAreServed(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	for k := range int32(3) {
		if err := s.Mutate(t.Context(), []storage.Mutation{putInt(table, k, k)}); err != nil {
			t.Fatal(err)
		}
	}
	var filter storage.Filter
	for v := range int32(5000) {
		filter = append(filter, []storage.Predicate{{Column: 1, Operator: storage.Eq, Value: storage.IntValue(v + 2)}})
	}
	rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan, Where: filter})
	if len(rows) != 1 || rows[0][0] != storage.IntValue(2) {
		t.Errorf("rows %v, want that of key 2", rows)
	}
}

// TestScansSearchAnIndex looks at SQLite's plans: a page must not cost a pass
// over all that lies before it, nor a sort.
func TestScansSearchAnIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := &storage.Table{
		TableName:  storage.TableName{Namespace: "ns", Name: "t"},
		Columns:    []storage.Column{{Name: "p", Type: storage.Int}, {Name: "a", Type: storage.Int}, {Name: "b", Type: storage.Int}, {Name: "i", Type: storage.Int}},
		Partition:  []int{0},
		Clustering: []storage.ClusteringColumn{{Column: 1}, {Column: 2, Order: storage.Desc}},
		Indexes:    []int{3},
	}
	create(t, s, table)
	one := storage.IntValue(1)
	same := *table
	same.Clustering = []storage.ClusteringColumn{{Column: 1}, {Column: 2}}
	for name, c := range map[string]struct {
		scan storage.Scan
		want string
	}{
		"partition, one order":         {storage.Scan{Table: &same, Partition: []storage.Value{one}}, `SEARCH ns$t USING INDEX sqlite_autoindex_ns$t_1 (p=? AND (a,b)>(?,?))`},
		"partition, backward":          {storage.Scan{Table: &same, Partition: []storage.Value{one}, Backward: true}, `SEARCH ns$t USING INDEX sqlite_autoindex_ns$t_1 (p=? AND (a,b)<(?,?))`},
		"partition, first value fixed": {storage.Scan{Table: table, Partition: []storage.Value{one}, Start: storage.Bound{Values: []storage.Value{one, one}}}, `SEARCH ns$t USING INDEX sqlite_autoindex_ns$t_1 (p=? AND a=? AND b>? AND b<?)`},
		"partition, mixed order":       {storage.Scan{Table: table, Partition: []storage.Value{one}}, "SEARCH ns$t USING INDEX sqlite_autoindex_ns$t_1 (p=? AND a>?)|USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		"index":                        {storage.Scan{Table: table, Kind: storage.IndexScan, Index: 3, IndexValue: one}, "SEARCH ns$t USING INDEX index_ns_t_i (i=? AND rowid>?)"},
		"whole table":                  {storage.Scan{Table: table, Kind: storage.FullScan}, "SEARCH ns$t USING INTEGER PRIMARY KEY (rowid>?)"},
	} {
		first, err := s.plan(&c.scan)
		if err != nil {
			t.Fatal(err)
		}
		c.scan.After = first.Cursor([]storage.Value{one, one}[:max(1, len(first.Order))]...)
		p, err := s.plan(&c.scan)
		if err != nil {
			t.Fatal(err)
		}
		selected := sqlstore.Select(table, nil)
		db := raw(t, path)
		var steps []string
		for _, line := range results(t, db, "EXPLAIN QUERY PLAN "+strings.ReplaceAll(p.Text(dialect, &selected), "?", "5")) {
			steps = append(steps, line[strings.LastIndex(line, "|")+1:])
		}
		if diff := cmp.Diff(c.want, strings.Join(steps, "|")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestStatementCacheIsBounded(t *testing.T) {
	t.Parallel()
	s := openFile(t, "", WithReaders(1))
	create(t, s, simpleTable("ns", "t"))
	for range maxStatements + 20 {
		table, err := s.Table(t.Context(), storage.TableName{Namespace: "ns", Name: "t"}) // a new address each time
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1)}}}); err != nil {
			t.Fatal(err)
		}
	}
	ses, err := s.readers.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.readers.release(ses)
	if ses.statements.Len() != maxStatements {
		t.Errorf("%d statements, want %d", ses.statements.Len(), maxStatements)
	}
}
