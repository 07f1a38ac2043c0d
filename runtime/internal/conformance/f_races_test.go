package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// What another process may do while an expired record is being recovered.
var (
	expiredUpdate = leftover{state: commit.Prepared, expired: true}
	expiredDelete = leftover{state: commit.Deleted, expired: true}
)

// completed stores item (1, 1) as T1 has committed and completed it.
func completed(w *world, k kind) string {
	w.committed(itemTable, 1, 1, "v", 2, "cat", 7, "tx_id", k.id("T1"), "tx_version", 2)
	return storedRow(newVersion, k.id("T1"), 2, 10, 20)
}

// reads returns what a transaction is to read: the version that counts, or in
// READ_COMMITTED the one before.
func (a axes) reads(latest string) string {
	if a.is(commit.ReadCommitted) {
		return oldVersion
	}
	return latest
}

var _ = items(
	item{ID: "F09", Title: "An expired writer commits just before it is aborted: its version counts", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			s.eachOvertaken(t, func(t *testing.T, a axes) {
				read, w := expiredUpdate.interrupt(t, s, a, beforeTheAbort, func(w *world) { w.decide(a.Kind, "T1", commit.Committed, 77) })
				want(t, "read", read, a.reads(newVersion))
				if a.passive() {
					want(t, "decision", w.decision(a.Kind, "T1"), "none")
					return
				}
				want(t, "stored", w.item(1, 1), rolledForward(a.Kind.id("T1"), w.longAgo(), 77))
				want(t, "decision", w.decision(a.Kind, "T1"), "COMMITTED 77")
			})
		}},
	item{ID: "F10", Title: "An expired record is completed and its decision cleaned up before the abort: no ABORTED row", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			s.eachOvertaken(t, func(t *testing.T, a axes) {
				stored := ""
				read, w := expiredUpdate.interrupt(t, s, a, beforeLookingAgain, func(w *world) { stored = completed(w, a.Kind) })
				want(t, "read", read, a.reads(newVersion))
				want(t, "decision", w.coordinator(a.Kind.id("T1")), absent)
				if !a.passive() {
					want(t, "stored", w.item(1, 1), stored)
				}
			})
		}},
	item{ID: "F11", Title: "The same during the abort: the committed version counts and stays", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			s.eachOvertaken(t, func(t *testing.T, a axes) {
				stored := ""
				read, w := expiredUpdate.interrupt(t, s, a, beforeTheAbort, func(w *world) { stored = completed(w, a.Kind) })
				want(t, "read", read, a.reads(newVersion))
				if a.passive() {
					want(t, "decision", w.coordinator(a.Kind.id("T1")), absent)
					return
				}
				want(t, "stored", w.item(1, 1), stored)
				want(t, "needless decision", w.decision(a.Kind, "T1"), "ABORTED 1000000")
			})
		}},
	item{ID: "F12", Title: "The row of a group is cleaned up while a member is being aborted: the committed version counts", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				a.Kind = groupMember
				for _, by := range accesses[:byIndex] {
					at := a
					at.Access = by
					run(t, by.String(), func(t *testing.T) { groupCleanedUp(t, s, at) })
				}
			})
		}},
	item{ID: "F13", Title: "An expired record is prepared by another transaction meanwhile: that one decides, over the version committed between", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for name, tt := range map[string]struct {
				decision commit.State // on the other transaction; 0: it has expired too
				latest   string
			}{
				"committed": {commit.Committed, "v=4 cat=7"}, "aborted": {commit.Aborted, "v=3 cat=7"}, "expired": {0, "v=3 cat=7"},
			} {
				for _, at := range []moment{beforeLookingAgain, beforeTheAbort} {
					if tt.decision != commit.Committed && at == beforeLookingAgain {
						continue // how the other ends does not depend on when it came
					}
					run(t, name+" before "+string(at), func(t *testing.T) {
						s.eachOvertaken(t, func(t *testing.T, a axes) {
							stored := ""
							read, w := expiredUpdate.interrupt(t, s, a, at, func(w *world) {
								w.prepared(1, 1, commit.Prepared, w.longAgo(), a.Kind.id("T2"), "v", 4, "before_v", 3, "before_tx_id", "T1b", "before_tx_version", 3, "tx_version", 4)
								stored = w.item(1, 1)
								if tt.decision != 0 {
									w.decide(a.Kind, "T2", tt.decision, 78)
								}
							})
							want(t, "read", read, a.reads(tt.latest))
							switch {
							case a.passive():
							case a.is(commit.ReadCommitted): // it recovers what it has read only
								want(t, "stored", w.item(1, 1), stored)
							default:
								c := w.client()
								want(t, "read later", c.begin(isolation(commit.ReadCommitted), readOnly).get(c.item(1, 1)), tt.latest)
							}
						})
					})
				}
			}
		}},
	item{ID: "F14", Title: "An expired delete is completed and its decision cleaned up meanwhile: absent, READ_COMMITTED the old version", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for _, at := range []moment{beforeLookingAgain, beforeTheAbort} {
				run(t, "before "+string(at), func(t *testing.T) {
					s.eachOvertaken(t, func(t *testing.T, a axes) {
						read, w := expiredDelete.interrupt(t, s, a, at, func(w *world) { w.erase(itemTable, key(1, 1)) })
						want(t, "read", read, a.reads(absent))
						if !a.passive() {
							want(t, "stored", w.item(1, 1), absent)
						}
					})
				})
			}
		}},
	item{ID: "F15", Title: "An expired record prepared anew by a transaction in flight is uncommitted; without end, a conflict after five passes", Verdict: pass,
		Variants: withWaits, Test: func(t *testing.T, s *suite) {
			for _, at := range []moment{beforeLookingAgain, beforeTheAbort} {
				run(t, "in flight before "+string(at), func(t *testing.T) {
					s.eachOvertaken(t, func(t *testing.T, a axes) {
						read, w := expiredUpdate.interrupt(t, s, a, at, func(w *world) {
							w.prepared(1, 1, commit.Prepared, w.justNow(), a.Kind.id("T2"))
						})
						want(t, "read", read, a.reads("uncommitted"))
						want(t, "decision on the other", w.coordinator(a.Kind.id("T2")), absent)
					})
				})
			}
			latest(s, t, "prepared again and again", preparedAgain)
			latest(s, t, "abort never wins", abortNeverWins)
		}},
	item{ID: "F16", Title: "A storage failure while a record is being recovered is an error, and nothing is guessed", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for _, tt := range []struct {
				name, phase string
				nth         int32 // of the calls of the phase that belong to the recovery; 0 for all
			}{
				{"decision cannot be read", "read decision", 0},
				{"record cannot be read again", "get", 1},
				{"abort cannot be written", "decide", 0},
				{"record cannot be read after the abort", "get", 2},
			} {
				run(t, tt.name, func(t *testing.T) {
					s.eachOvertaken(t, func(t *testing.T, a axes) {
						s.world(t).bubble(func(w *world) { recoveryFails(w, a, tt.phase, tt.nth) })
					})
				})
			}
		}},
	item{ID: "F19", Title: "Recovery whose abort loses applies the decision that won; if there is none any more, the record is taken as recovered", Verdict: difference,
		Variants: anyVariant,
		Reason:   "recovery in the background does so at once as well, instead of leaving the record to the next reader",
		Test: func(t *testing.T, s *suite) {
			for name, recoverBy := range map[string]func(w *world, c *client){
				"RecoverRecord": func(w *world, c *client) {
					done, err := c.RecoverRecord(w.t.Context(), c.item(1, 1))
					ok(w.t, err)
					want(w.t, "done", done, true)
				},
				"background": func(w *world, c *client) {
					want(w.t, "read", c.begin(isolation(commit.ReadCommitted)).get(c.item(1, 1)), oldVersion)
				},
			} {
				run(t, name, func(t *testing.T) { abortLoses(t, s, recoverBy) })
			}
		}},
)

