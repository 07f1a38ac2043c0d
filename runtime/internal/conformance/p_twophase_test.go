package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// The parts of a commit. They return what outcome says.

func (x *tx) prepare() string      { return outcome(x.Prepare(x.c.w.t.Context())) }
func (x *tx) validate() string     { return outcome(x.Validate(x.c.w.t.Context())) }
func (x *tx) rollBack() string     { return outcome(x.RollbackPrepared(x.c.w.t.Context())) }
func (x *tx) inTwoPhases() string  { return firstFailure(x.prepare, x.validate, x.commit) }
func (x *tx) untilDecided() string { return firstFailure(x.prepare, x.validate) }

func firstFailure(steps ...func() string) string {
	for _, step := range steps {
		if got := step(); got != "ok" {
			return got
		}
	}
	return "ok"
}

// participants are two transactions with one id, on engines of their own: the
// first has written item (1, 1), the other the other table's (1, 1), both over
// v = 1.
func participants(w *world, a axes, first, other around, configure ...func(*commit.Options)) (one, two *tx) {
	w.t.Helper()
	w.committed(itemTable, 1, 1, "v", 1)
	w.committed(otherTable, 1, 1, "v", 1)
	c, d := w.clientWith(first, configure...), w.clientWith(other, configure...)
	one, two = c.begin(a.begin(withID("G"))...), d.begin(a.begin(withID("G"))...)
	want(w.t, "write of the first", one.update(c.item(1, 1), "v", 2), "ok")
	want(w.t, "write of the other", two.update(d.in(otherTable, 1, 1), "v", 2), "ok")
	return one, two
}

const servicePending = "lands with runtime/twophase"

