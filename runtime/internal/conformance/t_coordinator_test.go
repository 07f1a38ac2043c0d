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

var _ = items(
	item{ID: "T10", Title: "The coordinator table: a namespace of choice, five attempts, no write set where none is wanted, damaged rows, ids with a delimiter", Verdict: difference,
		Reason: "a write set that cannot be read is an error for those who need it only, not for those who ask for the state", Test: coordinatorAccess},
	item{ID: "T11", Title: "The outcomes of writing COMMITTED, of aborting oneself and of aborting somebody else, whatever row is in the way", Verdict: difference,
		Reason: "a decision that certainly was not written is a storage failure and no unknown outcome, a failed abort of oneself keeps its reason, and an abort by id whose row is gone again says that there is no decision",
		Test: func(t *testing.T, s *suite) {
			run(t, "commit", func(t *testing.T) { s.each(t, byIsolation, func(t *testing.T, a axes) { commitOutcomes(t, s, a) }) })
			run(t, "commit whose row is gone", func(t *testing.T) { s.each(t, byIsolation, func(t *testing.T, a axes) { finishedMeanwhile(t, s, a) }) })
			run(t, "abort of oneself", func(t *testing.T) { s.each(t, byIsolation, func(t *testing.T, a axes) { selfAbortOutcomes(t, s, a) }) })
			run(t, "abort of another", func(t *testing.T) { forcedAbortOutcomes(t, s) })
		}},
)

func coordinatorAccess(t *testing.T, s *suite) {
	run(t, "namespace", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			elsewhere := coordinatorDefinition()
			elsewhere.Namespace = "decisions"
			w.create(elsewhere)
			there := func(o *commit.Options) { o.CoordinatorNamespace = "decisions" }
			c := w.client(there)
			x := c.begin(a.begin()...)
			want(t, "insert", x.insert(c.item(1, 1), "v", 1), "ok")
			want(t, "commit", x.commit(), "ok")
			want(t, "rows at the usual place", w.decisions(), "")
			want(t, "row", w.rowAt(elsewhere.TableName, []storage.Value{storage.TextValue(x.ID())}) != absent, true)
			state, err := w.client(there).Status(t.Context(), x.ID())
			ok(t, err)
			want(t, "status", state, commit.Committed)
			state, err = w.client().Status(t.Context(), x.ID())
			ok(t, err)
			want(t, "status for others", state, 0)
		})
	})
	run(t, "five attempts", func(t *testing.T) {
		run(t, "to read", func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				c := w.clientWith(fail("read decision", down()))
				_, err := c.Status(w.t.Context(), "T1")
				want(w.t, "status", outcome(err), "storage")
				want(w.t, "attempts", c.sentOf("read decision"), 5)
			})
		})
		for name, tt := range map[string]struct {
			failure error
			commit  string
		}{"to write": {lost(), "unknown"}, "to write, and not one arrived": {down(), "storage"}} {
			run(t, name, func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					c := w.clientWith(fail("decide", tt.failure))
					x := c.begin()
					want(w.t, "insert", x.insert(c.item(1, 1)), "ok")
					want(w.t, "commit", x.commit(), tt.commit)
					attempts := 5
					if tt.commit == "storage" {
						attempts = 10 // five more to abort
					}
					want(w.t, "attempts", c.sentOf("decide"), attempts)
				})
			})
		}
		for n := 1; n <= 4; n++ {
			run(t, fmt.Sprint(n, " failures are survived"), func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					var writes, reads atomic.Int32
					c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
						if phase == "decide" && writes.Add(1) <= int32(n) || phase == "read decision" && reads.Add(1) <= int32(n) {
							return down()
						}
						return send(ctx)
					})
					x := c.begin()
					want(w.t, "insert", x.insert(c.item(1, 1)), "ok")
					want(w.t, "commit", x.commit(), "ok")
					state, err := c.Status(w.t.Context(), x.ID())
					ok(w.t, err)
					want(w.t, "status", state, commit.Committed)
				})
			})
		}
	})
	run(t, "columns of a row", func(t *testing.T) {
		for name, tt := range map[string]struct {
			writeSets bool
			columns   string
		}{"plain": {false, "tx_state=3 tx_created_at=1000000"}, "with write set": {true, "tx_state=3 tx_created_at=1000000 tx_write_set="}} {
			run(t, name, func(t *testing.T) {
				w := s.world(t)
				var j journal
				c := w.clientWith(j.around, func(o *commit.Options) { o.WriteSets = tt.writeSets })
				x := c.begin()
				want(t, "insert", x.insert(c.item(1, 1)), "ok")
				want(t, "commit", x.commit(), "ok")
				m := j.groups("decide")[0][0]
				want(t, "condition", m.Condition, storage.IfNotExists)
				var columns []string
				for i, at := range m.Columns {
					if name := m.Table.Columns[at].Name; name == "tx_write_set" {
						columns = append(columns, name+"=")
					} else {
						columns = append(columns, name+"="+m.Values[i].String())
					}
				}
				want(t, "columns", strings.Join(columns, " "), tt.columns)
			})
		}
	})
	run(t, "damaged", func(t *testing.T) {
		for name, tt := range map[string]struct {
			row            []any
			status, finish string
		}{
			"no state":           {[]any{"tx_created_at", 77}, "storage", "storage"},
			"unknown state":      {[]any{"tx_state", 9, "tx_created_at", 77}, "storage", "storage"},
			"no time":            {[]any{"tx_state", commit.Committed}, "storage", "storage"},
			"write set":          {[]any{"tx_state", commit.Committed, "tx_created_at", 77, "tx_write_set", []byte{0xff}}, "ok", "storage"},
			"write set, aborted": {[]any{"tx_state", commit.Aborted, "tx_created_at", 77, "tx_write_set", []byte{0xff}}, "ok", "storage"},
		} {
			run(t, name, func(t *testing.T) {
				w := s.world(t)
				w.coordinatorRow("T1", tt.row...)
				w.prepared(1, 1, commit.Prepared, w.longAgo(), "T1")
				left := w.item(1, 1)
				c := w.client()
				_, err := c.Status(t.Context(), "T1")
				want(t, "status", outcome(err), tt.status)
				_, err = c.Finish(t.Context(), "T1")
				want(t, "finish", outcome(err), tt.finish)
				want(t, "decisions", w.decisions(), "T1")
				want(t, "record", w.item(1, 1), left)
				if tt.status != "ok" {
					want(t, "read", c.begin().get(c.item(1, 1)), "storage")
					c.drain()
					want(t, "record", w.item(1, 1), left)
				}
			})
		}
	})
	run(t, "ids that are refused", func(t *testing.T) {
		for name, id := range map[string]string{
			"delimiter of children": "T1,T2", "shape of a member": parentID + "$T1", "40 characters": strings.Repeat("x", 40), "not ASCII": "Ä",
		} {
			run(t, name, func(t *testing.T) {
				for _, configure := range []func(*commit.Options){func(*commit.Options) {}, groupCommits} {
					_, err := s.world(t).client(configure).Begin(commit.BeginOptions{ID: id})
					want(t, "begin", outcome(err), "invalid")
				}
			})
		}
	})
}

