package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "B01", Title: "A write of an absent record creates version 1 with both times", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "insert", x.insert(c.item(1, 1), "v", 3), "ok")
			want(t, "upsert", x.upsert(c.item(1, 2), "v", 4, "w", "x"), "ok")
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "inserted", w.item(1, 1), version(x, "v=3", 1))
			want(t, "upserted", w.item(1, 2), version(x, "v=4 w=x", 1))
		})
	}},
	item{ID: "B02", Title: "A write that reads first creates an absent record", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "upsert", x.upsert(c.item(1, 1), "v", 3), "ok")
			c.sent()
			want(t, "commit", x.commit(), "ok")
			want(t, "reads", c.sentOf("get") > 0, true)
			c.drain()
			want(t, "stored", w.item(1, 1), version(x, "v=3", 1))
		})
	}},
	item{ID: "B03", Title: "A write of a record that was read makes the next version and leaves no before image", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			for name, write := range writes {
				run(t, name, func(t *testing.T) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
					c := w.client()
					x := c.begin(a.begin()...)
					want(t, "read", x.read(c.item(1, 1), a.Access), "v=1 cat=7")
					want(t, name, write(x, c.item(1, 1), "v", 2), "ok")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					want(t, "stored", w.item(1, 1), version(x, "v=2 cat=7", 2))
				})
			}
		})
	}},
	item{ID: "B04", Title: "A write that reads first makes the next version of an existing record", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for name, write := range writes {
				run(t, name, func(t *testing.T) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 1, "w", "x", "tx_version", 6)
					c := w.client()
					x := c.begin(a.begin()...)
					want(t, name, write(x, c.item(1, 1), "v", 2), "ok")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					want(t, "stored", w.item(1, 1), version(x, "v=2 w=x", 7))
				})
			}
		})
	}},
	item{ID: "B05", Title: "A blind write of an existing record is a conflict", Verdict: difference,
		Reason: "there is no blind write: an upsert reads what it replaces, and an insert reports that the record exists", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 1)
				w.committed(itemTable, 1, 2, "v", 1)
				before := w.item(1, 1)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
				want(t, "another insert", x.insert(c.item(1, 3), "v", 2), "ok")
				want(t, "commit", x.commit(), "exists")
				c.drain()
				want(t, "stored", w.item(1, 1), before)
				want(t, "the other record", w.item(1, 3), absent)
				c = w.client()
				x = c.begin(a.begin()...)
				want(t, "upsert", x.upsert(c.item(1, 2), "v", 2), "ok")
				want(t, "commit", x.commit(), "ok")
				want(t, "upserted", w.stored(1, 2), "v=2")
			})
		}},
	item{ID: "B06", Title: "An insert creates an absent record, read before or not", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "read", x.read(c.item(1, 1), a.Access), absent)
			want(t, "insert", x.insert(c.item(1, 1), "v", 1), "ok")
			want(t, "insert unread", x.insert(c.item(2, 1), "v", 2), "ok")
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "stored", w.item(1, 1), version(x, "v=1", 1))
			want(t, "stored unread", w.item(2, 1), version(x, "v=2", 1))
		})
	}},
	item{ID: "B07", Title: "An insert of a record that was read is a conflict at commit", Verdict: difference,
		Reason: "the insert itself reports that the record exists; in READ_COMMITTED, where reads do not repeat, the commit does", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
				before := w.item(1, 1)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "read", x.read(c.item(1, 1), a.Access), "v=1 cat=7")
				insert, end := "exists", "ok"
				if a.is(commit.ReadCommitted) {
					insert, end = "ok", "exists"
				}
				want(t, "insert", x.insert(c.item(1, 1), "v", 2), insert)
				want(t, "commit", x.commit(), end)
				c.drain()
				want(t, "stored", w.item(1, 1), before)
			})
		}},
	item{ID: "B08", Title: "A transfer changes both accounts, in one table, across tables and across namespaces", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, to := range []storage.TableName{itemTable, otherTable, bankTable} {
				run(t, "to "+to.String(), func(t *testing.T) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 100)
					w.committed(to, 2, 1, "v", 50)
					c := w.client()
					x := c.begin(a.begin()...)
					want(t, "from", x.get(c.item(1, 1)), "v=100")
					want(t, "to", x.get(c.in(to, 2, 1)), "v=50")
					want(t, "update", x.update(c.item(1, 1), "v", 70), "ok")
					want(t, "update", x.update(c.in(to, 2, 1), "v", 80), "ok")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					want(t, "from", w.item(1, 1), version(x, "v=70", 2))
					want(t, "to", w.row(to, 2, 1), version(x, "v=80", 2))
				})
			}
		})
	}},
	item{ID: "B09", Title: "Records of the same key in two tables are independent", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			w.committed(otherTable, 1, 1, "v", 1)
			one, two := w.client(), w.client()
			x, y := one.begin(a.begin()...), two.begin(a.begin()...)
			want(t, "update", x.update(one.item(1, 1), "v", 2), "ok")
			want(t, "update", y.update(two.in(otherTable, 1, 1), "v", 3), "ok")
			want(t, "one's commit", x.commit(), "ok")
			want(t, "two's commit", y.commit(), "ok")
			one.drain()
			two.drain()
			want(t, "one", w.item(1, 1), version(x, "v=2", 2))
			want(t, "two", w.row(otherTable, 1, 1), version(y, "v=3", 2))
		})
	}},
	item{ID: "B10", Title: "Of two that create the same record the second has a conflict, and nothing of it remains", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			eachSecondTable(t, func(t *testing.T, second storage.TableName) {
				for name, write := range map[string]func(x *tx, ref commit.Ref, pairs ...any) string{"insert": (*tx).insert, "upsert": (*tx).upsert} {
					run(t, name, func(t *testing.T) {
						w := s.world(t)
						one, two := w.client(), w.client()
						x, y := one.begin(a.begin()...), two.begin(a.begin()...)
						for _, each := range []*tx{x, y} {
							want(t, "nothing there", each.getAll(each.c.item(1, 1), each.c.in(second, 2, 1)), "absent; absent")
						}
						want(t, "one", write(x, one.item(1, 1), "v", 1), "ok")
						want(t, "two", write(y, two.in(second, 2, 1), "v", 2), "ok")
						want(t, "two", write(y, two.item(1, 1), "v", 2), "ok")
						want(t, "one's commit", x.commit(), "ok")
						want(t, "two's commit", y.commit(), "conflict")
						one.drain()
						two.drain()
						want(t, "one's record", w.item(1, 1), version(x, "v=1", 1))
						want(t, "two's other record", w.row(second, 2, 1), absent)
					})
				}
			})
		})
	}},
	item{ID: "B11", Title: "Of an update and a delete of one record the first to commit wins", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, deletes := range []bool{false, true} {
				run(t, map[bool]string{false: "update first", true: "delete first"}[deletes], func(t *testing.T) {
					w := s.world(t)
					w.committed(itemTable, 1, 1, "v", 1)
					one, two := w.client(), w.client()
					updater, deleter := one.begin(a.begin()...), two.begin(a.begin()...)
					want(t, "read", updater.get(one.item(1, 1)), "v=1")
					want(t, "read", deleter.get(two.item(1, 1)), "v=1")
					want(t, "update", updater.update(one.item(1, 1), "v", 2), "ok")
					want(t, "delete", deleter.delete(two.item(1, 1)), "ok")
					first, second, stored := updater, deleter, "v=2"
					if deletes {
						first, second, stored = deleter, updater, absent
					}
					want(t, "first commit", first.commit(), "ok")
					want(t, "second commit", second.commit(), "conflict")
					want(t, "stored", w.stored(1, 1), stored)
				})
			}
		})
	}},
	item{ID: "B12", Title: "Of two updates of one record the second has a conflict", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			eachSecondTable(t, func(t *testing.T, second storage.TableName) {
				w := s.world(t)
				w.committed(itemTable, 1, 1, "v", 1)
				w.committed(second, 2, 1, "v", 1)
				before := w.row(second, 2, 1)
				one, two := w.client(), w.client()
				x, y := one.begin(a.begin()...), two.begin(a.begin()...)
				want(t, "one", x.update(one.item(1, 1), "v", 2), "ok")
				want(t, "two", y.update(two.item(1, 1), "v", 3), "ok")
				want(t, "two", y.update(two.in(second, 2, 1), "v", 3), "ok")
				want(t, "one's commit", x.commit(), "ok")
				want(t, "two's commit", y.commit(), "conflict")
				one.drain()
				two.drain()
				want(t, "one's record", w.item(1, 1), version(x, "v=2", 2))
				want(t, "two's other record", w.row(second, 2, 1), before)
			})
		})
	}},
	item{ID: "B13", Title: "Two that update different records both commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			one, two := w.client(), w.client()
			x, y := one.begin(a.begin()...), two.begin(a.begin()...)
			want(t, "one", x.update(one.item(1, 0), "v", 10), "ok")
			want(t, "two", y.update(two.item(1, 2), "v", 12), "ok")
			want(t, "one", x.insert(one.item(1, 1), "v", 11), "ok")
			want(t, "two", y.insert(two.item(1, 3), "v", 13), "ok")
			want(t, "one's commit", x.commit(), "ok")
			want(t, "two's commit", y.commit(), "ok")
			reader := w.client()
			want(t, "stored", reader.begin().rows(scanOf(reader.table(itemTable), 1)), "0: v=10; 1: v=11; 2: v=12; 3: v=13; 4: v=4;")
		})
	}},
	item{ID: "B14", Title: "Of two that delete the same record the second has a conflict; of different ones both commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, same := range []bool{true, false} {
				run(t, map[bool]string{true: "same", false: "different"}[same], func(t *testing.T) {
					w := threeItems(s, t)
					one, two := w.client(), w.client()
					x, y := one.begin(a.begin()...), two.begin(a.begin()...)
					of, end, stored := 2, "ok", "4"
					if same {
						of, end, stored = 0, "conflict", "2 4"
					}
					x.get(one.item(1, 0))
					y.get(two.item(1, of))
					want(t, "one", x.delete(one.item(1, 0)), "ok")
					want(t, "two", y.delete(two.item(1, of)), "ok")
					want(t, "one's commit", x.commit(), "ok")
					want(t, "two's commit", y.commit(), end)
					reader := w.client()
					want(t, "stored", reader.begin().keys(scanOf(reader.table(itemTable), 1)), stored)
				})
			}
		})
	}},
	item{ID: "B15", Title: "A delete needs no read before it, and leaves nothing behind, also of an absent record", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "delete", x.delete(c.item(1, 1)), "ok")
			want(t, "delete of an absent record", x.delete(c.item(1, 2)), "ok")
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "stored", w.item(1, 1), absent)
			want(t, "absent record", w.item(1, 2), absent)
		})
	}},
	item{ID: "B16", Title: "A delete of a record that was read removes it", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "read", x.read(c.item(1, 1), a.Access), "v=1 cat=7")
			want(t, "delete", x.delete(c.item(1, 1)), "ok")
			want(t, "read again", x.get(c.item(1, 1)), absent)
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "stored", w.item(1, 1), absent)
		})
	}},
	item{ID: "B17", Title: "A delete between others' writes: the late one has a conflict, the result is that of a serial order", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, tt := range []struct {
				name   string
				late   func(x *tx, ref commit.Ref) string
				others func(w *world)
				stored string
			}{
				{"update, deleted meanwhile", func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 9) },
					func(w *world) { w.otherDeletes(1, 1) }, absent},
				{"delete, deleted meanwhile", func(x *tx, ref commit.Ref) string { return x.delete(ref) },
					func(w *world) { w.otherDeletes(1, 1) }, absent},
				{"update, deleted and inserted meanwhile", func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 9) },
					func(w *world) { w.otherDeletes(1, 1); w.otherInserts(1, 1, "v", 1) }, "v=1"},
				{"delete, deleted and inserted meanwhile", func(x *tx, ref commit.Ref) string { return x.delete(ref) },
					func(w *world) { w.otherDeletes(1, 1); w.otherInserts(1, 1, "v", 1) }, "v=1"},
				{"delete, updated meanwhile", func(x *tx, ref commit.Ref) string { return x.delete(ref) },
					func(w *world) { w.otherUpdates(1, 1, "v", 5) }, "v=5"},
			} {
				for _, early := range []bool{false, true} {
					run(t, fmt.Sprint(tt.name, ", written before ", early), func(t *testing.T) {
						w := s.world(t)
						w.committed(itemTable, 1, 1, "v", 1)
						c := w.client()
						x := c.begin(a.begin()...)
						ref := c.item(1, 1)
						want(t, "read", x.get(ref), "v=1")
						if early {
							want(t, "write", tt.late(x, ref), "ok")
						}
						tt.others(w)
						if !early {
							want(t, "write", tt.late(x, ref), "ok")
						}
						want(t, "commit", x.commit(), "conflict")
						want(t, "stored", w.stored(1, 1), tt.stored)
					})
				}
			}
		})
	}},
	item{ID: "B18", Title: "A second read of another kind does not replace the version that a write stands on", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "read", x.get(c.item(1, 1)), "v=1")
			want(t, "update", x.update(c.item(1, 1), "v", 3), "ok")
			w.otherUpdates(1, 1, "v", 2)
			scan := scanOf(c.table(itemTable), 1)
			want(t, "the other's value, own write on top", x.rows(filtered(scan, where(scan.Table, "v", storage.Eq, 2))), "")
			want(t, "commit", x.commit(), "conflict")
			want(t, "stored", w.stored(1, 1), "v=2")
		})
	}},
)

// writes are the operations that change an existing record.
var writes = map[string]func(x *tx, ref commit.Ref, pairs ...any) string{"upsert": (*tx).upsert, "update": (*tx).update}

// version renders the stored record that a transaction has written while the
// clock stood.
func version(x *tx, columns string, n int) string {
	return fmt.Sprintf("%s tx_id=%s tx_state=3 tx_version=%d tx_prepared_at=%d tx_committed_at=%d", columns, x.ID(), n, start, start)
}

// eachSecondTable runs a test of two records for both in one table, and each in
// another.
func eachSecondTable(t *testing.T, test func(t *testing.T, second storage.TableName)) {
	run(t, "one table", func(t *testing.T) { test(t, itemTable) })
	run(t, "two tables", func(t *testing.T) { test(t, otherTable) })
}