var _ = items(
	item{ID: "P01", Title: "Reads, writes, conditions, overlaps and recovery are the same when a transaction is prepared, validated and committed in steps", Verdict: pass, Test: basicsInSteps},
	item{ID: "P02", Title: "A write that has read nothing of an existing record fails to prepare", Verdict: difference,
		Reason: "there is no blind write: an upsert reads what it replaces; an insert is a conflict", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				present(w)
				w.committed(itemTable, 1, 2, "v", 1)
				before := w.item(1, 1)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
				want(t, "another", x.insert(c.item(1, 3), "v", 2), "ok")
				err := x.Prepare(t.Context())
				want(t, "prepare", outcome(err), "conflict")
				want(t, "code", codeOf(err), "DB-CORE-20013")
				want(t, "rollback", x.rollBack(), "ok")
				want(t, "stored", w.item(1, 1), before)
				want(t, "the other record", w.item(1, 3), absent)
				y := c.begin(a.begin()...)
				want(t, "upsert", y.upsert(c.item(1, 2), "v", 2), "ok")
				want(t, "commit", y.inTwoPhases(), "ok")
				want(t, "stored", w.item(1, 2), version(y, "v=2", 2))
			})
		}},
	item{ID: "P03", Title: "Of two transactions that write the same records the second fails to prepare; nothing remains of it", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, write := range map[string]func(x *tx, ref commit.Ref) string{
			"update": func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 3) },
			"upsert": putV,
			"delete": func(x *tx, ref commit.Ref) string {
				x.get(ref)
				return x.delete(ref)
			},
			"insert": func(x *tx, ref commit.Ref) string { return x.insert(ref, "v", 3) },
		} {
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					w.restrict(storage.AtomicRecord, 0)
					if name != "insert" {
						present(w)
					}
					c, d := w.client(), w.client()
					x, y := c.begin(a.begin()...), d.begin(a.begin()...)
					want(t, "write", write(x, c.item(1, 1)), "ok")
					want(t, "other write", write(y, d.item(1, 1)), "ok")
					want(t, "write beside it", y.insert(d.item(2, 1), "v", 3), "ok")
					if name == "upsert" {
						want(t, "read", y.get(d.item(1, 1)), "v=2 cat=7")
					}
					want(t, "prepare", x.prepare(), "ok")
					prepared := w.item(1, 1)
					if got := y.prepare(); got != "conflict" && got != "uncommitted" {
						t.Errorf("the second prepares: %s", got)
					}
					want(t, "rollback", y.rollBack(), "ok")
					want(t, "record of the first", w.item(1, 1), prepared)
					want(t, "record beside it", w.item(2, 1), absent)
					want(t, "the first goes on", firstFailure(x.validate, x.commit), "ok")
					want(t, "status of the first", w.status(x.ID()), "COMMITTED")
				})
			})
		}
	}},
	item{ID: "P04", Title: "A delete of an absent record that nobody has read prepares", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "delete", x.delete(c.item(1, 1)), "ok")
			want(t, "prepare", x.prepare(), "ok")
			want(t, "tombstone", w.item(1, 1), "tx_id=tx-1 tx_state=2 tx_version=1 tx_prepared_at=1000000")
			want(t, "commit", firstFailure(x.validate, x.commit), "ok")
			want(t, "stored", w.item(1, 1), absent)
		})
	}},
	item{ID: "P05", Title: "Write skew: both commit under SNAPSHOT, under SERIALIZABLE one fails to validate, after gets, absent gets and scans", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, tt := range map[string]struct {
			exist bool
			read  func(x *tx, ref commit.Ref) string
			got   string
		}{
			"existing records": {true, (*tx).get, "v=1"},
			"absent records":   {false, (*tx).get, absent},
			"scans": {true, func(x *tx, ref commit.Ref) string {
				return x.keys(scanOf(ref.Table, int(ref.Key[0].Int64())))
			}, "1"},
			"empty scans": {false, func(x *tx, ref commit.Ref) string {
				return x.keys(scanOf(ref.Table, int(ref.Key[0].Int64())))
			}, ""},
		} {
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					if tt.exist {
						w.committed(itemTable, 1, 1, "v", 1)
						w.committed(itemTable, 2, 1, "v", 1)
					}
					c, d := w.client(), w.client()
					x, y := c.begin(a.begin()...), d.begin(a.begin()...)
					want(t, "read", tt.read(x, c.item(2, 1)), tt.got)
					want(t, "other read", tt.read(y, d.item(1, 1)), tt.got)
					want(t, "write", x.upsert(c.item(1, 1), "v", 2), "ok")
					want(t, "other write", y.upsert(d.item(2, 1), "v", 2), "ok")
					want(t, "prepare", x.prepare()+y.prepare(), "okok")
					// Each sees what the other has prepared.
					first, code := x.validate(), codeOf(y.Validate(t.Context()))
					want(t, "validate", first, serialConflict(a))
					want(t, "other validation", code, map[bool]string{true: "DB-CORE-20022"}[a.is(commit.Serializable)])
					if a.is(commit.Serializable) {
						want(t, "rollback", x.rollBack()+y.rollBack(), "okok")
						want(t, "commit after that", x.commit(), "closed")
						return
					}
					want(t, "commit", x.commit()+y.commit(), "okok")
					want(t, "stored", w.stored(1, 1)+w.stored(2, 1), "v=2v=2")
				})
			})
		}
		run(t, "one after the other", func(t *testing.T) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1)
			w.committed(itemTable, 2, 1, "v", 1)
			c := w.client()
			x, y := c.begin(isolation(commit.Serializable)), c.begin(isolation(commit.Serializable))
			want(t, "reads", x.get(c.item(2, 1))+y.get(c.item(1, 1)), "v=1v=1")
			want(t, "writes", x.update(c.item(1, 1), "v", 2)+y.update(c.item(2, 1), "v", 2), "okok")
			want(t, "the first", x.inTwoPhases(), "ok")
			want(t, "the second", y.inTwoPhases(), "conflict")
			want(t, "rollback", y.rollBack(), "ok")
			want(t, "stored", w.stored(1, 1)+w.stored(2, 1), "v=2v=1")
		})
	}},
	item{ID: "P06", Title: "Two participants share an id and write different tables: both commit, or both are rolled back", Verdict: pass, Test: sharedIDs},
	item{ID: "P09", Title: "The status of a transaction in steps; an abort by id of one that goes on wins over its commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			run(t, "committed", func(t *testing.T) {
				w := s.world(t)
				one, _ := participants(w, a, nil, nil)
				want(t, "status of an active one", w.status("G"), "UNKNOWN")
				want(t, "prepare", one.untilDecided(), "ok")
				want(t, "status of a prepared one", w.status("G"), "UNKNOWN")
				want(t, "commit", one.commit(), "ok")
				want(t, "status", w.status("G"), "COMMITTED")
			})
			run(t, "rolled back", func(t *testing.T) {
				w := s.world(t)
				one, _ := participants(w, a, nil, nil)
				want(t, "prepare", one.untilDecided(), "ok")
				want(t, "rollback", one.rollBack(), "ok")
				want(t, "status", w.status("G"), "ABORTED")
			})
			run(t, "aborted by id", func(t *testing.T) {
				w := s.world(t)
				one, two := participants(w, a, nil, nil)
				want(t, "prepare", one.untilDecided()+two.untilDecided(), "okok")
				state, err := w.client().Abort(t.Context(), "G")
				ok(t, err)
				want(t, "abort", state, commit.Aborted)
				for _, x := range []*tx{one, two} {
					err := x.Commit(t.Context())
					want(t, "commit", outcome(err), "conflict")
					want(t, "code", codeOf(err), "DB-CORE-20015")
				}
				want(t, "status", w.status("G"), "ABORTED")
				want(t, "records", w.item(1, 1)+w.row(otherTable, 1, 1), unwritten+unwritten)
			})
		})
	}},
	item{ID: "P10", Title: "Group commit excludes transactions of several participants", Verdict: difference,
		Reason: "The transaction begins, since it may turn out to have one participant; it is the first step on the way to several, prepare, that is refused", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				c := w.client(groupCommits)
				x := c.begin(a.begin()...)
				want(t, "insert", x.insert(c.item(1, 1), "v", 1), "ok")
				err := x.Prepare(t.Context())
				want(t, "prepare", outcome(err), "invalid")
				want(t, "code", codeOf(err), "DB-CORE-10141")
				want(t, "nothing prepared", w.item(1, 1), absent)
				x.Rollback()
			})
		}},
	item{ID: "P11", Title: "Joining twice, beginning twice with one id, and resuming", Verdict: pending, Reason: servicePending},
	item{ID: "P12", Title: "A scan that is still being iterated forbids to prepare", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "insert", x.insert(c.item(2, 1), "v", 1), "ok")
			next, stop := x.pull(scanOf(c.table(itemTable), 1))
			want(t, "first record", next(), "0: v=0")
			err := x.Prepare(t.Context())
			want(t, "prepare", outcome(err), "invalid")
			want(t, "code", codeOf(err), "DB-CORE-10206")
			want(t, "nothing prepared", w.item(2, 1), absent)
			stop()
			want(t, "rollback", x.rollBack(), "ok")
			want(t, "stored", w.item(2, 1), absent)
		})
	}},
	item{ID: "P13", Title: "Single operations report conflicts of any step as conflicts of the operation", Verdict: pending, Reason: servicePending},
	item{ID: "P14", Title: "The row and the records of all participants have one time of commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			want(t, "prepare", one.prepare(), "ok")
			w.now.Add(1)
			want(t, "prepare of the other", two.prepare(), "ok")
			w.now.Add(1)
			want(t, "validate", one.validate()+two.validate(), "okok")
			want(t, "commit", one.commit(), "ok")
			w.now.Add(1)
			want(t, "commit of the other", two.commit(), "ok")
			want(t, "row", w.coordinator("G"), "tx_state=3 tx_created_at=1000002")
			want(t, "record", w.item(1, 1), storedRow("v=2", "G", 2, 1000000, 1000002))
			want(t, "record of the other", w.row(otherTable, 1, 1), storedRow("v=2", "G", 2, 1000001, 1000002))
		})
	}},
)