// inTheWay is what a client meets that tries to write a decision.
type inTheWay struct {
	name  string
	meets around
}

// obstacles are rows in the way of the decision on tx-1, and failures. state is
// what the decision would say.
func obstacles(w *world) []inTheWay {
	rowFirst := func(state commit.State) around {
		var done atomic.Bool
		return func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
			if phase == "decide" && done.CompareAndSwap(false, true) {
				w.coordinatorRow("tx-1", "tx_state", state, "tx_created_at", 77)
			}
			return send(ctx)
		}
	}
	return []inTheWay{
		{"nothing", func(ctx context.Context, _ string, _ faulty.Call, send func(context.Context) error) error {
			return send(ctx)
		}},
		{"aborted", rowFirst(commit.Aborted)},
		{"committed", rowFirst(commit.Committed)},
		{"gone again", fail("decide", refused())},
		{"unreadable", func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
			switch phase {
			case "decide":
				return refused()
			case "read decision":
				return down()
			}
			return send(ctx)
		}},
		{"lost", fail("decide", lost())},
		{"down", fail("decide", down())},
		{"reply lost", func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
			err := send(ctx)
			if phase == "decide" && err == nil {
				return lost()
			}
			return err
		}},
	}
}

func commitOutcomes(t *testing.T, s *suite, a axes) {
	forward := func(at int64) string {
		return storedRow("v=2 cat=7", "tx-1", 2, start, at)
	}
	left := fmt.Sprint("v=2 cat=7 tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000 tx_committed_at=20", strings.ReplaceAll(beforeOfCommitted, " before_w=NULL", ""))
	for i, tt := range []struct{ outcome, code, stored, decision string }{
		{"ok", "", forward(start), "COMMITTED 1000000"},
		{"conflict", "DB-CORE-20015", rolledBack, "ABORTED 77"},
		{"ok", "", forward(77), "COMMITTED 77"},
		{"conflict", "DB-CORE-20015", rolledBack, "none"},
		{"unknown", "DB-CORE-40002", left, "none"},
		{"unknown", "DB-CORE-40003", left, "none"},
		{"storage", "DB-CORE-30036", left, "none"}, // and the abort fails too
		{"ok", "", forward(start), "COMMITTED 1000000"},
	} {
		run(t, obstacles(nil)[i].name, func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				present(w)
				c := w.clientWith(obstacles(w)[i].meets)
				x := c.begin(a.begin()...)
				want(w.t, "upsert", x.upsert(c.item(1, 1), "v", 2), "ok")
				err := x.Commit(w.t.Context())
				want(w.t, "commit", outcome(err), tt.outcome)
				want(w.t, "code", codeOf(err), tt.code)
				c.drain()
				want(w.t, "stored", w.item(1, 1), tt.stored)
				want(w.t, "decision", w.decision(plainID, "tx-1"), tt.decision)
			})
		})
	}
}