// latest runs a test in the isolation levels that recover before they return.
func latest(s *suite, t *testing.T, name string, test func(w *world, a axes)) {
	run(t, name, func(t *testing.T) {
		for _, level := range []commit.Isolation{commit.Snapshot, commit.Serializable} {
			run(t, level.String(), func(t *testing.T) {
				for _, a := range (axes{Isolation: level}).readers() {
					run(t, a.Kind.String()+", "+a.Access.String(), func(t *testing.T) { test(s.world(t), a) })
				}
			})
		}
	})
}

func groupCleanedUp(t *testing.T, s *suite, a axes) {
	w := s.world(t)
	expiredUpdate.leave(w, a.Kind)
	var decided, cleaned atomic.Bool
	stored := w.item(1, 1)
	c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
		switch {
		case phase == "decide" && decided.CompareAndSwap(false, true):
			w.decide(a.Kind, "T1", commit.Committed, 77)
		case phase == "read decision" && decided.Load() && cleaned.CompareAndSwap(false, true):
			stored = completed(w, a.Kind)
			w.erase(stateTable, []storage.Value{storage.TextValue(parentID)})
		}
		return send(ctx)
	})
	x := c.begin(a.begin()...)
	want(t, "read", x.read(c.item(1, 1), a.Access), a.reads(newVersion))
	want(t, "commit", x.commit(), "ok")
	c.drain()
	want(t, "cleaned up", cleaned.Load(), !a.passive())
	want(t, "stored", w.item(1, 1), stored)
	want(t, "row of the group", w.coordinator(parentID), absent)
}

