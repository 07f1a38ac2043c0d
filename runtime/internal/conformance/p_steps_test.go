package conformance

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "P07", Title: "Calls in a wrong order are refused and change nothing", Verdict: difference,
		Reason: "a commit without prepare is the whole commit of a transaction of one participant", Test: orderOfSteps},
	item{ID: "P08", Title: "A rollback after a failed step aborts and takes the records back; it tells if the transaction is committed, or not to be aborted", Verdict: difference,
		Reason: "a participant whose commit has an unknown outcome stays prepared: it may commit again, or roll back, which tells if it is committed", Test: rollbacks},
)

func orderOfSteps(t *testing.T, s *suite) {
	s.each(t, byIsolation, func(t *testing.T, a axes) {
		run(t, "validate before prepare", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			err := one.Validate(t.Context())
			want(t, "validate", outcome(err), "invalid")
			want(t, "code", codeOf(err), "DB-CORE-10045")
			want(t, "goes on", one.inTwoPhases(), "ok")
		})
		run(t, "commit before prepare", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			want(t, "commit", one.commit(), "ok")
			want(t, "record", w.item(1, 1), version(one, "v=2", 2))
		})
		run(t, "commit without validate", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			want(t, "prepare", one.prepare(), "ok")
			err := one.Commit(t.Context())
			if !a.is(commit.Serializable) {
				want(t, "commit", outcome(err), "ok")
				return
			}
			want(t, "commit", outcome(err), "invalid")
			want(t, "code", codeOf(err), "DB-CORE-10107")
			want(t, "rows", w.decisions(), "")
			want(t, "goes on", firstFailure(one.validate, one.commit), "ok")
		})
		run(t, "after prepare", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			c := one.c
			want(t, "prepare", one.prepare(), "ok")
			for name, call := range map[string]func() string{
				"get":     func() string { return one.get(c.item(1, 1)) },
				"scan":    func() string { return one.keys(scanOf(c.table(itemTable), 1)) },
				"insert":  func() string { return one.insert(c.item(1, 2)) },
				"delete":  func() string { return one.delete(c.item(1, 2)) },
				"prepare": one.prepare,
			} {
				want(t, name, call(), "closed")
			}
			want(t, "validate", one.validate(), "ok")
			want(t, "validate again", one.validate() != "ok", true)
			want(t, "commit", one.commit(), "ok")
			want(t, "commit again", one.commit(), "closed")
			want(t, "prepare again", one.prepare(), "closed")
		})
		run(t, "after a failed prepare", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			w.otherUpdates(1, 1, "v", 8)
			want(t, "prepare", one.prepare(), "conflict")
			want(t, "validate", one.validate() != "ok", true)
			want(t, "commit", one.commit() != "ok", true)
			want(t, "status", w.status("G"), "UNKNOWN")
			want(t, "rollback", one.rollBack(), "ok")
			want(t, "rollback again", one.rollBack(), "ok")
		})
	})
}

