package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// writeSetOf encodes what children wrote, "" for a transaction in a row of its
// own, given by the numbers of the keys of items.
func writeSetOf(children map[string][]int) []byte {
	var groups []writeset.Group
	for _, child := range slices.Sorted(maps.Keys(children)) {
		groups = append(groups, writeset.Group{Child: child, Entries: itemEntries(children[child]...)})
	}
	return writeset.Encode(groups)
}

// decideWriting is decide with the write set of T1, given by the numbers of the
// keys of items.
func (w *world) decideWriting(k kind, state commit.State, items ...int) {
	w.t.Helper()
	w.decide(k, "T1", state, 77)
	id, pairs := k.id("T1"), []any{"tx_state", state, "tx_created_at", 77, "tx_write_set", writeSetOf(map[string][]int{"": items})}
	if k == groupMember && state == commit.Committed {
		id = parentID
		pairs = append(pairs, "tx_child_ids", sibling+",T1", "tx_write_set", writeSetOf(map[string][]int{"T1": items}))
	}
	w.coordinatorRow(id, pairs...)
}

// finish finishes a transaction and renders what comes of it.
func (c *client) finish(id string) string {
	c.w.t.Helper()
	done, err := c.Finish(context.Background(), id)
	if err != nil {
		return outcome(err)
	}
	return map[bool]string{true: "done", false: "not done"}[done]
}

// rowsOf are the rows that stay when T1 is finished.
func rowsOf(k kind) string {
	if k == delayedMember {
		return parentID
	}
	return ""
}

