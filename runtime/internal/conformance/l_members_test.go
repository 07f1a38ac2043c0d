package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "L11", Title: "A read-only transaction is a member of a group only if it is to be decided, and one that is gives its place back", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, end := range map[string]func(x *tx){
			"commit":   func(x *tx) { want(x.c.w.t, "commit of the read-only one", x.commit(), "ok") },
			"rollback": (*tx).rollback,
		} {
			run(t, "not decided/"+name, func(t *testing.T) {
				siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
					reader := c.begin(readOnly)
					want(w.t, "id", reader.ID(), "tx-3")
					c.sent()
					first := a.waits()
					end(reader)
					want(w.t, "commits", b.commit()+first(), "okok")
					want(w.t, "row", w.coordinator(parentOf(a)), groupRow(a, b))
				})
			})
			run(t, "decided/"+name, func(t *testing.T) {
				siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
					reader := c.begin(readOnly)
					want(w.t, "id", reader.ID(), parentOf(a)+"$tx-3")
					begun := time.Now()
					first, second := a.waits(), b.waits()
					end(reader)
					want(w.t, "commits", first()+second(), "okok")
					want(w.t, "waited", time.Since(begun), 0)
					row := groupRow(a, b)
					if name == "commit" {
						row = groupRow(a, b, reader)
					}
					want(w.t, "row", w.coordinator(parentOf(a)), row)
				}, alwaysDecide)
			})
		}
	}},
	item{ID: "L12", Title: "A transaction that needs no decision gives its place back before it goes on: without writes, in one phase, or when it fails before it prepares", Verdict: difference,
		Reason: "the place is also given back if a read before the commit fails; whether one phase will do cannot fail here", Test: func(t *testing.T, s *suite) {
			run(t, "without writes", func(t *testing.T) {
				releases(t, s, "get", "ok", nil, func(x *tx, c *client) { want(c.w.t, "read", x.get(c.item(2, 1)), "v=1") }, commit.Serializable)
				releases(t, s, "", "ok", nil, func(x *tx, c *client) { want(c.w.t, "read", x.get(c.item(2, 1)), "v=1") })
			})
			run(t, "in one phase", func(t *testing.T) {
				for name, tt := range map[string]struct {
					failure error
					end     string
				}{"succeeds": {nil, "ok"}, "refused": {refused(), "conflict"}, "down": {down(), "storage"}, "lost": {lost(), "unknown"}} {
					run(t, name, func(t *testing.T) {
						releases(t, s, "one phase", tt.end, tt.failure, func(x *tx, c *client) { x.did("update", c.item(2, 1), "v", 3) })
					})
				}
			})
			run(t, "record cannot be read", func(t *testing.T) {
				failsBeforePrepare(t, s, down(), "storage")
			})
			run(t, "record is in flight", func(t *testing.T) {
				failsBeforePrepare(t, s, nil, "uncommitted")
			})
		}},
	item{ID: "L13", Title: "A transaction that is aborted leaves its group before its ABORTED row is written", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, at := range map[string]string{"prepare fails": "prepare", "validation fails": "scan"} {
			run(t, name, func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					var other chan string
					c, a, b := w.siblings(axes{Isolation: commit.Serializable}, func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
						switch {
						case phase == at && at == "scan" && other != nil, phase == at && len(call.Mutations) > 0 && call.Mutations[0].Key[0].Int64() == 2:
							return &storage.Error{Op: phase, Class: storage.ErrConflict, Err: errRefused}
						case phase == "decide" && strings.HasSuffix(call.Mutations[0].Key[0].Text(), "$tx-2"):
							want(w.t, "the other, before the row of the aborted one", <-other, "ok")
						}
						return send(ctx)
					}, oneByOne)
					if at == "scan" {
						want(w.t, "scan", b.keys(scanOf(c.table(itemTable), 3)), "")
					}
					begun := time.Now()
					other = make(chan string, 1)
					go func() { other <- a.commit() }()
					synctest.Wait()
					b.commit()
					want(w.t, "waited", time.Since(begun), 0)
					c.drain()
					want(w.t, "row of the group", w.coordinator(parentOf(a)), groupRow(a))
					want(w.t, "row of the aborted one", w.coordinator(b.ID()), abortedRow)
				})
			})
		}
	}},
	item{ID: "L15", Title: "An abort by id of a member, whatever rows are there of its group and of itself", Verdict: pass, Test: abortsOfMembers},
	item{ID: "L16", Title: "The status of a member: from the row of its group, or its own; a failure to read them is reported", Verdict: pass, Test: statusesOfMembers},
	item{ID: "L17", Title: "Finishing a member removes the row that decides it, and no other", Verdict: pass, Test: finishedMembers},
)

