package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
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
	item{ID: "A24", Title: "The status of a transaction: committed, aborted after a conflict, unknown without a decision, or if the coordinator cannot be read", Verdict: difference,
		Reason: "a coordinator that cannot be read is an error, since unknown is an answer of its own", Variants: decided, Test: func(t *testing.T, s *suite) {
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

// fail is an around that fails every call of a phase.
func fail(phase string, err error) around {
	return func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
		if p == phase {
			return err
		}
		return send(ctx)
	}
}