func rollbacks(t *testing.T, s *suite) {
	s.each(t, byIsolation, func(t *testing.T, a axes) {
		run(t, "active", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			one.c.sent()
			want(t, "rollback", one.rollBack(), "ok")
			want(t, "calls", one.c.sent(), "")
		})
		run(t, "after a failed prepare", func(t *testing.T) {
			w := s.world(t)
			w.restrict(storage.AtomicRecord, 0)
			one, _ := participants(w, a, nil, nil, func(o *commit.Options) { o.SerialPrepare = true })
			want(t, "second write", one.insert(one.c.item(9, 9), "v", 2), "ok")
			w.otherInserts(9, 9, "v", 8)
			want(t, "prepare", one.prepare(), "conflict")
			want(t, "the first is prepared", w.item(1, 1) != unwritten, true)
			want(t, "rollback", one.rollBack(), "ok")
			want(t, "row", w.coordinator("G"), abortedRow)
			want(t, "record", w.item(1, 1), unwritten)
			want(t, "commit", one.commit(), "closed")
		})
		run(t, "after a commit that conflicted", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			want(t, "prepare", one.untilDecided(), "ok")
			w.coordinatorRow("G", "tx_state", commit.Aborted, "tx_created_at", 77)
			want(t, "commit", one.commit(), "conflict")
			want(t, "record", w.item(1, 1), unwritten)
			one.c.sent()
			want(t, "rollback", one.rollBack(), "ok")
			want(t, "calls", one.c.sent(), "")
		})
		for name, tt := range map[string]struct {
			arrives  bool
			step     func(x *tx) string
			end      string
			decision string
		}{
			"commit again":                 {false, (*tx).commit, "ok", "COMMITTED"},
			"commit again, it had arrived": {true, (*tx).commit, "ok", "COMMITTED"},
			"roll back":                    {false, (*tx).rollBack, "ok", "ABORTED"},
			"roll back, it had arrived":    {true, (*tx).rollBack, "closed", "COMMITTED"},
		} {
			run(t, "after an unknown commit/"+name, func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					var cut atomic.Bool
					one, _ := participants(w, a, func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
						if phase != "decide" && phase != "read decision" || !cut.Load() {
							return send(ctx)
						}
						if tt.arrives && phase == "decide" {
							_ = send(ctx) // the second attempt meets the first
						}
						return lost()
					}, nil)
					want(w.t, "prepare", one.untilDecided(), "ok")
					prepared := w.item(1, 1)
					cut.Store(true)
					want(w.t, "commit", one.commit(), "unknown")
					want(w.t, "record", w.item(1, 1), prepared)
					cut.Store(false)
					want(w.t, name, tt.step(one), tt.end)
					want(w.t, "status", w.status("G"), tt.decision)
					want(w.t, "what others see", w.stored(1, 1), map[string]string{"COMMITTED": "v=2", "ABORTED": "v=1"}[tt.decision])
				})
			})
		}
		run(t, "committed by another participant", func(t *testing.T) {
			w := s.world(t)
			one, two := participants(w, a, nil, nil)
			want(t, "prepare", one.untilDecided()+two.untilDecided(), "okok")
			want(t, "commit of the other", two.commit(), "ok")
			for range 2 {
				err := one.RollbackPrepared(t.Context())
				want(t, "rollback", outcome(err), "closed")
				want(t, "code", codeOf(err), "DB-CORE-30041")
				want(t, "record", w.item(1, 1), version(one, "v=2", 2))
			}
		})
		run(t, "committed", func(t *testing.T) {
			w := s.world(t)
			one, _ := participants(w, a, nil, nil)
			want(t, "commit", one.inTwoPhases(), "ok")
			err := one.RollbackPrepared(t.Context())
			want(t, "rollback", outcome(err), "closed")
			want(t, "code", codeOf(err), "DB-CORE-30041")
			want(t, "record", w.item(1, 1), version(one, "v=2", 2))
		})
		for name, failing := range map[string]around{
			"cannot be written": fail("decide", lost()),
			"cannot be read": func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
				switch phase {
				case "decide":
					return refused()
				case "read decision":
					return down()
				}
				return send(ctx)
			},
		} {
			run(t, "decision "+name, func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					var well atomic.Bool
					one, _ := participants(w, a, func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
						if well.Load() {
							return send(ctx)
						}
						return failing(ctx, phase, call, send)
					}, nil)
					want(w.t, "prepare", one.untilDecided(), "ok")
					prepared := w.item(1, 1)
					err := one.RollbackPrepared(w.t.Context())
					want(w.t, "rollback", outcome(err), "unknown")
					want(w.t, "code", codeOf(err), "DB-CORE-30042")
					want(w.t, "record", w.item(1, 1), prepared)
					well.Store(true)
					want(w.t, "rollback again", one.rollBack(), "ok")
					want(w.t, "record", w.item(1, 1), unwritten)
				})
			})
		}
		run(t, "the row is gone again", func(t *testing.T) {
			w := s.world(t)
			var refusals atomic.Int32
			one, _ := participants(w, a, func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
				if phase == "decide" && refusals.Add(1) == 1 {
					return refused()
				}
				return send(ctx)
			}, nil)
			want(t, "prepare", one.untilDecided(), "ok")
			want(t, "rollback", one.rollBack(), "ok")
			want(t, "record", w.item(1, 1), unwritten)
		})
	})
}
