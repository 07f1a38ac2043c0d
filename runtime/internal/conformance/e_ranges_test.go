package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var rangeOverlaps = []overlap{
	{"insert within", does("insert", 1, 2, "v", 9), inRange(1, 3), row1 + " 2: v=9; " + row3},
	{"insert at the start", does("insert", 1, 2, "v", 9), inRange(2, 3), "2: v=9; " + row3},
	{"insert at the end", does("insert", 1, 4, "v", 9), inRange(3, 4), row3 + " 4: v=9;"},
	{"insert outside", does("insert", 1, 4, "v", 9), inRange(1, 3), row1 + " " + row3},
	{"upsert of a new record", does("upsert", 1, 2, "v", 9), inRange(1, 3), row1 + " 2: v=9; " + row3},
	{"upsert of a stored record", does("upsert", 1, 3, "v", 9), inRange(1, 3), row1 + " 3: v=9 w=old cat=7;"},
	{"update", does("update", 1, 3, "v", 9), inRange(1, 3), row1 + " 3: v=9 w=old cat=7;"},
	{"update outside", does("update", 1, 5, "v", 9), inRange(1, 3), row1 + " " + row3},
	{"update of nothing", does("update", 1, 2, "v", 9), inRange(1, 3), row1 + " " + row3},
	{"insert in another partition", does("insert", 2, 2, "v", 9), inRange(1, 3), row1 + " " + row3},
	{"insert into an empty range", does("insert", 1, 8, "v", 9), inRange(7, 9), "8: v=9;"},
	{"insert beside an empty range", does("insert", 1, 6, "v", 9), inRange(7, 9), ""},
	{"replaced by another record", all(does("delete", 1, 3), does("insert", 1, 3, "v", 9)), inRange(1, 3), row1 + " 3: v=9;"},
	{"backward", does("insert", 1, 2, "v", 9), backward(inRange(1, 3)), row3 + " 2: v=9; " + row1},
	{"up to a limit that the own write takes", does("insert", 1, 2, "v", 9), first(2, inRange(1, 5)), row1 + " 2: v=9;"},
	{"up to a limit before the own write", does("insert", 1, 2, "v", 9), first(1, inRange(1, 5)), row1},
	{"up to a limit backward", does("insert", 1, 4, "v", 9), first(2, backward(inRange(1, 5))), row5 + " 4: v=9;"},
}

func overlapOfRanges(t *testing.T, s *suite) {
	overlaps(rangeOverlaps)(t, s)
	run(t, "reference model", func(t *testing.T) { againstModel(t, s, storage.PartitionScan) })
	run(t, "no order to merge by", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := overlapWorld(t, s)
			*w.info = func(i *storage.Info) { i.Compare = nil }
			c := w.client()
			x := c.begin(a.begin()...)
			scan := scanOf(c.table(itemTable), 1)
			want(t, "before the write", x.keys(scan), "1 3 5")
			want(t, "insert", x.insert(c.item(1, 2), "v", 9, "cat", 7), "ok")
			err := drained(x, scan)
			want(t, "overlapping", outcome(err), "invalid")
			want(t, "code", codeOf(err), "DB-CORE-10106")
			want(t, "another partition", x.keys(scanOf(scan.Table, 2)), "1")
			want(t, "another table", x.keys(scanOf(c.table(otherTable), 1)), "")
			want(t, "index", x.keys(byCat(scan.Table, 7)), "1 2 3 5")
			want(t, "whole table", x.keys(wholeTable(scan.Table)), "1 1 2 3 5")
			want(t, "commit", x.commit(), "ok")
		})
	})
	// Of a limited scan, SERIALIZABLE must find what others insert up to its last
	// record, also if that is an own one.
	for _, tt := range []struct {
		name string
		at   int
		ends string
	}{{"others insert before the last own record", 4, "conflict"}, {"others insert behind the last own record", 8, "ok"}} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 1)
				w.committed(itemTable, 1, 9, "v", 1)
				c := w.client()
				x := c.begin(a.begin()...)
				x.did("insert", c.item(1, 5))
				want(t, "scan", x.keys(limited(scanOf(c.table(itemTable), 1), 2)), "1 5")
				w.otherInserts(1, tt.at)
				ends := tt.ends
				if !a.is(commit.Serializable) {
					ends = "ok"
				}
				want(t, "commit", x.commit(), ends)
			})
		})
	}
}

func overlapOfOpenRanges(t *testing.T, s *suite) {
	at := func(k int) func(c *client, x *tx) { return does("insert", 1, k, "v", 9) }
	overlaps([]overlap{
		{"open end, behind its start", at(4), bounded([]int{3}, nil, true), row3 + " 4: v=9; " + row5},
		{"open end, at its start", at(4), bounded([]int{4}, nil, true), "4: v=9; " + row5},
		{"open end, at its exclusive start", at(4), bounded([]int{4}, nil, false), row5},
		{"open end, before its start", at(2), bounded([]int{3}, nil, true), row3 + " " + row5},
		{"open start, before its end", at(2), bounded(nil, []int{3}, true), row1 + " 2: v=9; " + row3},
		{"open start, at its end", at(4), bounded(nil, []int{4}, true), row1 + " " + row3 + " 4: v=9;"},
		{"open start, at its exclusive end", at(4), bounded(nil, []int{4}, false), row1 + " " + row3},
		{"open start, behind its end", at(4), bounded(nil, []int{3}, true), row1 + " " + row3},
		{"exclusive bounds, between", at(2), bounded([]int{1}, []int{3}, false), "2: v=9;"},
		{"exclusive bounds, at the start", all(at(2), at(4)), bounded([]int{2}, []int{4}, false), row3},
		{"partition", at(2), inPartition, row1 + " 2: v=9; " + row3 + " " + row5},
		{"partition, first", at(0), inPartition, "0: v=9; " + row1 + " " + row3 + " " + row5},
		{"partition, last", at(9), inPartition, row1 + " " + row3 + " " + row5 + " 9: v=9;"},
		{"partition, update of every record", all(does("update", 1, 1, "v", 9), does("update", 1, 3, "v", 9), does("update", 1, 5, "v", 9)), inPartition,
			"1: v=9 w=old cat=7; 3: v=9 w=old cat=7; 5: v=9 w=old cat=7;"},
	})(t, s)
	run(t, "no clustering key", func(t *testing.T) { overlapWithoutClustering(t, s) })
	run(t, "bounds on a prefix of the clustering key", func(t *testing.T) { overlapOfPrefixes(t, s) })
}

