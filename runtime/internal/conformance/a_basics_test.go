package conformance

import (
	"iter"
	"slices"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "A01", Title: "A transaction begun with an id has it, as the end of its full id under group commit", Verdict: pass, Variants: decided, Test: func(t *testing.T, s *suite) {
		c := s.world(t).client()
		x := c.begin(withID("mine"))
		want(t, "the id ends with the chosen one", strings.HasSuffix(x.ID(), "mine"), true)
		want(t, "insert", x.insert(c.item(1, 1), "v", 1), "ok")
		want(t, "commit", x.commit(), "ok")
		state, err := c.Status(t.Context(), x.ID())
		ok(t, err)
		want(t, "status", state, commit.Committed)
	}},
	item{ID: "A02", Title: "An empty id cannot be chosen", Verdict: difference,
		Reason: "an empty id asks for a generated one", Test: func(t *testing.T, s *suite) {
			want(t, "a generated id", strings.HasSuffix(s.world(t).client().begin(withID("")).ID(), "tx-1"), true)
		}},
	item{ID: "A03", Title: "A committed record is returned along every access path", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 5, "w", "x", "cat", 7)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "record", x.read(c.item(1, 1), a.Access), "v=5 w=x cat=7")
			want(t, "commit", x.commit(), "ok")
			want(t, "stored", w.item(1, 1), "v=5 w=x cat=7 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20")
		})
	}},
	item{ID: "A04", Title: "Scans of a partition or of a range return records in clustering order, one at a time or all", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.pages(2)
			for _, c := range []int{3, 1, 4, 0, 2} {
				w.committed(itemTable, 1, c, "v", c)
			}
			w.committed(itemTable, 2, 9)
			c := w.client()
			x := c.begin(a.begin()...)
			table := c.table(itemTable)
			want(t, "partition", x.keys(scanOf(table, 1)), "0 1 2 3 4")
			want(t, "range", x.keys(rangeOf(table, 1, 1, 3)), "1 2 3")
			backward := rangeOf(table, 1, 1, 3)
			backward.Backward = true
			want(t, "backward", x.keys(backward), "3 2 1")
			want(t, "one at a time", x.firstKeys(rangeOf(table, 1, 2, 4), 2), "2 3")
			want(t, "commit", x.commit(), "ok")
		})
	}},
	item{ID: "A05", Title: "What is not there is not returned", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode|byAccess, func(t *testing.T, a axes) {
			c := s.world(t).client()
			x := c.begin(a.begin()...)
			want(t, "record", x.read(c.item(1, 1), a.Access), absent)
			want(t, "commit", x.commit(), "ok")
		})
	}},
	item{ID: "A06", Title: "A repeated get is one storage read, two in READ_COMMITTED", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			c := w.client()
			x := c.begin(a.begin()...)
			for _, p := range []int{1, 2} { // there, and not there
				x.get(c.item(p, 1))
				x.get(c.item(p, 1))
				want(t, "reads", c.sentOf("get"), readsOf(a))
			}
		})
	}},
	item{ID: "A07", Title: "A get repeated around another's update: the old value, in READ_COMMITTED the new; SERIALIZABLE conflicts at commit, also read-only", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "first", x.get(c.item(1, 1)), "v=1")
			w.otherUpdates(1, 1, "v", 2)
			want(t, "second", x.get(c.item(1, 1)), repeated(a, "v=1", "v=2"))
			want(t, "commit", x.commit(), validated(a))
		})
	}},
	item{ID: "A08", Title: "A repeated scan is one storage scan, two in READ_COMMITTED", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			c := w.client()
			x := c.begin(a.begin()...)
			for _, p := range []int{1, 2} {
				x.keys(scanOf(c.table(itemTable), p))
				x.keys(scanOf(c.table(itemTable), p))
				want(t, "scans", c.sentOf("scan"), readsOf(a))
			}
		})
	}},
	item{ID: "A09", Title: "A scan repeated around another's update: the old value, in READ_COMMITTED the new; SERIALIZABLE conflicts at commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			c := w.client()
			x := c.begin(a.begin()...)
			scan := scanOf(c.table(itemTable), 1)
			want(t, "first", x.rows(scan), "0: v=0; 2: v=2; 4: v=4;")
			w.otherUpdates(1, 2, "v", 9)
			want(t, "second", x.rows(scan), repeated(a, "0: v=0; 2: v=2; 4: v=4;", "0: v=0; 2: v=9; 4: v=4;"))
			want(t, "commit", x.commit(), validated(a))
		})
	}},
	item{ID: "A10", Title: "A scan repeated around another's insert: without it, in READ_COMMITTED with it; SERIALIZABLE conflicts at commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			c := w.client()
			x := c.begin(a.begin()...)
			scan := rangeOf(c.table(itemTable), 1, 0, 3)
			want(t, "first", x.keys(scan), "0 2")
			w.otherInserts(1, 3, "v", 3)
			want(t, "second", x.keys(scan), repeated(a, "0 2", "0 2 3"))
			want(t, "commit", x.commit(), validated(a))
		})
	}},
	item{ID: "A11", Title: "A record-by-record scan that ran to its end is not read again, except in READ_COMMITTED", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			c := w.client()
			x := c.begin(a.begin()...)
			for range 2 {
				next, stop := x.pull(scanOf(c.table(itemTable), 1))
				want(t, "records", next()+"; "+next()+"; "+next()+"; "+next(), "0: v=0; 2: v=2; 4: v=4; end")
				stop()
			}
			want(t, "scans", c.sentOf("scan"), readsOf(a))
		})
	}},
	item{ID: "A12", Title: "Record-by-record scans around another's update: the old values repeat, in read-write transactions also after a scan stopped early; SERIALIZABLE conflicts at commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			for name, read := range map[string]int{"to the end": 4, "stopped early": 2} {
				run(t, name, func(t *testing.T) {
					w := threeItems(s, t)
					w.pages(1)
					c := w.client()
					x := c.begin(a.begin()...)
					scan := scanOf(c.table(itemTable), 1)
					next, stop := x.pull(scan)
					for range read {
						next()
					}
					stop()
					w.otherUpdates(1, 2, "v", 9)
					next, stop = x.pull(scan)
					want(t, "first record", next(), "0: v=0")
					second := repeated(a, "2: v=2", "2: v=9")
					if a.ReadOnly && name == "stopped early" {
						second = "2: v=9" // it keeps nothing but complete scans
					}
					want(t, "second record", next(), second)
					want(t, "third record", next(), "4: v=4")
					want(t, "end", next(), "end")
					stop()
					want(t, "commit", x.commit(), validated(a))
				})
			}
		})
	}},
	item{ID: "A13", Title: "Record-by-record scans around another's insert: no phantom after a complete scan; SERIALIZABLE conflicts at commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			w.pages(1)
			c := w.client()
			x := c.begin(a.begin()...)
			scan := scanOf(c.table(itemTable), 1)
			next, stop := x.pull(scan)
			want(t, "records", next()+"; "+next()+"; "+next()+"; "+next(), "0: v=0; 2: v=2; 4: v=4; end")
			stop()
			w.otherInserts(1, 3, "v", 3)
			next, stop = x.pull(scan)
			want(t, "records", next()+"; "+next(), "0: v=0; 2: v=2")
			want(t, "then", next(), repeated(a, "4: v=4", "3: v=3"))
			stop()
			want(t, "commit", x.commit(), validated(a))
		})
	}},
	item{ID: "A14", Title: "After a get and another's update, a scan sees the new value while the get repeats", Verdict: difference,
		Reason: "the scan returns what the get has seen: reads repeat per record, not per request", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "first", x.get(c.item(1, 1)), "v=1 cat=7")
				w.otherUpdates(1, 1, "v", 2)
				for _, by := range accesses {
					want(t, by.String(), x.read(c.item(1, 1), by), repeated(a, "v=1 cat=7", "v=2 cat=7"))
				}
				want(t, "commit", x.commit(), validated(a))
			})
		}},
	item{ID: "A15", Title: "Reads with a projection show the columns asked for", Verdict: difference,
		Reason: "there are no projections: reads return whole records of the schema, and never the columns of the protocol", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 5, "w", "x", "cat", 7)
				db, _ := w.db(nil, scalar.DefaultIsolation(scalar.Isolation(a.Isolation)))
				whole := Item{P: 1, C: 1, V: scalar.Some(int32(5)), W: scalar.Some("x"), Cat: scalar.Some(int32(7))}
				got, err := itemRecords.Get(t.Context(), db, ItemKey{1, 1})
				ok(t, err)
				want(t, "get", got, whole)
				scanned, err := scalar.Collect(itemRecords.Scan(t.Context(), db, itemsOf(1)))
				ok(t, err)
				want(t, "scan", slices.Equal(scanned, []Item{whole}), true)
			})
		}},
	item{ID: "A16", Title: "A read of one record with a condition returns it if it holds", Verdict: difference,
		Reason: "a get has no condition; a scan of the one key has", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := threeItems(s, t)
				c := w.client()
				x := c.begin(a.begin()...)
				one := rangeOf(c.table(itemTable), 1, 2, 2)
				want(t, "holds", x.rows(filtered(one, where(one.Table, "v", storage.Eq, 2), where(one.Table, "w", storage.IsNull, nil))), "2: v=2;")
				want(t, "does not hold", x.rows(filtered(one, where(one.Table, "v", storage.Eq, 2), where(one.Table, "cat", storage.Eq, 1))), "")
				want(t, "commit", x.commit(), "ok")
			})
		}},
	item{ID: "A17", Title: "Scans honour conditions, order and limit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			w.pages(2)
			for c := range 6 {
				w.committed(itemTable, 1, c, "v", c%3)
			}
			c := w.client()
			x := c.begin(a.begin()...)
			scan := scanOf(c.table(itemTable), 1)
			odd := filtered(scan, where(scan.Table, "v", storage.Ge, 1))
			want(t, "condition", x.keys(odd), "1 2 4 5")
			either := filtered(filtered(scan, where(scan.Table, "v", storage.Eq, 2)), where(scan.Table, "v", storage.Eq, 0), where(scan.Table, "c", storage.Gt, 2))
			want(t, "either condition", x.keys(either), "2 3 5")
			want(t, "limit", x.keys(limited(odd, 3)), "1 2 4")
			odd.Backward = true
			want(t, "backward with limit", x.keys(limited(odd, 3)), "5 4 2")
			want(t, "commit", x.commit(), "ok")
		})
	}},
	item{ID: "A18", Title: "A column can be set to NULL", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "w", "x", "cat", 7)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "update", x.update(c.item(1, 1), "v", nil), "ok")
			want(t, "upsert", x.upsert(c.item(1, 2), "v", nil, "cat", 8), "ok")
			want(t, "commit", x.commit(), "ok")
			want(t, "updated", w.stored(1, 1), "w=x cat=7")
			want(t, "inserted", w.stored(1, 2), "cat=8")
		})
	}},
)