func basicsInSteps(t *testing.T, s *suite) {
	run(t, "reads", func(t *testing.T) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			present(w)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "present", x.read(c.item(1, 1), a.Access), "v=1 cat=7")
			want(t, "absent", x.read(c.item(9, 1), a.Access), absent)
			want(t, "again", x.read(c.item(1, 1), a.Access), "v=1 cat=7")
			want(t, "end", x.inTwoPhases(), "ok")
			want(t, "decided without writes too", w.coordinator(x.ID()), committedRow)
		})
	})
	run(t, "reads that repeat", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			present(w)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "get", x.get(c.item(1, 1)), "v=1 cat=7")
			w.otherUpdates(1, 1, "v", 5)
			want(t, "again", x.get(c.item(1, 1)), repeated(a, "v=1 cat=7", "v=5 cat=7"))
			want(t, "prepare", x.prepare(), "ok")
			want(t, "validate", x.validate(), validated(a))
		})
	})
	run(t, "writes", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			w.write(itemTable, key(1, 6), "v", 6)
			c := w.client()
			x := c.begin(a.begin()...)
			x.did("update", c.item(1, 0), "v", 10)
			x.did("upsert", c.item(1, 1), "v", 11)
			x.did("delete", c.item(1, 2))
			x.did("insert", c.item(1, 3), "v", 13)
			x.did("update", c.item(1, 6), "v", 16)
			want(t, "condition", x.updateIf(c.item(1, 4), []storage.Predicate{where(c.table(itemTable), "v", storage.Eq, 9)}, "v", 14), "condition")
			want(t, "condition that holds", x.updateIf(c.item(1, 4), []storage.Predicate{where(c.table(itemTable), "v", storage.Eq, 4)}, "v", 14), "ok")
			want(t, "condition on an absent record", x.deleteIf(c.item(1, 9), where(c.table(itemTable), "v", storage.Eq, 4)), "condition")
			want(t, "own writes", x.rows(scanOf(c.table(itemTable), 1)), "0: v=10; 1: v=11; 3: v=13; 4: v=14; 6: v=16;")
			want(t, "prepare", x.prepare(), "ok")
			want(t, "for others", w.client().begin(isolation(commit.ReadCommitted), readOnly).rows(scanOf(c.table(itemTable), 1)), "0: v=0; 2: v=2; 4: v=4; 6: v=6;")
			want(t, "commit", firstFailure(x.validate, x.commit), "ok")
			want(t, "updated", w.item(1, 0), version(x, "v=10", 2))
			want(t, "upserted", w.item(1, 1), version(x, "v=11", 1))
			want(t, "deleted", w.item(1, 2), absent)
			want(t, "inserted", w.item(1, 3), version(x, "v=13", 1))
			want(t, "updated on a condition", w.item(1, 4), version(x, "v=14", 2))
			want(t, "updated import", w.item(1, 6), version(x, "v=16", 1))
		})
	})
	for name, l := range map[string]leftover{"update": {state: commit.Prepared}, "delete": {state: commit.Deleted}, "insert": {state: commit.Prepared, insert: true}} {
		for _, decision := range []commit.State{commit.Committed, commit.Aborted, 0} {
			for _, expired := range []bool{false, true} {
				l.decision, l.expired = decision, expired
				run(t, fmt.Sprintf("%s left by others/%s, expired %t", name, decision, expired), func(t *testing.T) { l.readInSteps(t, s) })
			}
		}
	}
}