var _ = items(
	item{ID: "M01", Title: "Finishing a committed transaction rolls forward what it has left prepared and removes its decision", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byKind, func(t *testing.T, a axes) {
			w := s.world(t)
			id := a.Kind.id("T1")
			w.prepared(1, 1, commit.Prepared, w.justNow(), id)
			w.prepared(1, 2, commit.Deleted, w.justNow(), id)
			w.preparedInsert(1, 3, w.justNow(), id)
			w.committed(itemTable, 1, 4, "v", 2, "tx_id", id) // rolled forward before
			complete := w.item(1, 4)
			w.decideWriting(a.Kind, commit.Committed, 1, 1, 1, 2, 1, 3, 1, 4)
			c := w.client()
			want(t, "finish", c.finish(id), "done")
			want(t, "updated", w.item(1, 1), rolledForward(id, start, 77))
			want(t, "deleted", w.item(1, 2), absent)
			want(t, "inserted", w.item(1, 3), storedRow("v=2 cat=7", id, 1, start, 77))
			want(t, "complete before", w.item(1, 4), complete)
			want(t, "rows", w.decisions(), rowsOf(a.Kind))
			want(t, "again", c.finish(id), "done")
		})
		run(t, "what an engine left", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for name, configure := range map[string]func(*commit.Options){"alone": func(*commit.Options) {}, "grouped": groupCommits} {
					run(t, name, func(t *testing.T) {
						w := s.world(t)
						w.restrict(storage.AtomicRecord, 0)
						present(w)
						c := w.clientWith(failNth("finish", 1, down()), withWriteSets, configure)
						x := c.begin(a.begin()...)
						want(t, "update", x.update(c.item(1, 1), "v", 2), "ok")
						want(t, "insert", x.insert(c.item(2, 1), "v", 2), "ok")
						want(t, "commit", x.commit(), "ok")
						want(t, "finish", w.client().finish(x.ID()), "done")
						want(t, "records", w.item(1, 1)+"; "+w.item(2, 1), version(x, "v=2 cat=7", 2)+"; "+version(x, "v=2", 1))
						want(t, "rows", w.decisions(), "")
					})
				}
			})
		})
	}},
	item{ID: "M02", Title: "Finishing an aborted transaction rolls back what it has prepared and removes its decision", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byKind, func(t *testing.T, a axes) {
			w := s.world(t)
			id := a.Kind.id("T1")
			w.prepared(1, 1, commit.Prepared, w.justNow(), id)
			w.prepared(1, 2, commit.Deleted, w.justNow(), id)
			w.preparedInsert(1, 3, w.justNow(), id)
			w.committed(itemTable, 1, 4, "v", 1) // never prepared
			untouched := w.item(1, 4)
			w.decideWriting(a.Kind, commit.Aborted, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5)
			want(t, "finish", w.client().finish(id), "done")
			want(t, "updated", w.item(1, 1), rolledBack)
			want(t, "deleted", w.item(1, 2), rolledBack)
			want(t, "inserted", w.item(1, 3), absent)
			want(t, "never prepared", w.item(1, 4), untouched)
			want(t, "rows", w.decisions(), rowsOf(a.Kind))
		})
		run(t, "what an engine left", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				present(w)
				abortedBehind(w, a, fail("roll back", down()), putV, withWriteSets)
				want(t, "row", w.coordinator("tx-1"), abortedRow)
				want(t, "prepared", w.item(1, 1) != rolledBack, true)
				want(t, "finish", w.client().finish("tx-1"), "done")
				want(t, "record", w.item(1, 1), rolledBack)
				want(t, "row", w.coordinator("tx-1"), absent)
			})
		})
	}},
	item{ID: "M03", Title: "Finishing one member of a group finishes all, and removes their row", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, by := range []string{parentID, parentID + "$T1", parentID + "$T3"} {
			run(t, by, func(t *testing.T) {
				w := s.world(t)
				children := map[string][]int{}
				for i, child := range []string{"T1", "T2", "T3"} {
					w.prepared(i, 1, commit.Prepared, w.justNow(), parentID+"$"+child)
					w.preparedInsert(i, 2, w.justNow(), parentID+"$"+child)
					children[child] = []int{i, 1, i, 2}
				}
				w.coordinatorRow(parentID, "tx_child_ids", "T1,T2,T3", "tx_state", commit.Committed, "tx_created_at", 77, "tx_write_set", writeSetOf(children))
				want(t, "finish", w.client().finish(by), "done")
				for i, child := range []string{"T1", "T2", "T3"} {
					want(t, "updated", w.item(i, 1), rolledForward(parentID+"$"+child, start, 77))
					want(t, "inserted", w.item(i, 2), storedRow("v=2 cat=7", parentID+"$"+child, 1, start, 77))
				}
				want(t, "rows", w.decisions(), "")
			})
		}
	}},
	item{ID: "M04", Title: "A decision without a write set stays; one that is gone, or says that nothing was written, is finished", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byKind, func(t *testing.T, a axes) {
			id := a.Kind.id("T1")
			for _, state := range []commit.State{commit.Committed, commit.Aborted} {
				run(t, "no write set, "+state.String(), func(t *testing.T) {
					w := s.world(t)
					leftover{state: commit.Prepared, decision: state}.leave(w, a.Kind)
					left, rows := w.item(1, 1), w.decisions()
					want(t, "finish", w.client().finish(id), "not done")
					want(t, "rows", w.decisions(), rows)
					want(t, "record", w.item(1, 1), left)
				})
			}
			run(t, "abort by id", func(t *testing.T) {
				w := s.world(t)
				leftover{state: commit.Prepared}.leave(w, a.Kind)
				c := w.client(withWriteSets)
				_, err := c.Abort(t.Context(), id)
				ok(t, err)
				rows := w.decisions()
				want(t, "finish", c.finish(id), "not done")
				want(t, "rows", w.decisions(), rows)
			})
			run(t, "abort after expiry", func(t *testing.T) {
				w := s.world(t)
				expiredUpdate.leave(w, a.Kind)
				c := w.client(withWriteSets)
				want(t, "read", c.begin().get(c.item(1, 1)), oldVersion)
				want(t, "finish", c.finish(id), "not done")
				want(t, "status", w.status(id), "ABORTED")
			})
			run(t, "no row", func(t *testing.T) {
				w := s.world(t)
				leftover{state: commit.Prepared}.leave(w, a.Kind)
				left, rows := w.item(1, 1), w.decisions()
				want(t, "finish", w.client().finish(id), "done")
				want(t, "rows", w.decisions(), rows)
				want(t, "record", w.item(1, 1), left)
			})
			run(t, "nothing written", func(t *testing.T) {
				w := s.world(t)
				w.decide(a.Kind, "T1", commit.Committed, 77)
				row := parentID
				if a.Kind != groupMember {
					row = id
				}
				pairs := []any{"tx_state", commit.Committed, "tx_created_at", 77, "tx_write_set", []byte{8, 1, 18, 0}}
				if a.Kind == groupMember {
					pairs = append(pairs, "tx_child_ids", sibling+",T1")
				}
				w.coordinatorRow(row, pairs...)
				want(t, "finish", w.client().finish(id), "done")
				want(t, "rows", w.decisions(), rowsOf(a.Kind))
			})
		})
		run(t, "an engine's own", func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				c := w.client(withWriteSets, alwaysDecide)
				x := c.begin(a.begin()...)
				want(t, "commit", x.commit(), "ok")
				want(t, "row", w.coordinator(x.ID()), committedRow)
				want(t, "finish", c.finish(x.ID()), "done")
				want(t, "rows", w.decisions(), "")
			})
		})
	}},
	item{ID: "M05", Title: "Finishing skips what others have completed or overwritten; what it cannot read, complete or remove is an error, and the decision stays", Verdict: pass,
		Test: finishMeetsOthers},
	item{ID: "M06", Title: "A write set in a form that is not known never counts as one of nothing", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, tt := range map[string]struct {
			set    []byte
			finish string
		}{
			"no payload":       {[]byte{8, 1}, "storage"},
			"empty":            {[]byte{}, "storage"},
			"another payload":  {[]byte{8, 1, 26, 0}, "storage"},
			"newer version":    {[]byte{8, 2, 26, 0}, "storage"},
			"cut off":          {writeSetOf(map[string][]int{"": {1, 1}})[:9], "storage"},
			"without key":      {[]byte{8, 1, 18, 4, 10, 2, 18, 0}, "storage"},
			"version left out": {writeSetOf(map[string][]int{"": {1, 1}})[2:], "done"},
		} {
			run(t, name, func(t *testing.T) {
				for _, state := range []commit.State{commit.Committed, commit.Aborted} {
					run(t, state.String(), func(t *testing.T) {
						w := s.world(t)
						w.prepared(1, 1, commit.Prepared, w.justNow(), "T1")
						left := w.item(1, 1)
						w.coordinatorRow("T1", "tx_state", state, "tx_created_at", 77, "tx_write_set", tt.set)
						c := w.client()
						want(t, "finish", c.finish("T1"), tt.finish)
						want(t, "row", w.coordinator("T1") == absent, tt.finish == "done")
						want(t, "left", w.item(1, 1) == left, tt.finish != "done")
					})
				}
			})
		}
	}},
	item{ID: "M07", Title: "Recovering one record: as its writer was decided, aborted if that has expired, left alone if not", Verdict: pass, Test: recoveredRecords},
)

