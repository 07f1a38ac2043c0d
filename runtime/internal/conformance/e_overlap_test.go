package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// merged is why every item of this letter is a difference.
const merged = "A scan that overlaps own writes is not refused: it returns what it would if the writes had been applied before it"

var _ = items(
	item{ID: "E01", Title: "write, then scan of a range that has the record, or has not", Verdict: difference, Reason: merged + ". It is refused where the storage has no order to merge by", Test: overlapOfRanges},
	item{ID: "E02", Title: "write within the range of a scan that its filter selects, or does not", Verdict: difference, Reason: merged, Test: overlaps(filterOverlaps)},
	item{ID: "E03", Title: "two writes, one within the range of the scan", Verdict: difference, Reason: merged, Test: overlaps(twoWriteOverlaps)},
	item{ID: "E04", Title: "write, then scan by an index: the record has, gets or loses the value", Verdict: difference, Reason: merged, Test: overlapOfIndexes},
	item{ID: "E05", Title: "delete, then scan of any kind over the record", Verdict: difference, Reason: merged, Test: overlaps(deleteOverlaps)},
	item{ID: "E06", Title: "write, then scan of the whole table, of another table or of another namespace, with and without filters", Verdict: difference, Reason: merged, Test: overlapOfTables},
	item{ID: "E07", Title: "write, then scan of a range with one open end or two, exclusive bounds, or of a table without a clustering key", Verdict: difference, Reason: merged, Test: overlapOfOpenRanges},
	item{ID: "E08", Title: "write during a scan, or before one that is not read to its end", Verdict: difference, Reason: merged + ". The writes that count are those before the scan began", Test: writesDuringScans},
)

var filterOverlaps = []overlap{
	{"not selected", does("insert", 1, 2, "v", 9), only(inRange(1, 3), "v", storage.Eq, 1), row1 + " " + row3},
	{"selected", does("insert", 1, 2, "v", 9), only(inRange(1, 3), "v", storage.Eq, 9), "2: v=9;"},
	{"selected, outside the range", does("insert", 1, 4, "v", 9), only(inRange(1, 3), "v", storage.Eq, 9), ""},
	{"selected because of the key", does("insert", 1, 2, "v", 9), only(inRange(1, 3), "c", storage.Ge, 2), "2: v=9; " + row3},
	{"no more selected", does("update", 1, 3, "v", 9), only(inRange(1, 3), "v", storage.Eq, 1), row1},
	{"now selected", does("update", 1, 3, "v", 9), only(inRange(1, 3), "v", storage.Gt, 1), "3: v=9 w=old cat=7;"},
	{"selected because of a column that the write leaves", does("update", 1, 3, "v", 9), only(inRange(1, 3), "w", storage.Eq, "old"), row1 + " 3: v=9 w=old cat=7;"},
	{"now selected, together with a column that the write leaves", does("update", 1, 3, "v", 9), func(c *client) commit.Scan {
		t := c.table(itemTable)
		return filtered(rangeOf(t, 1, 1, 3), where(t, "v", storage.Eq, 9), where(t, "w", storage.Eq, "old"))
	}, "3: v=9 w=old cat=7;"},
	{"selected by one of two filters", does("insert", 1, 2, "v", 9), func(c *client) commit.Scan {
		t := c.table(itemTable)
		return filtered(filtered(rangeOf(t, 1, 1, 3), where(t, "v", storage.Eq, 9)), where(t, "c", storage.Eq, 3))
	}, "2: v=9; " + row3},
	{"NULL", does("insert", 1, 2), only(inRange(1, 3), "v", storage.Ne, 5), row1 + " " + row3},
	{"NULL is asked for", does("update", 1, 3, "v", nil), only(inRange(1, 3), "v", storage.IsNull, nil), "3: w=old cat=7;"},
	{"a limit counts what is selected", all(does("update", 1, 1, "v", 9), does("insert", 1, 4, "v", 1)), first(2, only(inRange(1, 5), "v", storage.Eq, 1)), row3 + " 4: v=1;"},
}

var twoWriteOverlaps = []overlap{
	{"one outside, one within", all(does("insert", 1, 8, "v", 8), does("insert", 1, 2, "v", 9)), inRange(1, 3), row1 + " 2: v=9; " + row3},
	{"one in another partition, one within", all(does("insert", 2, 2, "v", 8), does("insert", 1, 2, "v", 9)), inRange(1, 3), row1 + " 2: v=9; " + row3},
	{"one not selected, one selected", all(does("insert", 1, 2, "v", 8), does("insert", 1, 4, "v", 9)), only(inRange(1, 5), "v", storage.Eq, 9), "4: v=9;"},
	{"both within, written in another order", all(does("insert", 1, 4, "v", 8), does("insert", 1, 2, "v", 9)), inRange(1, 5), row1 + " 2: v=9; " + row3 + " 4: v=8; " + row5},
	{"the same record twice", all(does("upsert", 1, 2, "v", 8), does("upsert", 1, 2, "v", 9, "w", "new")), inRange(1, 3), row1 + " 2: v=9 w=new; " + row3},
}

