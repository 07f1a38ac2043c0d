package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "I01", Title: "write skew by gets of records that exist, in one table or two: only SERIALIZABLE excludes it", Verdict: pass, Test: skewByGets(true)},
	item{ID: "I02", Title: "write skew by gets of records that do not exist: only SERIALIZABLE excludes it", Verdict: pass, Test: skewByGets(false)},
	item{ID: "I03", Title: "write skew by scans that find records or none: only SERIALIZABLE excludes it", Verdict: pass, Test: skewByScans},
	item{ID: "I04", Title: "several scans in one transaction that nobody disturbs", Verdict: pass, Test: severalScans},
	item{ID: "I05", Title: "scan, then another transaction updates, inserts or deletes in its range: SERIALIZABLE reports a conflict", Verdict: pass, Test: othersWriteInto},
	item{ID: "I06", Title: "scan, then the transaction itself updates, inserts or deletes in its range: no conflict", Verdict: pass, Test: ownWritesInto},
	item{ID: "I07", Title: "scan with a limit: what others insert matters up to its last record, or everywhere if it did not reach the limit", Verdict: pass, Test: limitedScans},
	item{ID: "I08", Title: "scans of the table, with a limit too, and reads by the index commit if nothing changed", Verdict: pass, Test: undisturbedScans},
	item{ID: "I09", Title: "scan that is stopped: what others do matters up to the last record it returned", Verdict: pass, Test: stoppedScans},
	item{ID: "I10", Title: "validation case by case: records that come, go or change, imported ones, several at a time", Verdict: pass, Test: validationCases},
	item{
		ID: "I11", Title: "an equal scan repeats, one with another filter reads again",
		Verdict: difference, Reason: "In a transaction that may write, a record repeats however it is read again, so another filter shows later changes only of records that the transaction has not seen. A read-only transaction keeps no records for that, and its scans read again",
		Test: otherFilters,
	},
)

// serialConflict is how a commit ends whose reads are not true any more.
func serialConflict(a axes) string {
	return okUnless(a, commit.Serializable, "conflict")
}

// skew lets two transactions each read what the other writes, and commits both.
// The records are (1, 1) of one table and (2, 1) of the same or another.
func skew(t *testing.T, s *suite, a axes, second storage.TableName, exist bool, read func(x *tx, ref commit.Ref)) {
	w := s.world(t)
	op, finally := "insert", "v=9 cat=7"
	if exist {
		op, finally = "update", "v=9 cat=7"
		w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
		w.committed(second, 2, 1, "v", 1, "cat", 7)
	}
	c, d := w.client(), w.client()
	one, two := c.begin(a.begin()...), d.begin(a.begin()...)
	read(one, c.in(second, 2, 1))
	read(two, d.item(1, 1))
	one.did(op, c.item(1, 1), "v", 9, "cat", 7)
	two.did(op, d.in(second, 2, 1), "v", 9, "cat", 7)
	want(t, "the first commit", one.commit(), "ok")
	c.drain()
	want(t, "the second commit", two.commit(), serialConflict(a))
	d.drain()
	c = w.client()
	x := c.begin()
	want(t, "the first's record", x.get(c.item(1, 1)), finally)
	switch {
	case !a.is(commit.Serializable):
		want(t, "the second's record", x.get(c.in(second, 2, 1)), finally)
	case exist:
		want(t, "the second's record", x.get(c.in(second, 2, 1)), "v=1 cat=7")
	default:
		want(t, "the second's record", x.get(c.in(second, 2, 1)), absent)
	}
}

// secondTables are where the second record of a pair may be.
var secondTables = map[string]storage.TableName{"one table": itemTable, "two tables": otherTable, "two namespaces": bankTable}

func skewByGets(exist bool) func(t *testing.T, s *suite) {
	return func(t *testing.T, s *suite) {
		for name, second := range secondTables {
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					skew(t, s, a, second, exist, func(x *tx, ref commit.Ref) { x.get(ref) })
				})
			})
		}
		run(t, "gets of several", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				skew(t, s, a, itemTable, exist, func(x *tx, ref commit.Ref) {
					_, err := x.Get(t.Context(), ref, x.c.item(5, 5), x.c.in(otherTable, 5, 5))
					ok(t, err)
				})
			})
		})
	}
}