// releases lets a transaction commit beside a sibling that is ready, and holds
// its calls of a phase back until the sibling is committed.
func releases(t *testing.T, s *suite, phase, end string, failure error, do func(x *tx, c *client), levels ...commit.Isolation) {
	s.each(t, byIsolation, func(t *testing.T, at axes) {
		if levels != nil && !at.is(levels...) {
			return
		}
		s.world(t).bubble(func(w *world) {
			w.restrict(storage.AtomicPartition, 0)
			w.committed(itemTable, 1, 1, "v", 1)
			w.committed(itemTable, 2, 1, "v", 1)
			var sibling chan string
			c := w.clientWith(func(ctx context.Context, p string, call faulty.Call, send func(context.Context) error) error {
				if sibling != nil && p == phase && (p != "get" || call.Gets[0].Key[0].Int64() == 2) {
					select {
					case got := <-sibling:
						want(w.t, "sibling", got, "ok")
						sibling <- got
					case <-time.After(time.Second):
						w.t.Error("the place is not given back")
					}
					if failure != nil {
						return failure
					}
				}
				return send(ctx)
			}, groupCommits, onePhase, oneByOne)
			a, b := c.begin(at.begin()...), c.begin(at.begin()...)
			want(w.t, "first write", a.insert(c.item(1, 2), "v", 2), "ok")
			want(w.t, "second write", a.insert(c.item(3, 2), "v", 2), "ok")
			do(b, c)
			begun := time.Now()
			sibling = make(chan string, 1)
			go func() { sibling <- a.commit() }()
			synctest.Wait()
			want(w.t, "commit", b.commit(), end)
			want(w.t, "sibling", <-sibling, "ok")
			want(w.t, "row of the group", w.coordinator(parentOf(a)), groupRow(a))
			want(w.t, "row of its own", w.coordinator(b.ID()), absent)
			if end != "unknown" {
				want(w.t, "waited", time.Since(begun), 0)
			}
		})
	})
}

// failsBeforePrepare lets the commit of a transaction fail beside a sibling that
// is ready: the record that it writes is in flight, or cannot be read.
func failsBeforePrepare(t *testing.T, s *suite, failure error, end string) {
	siblings(t, s, func(ctx context.Context, p string, call faulty.Call, send func(context.Context) error) error {
		if failure != nil && p == "get" && call.Gets[0].Key[0].Int64() == 7 {
			return failure
		}
		return send(ctx)
	}, func(w *world, c *client, a, b *tx) {
		w.prepared(7, 7, commit.Prepared, w.justNow(), "T1")
		want(w.t, "upsert", b.upsert(c.item(7, 7), "v", 3), "ok")
		begun := time.Now()
		first := a.waits()
		want(w.t, "commit", b.commit(), end)
		want(w.t, "sibling", first(), "ok")
		want(w.t, "waited", time.Since(begun), 0)
		want(w.t, "row of the group", w.coordinator(parentOf(a)), groupRow(a))
	})
}