var indexOverlaps = []overlap{
	{"insert with the value, filter fails", does("insert", 1, 2, "v", 9, "cat", 7), only(indexed(7), "v", storage.Eq, 1), row1 + " " + row3 + " " + row5},
	{"insert with the value", does("insert", 1, 2, "v", 9, "cat", 7), indexed(7), row1 + " 2: v=9 cat=7; " + row3 + " " + row5},
	{"insert with the value, filter passes", does("insert", 1, 2, "v", 9, "cat", 7), only(indexed(7), "v", storage.Eq, 9), "2: v=9 cat=7;"},
	{"insert with another value", does("insert", 1, 2, "v", 9, "cat", 6), indexed(7), row1 + " " + row3 + " " + row5},
	{"insert with NULL", does("insert", 1, 2, "v", 9), indexed(7), row1 + " " + row3 + " " + row5},
	{"update that leaves the value", does("update", 1, 3, "v", 9), indexed(7), row1 + " 3: v=9 w=old cat=7; " + row5},
	{"update that leaves the value, filter fails", does("update", 1, 3, "v", 9), only(indexed(7), "v", storage.Eq, 1), row1 + " " + row5},
	{"update away from the value", does("update", 1, 3, "cat", 6), indexed(7), row1 + " " + row5},
	{"update to NULL", does("update", 1, 3, "cat", nil), indexed(7), row1 + " " + row5},
	{"update to the value", does("update", 2, 1, "cat", 7), indexed(7), row1 + " 1: v=2 w=old cat=7; " + row3 + " " + row5},
	{"update to the value, filter passes", does("update", 2, 1, "cat", 7), only(indexed(7), "v", storage.Eq, 2), "1: v=2 w=old cat=7;"},
	{"update to the value, filter fails", does("update", 2, 1, "cat", 7), only(indexed(7), "v", storage.Eq, 3), ""},
	{"update to the value and away", all(does("update", 2, 1, "cat", 7), does("update", 2, 1, "cat", 9)), indexed(7), row1 + " " + row3 + " " + row5},
	{"the only record moves away", does("update", 2, 1, "cat", 9), indexed(8), ""},
	{"replaced without a value", all(does("delete", 1, 3), does("upsert", 1, 3, "v", 9)), indexed(7), row1 + " " + row5},
}

func overlapOfIndexes(t *testing.T, s *suite) {
	overlaps(indexOverlaps)(t, s)
	run(t, "reference model", func(t *testing.T) { againstModel(t, s, storage.IndexScan) })
}

var deleteOverlaps = []overlap{
	{"range", does("delete", 1, 3), inRange(1, 5), row1 + " " + row5},
	{"range without the record", does("delete", 1, 3), inRange(4, 5), row5},
	{"partition", does("delete", 1, 1), inPartition, row3 + " " + row5},
	{"partition backward", does("delete", 1, 1), backward(inPartition), row5 + " " + row3},
	{"limit", does("delete", 1, 1), first(2, inPartition), row3 + " " + row5},
	{"filter", does("delete", 1, 1), only(inPartition, "c", storage.Le, 3), row3},
	{"whole table", does("delete", 1, 3), whole, "1: v=1 w=old cat=7; 1: v=2 w=old cat=8; " + row5},
	{"index", does("delete", 1, 3), indexed(7), row1 + " " + row5},
	{"index, other value", does("delete", 1, 3), indexed(8), "1: v=2 w=old cat=8;"},
	{"own insert", all(does("insert", 1, 2, "v", 9), does("delete", 1, 2)), inRange(1, 3), row1 + " " + row3},
	{"own update", all(does("update", 1, 3, "v", 9), does("delete", 1, 3)), inRange(1, 5), row1 + " " + row5},
	{"everything", all(does("delete", 1, 1), does("delete", 1, 3), does("delete", 1, 5)), inPartition, ""},
	{"nothing", does("delete", 1, 2), inRange(1, 3), row1 + " " + row3},
}

const wholeRows = "1: v=1 w=old cat=7; 1: v=2 w=old cat=8; " + row3 + " " + row5

