package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "B19", Title: "All records of a transaction have one time of prepare, and that of the decision as their time of commit", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.restrict(storage.AtomicRecord, 1) // each record is a call of its own
			w.committed(itemTable, 2, 1, "v", 1)
			c := w.clientWith(func(ctx context.Context, _ string, _ faulty.Call, send func(context.Context) error) error {
				w.now.Add(1)
				return send(ctx)
			})
			x := c.begin(a.begin()...)
			refs := []commit.Ref{c.item(1, 1), c.item(2, 1), c.in(otherTable, 3, 1), c.in(bankTable, 4, 1)}
			for _, ref := range refs {
				want(t, "upsert", x.upsert(ref, "v", 1), "ok")
			}
			want(t, "commit", x.commit(), "ok")
			c.drain()
			if w.coordinator(x.ID()) == absent {
				t.Fatal("there is no decision")
			}
			decided := w.coordinatorValues(x.ID())["tx_created_at"].Int64()
			for _, ref := range refs {
				meta := w.meta(ref.Table.Name())
				row := w.values(meta, ref.Key)
				first := w.values(w.meta(itemTable), refs[0].Key)
				want(t, "committed at", row[meta.Column("tx_committed_at")].Int64(), decided)
				want(t, "prepared at", row[meta.Column("tx_prepared_at")].Int64(), first[w.meta(itemTable).Column("tx_prepared_at")].Int64())
				want(t, "prepared before", row[meta.Column("tx_prepared_at")].Int64() < decided, true)
			}
		})
	}},
	item{ID: "B20", Title: "The decision lists the records that the transaction wrote; none, but not nothing, for one that only read", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		logging := func(o *commit.Options) { o.WriteSets, o.AlwaysDecide = true, true }
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for name, tt := range map[string]struct {
				a         axes
				configure func(*commit.Options)
				run       func(w *world, c *client, x *tx)
				end, want string
			}{
				"writes": {a, logging, func(w *world, c *client, x *tx) {
					want(t, "delete", x.delete(c.item(1, 0)), "ok")
					want(t, "update", x.update(c.item(1, 2), "v", 9), "ok")
					want(t, "insert", x.insert(c.in(bankTable, 3, 1), "v", 1), "ok")
					want(t, "read", x.get(c.item(1, 4)), "v=4")
				}, "ok", "[shop.item(p=1, c=2) bank.item(p=3, c=1) shop.item(p=1, c=0)]"},
				"aborted": {a, logging, func(w *world, c *client, x *tx) {
					want(t, "update", x.update(c.item(1, 2), "v", 9), "ok")
					w.otherUpdates(1, 2, "v", 8)
				}, "conflict", "[shop.item(p=1, c=2)]"},
				"reads": {a, logging, func(w *world, c *client, x *tx) { want(t, "read", x.get(c.item(1, 4)), "v=4") }, "ok", "[]"},
				"read-only": {axes{Isolation: a.Isolation, ReadOnly: true}, logging,
					func(w *world, c *client, x *tx) { want(t, "read", x.get(c.item(1, 4)), "v=4") }, "ok", "[]"},
				"not wanted": {a, func(*commit.Options) {}, func(w *world, c *client, x *tx) {
					want(t, "update", x.update(c.item(1, 2), "v", 9), "ok")
				}, "ok", "NULL"},
			} {
				run(t, name, func(t *testing.T) {
					w := threeItems(s, t)
					c := w.client(tt.configure)
					x := c.begin(tt.a.begin()...)
					tt.run(w, c, x)
					want(t, "commit", x.commit(), tt.end)
					c.drain()
					want(t, "write set", w.writeSet(x.ID()), tt.want)
				})
			}
		})
	}},
	item{ID: "B21", Title: "Without writes there is no decision, except where decisions of readers are asked for", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			for _, always := range []bool{false, true} {
				run(t, fmt.Sprint("always decide ", always), func(t *testing.T) {
					w := threeItems(s, t)
					c := w.client(func(o *commit.Options) { o.AlwaysDecide, o.SeparateValidation = always, true })
					x := c.begin(a.begin()...)
					want(t, "get", x.get(c.item(1, 0)), "v=0")
					want(t, "scan", x.keys(scanOf(c.table(itemTable), 1)), "0 2 4")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					decided := absent
					if always {
						decided = fmt.Sprint("tx_state=3 tx_created_at=", start)
					}
					want(t, "decision", w.coordinator(x.ID()), decided)
				})
			}
		})
	}},
	item{ID: "B22", Title: "A failed prepare or validation is decided as aborted and rolled back; without writes only where decisions of readers are asked for", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		aborted := fmt.Sprint("tx_state=4 tx_created_at=", start)
		run(t, "prepare", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for name, failure := range map[string]struct {
					applied bool
					err     error
					want    string
				}{
					"conflict":     {false, &storage.Error{Class: storage.ErrConflict}, "conflict"},
					"condition":    {false, &storage.Error{Class: storage.ErrCondition}, "conflict"},
					"down":         {false, down(), "storage"},
					"lost request": {false, lost(), "storage"},
					"lost reply":   {true, lost(), "storage"},
				} {
					run(t, name, func(t *testing.T) {
						w := threeItems(s, t)
						w.restrict(storage.AtomicRecord, 1)
						before := w.item(1, 0)
						c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
							if phase != "prepare" || call.Mutations[0].Table.TableName != otherTable {
								return send(ctx)
							}
							if failure.applied {
								ok(t, send(ctx))
							}
							return failure.err
						})
						x := c.begin(a.begin()...)
						want(t, "update", x.update(c.item(1, 0), "v", 9), "ok")
						want(t, "delete", x.delete(c.item(1, 2)), "ok")
						want(t, "insert", x.insert(c.in(otherTable, 1, 1), "v", 9), "ok")
						want(t, "commit", x.commit(), failure.want)
						c.drain()
						want(t, "decision", w.coordinator(x.ID()), aborted)
						want(t, "updated record", w.item(1, 0), before)
						want(t, "deleted record", w.stored(1, 2), "v=2")
						want(t, "inserted record", w.row(otherTable, 1, 1), absent)
					})
				}
			})
		})
		run(t, "validation", func(t *testing.T) {
			for _, writes := range []bool{true, false} {
				for _, always := range []bool{false, true} {
					run(t, fmt.Sprint("writes ", writes, ", always decide ", always), func(t *testing.T) {
						w := threeItems(s, t)
						before := w.item(1, 0)
						c := w.client(func(o *commit.Options) { o.AlwaysDecide, o.SeparateValidation = always, true })
						x := c.begin(isolation(commit.Serializable))
						want(t, "get", x.get(c.item(1, 2)), "v=2")
						if writes {
							want(t, "update", x.update(c.item(1, 0), "v", 9), "ok")
						}
						w.otherUpdates(1, 2, "v", 5)
						c.sent()
						want(t, "commit", x.commit(), "conflict")
						c.drain()
						decided := absent
						if writes || always {
							decided = aborted
						}
						want(t, "decision", w.coordinator(x.ID()), decided)
						want(t, "rolled back", c.sentOf("roll back") > 0, writes)
						want(t, "written record", w.item(1, 0), before)
						want(t, "read record", w.stored(1, 2), "v=5")
					})
				}
			}
		})
	}},
	item{ID: "B23", Title: "A decision that is there already: aborted or gone is a conflict, own committed is a success at its time; a coordinator that fails leaves the outcome unknown and the records prepared", Verdict: difference,
		Reason: "if every attempt is known not to have been applied, the commit is a storage failure that is aborted and rolled back", Variants: twoPhase, Test: func(t *testing.T, s *suite) {
			const committedNow = "COMMITTED 1000000"
			refused := &storage.Error{Op: "mutate", Class: storage.ErrConflict}
			for _, tt := range []struct {
				name     string
				commits  func(w *world, id string, attempt int, send func() error) error // writing the decision
				reads    error                                                           // reading it
				want     string
				decision string
				record   string // prepared, committed or rolled back
			}{
				{"aborted by another", func(w *world, id string, _ int, send func() error) error {
					w.coordinatorRow(id, "tx_state", commit.Aborted, "tx_created_at", 5)
					return send()
				}, nil, "conflict", "ABORTED 5", "rolled back"},
				{"aborted by another and cleaned up", func(w *world, id string, _ int, send func() error) error {
					w.coordinatorRow(id, "tx_state", commit.Aborted, "tx_created_at", 5)
					err := send()
					w.erase(stateTable, []storage.Value{storage.TextValue(id)})
					return err
				}, nil, "conflict", "none", "rolled back"},
				{"own, reply lost", func(w *world, _ string, attempt int, send func() error) error {
					err := send()
					if attempt == 1 {
						w.now.Add(500)
						err = lost()
					}
					return err
				}, nil, "ok", committedNow, "committed"},
				{"own, reply lost, cannot be read", func(_ *world, _ string, attempt int, send func() error) error {
					err := send()
					if attempt == 1 {
						err = lost()
					}
					return err
				}, down(), "unknown", committedNow, "prepared"},
				{"requests lost", func(*world, string, int, func() error) error { return lost() }, nil, "unknown", "none", "prepared"},
				{"replies lost", func(_ *world, _ string, _ int, send func() error) error { _ = send(); return lost() }, nil, "unknown", committedNow, "prepared"},
				{"refused each time", func(*world, string, int, func() error) error { return refused }, nil, "storage", "ABORTED 1000000", "rolled back"},
			} {
				run(t, tt.name, func(t *testing.T) {
					s.each(t, byIsolation, func(t *testing.T, a axes) {
						s.world(t).bubble(func(w *world) {
							w.committed(itemTable, 1, 1, "v", 1)
							var mu sync.Mutex
							attempts := 0
							c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
								switch {
								case phase == "read decision" && tt.reads != nil:
									return tt.reads
								case phase == "decide" && stateIn(call.Mutations[0]) == commit.Committed:
									mu.Lock()
									defer mu.Unlock()
									attempts++
									return tt.commits(w, "mine", attempts, func() error { return send(ctx) })
								}
								return send(ctx)
							})
							x := c.begin(a.begin(withID("mine"))...)
							want(w.t, "update", x.update(c.item(1, 1), "v", 2), "ok")
							want(w.t, "insert", x.insert(c.in(otherTable, 1, 1), "v", 2), "ok")
							want(w.t, "commit", x.commit(), tt.want)
							c.drain()
							want(w.t, "decision", w.decision(plainID, "mine"), tt.decision)
							updated := map[string]string{
								"rolled back": "v=1 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20",
								"committed":   version(x, "v=2", 2),
								"prepared": "v=2 tx_id=mine tx_state=1 tx_version=2 tx_prepared_at=1000000 tx_committed_at=20 before_tx_id=T0 " +
									"before_tx_state=3 before_tx_version=1 before_tx_prepared_at=10 before_tx_committed_at=20 before_v=1",
							}
							inserted := map[string]string{
								"rolled back": absent,
								"committed":   version(x, "v=2", 1),
								"prepared":    "v=2 tx_id=mine tx_state=1 tx_version=1 tx_prepared_at=1000000",
							}
							want(w.t, "updated record", w.item(1, 1), updated[tt.record])
							want(w.t, "inserted record", w.row(otherTable, 1, 1), inserted[tt.record])
						})
					})
				})
			}
		}},
	item{ID: "B24", Title: "A commit succeeds once it is decided, even if its records cannot be completed", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for name, failure := range map[string]error{"down": down(), "lost": lost(), "conflict": &storage.Error{Class: storage.ErrConflict}} {
				run(t, name, func(t *testing.T) {
					w := threeItems(s, t)
					c := w.clientWith(fail("finish", failure))
					x := c.begin(a.begin()...)
					want(t, "update", x.update(c.item(1, 0), "v", 9), "ok")
					want(t, "delete", x.delete(c.item(1, 2)), "ok")
					want(t, "insert", x.insert(c.item(1, 3), "v", 3), "ok")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					want(t, "decision", w.coordinator(x.ID()), fmt.Sprint("tx_state=3 tx_created_at=", start))
					reader := w.client()
					want(t, "what others see", reader.begin().rows(scanOf(reader.table(itemTable), 1)), "0: v=9; 3: v=3; 4: v=4;")
					reader.drain()
					want(t, "completed by them", w.item(1, 0), version(x, "v=9", 2))
					want(t, "completed by them", w.item(1, 2), absent)
					want(t, "completed by them", w.item(1, 3), version(x, "v=3", 1))
				})
			}
		})
	}},
	item{ID: "B25", Title: "A hook before prepare that fails, at once or later, aborts the transaction; the decision waits for what it started", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, tt := range []struct {
				name               string
				hook, wait         error
				before, end, after string
				stored             string
			}{
				{"succeeds", nil, nil, "get, prepare", "ok", "decide, finish", "v=9"},
				{"fails at once", errHook, nil, "", "storage", "get, decide, get", "v=2"},
				{"fails later", nil, errHook, "get, prepare", "storage", "decide, get, roll back", "v=2"},
			} {
				run(t, tt.name, func(t *testing.T) {
					w := threeItems(s, t)
					var c *client
					var told, before string
					c = w.client(func(o *commit.Options) {
						o.BeforePrepare = func(_ context.Context, p commit.Preparation) (func(context.Context) error, error) {
							told = fmt.Sprint(p.TxID, " ", p.Writes)
							return func(context.Context) error {
								before = c.sent()
								return tt.wait
							}, tt.hook
						}
					})
					x := c.begin(a.begin()...)
					want(t, "update", x.update(c.item(1, 2), "v", 9), "ok")
					err := x.Commit(t.Context())
					want(t, "commit", outcome(err), tt.end)
					want(t, "the hook's error is the cause", errors.Is(err, errHook), tt.end != "ok")
					c.drain()
					want(t, "told", told, fmt.Sprint(x.ID(), " ", []commit.Write{{Table: itemTable, Key: key(1, 2)}}))
					want(t, "calls before the hook was done", before, tt.before)
					want(t, "calls after it", c.sent(), tt.after)
					want(t, "stored", w.stored(1, 2), tt.stored)
				})
			}
		})
	}},
)

// errHook is the failure of a hook.
var errHook = errors.New("the hook has failed")

// writeSet renders the write set of a decision, NULL if it has none.
func (w *world) writeSet(id string) string {
	w.t.Helper()
	set := w.coordinatorValues(id)["tx_write_set"]
	if set.IsZero() || set.IsNull() {
		return "NULL"
	}
	groups, err := writeset.Decode(set.Bytes())
	ok(w.t, err)
	shown := []string{}
	for _, g := range groups {
		for _, e := range g.Entries {
			shown = append(shown, e.Table.String()+w.meta(e.Table).FormatKey([]storage.Value{e.Partition[0].Value, e.Clustering[0].Value}))
		}
	}
	return fmt.Sprint(shown)
}