func finishMeetsOthers(t *testing.T, s *suite) {
	for _, state := range []commit.State{commit.Committed, commit.Aborted} {
		for name, others := range map[string]func(w *world, id string){
			"gone":                  func(w *world, _ string) { w.erase(itemTable, key(1, 1)) },
			"completed":             func(w *world, id string) { w.committed(itemTable, 1, 1, "v", 2, "tx_id", id) },
			"overwritten":           func(w *world, _ string) { w.committed(itemTable, 1, 1, "v", 8, "tx_id", "T9") },
			"prepared by another":   func(w *world, _ string) { w.prepared(1, 1, commit.Prepared, w.justNow(), "T9") },
			"prepared by a sibling": func(w *world, _ string) { w.prepared(1, 1, commit.Prepared, w.justNow(), parentID+"$"+sibling) },
			"without metadata":      func(w *world, _ string) { w.write(itemTable, key(1, 1), "v", 1) },
		} {
			run(t, name+", "+state.String(), func(t *testing.T) {
				s.each(t, byKind, func(t *testing.T, a axes) {
					for _, late := range []bool{false, true} { // when it has been read already
						run(t, fmt.Sprint("late ", late), func(t *testing.T) {
							w := s.world(t)
							id, stored := a.Kind.id("T1"), ""
							w.prepared(1, 1, commit.Prepared, w.justNow(), id)
							w.decideWriting(a.Kind, state, 1, 1)
							happen := func() {
								others(w, id)
								stored = w.item(1, 1)
							}
							if !late {
								happen()
							}
							c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
								if late && (phase == "finish" || phase == "roll back") {
									happen()
								}
								return send(ctx)
							})
							want(t, "finish", c.finish(id), "done")
							want(t, "record", w.item(1, 1), stored)
							want(t, "rows", w.decisions(), rowsOf(a.Kind))
						})
					}
				})
			})
		}
		for _, tt := range []struct {
			phase    string
			attempts int32 // that fail
		}{{"read decision", 5}, {"get", 1}, {"finish", 1}, {"roll back", 1}, {"delete decision", 1}} {
			if tt.phase == "finish" && state == commit.Aborted || tt.phase == "roll back" && state == commit.Committed {
				continue
			}
			run(t, tt.phase+" fails, "+state.String(), func(t *testing.T) {
				s.each(t, byKind, func(t *testing.T, a axes) {
					for _, failure := range []error{down(), lost()} {
						s.finishFails(t, a, state, tt.phase, tt.attempts, failure)
					}
				})
			})
		}
		run(t, "table is gone, "+state.String(), func(t *testing.T) {
			w := s.world(t)
			w.decideWriting(plainID, state, 1, 1)
			w.drop(itemTable)
			_, err := w.client().Finish(t.Context(), "T1")
			want(t, "code", codeOf(err), "DB-CORE-30068")
			want(t, "rows", w.decisions(), "T1")
		})
	}
}