func skewByScans(t *testing.T, s *suite) {
	for _, exist := range []bool{true, false} {
		for name, second := range secondTables {
			run(t, fmt.Sprint("exist=", exist, " ", name), func(t *testing.T) {
				s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
					skew(t, s, a, second, exist, func(x *tx, ref commit.Ref) { x.read(ref, a.Access) })
				})
			})
		}
	}
	// Each reads the partition that both insert into.
	run(t, "one partition", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			c, d := w.client(), w.client()
			one, two := c.begin(a.begin()...), d.begin(a.begin()...)
			want(t, "nothing yet", one.keys(inPartition(c))+two.keys(inPartition(d)), "")
			one.did("insert", c.item(1, 1))
			two.did("insert", d.item(1, 2))
			want(t, "the first commit", one.commit(), "ok")
			want(t, "the second commit", two.commit(), serialConflict(a))
		})
	})
}

// seen stores what the scans of the tests below find: records 2, 4 and 6 of
// partition 1, v=1 w=old cat=7.
func seen(t *testing.T, s *suite) *world {
	w := s.world(t)
	for _, c := range []int{2, 4, 6} {
		w.committed(itemTable, 1, c, "v", 1, "w", "old", "cat", 7)
	}
	return w
}

// wholeScans are scans that find the records of seen and run to their end.
var wholeScans = []struct {
	name string
	of   func(c *client) commit.Scan
	want string
}{
	{"partition", inPartition, "2 4 6"},
	{"partition backward", backward(inPartition), "6 4 2"},
	{"range", inRange(0, 9), "2 4 6"},
	{"open range", bounded([]int{0}, nil, true), "2 4 6"},
	{"filter", only(inPartition, "v", storage.Lt, 5), "2 4 6"},
	{"whole table", whole, "2 4 6"},
	{"whole table with a filter", only(whole, "w", storage.Eq, "old"), "2 4 6"},
	{"index", indexed(7), "2 4 6"},
	{"index with a filter", only(indexed(7), "v", storage.Lt, 5), "2 4 6"},
}

func severalScans(t *testing.T, s *suite) {
	s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
		w := seen(t, s)
		w.committed(otherTable, 1, 2, "v", 1, "cat", 7)
		c := w.client()
		x := c.begin(a.begin()...)
		for range 2 {
			for _, scan := range wholeScans {
				want(t, scan.name, x.keys(scan.of(c)), scan.want)
			}
			want(t, "empty partition", x.keys(scanOf(c.table(itemTable), 2)), "")
			want(t, "limit", x.keys(first(2, inPartition)(c)), "2 4")
			want(t, "stopped", x.firstKeys(inPartition(c), 1), "2")
			want(t, "other table", x.keys(wholeTable(c.table(otherTable))), "2")
		}
		if !a.ReadOnly {
			x.did("update", c.item(1, 4), "v", 2)
			x.did("insert", c.item(3, 1), "v", 1)
		}
		want(t, "commit", x.commit(), "ok")
	})
}

// changes of partition 1 of itemTable in a world of seen.
var changes = []struct {
	name string
	op   string
	key  int
	set  []any
}{
	{"update", "update", 4, []any{"v", 2}},
	{"insert first", "insert", 1, []any{"v", 1, "w", "old", "cat", 7}},
	{"insert between", "insert", 3, []any{"v", 1, "w", "old", "cat", 7}},
	{"insert last", "insert", 8, []any{"v", 1, "w", "old", "cat", 7}},
	{"delete first", "delete", 2, nil},
	{"delete last", "delete", 6, nil},
}