// overlapWithoutClustering scans a table whose partitions have one record each.
func overlapWithoutClustering(t *testing.T, s *suite) {
	name := storage.TableName{Namespace: "shop", Name: "single"}
	for _, stored := range []bool{false, true} {
		run(t, fmt.Sprint("stored=", stored), func(t *testing.T) {
			w := s.world(t)
			w.create(commit.TransactionTable(&storage.Table{
				TableName: name, Partition: []int{0},
				Columns: []storage.Column{{Name: "p", Type: storage.Int}, {Name: "v", Type: storage.Int}},
			}, false))
			at := func(c *client, p int32) commit.Ref {
				return commit.Ref{Table: c.table(name), Key: []storage.Value{storage.IntValue(p)}}
			}
			for _, level := range isolations {
				if stored {
					w.write(name, []storage.Value{storage.IntValue(1)}, "v", 1, "tx_id", "T0", "tx_state", commit.Committed, "tx_version", 1)
				} else {
					w.erase(name, []storage.Value{storage.IntValue(1)})
				}
				c := w.client()
				x := c.begin(isolation(level))
				x.did("upsert", at(c, 1), "v", 9)
				show := func(scan commit.Scan) string {
					return x.scan(scan, 0, func(row storage.Row) string {
						return fmt.Sprint(intOf(scan.Table, row, "p"), "=", intOf(scan.Table, row, "v"))
					})
				}
				want(t, fmt.Sprint(level, ", the partition"), show(scanOf(c.table(name), 1)), "1=9")
				want(t, fmt.Sprint(level, ", another partition"), show(scanOf(c.table(name), 2)), "")
				want(t, fmt.Sprint(level, ", the table"), show(wholeTable(c.table(name))), "1=9")
				want(t, "delete", x.delete(at(c, 1)), "ok")
				want(t, fmt.Sprint(level, ", deleted"), show(scanOf(c.table(name), 1)), "")
				want(t, "commit", x.commit(), "ok")
				c.drain()
			}
		})
	}
}

// overlapOfPrefixes scans a table of two clustering columns, the second one
// descending. A bound on the first compares that one only, where Java misses own
// writes (quirk Q3).
func overlapOfPrefixes(t *testing.T, s *suite) {
	name := storage.TableName{Namespace: "shop", Name: "pair"}
	w := s.world(t)
	w.create(commit.TransactionTable(&storage.Table{
		TableName: name, Partition: []int{0}, Clustering: []storage.ClusteringColumn{{Column: 1}, {Column: 2, Order: storage.Desc}},
		Columns: []storage.Column{{Name: "p", Type: storage.Int}, {Name: "a", Type: storage.Int}, {Name: "b", Type: storage.Int}},
	}, false))
	at := func(a, b int) []storage.Value { return append(key(1, a), storage.IntValue(int32(b))) }
	for _, stored := range [][]storage.Value{at(2, 5), at(3, 1)} {
		w.write(name, stored, "tx_id", "T0", "tx_state", commit.Committed, "tx_version", 1)
	}
	for _, level := range isolations {
		c := w.client()
		x := c.begin(isolation(level))
		table := c.table(name)
		for _, own := range [][]storage.Value{at(3, 0), at(2, 9), at(1, 1), at(2, 3)} {
			x.did("insert", commit.Ref{Table: table, Key: own})
		}
		for _, tt := range []struct {
			name     string
			from, to []int
			include  bool
			want     string
		}{
			{"all", nil, nil, true, "1.1 2.9 2.5 2.3 3.1 3.0"},
			{"to a prefix", nil, []int{2}, true, "1.1 2.9 2.5 2.3"},
			{"to before a prefix", nil, []int{2}, false, "1.1"},
			{"from a prefix", []int{2}, nil, true, "2.9 2.5 2.3 3.1 3.0"},
			{"from behind a prefix", []int{2}, nil, false, "3.1 3.0"},
			{"one prefix", []int{2}, []int{2}, true, "2.9 2.5 2.3"},
			{"behind a fixed column", []int{2, 4}, nil, true, "2.9 2.5"},
			{"before a fixed column", nil, []int{2, 5}, true, "2.5 2.3"},
			{"between", []int{2, 3}, []int{2, 9}, false, "2.5"},
		} {
			of := bounded(tt.from, tt.to, tt.include)(c)
			of.Table = table
			show := func(row storage.Row) string { return fmt.Sprint(intOf(table, row, "a"), ".", intOf(table, row, "b")) }
			want(t, fmt.Sprint(level, ", ", tt.name), x.scan(of, 0, show), tt.want)
		}
		x.Rollback()
	}
}