// threeItems is a world with the records 0, 2 and 4 of a partition.
func threeItems(s *suite, t *testing.T) *world {
	t.Helper()
	w := s.world(t)
	for _, c := range []int{0, 2, 4} {
		w.committed(itemTable, 1, c, "v", c)
	}
	return w
}

// readsOf is how often two equal reads go to the storage.
func readsOf(a axes) int {
	if a.is(commit.ReadCommitted) {
		return 2
	}
	return 1
}

// repeated is what the second of two equal reads returns if somebody else has
// committed something between them.
func repeated(a axes, before, after string) string {
	if a.is(commit.ReadCommitted) {
		return after
	}
	return before
}

// validated is how a transaction ends that has read something which somebody
// else has changed since.
func validated(a axes) string {
	if a.is(commit.Serializable) {
		return "conflict"
	}
	return "ok"
}

// pull begins a scan whose records are taken one by one: next renders one as
// rows does, or says end.
func (x *tx) pull(scan commit.Scan) (next func() string, stop func()) {
	pulled, stop := iter.Pull2(x.Scan(x.c.w.t.Context(), scan))
	return func() string {
		row, err, more := pulled()
		switch {
		case !more:
			return "end"
		case err != nil:
			return outcome(err)
		default:
			return clusteringKey(scan.Table, row) + ": " + user(scan.Table, row)
		}
	}, stop
}

// stored renders the columns of the schema of an item as another client reads it.
func (w *world) stored(p, c int) string {
	w.t.Helper()
	reader := w.client()
	return reader.begin().get(reader.item(p, c))
}
