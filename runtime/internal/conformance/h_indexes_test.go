package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// indexReads are the ways to look for the one record that has a value. There is
// no get by index: a scan with a limit of one is what comes next to it.
var indexReads = []struct {
	name string
	keys func(x *tx, scan commit.Scan) string
}{
	{"scan", (*tx).keys},
	{"scan with a limit", func(x *tx, scan commit.Scan) string { return x.keys(limited(scan, 1)) }},
	{"scan with a filter", func(x *tx, scan commit.Scan) string {
		return x.keys(filtered(scan, where(scan.Table, "v", storage.Ge, 1)))
	}},
	{"scan stopped early", func(x *tx, scan commit.Scan) string { return x.firstKeys(scan, 1) }},
}

// eachIndexRead runs the test for every one of them, in every isolation level
// and mode. The kinds of writers are with F01 to F08, along the index as well.
func (s *suite) eachIndexRead(t *testing.T, test func(t *testing.T, a axes, keys func(*tx, commit.Scan) string)) {
	for _, way := range indexReads {
		run(t, way.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) { test(t, a, way.keys) })
		})
	}
}

// lookup is a read by the index of cat while T1 has item (1, 1) prepared, which
// had cat = 10 before.
type lookup struct {
	leftover
	cat        int // what T1 writes
	asked      int
	latest, rc string // keys in SNAPSHOT and SERIALIZABLE, and in READ_COMMITTED
}

func (l lookup) run(t *testing.T, s *suite) {
	s.eachIndexRead(t, func(t *testing.T, a axes, keys func(*tx, commit.Scan) string) {
		w := s.world(t)
		at := l.leave(w, a.Kind, "cat", l.cat, "before_cat", 10)
		stored, decision := w.item(1, 1), w.decision(a.Kind, "T1")
		// What the index of the before images shows is recovered by all (spec 3.9).
		if l.asked == 10 || !a.passive() {
			switch {
			case l.decision == commit.Committed:
				stored = strings.Replace(l.forward(a.Kind, at), "cat=7", fmt.Sprint("cat=", l.cat), 1)
			case l.decision == commit.Aborted:
				stored = strings.Replace(l.back(), "cat=7", "cat=10", 1)
			case l.expired:
				stored, decision = strings.Replace(l.back(), "cat=7", "cat=10", 1), "ABORTED 1000000"
			}
		}
		wanted := l.latest
		if a.is(commit.ReadCommitted) {
			wanted = l.rc
		}
		c := w.client()
		x := c.begin(a.begin()...)
		want(t, "keys", keys(x, byCat(c.table(itemTable), l.asked)), wanted)
		if wanted != "uncommitted" {
			want(t, "commit", x.commit(), "ok")
		}
		c.drain()
		want(t, "stored", w.item(1, 1), stored)
		want(t, "decision", w.decision(a.Kind, "T1"), decision)
	})
}

func runLookups(t *testing.T, s *suite, lookups map[string]lookup) {
	for name, l := range lookups {
		run(t, name, func(t *testing.T) { l.run(t, s) })
	}
}

// Leftovers of T1.
var (
	updateCommitted = leftover{state: commit.Prepared, decision: commit.Committed}
	updateAborted   = leftover{state: commit.Prepared, decision: commit.Aborted}
	updateInFlight  = leftover{state: commit.Prepared}
	deleteCommitted = leftover{state: commit.Deleted, decision: commit.Committed}
	deleteAborted   = leftover{state: commit.Deleted, decision: commit.Aborted}
	deleteInFlight  = leftover{state: commit.Deleted}
)