func abortsOfMembers(t *testing.T, s *suite) {
	const full = parentID + "$T1"
	row := func(id string, pairs ...any) func(w *world) { return func(w *world) { w.coordinatorRow(id, pairs...) } }
	for _, tt := range []struct {
		name  string
		setUp []func(w *world)
		state commit.State
		// The rows afterwards.
		parent, own string
	}{
		{"nothing written", nil, commit.Aborted, abortedRow, abortedRow},
		{"committed with its group", []func(*world){row(parentID, "tx_child_ids", "T1,"+sibling, "tx_state", commit.Committed, "tx_created_at", 77)}, commit.Committed,
			"tx_child_ids=T1,another tx_state=3 tx_created_at=77", absent},
		{"aborted with its group", []func(*world){row(parentID, "tx_child_ids", "T1,"+sibling, "tx_state", commit.Aborted, "tx_created_at", 77)}, commit.Aborted,
			"tx_child_ids=T1,another tx_state=4 tx_created_at=77", absent},
		{"group committed without it", []func(*world){row(parentID, "tx_child_ids", sibling, "tx_state", commit.Committed, "tx_created_at", 76)}, commit.Aborted,
			"tx_child_ids=another tx_state=3 tx_created_at=76", abortedRow},
		{"name of a sibling begins like its own", []func(*world){row(parentID, "tx_child_ids", "T12", "tx_state", commit.Committed, "tx_created_at", 76)}, commit.Aborted,
			"tx_child_ids=T12 tx_state=3 tx_created_at=76", abortedRow},
		{"committed as a delayed one", []func(*world){
			row(parentID, "tx_child_ids", sibling, "tx_state", commit.Committed, "tx_created_at", 76), row(full, "tx_state", commit.Committed, "tx_created_at", 77),
		}, commit.Committed, "tx_child_ids=another tx_state=3 tx_created_at=76", "tx_state=3 tx_created_at=77"},
		{"sibling was aborted by id", []func(*world){row(parentID, "tx_state", commit.Aborted, "tx_created_at", 76)}, commit.Aborted,
			"tx_state=4 tx_created_at=76", abortedRow},
		{"aborted by id before", []func(*world){row(parentID, "tx_state", commit.Aborted, "tx_created_at", 76), row(full, "tx_state", commit.Aborted, "tx_created_at", 77)},
			commit.Aborted, "tx_state=4 tx_created_at=76", "tx_state=4 tx_created_at=77"},
	} {
		run(t, tt.name, func(t *testing.T) {
			w := s.world(t)
			for _, do := range tt.setUp {
				do(w)
			}
			state, err := w.client().Abort(t.Context(), full)
			ok(t, err)
			want(t, "state", state, tt.state)
			want(t, "row of the group", w.coordinator(parentID), tt.parent)
			want(t, "row of its own", w.coordinator(full), tt.own)
		})
	}
	// The row of the group is in the way and then gone.
	for name, tt := range map[string]struct {
		setUp func(w *world)
		state commit.State
		own   string
	}{
		"group finished, no row of its own": {func(*world) {}, commit.Aborted, abortedRow},
		"group finished, committed":         {row(full, "tx_state", commit.Committed, "tx_created_at", 77), commit.Committed, "tx_state=3 tx_created_at=77"},
	} {
		run(t, name, func(t *testing.T) {
			w := s.world(t)
			tt.setUp(w)
			c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
				if phase == "decide" && call.Mutations[0].Key[0].Text() == parentID {
					return refused()
				}
				return send(ctx)
			})
			state, err := c.Abort(t.Context(), full)
			ok(t, err)
			want(t, "state", state, tt.state)
			want(t, "row of the group", w.coordinator(parentID), absent)
			want(t, "row of its own", w.coordinator(full), tt.own)
		})
	}
	for name, tt := range map[string]struct {
		fails int // which write
		rows  string
	}{"marker cannot be written": {1, ""}, "row cannot be written": {2, parentID}} {
		run(t, name, func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				ids := map[string]bool{}
				var mu sync.Mutex
				c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
					if phase == "decide" {
						mu.Lock()
						ids[call.Mutations[0].Key[0].Text()] = true
						n := len(ids)
						mu.Unlock()
						if n == tt.fails {
							return lost()
						}
					}
					return send(ctx)
				})
				_, err := c.Abort(w.t.Context(), full)
				want(w.t, "abort", outcome(err), "unknown")
				want(w.t, "rows", w.decisions(), tt.rows)
			})
		})
	}
}