// readInSteps is read for a transaction under SNAPSHOT that ends in steps.
func (l leftover) readInSteps(t *testing.T, s *suite) {
	s.each(t, byKind, func(t *testing.T, a axes) {
		for _, by := range []access{byGet, byScan, byTable} {
			run(t, by.String(), func(t *testing.T) {
				w := s.world(t)
				at := l.leave(w, a.Kind)
				left := w.item(1, 1)
				c := w.client()
				x := c.begin()
				got, stored := oldVersion, l.back()
				switch {
				case l.decision == commit.Committed:
					if got, stored = newVersion, l.forward(a.Kind, at); l.state == commit.Deleted {
						got = absent
					}
				case l.decision == 0 && !l.expired:
					got, stored = "uncommitted", left
				case l.insert:
					got = absent
				}
				want(t, "read", x.read(c.item(1, 1), by), got)
				want(t, "end", x.inTwoPhases(), "ok")
				c.drain()
				want(t, "stored", w.item(1, 1), stored)
			})
		}
	})
}

func sharedIDs(t *testing.T, s *suite) {
	s.each(t, byIsolation, func(t *testing.T, a axes) {
		run(t, "commit", func(t *testing.T) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			want(t, "prepare", one.prepare()+two.prepare(), "okok")
			want(t, "validate", one.validate()+two.validate(), "okok")
			want(t, "commit", one.commit()+two.commit(), "okok")
			want(t, "rows", w.decisions(), "G")
			want(t, "records", w.item(1, 1)+"; "+w.row(otherTable, 1, 1), version(one, "v=2", 2)+"; "+version(two, "v=2", 2))
		})
		run(t, "rollback", func(t *testing.T) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			want(t, "prepare", one.prepare()+two.prepare(), "okok")
			want(t, "rollback", one.rollBack()+two.rollBack(), "okok")
			want(t, "row", w.coordinator("G"), abortedRow)
			want(t, "records", w.item(1, 1)+w.row(otherTable, 1, 1), unwritten+unwritten)
		})
		run(t, "one cannot prepare", func(t *testing.T) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			w.other(func(c *client, x *tx) { x.did("update", c.in(otherTable, 1, 1), "v", 8) })
			stored := w.row(otherTable, 1, 1)
			want(t, "prepare", one.prepare()+two.prepare(), "okconflict")
			want(t, "rollback", one.rollBack()+two.rollBack(), "okok")
			want(t, "row", w.coordinator("G"), abortedRow)
			want(t, "records", w.item(1, 1)+"; "+w.row(otherTable, 1, 1), unwritten+"; "+stored)
		})
		run(t, "one is gone after the decision", func(t *testing.T) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			want(t, "prepare", one.untilDecided()+two.untilDecided(), "okok")
			want(t, "commit", one.commit(), "ok")
			c := w.client()
			want(t, "record of the other", c.begin().get(c.in(otherTable, 1, 1)), "v=2")
			c.drain()
			want(t, "stored", w.row(otherTable, 1, 1), version(two, "v=2", 2))
			want(t, "commit of the other", two.commit(), "ok")
		})
		// A write set of one participant would let the row be removed before the
		// records of the others are complete, which would then be rolled back.
		run(t, "no write set", func(t *testing.T) {
			for name, end := range map[string]func(x *tx) string{"commit": (*tx).commit, "rollback": (*tx).rollBack} {
				run(t, name, func(t *testing.T) {
					w := s.world(t)
					one, two := participants(w, a, nil, nil, withWriteSets)
					want(t, "prepare", one.untilDecided()+two.untilDecided(), "okok")
					want(t, name, end(one), "ok")
					want(t, "row", w.coordinator("G") != absent, true)
					want(t, "write set", w.parts("G"), "none")
					want(t, "finish", w.client().finish("G"), "not done")
				})
			}
		})
	})
}