// finishedMeanwhile loses the reply to a decision, and has somebody finish the
// transaction, or a reader abort it after that, before it is tried again.
func finishedMeanwhile(t *testing.T, s *suite, a axes) {
	for name, then := range map[string]func(w *world){
		"finished":             func(*world) {},
		"finished and aborted": func(w *world) { w.coordinatorRow("tx-1", "tx_state", commit.Aborted, "tx_created_at", 78) },
	} {
		run(t, name, func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				present(w)
				var writes atomic.Int32
				c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
					if phase != "decide" {
						return send(ctx)
					}
					if writes.Add(1) > 1 {
						return refused() // by the row that is there at this moment
					}
					ok(w.t, send(ctx))
					want(w.t, "finish", w.client().finish("tx-1"), "done")
					then(w)
					return lost()
				}, withWriteSets)
				x := c.begin(a.begin()...)
				want(w.t, "upsert", x.upsert(c.item(1, 1), "v", 2), "ok")
				want(w.t, "commit", x.commit(), "unknown")
				c.drain()
				want(w.t, "stored", w.item(1, 1), version(x, "v=2 cat=7", 2))
			})
		})
	}
}

// selfAbortOutcomes has a transaction fail at its second record, after it has
// prepared the first.
func selfAbortOutcomes(t *testing.T, s *suite, a axes) {
	for i, tt := range []struct {
		back     bool // the first record is rolled back
		decision string
	}{
		{true, "ABORTED 1000000"}, {true, "ABORTED 77"}, {true, "COMMITTED 77"}, {true, "none"}, {true, "none"}, {false, "none"}, {false, "none"}, {true, "ABORTED 1000000"},
	} {
		if obstacles(nil)[i].name == "committed" {
			continue // nobody else writes that
		}
		run(t, obstacles(nil)[i].name, func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				present(w)
				abortedBehind(w, a, obstacles(w)[i].meets, putV)
				want(w.t, "rolled back", w.item(1, 1) == rolledBack, tt.back)
				want(w.t, "decision", w.decision(plainID, "tx-1"), tt.decision)
			})
		})
	}
}

func forcedAbortOutcomes(t *testing.T, s *suite) {
	for i, tt := range []struct {
		state         commit.State
		outcome, code string
		decision      string
	}{
		{commit.Aborted, "ok", "", "ABORTED 1000000"},
		{commit.Aborted, "ok", "", "ABORTED 77"},
		{commit.Committed, "ok", "", "COMMITTED 77"},
		{0, "ok", "", "none"},
		{0, "storage", "", "none"},
		{0, "unknown", "DB-CORE-40003", "none"},
		{0, "unknown", "DB-CORE-40003", "none"},
		{commit.Aborted, "ok", "", "ABORTED 1000000"},
	} {
		run(t, obstacles(nil)[i].name, func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				w.prepared(1, 1, commit.Prepared, w.justNow(), "tx-1")
				left := w.item(1, 1)
				state, err := w.clientWith(obstacles(w)[i].meets).Abort(w.t.Context(), "tx-1")
				want(w.t, "abort", outcome(err), tt.outcome)
				want(w.t, "code", codeOf(err), tt.code)
				want(w.t, "state", state, tt.state)
				want(w.t, "decision", w.decision(plainID, "tx-1"), tt.decision)
				want(w.t, "record", w.item(1, 1), left)
			})
		})
	}
}
