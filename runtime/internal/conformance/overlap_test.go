package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// overlap is a scan over own writes. Stored before are records 1, 3 and 5 of
// partition 1 of itemTable, all with v=1 w=old cat=7, and record 1 of partition
// 2 with v=2 w=old cat=8.
type overlap struct {
	name  string
	write func(c *client, x *tx)
	scan  func(c *client) commit.Scan
	want  string // as tx.rows shows it
}

// The rows of partition 1.
const row1, row3, row5 = "1: v=1 w=old cat=7;", "3: v=1 w=old cat=7;", "5: v=1 w=old cat=7;"

func overlapWorld(t *testing.T, s *suite) *world {
	w := s.world(t)
	for _, c := range []int{1, 3, 5} {
		w.committed(itemTable, 1, c, "v", 1, "w", "old", "cat", 7)
	}
	w.committed(itemTable, 2, 1, "v", 2, "w", "old", "cat", 8)
	return w
}

// overlaps runs each scan three times: over the own writes; once more, since
// reads repeat; and in another transaction when the writes are committed.
func overlaps(cases []overlap) func(t *testing.T, s *suite) {
	return func(t *testing.T, s *suite) {
		for _, tt := range cases {
			run(t, tt.name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					for _, before := range []bool{false, true} {
						w := overlapWorld(t, s)
						c := w.client()
						x, scan := c.begin(a.begin()...), tt.scan(c)
						if before { // what the scan found before the writes must not stand in their way
							x.rows(scan)
						}
						tt.write(c, x)
						want(t, fmt.Sprint("over own writes, scanned before=", before), x.rows(scan), tt.want)
						want(t, "again", x.rows(scan), tt.want)
						want(t, "commit", x.commit(), "ok")
						c.drain()
						c = w.client()
						want(t, "after the commit", c.begin().rows(tt.scan(c)), tt.want)
					}
				})
			})
		}
	}
}

// did ends the test if a write that it needs failed.
func (x *tx) did(op string, ref commit.Ref, pairs ...any) {
	x.c.w.t.Helper()
	if got := x.write(op, ref, pairs...); got != "ok" {
		x.c.w.t.Fatalf("%s: %s", op, got)
	}
}

// does is the function that does one write of itemTable.
func does(op string, p, k int, pairs ...any) func(c *client, x *tx) {
	return func(c *client, x *tx) { x.did(op, c.item(p, k), pairs...) }
}

func all(writes ...func(c *client, x *tx)) func(c *client, x *tx) {
	return func(c *client, x *tx) {
		for _, write := range writes {
			write(c, x)
		}
	}
}

// inRange is the scan of partition 1 from one key to another, both included.
func inRange(from, to int) func(c *client) commit.Scan {
	return func(c *client) commit.Scan { return rangeOf(c.table(itemTable), 1, from, to) }
}

func inPartition(c *client) commit.Scan { return scanOf(c.table(itemTable), 1) }

func backward(of func(c *client) commit.Scan) func(c *client) commit.Scan {
	return func(c *client) commit.Scan {
		scan := of(c)
		scan.Backward = true
		return scan
	}
}

func first(n int, of func(c *client) commit.Scan) func(c *client) commit.Scan {
	return func(c *client) commit.Scan { return limited(of(c), n) }
}

// only filters a scan by one comparison.
func only(of func(c *client) commit.Scan, column string, op storage.Operator, v any) func(c *client) commit.Scan {
	return func(c *client) commit.Scan {
		scan := of(c)
		return filtered(scan, where(scan.Table, column, op, v))
	}
}

func indexed(cat int) func(c *client) commit.Scan {
	return func(c *client) commit.Scan { return byCat(c.table(itemTable), cat) }
}

func whole(c *client) commit.Scan { return wholeTable(c.table(itemTable)) }

// intOf returns the value of a column of integers.
func intOf(t *commit.Table, row storage.Row, column string) int64 {
	return row[t.Meta().Column(column)].Int64()
}

// drained runs a scan and returns its error.
func drained(x *tx, scan commit.Scan) error {
	for _, err := range x.Scan(x.c.w.t.Context(), scan) {
		if err != nil {
			return err
		}
	}
	return nil
}

// like is the scan of the whole table with LIKE or NOT LIKE on w.
func like(op storage.Operator, pattern, escape string) func(c *client) commit.Scan {
	return func(c *client) commit.Scan {
		t := c.table(itemTable)
		return filtered(wholeTable(t), storage.Predicate{Column: t.Meta().Column("w"), Operator: op, Value: storage.TextValue(pattern), Escape: escape})
	}
}

// bounded is the scan of partition 1 with the given bounds, nil for an open end.
func bounded(from, to []int, inclusive bool) func(c *client) commit.Scan {
	bound := func(values []int) (b storage.Bound) {
		for _, v := range values {
			b.Values = append(b.Values, storage.IntValue(int32(v)))
		}
		b.Inclusive = inclusive && values != nil
		return b
	}
	return func(c *client) commit.Scan {
		scan := inPartition(c)
		scan.Start, scan.End = bound(from), bound(to)
		return scan
	}
}

// againstModel runs transactions of random writes and scans of one kind, and
// compares each scan with the same question to a map.
func againstModel(t *testing.T, s *suite, scans storage.ScanKind) {
	const transactions = 25
	s.each(t, byIsolation, func(t *testing.T, a axes) {
		w := s.world(t)
		w.pages(1 + int(a.Isolation))
		model := newModel(rand.New(rand.NewPCG(uint64(scans), uint64(a.Isolation))))
		for n := range transactions {
			c := w.client()
			x := c.begin(a.begin()...)
			for range 2 + model.IntN(8) {
				if model.IntN(3) > 0 {
					model.write(t, x, c)
				}
				model.check(t, x, c, scans)
			}
			if got := x.commit(); got != "ok" {
				t.Fatalf("transaction %d: commit: %s", n, got)
			}
			c.drain()
		}
	})
}