func preparedAgain(w *world, a axes) {
	expiredUpdate.leave(w, a.Kind)
	var looked atomic.Bool
	var passes atomic.Int32
	c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
		switch {
		case phase == "read decision":
			looked.Store(true)
		case phase == "get" && looked.Load():
			w.prepared(1, 1, commit.Prepared, w.longAgo(), a.Kind.id(fmt.Sprint("T1", passes.Add(1))))
		}
		return send(ctx)
	})
	want(w.t, "read", c.begin(a.begin()...).read(c.item(1, 1), a.Access), "conflict")
	want(w.t, "passes", passes.Load(), 5)
}

func abortNeverWins(w *world, a axes) {
	expiredUpdate.leave(w, a.Kind)
	left := w.item(1, 1)
	var aborts atomic.Int32
	c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
		if phase != "decide" {
			return send(ctx)
		}
		if call.Mutations[0].Key[0] == storage.TextValue(a.Kind.id("T1")) {
			aborts.Add(1)
		}
		return &storage.Error{Op: "mutate", Table: stateTable, Class: storage.ErrCondition, Err: errors.New("there is a row")}
	})
	x := c.begin(a.begin()...)
	if a.Access == byGet {
		_, err := x.Get(w.t.Context(), c.item(1, 1))
		want(w.t, "code", codeOf(err), "DB-CORE-20030")
	} else {
		want(w.t, "read", x.read(c.item(1, 1), a.Access), "conflict")
	}
	want(w.t, "passes", aborts.Load(), 5)
	c.drain()
	want(w.t, "stored", w.item(1, 1), left)
	want(w.t, "decision", w.coordinator(a.Kind.id("T1")), absent)
}

func recoveryFails(w *world, a axes, phase string, nth int32) {
	expiredUpdate.leave(w, a.Kind)
	left := w.item(1, 1)
	var looked atomic.Bool
	var calls atomic.Int32
	c := w.clientWith(func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
		if p == "read decision" {
			looked.Store(true)
		}
		if p == phase && looked.Load() {
			if n := calls.Add(1); nth == 0 || n == nth {
				return down()
			}
		}
		return send(ctx)
	})
	x := c.begin(a.begin()...)
	if a.is(commit.ReadCommitted) { // the recovery in the background fails, the read does not
		want(w.t, "read", x.read(c.item(1, 1), a.Access), oldVersion)
		want(w.t, "commit", x.commit(), "ok")
		c.drain()
		if nth != 2 { // it does not read the record after the abort
			want(w.t, "stored", w.item(1, 1), left)
		}
		return
	}
	if a.Access == byGet {
		_, err := x.Get(w.t.Context(), c.item(1, 1))
		want(w.t, "read", outcome(err), "storage")
		want(w.t, "code", codeOf(err), "DB-CORE-30057")
	} else {
		want(w.t, "read", x.read(c.item(1, 1), a.Access), "storage")
	}
	c.drain()
	want(w.t, "stored", w.item(1, 1), left)
}

// abortLoses has the abort of an expired record lose to a commit, or to a
// decision that has been cleaned up again.
func abortLoses(t *testing.T, s *suite, recoverBy func(w *world, c *client)) {
	s.each(t, byKind, func(t *testing.T, a axes) {
		run(t, "commit", func(t *testing.T) {
			w := s.world(t)
			at := expiredUpdate.leave(w, a.Kind)
			c := w.interrupted(beforeTheAbort, func() { w.decide(a.Kind, "T1", commit.Committed, 77) })
			recoverBy(w, c)
			c.drain()
			want(t, "stored", w.item(1, 1), rolledForward(a.Kind.id("T1"), at, 77))
		})
		run(t, "abort", func(t *testing.T) {
			w := s.world(t)
			expiredUpdate.leave(w, a.Kind)
			c := w.interrupted(beforeTheAbort, func() { w.decide(a.Kind, "T1", commit.Aborted, 77) })
			recoverBy(w, c)
			c.drain()
			want(t, "stored", w.item(1, 1), rolledBack)
			want(t, "decision", w.decision(a.Kind, "T1"), "ABORTED 77")
		})
		run(t, "cleaned up", func(t *testing.T) {
			w := s.world(t)
			expiredUpdate.leave(w, a.Kind)
			stored := ""
			c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
				if phase == "decide" {
					stored = completed(w, a.Kind)
					return &storage.Error{Op: "mutate", Table: stateTable, Class: storage.ErrCondition, Err: errors.New("there is a row")}
				}
				return send(ctx)
			})
			recoverBy(w, c)
			c.drain()
			want(t, "stored", w.item(1, 1), stored)
			want(t, "decision", w.coordinator(a.Kind.id("T1")), absent)
		})
	})
}