func othersWriteInto(t *testing.T, s *suite) {
	for _, scan := range wholeScans {
		run(t, scan.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				for _, change := range changes {
					w := seen(t, s)
					c := w.client()
					x := c.begin(a.begin()...)
					want(t, "scan", x.keys(scan.of(c)), scan.want)
					if !a.ReadOnly {
						x.did("insert", c.in(otherTable, 1, 1))
					}
					w.other(func(d *client, y *tx) { y.did(change.op, d.item(1, change.key), change.set...) })
					want(t, "commit after "+change.name, x.commit(), serialConflict(a))
				}
			})
		})
	}
	// Outside the range, or not selected, nothing disturbs.
	for _, tt := range []struct {
		name string
		of   func(c *client) commit.Scan
		do   func(c *client, x *tx)
	}{
		{"outside the range", inRange(2, 6), does("insert", 1, 8)},
		{"another partition", inPartition, does("insert", 2, 4)},
		{"not selected by the filter", only(inPartition, "w", storage.Eq, "old"), does("insert", 1, 3, "w", "new")},
		{"not selected by the filter of the table", only(whole, "w", storage.Eq, "old"), does("insert", 2, 3, "w", "new")},
		{"another value of the index", indexed(7), does("insert", 1, 3, "cat", 8)},
		{"another table", whole, func(c *client, x *tx) { x.did("insert", c.in(otherTable, 1, 4)) }},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := seen(t, s)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "scan", len(x.keys(tt.of(c))) > 0, true)
				w.other(tt.do)
				want(t, "commit", x.commit(), "ok")
			})
		})
	}
}

func ownWritesInto(t *testing.T, s *suite) {
	for _, scan := range wholeScans {
		run(t, scan.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for _, change := range changes {
					w := seen(t, s)
					c := w.client()
					x := c.begin(a.begin()...)
					want(t, "scan", x.keys(scan.of(c)), scan.want)
					x.did(change.op, c.item(1, change.key), change.set...)
					want(t, "commit after "+change.name, x.commit(), "ok")
				}
				w := seen(t, s)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "scan", x.keys(scan.of(c)), scan.want)
				for _, change := range changes {
					x.did(change.op, c.item(1, change.key), change.set...)
				}
				want(t, "commit after all", x.commit(), "ok")
				c.drain()
				c = w.client()
				want(t, "stored", c.begin().rows(inPartition(c)),
					"1: v=1 w=old cat=7; 3: v=1 w=old cat=7; 4: v=2 w=old cat=7; 8: v=1 w=old cat=7;")
			})
		})
	}
}

func otherFilters(t *testing.T, s *suite) {
	scanRepeats := func(a axes, repeats, again string) string {
		if a.is(commit.ReadCommitted) {
			return again
		}
		return repeats
	}
	recordRepeats := func(a axes, repeats, again string) string {
		if a.ReadOnly {
			return again
		}
		return scanRepeats(a, repeats, again)
	}
	const before, after = "4: v=1 cat=7;", "4: v=2 cat=7;"
	for name, of := range map[string]func(c *client) commit.Scan{"partition": inPartition, "whole table": whole, "index": indexed(7)} {
		is := func(v int) func(c *client) commit.Scan { return only(of, "v", storage.Eq, v) }
		below := func(v int) func(c *client) commit.Scan { return only(of, "v", storage.Lt, v) }
		run(t, name+", a record that was seen", func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 4, "v", 1, "cat", 7)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "v=1", x.rows(is(1)(c)), before)
				w.otherUpdates(1, 4, "v", 2)
				want(t, "v=1 again", x.rows(is(1)(c)), scanRepeats(a, before, ""))
				want(t, "v<5", x.rows(below(5)(c)), recordRepeats(a, before, after))
				want(t, "v=2", x.rows(is(2)(c)), recordRepeats(a, "", after))
				want(t, "get", x.get(c.item(1, 4)), recordRepeats(a, "v=1 cat=7", "v=2 cat=7"))
				want(t, "commit", x.commit(), serialConflict(a))
			})
		})
		run(t, name+", a record that was not seen", func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 4, "v", 1, "cat", 7)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "v=2", x.rows(is(2)(c)), "")
				w.otherUpdates(1, 4, "v", 2)
				want(t, "v=2 again", x.rows(is(2)(c)), scanRepeats(a, "", after))
				want(t, "v<5", x.rows(below(5)(c)), after)
				want(t, "commit", x.commit(), serialConflict(a))
			})
		})
	}
}