// finishFails lets a call of Finish fail, and then repeats it.
func (s *suite) finishFails(t *testing.T, a axes, state commit.State, phase string, attempts int32, failure error) {
	run(t, failure.Error(), func(t *testing.T) {
		s.world(t).bubble(func(w *world) {
			id := a.Kind.id("T1")
			w.prepared(1, 1, commit.Prepared, w.justNow(), id)
			w.prepared(1, 2, commit.Prepared, w.justNow(), id)
			w.decideWriting(a.Kind, state, 1, 1, 1, 2)
			rows := w.decisions()
			var calls atomic.Int32
			c := w.clientWith(func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
				if p == phase && calls.Add(1) <= attempts {
					return failure
				}
				return send(ctx)
			})
			_, err := c.Finish(w.t.Context(), id)
			want(w.t, "finish", outcome(err), "storage")
			want(w.t, "code", codeOf(err), "DB-CORE-30068")
			want(w.t, "rows", w.decisions(), rows)
			want(w.t, "again", c.finish(id), "done")
			stored := rolledBack
			if state == commit.Committed {
				stored = rolledForward(id, start, 77)
			}
			want(w.t, "records", w.item(1, 1)+"; "+w.item(1, 2), stored+"; "+stored)
			want(w.t, "rows", w.decisions(), rowsOf(a.Kind))
		})
	})
}

func recoveredRecords(t *testing.T, s *suite) {
	recover := func(t *testing.T, w *world) bool {
		t.Helper()
		c := w.client(withWriteSets)
		done, err := c.RecoverRecord(t.Context(), c.item(1, 1))
		ok(t, err)
		return done
	}
	s.each(t, byKind, func(t *testing.T, a axes) {
		for name, l := range map[string]leftover{
			"update":              {state: commit.Prepared},
			"insert":              {state: commit.Prepared, insert: true},
			"delete":              {state: commit.Deleted},
			"over an import":      {state: commit.Prepared, imported: true},
			"delete of an import": {state: commit.Deleted, imported: true},
		} {
			for _, expired := range []bool{false, true} {
				for _, decision := range []commit.State{0, commit.Committed, commit.Aborted} {
					run(t, fmt.Sprintf("%s/%s, expired %t", name, decision, expired), func(t *testing.T) {
						w, l := s.world(t), l
						l.expired, l.decision = expired, decision
						at := l.leave(w, a.Kind)
						left, rows := w.item(1, 1), w.decisions()
						want(t, "done", recover(t, w), decision != 0 || expired)
						switch {
						case decision == commit.Committed:
							want(t, "record", w.item(1, 1), l.forward(a.Kind, at))
						case decision == commit.Aborted || expired:
							want(t, "record", w.item(1, 1), l.back())
						default:
							want(t, "record", w.item(1, 1), left)
						}
						switch {
						case decision != 0 || !expired:
							want(t, "rows", w.decisions(), rows)
						case a.Kind == groupMember:
							want(t, "rows", w.decisions(), parentID+" "+a.Kind.id("T1"))
							want(t, "marker", w.coordinator(parentID), abortedRow)
							want(t, "row", w.coordinator(a.Kind.id("T1")), abortedRow)
						default:
							want(t, "row", w.coordinator(a.Kind.id("T1")), abortedRow)
						}
					})
				}
			}
		}
	})
	for name, setUp := range map[string]func(w *world){"committed": present, "imported": imported, "absent": missing} {
		run(t, name, func(t *testing.T) {
			w := s.world(t)
			setUp(w)
			stored := w.item(1, 1)
			want(t, "done", recover(t, w), true)
			want(t, "record", w.item(1, 1), stored)
			want(t, "rows", w.decisions(), "")
		})
	}
	run(t, "record cannot be read", func(t *testing.T) {
		w := s.world(t)
		present(w)
		c := w.clientWith(fail("get", down()))
		_, err := c.RecoverRecord(t.Context(), c.item(1, 1))
		want(t, "recovery", outcome(err), "storage")
		want(t, "code", codeOf(err), "DB-CORE-30069")
	})
}
