package conformance

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
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
	item{ID: "A19", Title: "An operation without a namespace is in the configured one", Verdict: notApplicable,
		Reason: "every generated table knows its namespace, so no operation is without one"},
	item{ID: "A20", Title: "What is rolled back has no effect", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			before := w.item(1, 1)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "insert", x.insert(c.item(1, 2), "v", 2), "ok")
			want(t, "upsert", x.upsert(c.item(1, 3), "v", 3), "ok")
			want(t, "delete", x.delete(c.item(1, 1)), "ok")
			c.sent()
			x.rollback()
			c.drain()
			want(t, "calls of the rollback", c.sent(), "")
			want(t, "deleted record", w.item(1, 1), before)
			want(t, "inserted record", w.item(1, 2), absent)
			want(t, "upserted record", w.item(1, 3), absent)
		})
	}},
	item{ID: "A21", Title: "Several operations at once: all are applied, and results come in the order of the requests", Verdict: difference,
		Reason: "writes are calls of their own, since they stay in memory until the commit; reads of many keys are one call", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for _, reads := range []bool{false, true} {
					run(t, fmt.Sprint("read before ", reads), func(t *testing.T) {
						w := threeItems(s, t)
						c := w.client()
						x := c.begin(a.begin()...)
						refs := []commit.Ref{c.item(1, 4), c.item(1, 9), c.item(1, 0), c.item(1, 4), c.item(1, 2)}
						if reads {
							want(t, "before", x.getAll(refs...), "v=4; absent; v=0; v=4; v=2")
							want(t, "calls", c.sent(), "get")
						}
						want(t, "update", x.update(c.item(1, 0), "v", 10), "ok")
						want(t, "delete", x.delete(c.item(1, 2)), "ok")
						want(t, "upsert", x.upsert(c.item(1, 4), "v", 14), "ok")
						want(t, "insert", x.insert(c.item(1, 9), "v", 19), "ok")
						want(t, "own writes", x.getAll(refs...), "v=14; v=19; v=10; v=14; absent")
						want(t, "commit", x.commit(), "ok")
						c.drain()
						want(t, "afterwards", w.client().begin().getAll(refs...), "v=14; v=19; v=10; v=14; absent")
					})
				}
			})
		}},
	item{ID: "A22", Title: "An empty list of operations is refused", Verdict: difference,
		Reason: "a read of no keys is an empty answer that costs nothing, so callers need no special case", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				c := s.world(t).client()
				x := c.begin(a.begin()...)
				want(t, "none", x.getAll(), "")
				want(t, "commit", x.commit(), "ok")
				want(t, "calls", c.sent(), "")
			})
		}},
	item{ID: "A23", Title: "A commit while a scan goes on is refused, and nothing is written", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			c := w.client()
			x := c.begin(a.begin()...)
			if !a.ReadOnly {
				want(t, "insert", x.insert(c.item(2, 0), "v", 1), "ok")
			}
			next, stop := x.pull(scanOf(c.table(itemTable), 1))
			defer stop()
			want(t, "first record", next(), "0: v=0")
			err := x.Commit(t.Context())
			want(t, "commit", outcome(err), "invalid")
			want(t, "code", codeOf(err), "DB-CORE-10205")
			x.rollback()
			c.drain()
			want(t, "stored", w.item(2, 0), absent)
			want(t, "decisions", w.decisions(), "")
		})
	}},
	item{ID: "A24", Title: "The status of a transaction: committed, aborted after a conflict, unknown without a decision; an unreadable coordinator is an error", Verdict: difference,
		Reason: "an unreadable coordinator is reported as an error, since unknown is an answer of its own", Variants: decided, Test: func(t *testing.T, s *suite) {
			status := func(t *testing.T, c *client, id string) string {
				state, err := c.Status(t.Context(), id)
				if err != nil {
					return outcome(err)
				}
				return state.String()
			}
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := threeItems(s, t)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "running", status(t, c, x.ID()), "UNKNOWN")
				want(t, "update", x.update(c.item(1, 0), "v", 1), "ok")
				want(t, "commit", x.commit(), "ok")
				want(t, "committed", status(t, c, x.ID()), "COMMITTED")
				x = c.begin(a.begin()...)
				want(t, "update", x.update(c.item(1, 0), "v", 2), "ok")
				w.otherUpdates(1, 0, "v", 3)
				want(t, "commit", x.commit(), "conflict")
				want(t, "in conflict", status(t, c, x.ID()), "ABORTED")
				want(t, "never existed", status(t, c, "nobody"), "UNKNOWN")
			})
			s.each(t, byKind, func(t *testing.T, a axes) {
				w := s.world(t)
				c := w.client()
				want(t, "undecided", status(t, c, a.Kind.id("T1")), "UNKNOWN")
				w.decide(a.Kind, "T1", commit.Committed, 77)
				want(t, "committed", status(t, c, a.Kind.id("T1")), "COMMITTED")
			})
			run(t, "coordinator down", func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					c := w.clientWith(fail("read decision", down()))
					want(w.t, "status", status(w.t, c, "T1"), "storage")
				})
			})
		}},
	item{ID: "A25", Title: "A running transaction aborted by its id cannot commit", Verdict: pass, Variants: decided, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			before := w.item(1, 0)
			c, other := w.client(), w.client()
			x := c.begin(a.begin()...)
			want(t, "update", x.update(c.item(1, 0), "v", 1), "ok")
			want(t, "insert", x.insert(c.in(otherTable, 2, 0), "v", 1), "ok")
			for range 2 {
				state, err := other.Abort(t.Context(), x.ID())
				ok(t, err)
				want(t, "abort", state, commit.Aborted)
			}
			want(t, "commit", x.commit(), "conflict")
			state, err := other.Status(t.Context(), x.ID())
			ok(t, err)
			want(t, "status", state, commit.Aborted)
			c.drain()
			want(t, "updated record", w.item(1, 0), before)
			want(t, "inserted record", w.row(otherTable, 2, 0), absent)
		})
		run(t, "after its commit", func(t *testing.T) {
			c := s.world(t).client()
			x := c.begin()
			want(t, "insert", x.insert(c.item(1, 0), "v", 1), "ok")
			want(t, "commit", x.commit(), "ok")
			state, err := c.Abort(t.Context(), x.ID())
			ok(t, err)
			want(t, "abort", state, commit.Committed)
		})
	}},
	item{ID: "A26", Title: "A transaction is found by its id from its begin until it is committed or rolled back, also after a failed commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			db, _ := w.db(nil)
			resumed := func(id string, x *scalar.Tx) string {
				found, err := db.Resume(id)
				if err == nil && found != x {
					return "another transaction"
				}
				return outcome(err)
			}
			begin := func() *scalar.Tx {
				x, err := db.Begin(t.Context(), levelOf(a))
				ok(t, err)
				want(t, "after the begin", resumed(x.ID(), x), "ok")
				ok(t, itemRecords.Update(t.Context(), x, ItemKey{1, 0}, scalar.Set(itemColumns.V, 9)))
				want(t, "after a write", resumed(x.ID(), x), "ok")
				return x
			}
			want(t, "before the begin", resumed("nobody", nil), "no transaction")

			x := begin()
			x.Rollback(t.Context())
			want(t, "after the rollback", resumed(x.ID(), x), "no transaction")

			x = begin()
			w.otherUpdates(1, 0, "v", 8)
			want(t, "commit", outcome(x.Commit(t.Context())), "conflict")
			want(t, "after a failed commit", resumed(x.ID(), x), "ok")
			x.Rollback(t.Context())
			want(t, "after its rollback", resumed(x.ID(), x), "no transaction")

			x = begin()
			want(t, "commit", outcome(x.Commit(t.Context())), "ok")
			want(t, "after the commit", resumed(x.ID(), x), "no transaction")
		})
	}},
	item{ID: "A27", Title: "A second transaction of the same id is refused while the first one runs, which goes on", Verdict: difference,
		Reason: "under group commit both run, because their full ids differ", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := threeItems(s, t)
				db, _ := w.db(nil)
				first, err := db.Begin(t.Context(), levelOf(a), scalar.WithID("mine"))
				ok(t, err)
				second, err := db.Begin(t.Context(), levelOf(a), scalar.WithID("mine"))
				if s.variant.name == "group commit" {
					ok(t, err)
					want(t, "the same id", second.ID() == first.ID(), false)
					second.Rollback(t.Context())
				} else {
					want(t, "second begin", outcome(err), "invalid")
					want(t, "code", codeOf(err), "DB-CORE-10047")
				}
				ok(t, itemRecords.Update(t.Context(), first, ItemKey{1, 0}, scalar.Set(itemColumns.V, 9)))
				want(t, "commit", outcome(first.Commit(t.Context())), "ok")
				want(t, "stored", w.stored(1, 0), "v=9")
			})
		}},
	item{ID: "A28", Title: "Nothing runs after the end of a transaction; a rollback after a commit is refused", Verdict: difference,
		Reason: "a rollback after the end does nothing, so that it can be deferred", Test: func(t *testing.T, s *suite) {
			for name, end := range map[string]func(t *testing.T, w *world, c *client, x *tx){
				"commit":   func(t *testing.T, _ *world, _ *client, x *tx) { want(t, "commit", x.commit(), "ok") },
				"rollback": func(_ *testing.T, _ *world, _ *client, x *tx) { x.rollback() },
				"failed commit": func(t *testing.T, w *world, c *client, x *tx) {
					want(t, "get", x.get(c.item(1, 4)), "v=4")
					want(t, "update", x.update(c.item(1, 4), "v", 5), "ok")
					w.otherUpdates(1, 4, "v", 6)
					want(t, "commit", x.commit(), "conflict")
				},
			} {
				run(t, name, func(t *testing.T) {
					s.each(t, byIsolation, func(t *testing.T, a axes) {
						w := threeItems(s, t)
						c := w.client()
						x := c.begin(a.begin()...)
						want(t, "update", x.update(c.item(1, 2), "v", 3), "ok")
						end(t, w, c, x)
						ref := c.item(1, 0)
						for operation, got := range map[string]string{
							"get": x.get(ref), "scan": x.keys(scanOf(ref.Table, 1)), "insert": x.insert(ref, "v", 9), "upsert": x.upsert(ref, "v", 9),
							"update": x.update(ref, "v", 9), "delete": x.delete(ref), "commit": x.commit(),
						} {
							want(t, operation, got, "closed")
						}
						x.rollback()
						x.rollback()
						c.drain()
						want(t, "stored", w.stored(1, 2), map[string]string{"commit": "v=3", "rollback": "v=2", "failed commit": "v=2"}[name])
						want(t, "untouched", w.stored(1, 0), "v=0")
					})
				})
			}
		}},
	item{ID: "A29", Title: "A read-only transaction reads, and refuses every write", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
			before := w.item(1, 1)
			c := w.client()
			a.ReadOnly = true
			x := c.begin(a.begin()...)
			ref := c.item(1, 1)
			want(t, "read", x.read(ref, a.Access), "v=1 cat=7")
			is := where(ref.Table, "v", storage.Eq, 1)
			for operation, got := range map[string]string{
				"insert": x.insert(ref, "v", 2), "upsert": x.upsert(ref, "v", 2), "update": x.update(ref, "v", 2), "delete": x.delete(ref),
				"conditional update": x.updateIf(ref, []storage.Predicate{is}, "v", 2), "conditional delete": x.deleteIf(ref, is),
			} {
				want(t, operation, got, "invalid")
			}
			want(t, "code", codeOf(x.Delete(t.Context(), ref, nil)), "DB-CORE-10211")
			want(t, "commit", x.commit(), "ok")
			want(t, "stored", w.item(1, 1), before)
		})
	}},
	item{ID: "A30", Title: "The isolation level of a transaction, or of an operation outside of one, can differ from the configured one, by option or attribute", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, configured := range isolations {
			run(t, "configured "+configured.String(), func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 1)
					w.prepared(1, 2, commit.Prepared, w.justNow(), "T1")
					db, _ := w.db(nil, scalar.DefaultIsolation(scalar.Isolation(configured)), scalar.UncommittedWait(0))
					for name, options := range map[string][]scalar.TxOption{
						"not chosen": nil, "option": {levelOf(a)}, "attribute": {scalar.WithAttribute("cc-transaction-isolation", a.Isolation.String())},
					} {
						level := a.Isolation
						if options == nil {
							level = configured
						}
						began, err := db.Begin(t.Context(), options...)
						ok(t, err)
						first, err := itemRecords.Get(t.Context(), began, ItemKey{1, 1})
						ok(t, err)
						w.otherUpdates(1, 1, "v", int(first.V.V)+1)
						second, err := itemRecords.Get(t.Context(), began, ItemKey{1, 1})
						ok(t, err)
						repeats, end := first == second, outcome(began.Commit(t.Context()))
						want(t, name+": reads repeat", repeats, level != commit.ReadCommitted)
						want(t, name+": commit", end, validated(axes{Isolation: level}))
						_, err = itemRecords.Get(t.Context(), db.With(options...), ItemKey{1, 2})
						want(t, name+": one operation", outcome(err), map[bool]string{true: "ok", false: "uncommitted"}[level == commit.ReadCommitted])
					}
					_, err := db.Begin(t.Context(), scalar.WithAttribute("cc-transaction-isolation", "CHAOS"))
					want(t, "a level that does not exist", outcome(err), "invalid")
				})
			})
		}
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

// getAll reads records in one call and renders them as get does.
func (x *tx) getAll(refs ...commit.Ref) string {
	rows, err := x.Get(x.c.w.t.Context(), refs...)
	if err != nil {
		return outcome(err)
	}
	shown := make([]string, len(rows))
	for i, row := range rows {
		shown[i] = user(refs[i].Table, row)
	}
	return strings.Join(shown, "; ")
}

// stored renders the columns of the schema of an item as another client reads it.
func (w *world) stored(p, c int) string {
	w.t.Helper()
	reader := w.client()
	return reader.begin().get(reader.item(p, c))
}

// fail is an around that fails every call of a phase.
func fail(phase string, err error) around {
	return func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
		if p == phase {
			return err
		}
		return send(ctx)
	}
}