var tableOverlaps = []overlap{
	{"same table", does("insert", 3, 2, "v", 9), whole, "1: v=1 w=old cat=7; 1: v=2 w=old cat=8; 2: v=9; " + row3 + " " + row5},
	{"update", does("update", 1, 3, "v", 9), whole, "1: v=1 w=old cat=7; 1: v=2 w=old cat=8; 3: v=9 w=old cat=7; " + row5},
	{"other table", func(c *client, x *tx) { x.did("insert", c.in(otherTable, 3, 2), "v", 9) }, whole, wholeRows},
	{"other namespace", func(c *client, x *tx) { x.did("insert", c.in(bankTable, 3, 2), "v", 9) }, whole, wholeRows},
	{"filter fails", does("insert", 3, 2, "v", 9), only(whole, "v", storage.Eq, 2), "1: v=2 w=old cat=8;"},
	{"filter passes", does("insert", 3, 2, "v", 9), only(whole, "v", storage.Ge, 2), "1: v=2 w=old cat=8; 2: v=9;"},
	{"filter on the key", does("insert", 3, 2, "v", 9), only(whole, "p", storage.Eq, 3), "2: v=9;"},
	{"one of two filters", does("insert", 3, 2, "v", 9), func(c *client) commit.Scan {
		t := c.table(itemTable)
		return filtered(filtered(wholeTable(t), where(t, "v", storage.Eq, 9), where(t, "c", storage.Eq, 2)), where(t, "v", storage.Eq, 2))
	}, "1: v=2 w=old cat=8; 2: v=9;"},
	{"LIKE", does("insert", 3, 2, "w", "new"), like(storage.Like, "n%", ""), "2: w=new;"},
	{"LIKE with an escape", does("insert", 3, 2, "w", "n%"), like(storage.Like, "n#%", "#"), "2: w=n%;"},
	{"NOT LIKE", does("insert", 3, 2, "w", "new"), like(storage.NotLike, "o__", `\`), "2: w=new;"},
	{"NOT LIKE fails", does("update", 2, 1, "w", "own"), like(storage.NotLike, "o__", `\`), ""},
}

func overlapOfTables(t *testing.T, s *suite) {
	overlaps(tableOverlaps)(t, s)
	run(t, "limit", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := overlapWorld(t, s)
			c := w.client()
			x := c.begin(a.begin()...)
			x.did("delete", c.item(1, 1))
			x.did("insert", c.item(3, 2))
			for n := 1; n <= 5; n++ {
				rows := 0
				for _, err := range x.Scan(t.Context(), limited(whole(c), n)) {
					ok(t, err)
					rows++
				}
				want(t, fmt.Sprint("rows of at most ", n), rows, min(n, 4))
			}
			want(t, "commit", x.commit(), "ok")
		})
	})
	run(t, "reference model", func(t *testing.T) { againstModel(t, s, storage.FullScan) })
}

func writesDuringScans(t *testing.T, s *suite) {
	run(t, "write during the scan", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for name, of := range map[string]func(c *client) commit.Scan{"range": inRange(1, 5), "whole table": only(whole, "p", storage.Eq, 1), "index": indexed(7)} {
				w := overlapWorld(t, s)
				c := w.client()
				x, scan := c.begin(a.begin()...), of(c)
				seen := x.scan(scan, 0, func(row storage.Row) string {
					k := int(intOf(scan.Table, row, "c"))
					x.did("update", c.item(1, k), "v", 9)
					x.did("upsert", c.item(1, k+1), "v", 9, "cat", 7)
					return fmt.Sprint(k, "=", intOf(scan.Table, row, "v"))
				})
				want(t, name, seen, "1=1 3=1 5=1")
				want(t, name+", once more", x.keys(scan), map[string]string{"range": "1 2 3 4 5", "whole table": "1 2 3 4 5 6", "index": "1 2 3 4 5 6"}[name])
				want(t, "commit", x.commit(), "ok")
			}
		})
	})
	run(t, "stopped early", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for n, keys := range []string{"", "1", "1 2", "1 2 3", "1 2 3 4", "1 2 3 4 5"} {
				if n == 0 {
					continue // there is no scan without a record
				}
				w := overlapWorld(t, s)
				c := w.client()
				x := c.begin(a.begin()...)
				x.did("insert", c.item(1, 4))
				x.did("insert", c.item(1, 2))
				want(t, fmt.Sprint("the first ", n), x.firstKeys(inPartition(c), n), keys)
				want(t, "all", x.keys(inPartition(c)), "1 2 3 4 5")
				want(t, "commit", x.commit(), "ok")
			}
		})
	})
	run(t, "written after it was stopped", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := overlapWorld(t, s)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "the first", x.firstKeys(inPartition(c), 1), "1")
			x.did("update", c.item(1, 1), "v", 9)
			x.did("insert", c.item(1, 0))
			x.did("delete", c.item(1, 3))
			want(t, "all", x.keys(inPartition(c)), "0 1 5")
			want(t, "commit", x.commit(), "ok")
			c.drain()
			c = w.client()
			want(t, "stored", c.begin().keys(inPartition(c)), "0 1 5")
		})
	})
}