func statusesOfMembers(t *testing.T, s *suite) {
	const full = parentID + "$T1"
	for name, tt := range map[string]struct {
		parent, own []any
		status      string
	}{
		"no row":                           {nil, nil, "UNKNOWN"},
		"listed, committed":                {[]any{"tx_child_ids", "T1", "tx_state", commit.Committed}, nil, "COMMITTED"},
		"listed among others":              {[]any{"tx_child_ids", "T0,T1,T2", "tx_state", commit.Committed}, nil, "COMMITTED"},
		"listed, aborted":                  {[]any{"tx_child_ids", "T1", "tx_state", commit.Aborted}, nil, "ABORTED"},
		"not listed":                       {[]any{"tx_child_ids", "T12,T", "tx_state", commit.Committed}, nil, "UNKNOWN"},
		"marker":                           {[]any{"tx_state", commit.Aborted}, nil, "UNKNOWN"},
		"own row, committed":               {nil, []any{"tx_state", commit.Committed}, "COMMITTED"},
		"own row, aborted":                 {nil, []any{"tx_state", commit.Aborted}, "ABORTED"},
		"own row beside a marker":          {[]any{"tx_state", commit.Aborted}, []any{"tx_state", commit.Committed}, "COMMITTED"},
		"own row beside that of its group": {[]any{"tx_child_ids", sibling, "tx_state", commit.Committed}, []any{"tx_state", commit.Aborted}, "ABORTED"},
	} {
		run(t, name, func(t *testing.T) {
			w := s.world(t)
			parent := "UNKNOWN"
			for id, row := range map[string][]any{parentID: tt.parent, full: tt.own} {
				if row != nil {
					w.coordinatorRow(id, append(row, "tx_created_at", 77)...)
				}
			}
			if tt.parent != nil {
				parent = tt.parent[len(tt.parent)-1].(commit.State).String()
			}
			want(t, "status", w.status(full), tt.status)
			want(t, "status of the group's row", w.status(parentID), parent)
		})
	}
	for _, n := range []int32{1, 2} {
		run(t, fmt.Sprint("read ", n, " fails"), func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				var calls atomic.Int32
				c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
					if phase == "read decision" && calls.Add(1) >= n {
						return down()
					}
					return send(ctx)
				})
				_, err := c.Status(w.t.Context(), full)
				want(w.t, "status", outcome(err), "storage")
			})
		})
	}
}

func finishedMembers(t *testing.T, s *suite) {
	const full = parentID + "$T1"
	row := func(w *world, id string, groups map[string][]int, pairs ...any) {
		w.coordinatorRow(id, append(pairs, "tx_created_at", 77, "tx_write_set", writeSetOf(groups))...)
	}
	for name, tt := range map[string]struct {
		setUp   func(w *world)
		id      string
		rows    string // that stay
		forward bool
	}{
		"in its group": {func(w *world) {
			row(w, parentID, map[string][]int{"T1": {1, 1}}, "tx_state", commit.Committed, "tx_child_ids", "T1,"+sibling)
		}, full, "", true},
		"by the id of the group": {func(w *world) {
			row(w, parentID, map[string][]int{"T1": {1, 1}}, "tx_state", commit.Committed, "tx_child_ids", "T1,"+sibling)
		}, parentID, "", true},
		"in a row of its own": {func(w *world) {
			row(w, full, map[string][]int{"": {1, 1}}, "tx_state", commit.Committed)
		}, full, "", true},
		"in a row of its own, beside a marker": {func(w *world) {
			row(w, full, map[string][]int{"": {1, 1}}, "tx_state", commit.Committed)
			w.coordinatorRow(parentID, "tx_state", commit.Aborted, "tx_created_at", 76)
		}, full, parentID, true},
		"in a row of its own, beside that of its group": {func(w *world) {
			row(w, full, map[string][]int{"": {1, 1}}, "tx_state", commit.Committed)
			row(w, parentID, map[string][]int{sibling: {1, 2}}, "tx_state", commit.Committed, "tx_child_ids", sibling)
		}, full, parentID, true},
		"aborted, beside a marker": {func(w *world) {
			row(w, full, map[string][]int{"": {1, 1}}, "tx_state", commit.Aborted)
			w.coordinatorRow(parentID, "tx_state", commit.Aborted, "tx_created_at", 76)
		}, full, parentID, false},
	} {
		run(t, name, func(t *testing.T) {
			w := s.world(t)
			w.prepared(1, 1, commit.Prepared, w.longAgo(), full)
			tt.setUp(w)
			done, err := w.client().Finish(t.Context(), tt.id)
			ok(t, err)
			want(t, "done", done, true)
			want(t, "rows", w.decisions(), tt.rows)
			stored := rolledBack
			if tt.forward {
				stored = rolledForward(full, w.longAgo(), 77)
			}
			want(t, "record", w.item(1, 1), stored)
		})
	}
}