var _ = items(
	item{ID: "H01", Title: "Reads by an index return the committed records with the value, filtered and limited", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
			w.committed(itemTable, 1, 2, "v", 2, "cat", 8)
			w.committed(itemTable, 2, 3, "v", 3, "cat", 7)
			w.committed(itemTable, 3, 4, "v", 4, "cat", nil)
			c := w.client()
			x, table := c.begin(a.begin()...), c.table(itemTable)
			want(t, "one", x.rows(byCat(table, 8)), "2: v=2 cat=8;")
			want(t, "two of two partitions", x.rows(byCat(table, 7)), "1: v=1 cat=7; 3: v=3 cat=7;")
			want(t, "none", x.keys(byCat(table, 9)), "")
			want(t, "filter", x.keys(filtered(byCat(table, 7), where(table, "v", storage.Gt, 1))), "3")
			want(t, "filter of two conjunctions", x.keys(filtered(filtered(byCat(table, 7), where(table, "v", storage.Eq, 1)), where(table, "c", storage.Eq, 3))), "1 3")
			want(t, "filter on the value itself", x.keys(filtered(byCat(table, 7), where(table, "cat", storage.Eq, 8))), "")
			want(t, "limit", len(strings.Fields(x.keys(limited(byCat(table, 7), 1)))), 1)
			want(t, "stopped early", len(strings.Fields(x.firstKeys(byCat(table, 7), 1))), 1)
			want(t, "commit", x.commit(), "ok")
		})
	}},
	item{ID: "H02", Title: "Read by the old value of a record that a committed writer moved away: rolled forward, and not returned", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			runLookups(t, s, map[string]lookup{
				"old value": {updateCommitted, 20, 10, "", ""},
				"new value": {updateCommitted, 20, 20, "1", ""},
			})
		}},
	item{ID: "H03", Title: "Read by the old value of a record that an aborted writer moved away: rolled back, and returned", Verdict: pass,
		Test: func(t *testing.T, s *suite) { lookup{updateAborted, 20, 10, "1", "1"}.run(t, s) }},
	item{ID: "H04", Title: "Read by the old value while a writer moves the record away: aborted if it has expired, else an uncommitted record in every isolation level", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			runLookups(t, s, map[string]lookup{
				"expired":   {expiredUpdate, 20, 10, "1", "1"},
				"in flight": {updateInFlight, 20, 10, "uncommitted", "uncommitted"},
			})
		}},
	item{ID: "H05", Title: "Read by the value of a record that is being deleted: absent if the writer has committed, READ_COMMITTED the version before; returned if it was aborted", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			runLookups(t, s, map[string]lookup{
				"committed": {deleteCommitted, 10, 10, "", "1"},
				"aborted":   {deleteAborted, 10, 10, "1", "1"},
				"expired":   {expiredDelete, 10, 10, "1", "1"},
				"in flight": {deleteInFlight, 10, 10, "uncommitted", "uncommitted"},
			})
		}},
	item{ID: "H06", Title: "Read by the new value of a record that an aborted writer moved there: rolled back, and not returned", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			runLookups(t, s, map[string]lookup{
				"aborted":   {updateAborted, 20, 20, "", ""},
				"expired":   {expiredUpdate, 20, 20, "", ""},
				"in flight": {updateInFlight, 20, 20, "uncommitted", ""},
			})
		}},
	item{ID: "H07", Title: "A record being deleted and one being inserted with the same value: only the one that counts, never both", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for name, tt := range map[string]struct {
				decision         commit.State
				expired          bool
				latest, rc       string // if the deleted record had another value before
				sameLatest, same string // if it had this one; same is for READ_COMMITTED
			}{
				"committed": {commit.Committed, false, "2", "", "2", "1"},
				"aborted":   {commit.Aborted, false, "", "", "1", "1"},
				"expired":   {0, true, "", "", "1", "1"},
				"in flight": {0, false, "uncommitted", "", "uncommitted", "uncommitted"},
			} {
				for _, before := range []int{10, 20} {
					run(t, fmt.Sprint(name, ", before ", before), func(t *testing.T) {
						s.eachIndexRead(t, func(t *testing.T, a axes, keys func(*tx, commit.Scan) string) {
							w := s.world(t)
							left := leftover{state: commit.Deleted, decision: tt.decision, expired: tt.expired}
							at := left.leave(w, a.Kind, "cat", 20, "before_cat", before)
							w.preparedInsert(1, 2, at, a.Kind.id("T1"), "cat", 20)
							latest, rc := tt.latest, tt.rc
							if before == 20 {
								latest, rc = tt.sameLatest, tt.same
							}
							if a.is(commit.ReadCommitted) {
								latest = rc
							}
							c := w.client()
							x := c.begin(a.begin()...)
							want(t, "keys", keys(x, byCat(c.table(itemTable), 20)), latest)
							if latest != "uncommitted" {
								want(t, "commit", x.commit(), "ok")
							}
						})
					})
				}
			}
		}},
	item{ID: "H08", Title: "A committed record beside an insert of the same value that did not commit: the committed one", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for name, left := range map[string]leftover{"aborted": {decision: commit.Aborted}, "expired": {expired: true}} {
				left.insert = true
				run(t, name, func(t *testing.T) {
					s.eachIndexRead(t, func(t *testing.T, a axes, keys func(*tx, commit.Scan) string) {
						w := s.world(t)
						left.leave(w, a.Kind)
						w.committed(itemTable, 1, 2, "v", 1, "cat", 7)
						c := w.client()
						x := c.begin(a.begin()...)
						want(t, "keys", keys(x, byCat(c.table(itemTable), 7)), "2")
						want(t, "commit", x.commit(), "ok")
						c.drain()
						if !a.passive() {
							want(t, "the insert", w.item(1, 1), absent)
						}
					})
				})
			}
		}},
	item{ID: "H09", Title: "Two committed records with the value", Verdict: difference,
		Reason: "there is no get by index that could ask for one record only: a read by an index returns all of them",
		Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "cat", 7)
				w.committed(itemTable, 1, 2, "cat", 7)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "keys", x.keys(byCat(c.table(itemTable), 7)), "1 2")
				want(t, "commit", x.commit(), "ok")
			})
		}},
	item{ID: "H11", Title: "Records that are rolled back into the range again and again end in a conflict", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode|byKind, func(t *testing.T, a axes) {
			w := s.world(t)
			var passes atomic.Int32
			c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
				if phase == "scan" && call.Scan.Index == call.Scan.Table.Column("cat") {
					id := fmt.Sprint("T1", passes.Add(1))
					w.prepared(1, 1, commit.Prepared, w.longAgo(), a.Kind.id(id), "cat", 20)
					w.coordinatorRow(a.Kind.id(id), "tx_state", commit.Aborted, "tx_created_at", 77)
				}
				return send(ctx)
			})
			var failure error
			for _, err := range c.begin(a.begin()...).Scan(t.Context(), byCat(c.table(itemTable), 7)) {
				failure = err
			}
			want(t, "scan", outcome(failure), "conflict")
			want(t, "code", codeOf(failure), "DB-CORE-20028")
			want(t, "passes", passes.Load(), 3)
		})
	}},
	item{ID: "H14", Title: "Records read by an index can be updated", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, way := range indexReads {
			run(t, way.name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
					w.committed(itemTable, 1, 2, "v", 1, "cat", 8)
					w.committed(itemTable, 1, 3, "v", 1, "cat", 8)
					c := w.client()
					x, table := c.begin(a.begin()...), c.table(itemTable)
					want(t, "one", way.keys(x, byCat(table, 7)), "1")
					want(t, "two", x.keys(byCat(table, 8)), "2 3")
					want(t, "update", x.update(c.item(1, 1), "v", 2), "ok")
					want(t, "move", x.update(c.item(1, 2), "cat", 7), "ok")
					want(t, "move", x.update(c.item(1, 3), "cat", 9), "ok")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					later := w.client()
					want(t, "result", later.begin().rows(scanOf(later.table(itemTable), 1)), "1: v=2 cat=7; 2: v=1 cat=7; 3: v=1 cat=9;")
					want(t, "index", later.begin().keys(byCat(later.table(itemTable), 7)), "1 2")
				})
			})
		}
	}},
)
