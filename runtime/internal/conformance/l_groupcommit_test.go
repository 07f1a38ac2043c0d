package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// groupCommits makes the transactions of a client members of groups.
func groupCommits(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{} }

// oneByOne lets several decisions of a client be under way.
func oneByOne(o *commit.Options) { o.SingleDecisions = true }

func alwaysDecide(o *commit.Options) { o.AlwaysDecide = true }

func withWriteSets(o *commit.Options) { o.WriteSets = true }

// parentOf and childOf are the parts of the id of a member.
func parentOf(x *tx) string { return x.ID()[:24] }
func childOf(x *tx) string  { return x.ID()[25:] }

// commits begins the commit. The function it returns waits for the outcome.
func (x *tx) commits() (outcome func() string) {
	end := make(chan string, 1)
	go func() { end <- x.commit() }()
	return func() string { return <-end }
}

// waits begins the commit in a bubble and returns when it waits for its
// siblings.
func (x *tx) waits() (outcome func() string) {
	outcome = x.commits()
	synctest.Wait()
	return outcome
}

// siblings runs a test of two transactions in one group, which have written
// item (1, 1) and item (2, 1) over v = 1. It runs in a bubble, where only a wait
// for a sibling takes time.
func siblings(t *testing.T, s *suite, around around, test func(w *world, c *client, a, b *tx), configure ...func(*commit.Options)) {
	s.each(t, byIsolation, func(t *testing.T, at axes) {
		s.world(t).bubble(func(w *world) {
			c, a, b := w.siblings(at, around, configure...)
			test(w, c, a, b)
		})
	})
}

func (w *world) siblings(at axes, around around, configure ...func(*commit.Options)) (c *client, a, b *tx) {
	w.t.Helper()
	w.committed(itemTable, 1, 1, "v", 1)
	w.committed(itemTable, 2, 1, "v", 1)
	c = w.clientWith(around, append([]func(*commit.Options){groupCommits}, configure...)...)
	a, b = c.begin(at.begin()...), c.begin(at.begin()...)
	want(w.t, "in one group", parentOf(a), parentOf(b))
	want(w.t, "update", a.update(c.item(1, 1), "v", 2), "ok")
	want(w.t, "update", b.update(c.item(2, 1), "v", 2), "ok")
	return c, a, b
}

// status returns the decision on a transaction as everybody sees it.
func (w *world) status(id string) string {
	w.t.Helper()
	state, err := w.client().Status(context.Background(), id)
	if err != nil {
		return outcome(err)
	}
	return state.String()
}

// groupRow renders the row of a group that was committed while the clock stood.
func groupRow(members ...*tx) string {
	children := make([]string, len(members))
	for i, m := range members {
		children[i] = childOf(m)
	}
	return fmt.Sprintf("tx_child_ids=%s tx_state=3 tx_created_at=%d", strings.Join(children, ","), start)
}

// What siblings leaves of a record.
const unwritten = "v=1 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20"

// The rows of single transactions that were decided while the clock stood.
const (
	committedRow = "tx_state=3 tx_created_at=1000000"
	abortedRow   = "tx_state=4 tx_created_at=1000000"
)

var _ = items(
	item{ID: "L01", Title: "The id of a member is 24 letters and digits, a $ and its own; transactions of one group share the first part", Verdict: pass, Test: memberIDs},
	item{ID: "L02", Title: "A sibling that does not commit holds nobody up for long, and commits later in a row of its own", Verdict: pass, Test: func(t *testing.T, s *suite) {
		siblings(t, s, nil, func(w *world, _ *client, fast, slow *tx) {
			begun := time.Now()
			want(w.t, "fast", fast.commit(), "ok")
			want(w.t, "waited at most 40 ms", time.Since(begun) <= 40*time.Millisecond, true)
			time.Sleep(10 * time.Second)
			want(w.t, "status of slow", w.status(slow.ID()), "UNKNOWN")
			want(w.t, "slow", slow.commit(), "ok")
			want(w.t, "row of the group", w.coordinator(parentOf(fast)), groupRow(fast))
			want(w.t, "row of slow", w.coordinator(slow.ID()), committedRow)
			want(w.t, "statuses", w.status(fast.ID())+w.status(slow.ID()), "COMMITTEDCOMMITTED")
			want(w.t, "record of fast", w.item(1, 1), version(fast, "v=2", 2))
			want(w.t, "record of slow", w.item(2, 1), version(slow, "v=2", 2))
		})
	}},
	item{ID: "L03", Title: "A sibling that fails to prepare is aborted, the other commits without it", Verdict: pass, Test: func(t *testing.T, s *suite) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			waiting := a.waits()
			w.otherUpdates(2, 1, "v", 5)
			want(w.t, "failing sibling", b.commit(), "conflict")
			want(w.t, "the other", waiting(), "ok")
			c.drain()
			want(w.t, "row of the group", w.coordinator(parentOf(a)), groupRow(a))
			want(w.t, "row of the failing one", w.coordinator(b.ID()), abortedRow)
			want(w.t, "statuses", w.status(a.ID())+" "+w.status(b.ID()), "COMMITTED ABORTED")
			want(w.t, "record", w.item(1, 1), version(a, "v=2", 2))
			want(w.t, "record of the failing one", w.stored(2, 1), "v=5")
		})
	}},
	item{ID: "L04", Title: "Siblings that each read what the other writes: under SERIALIZABLE one of them is aborted, in its group or delayed", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, delayed := range map[string]bool{"delayed": true, "in the group": false} {
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, at axes) {
					s.world(t).bubble(func(w *world) { skewOfSiblings(w, at, delayed) })
				})
			})
		}
	}},
	item{ID: "L05", Title: "If all siblings are aborted nothing is stored", Verdict: pass, Test: func(t *testing.T, s *suite) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			want(w.t, "another write", a.insert(c.item(1, 2), "v", 2), "ok")
			want(w.t, "another write", b.insert(c.item(2, 2), "v", 2), "ok")
			w.otherUpdates(1, 1, "v", 5)
			w.otherUpdates(2, 1, "v", 5)
			first := a.commits()
			want(w.t, "second", b.commit(), "conflict")
			want(w.t, "first", first(), "conflict")
			c.drain()
			want(w.t, "row of the group", w.coordinator(parentOf(a)), absent)
			want(w.t, "statuses", w.status(a.ID())+" "+w.status(b.ID()), "ABORTED ABORTED")
			for p := 1; p <= 2; p++ {
				want(w.t, "changed by others", w.stored(p, 1), "v=5")
				want(w.t, "inserted", w.item(p, 2), absent)
			}
		})
		run(t, "rolled back", func(t *testing.T) {
			siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
				a.rollback()
				b.rollback()
				c.drain()
				want(w.t, "decisions", w.decisions(), "")
				want(w.t, "records", w.item(1, 1)+w.item(2, 1), unwritten+unwritten)
			})
		})
	}},
	item{ID: "L06", Title: "Siblings that are ready at the same time share one row, and their records its time", Verdict: pass, Test: func(t *testing.T, s *suite) {
		siblings(t, s, nil, func(w *world, _ *client, a, b *tx) {
			begun := time.Now()
			first := a.waits()
			w.now.Add(5)
			want(w.t, "second", b.commit(), "ok")
			want(w.t, "first", first(), "ok")
			want(w.t, "waited", time.Since(begun), 0)
			want(w.t, "decisions", w.decisions(), parentOf(a))
			want(w.t, "row", w.coordinator(parentOf(a)), fmt.Sprintf("tx_child_ids=%s,%s tx_state=3 tx_created_at=1000005", childOf(a), childOf(b)))
			want(w.t, "record", w.item(1, 1), storedRow("v=2", a.ID(), 2, 1000000, 1000005))
			want(w.t, "record", w.item(2, 1), storedRow("v=2", b.ID(), 2, 1000005, 1000005))
		})
	}},
	item{ID: "L07", Title: "An abort by id wins over the row of the group that is on its way", Verdict: pass, Test: abortedOnTheWay},
	item{ID: "L08", Title: "The write set of a group has a part for each child that wrote, that of a delayed member a single one", Verdict: pass, Test: writeSetsOfGroups},
	item{ID: "L09", Title: "The row of a group that cannot be written: a conflict for all members if it is there, else unknown", Verdict: difference,
		Reason: "if it certainly was not written the members are aborted, with a storage failure", Test: groupsThatFail},
	item{ID: "L10", Title: "A transaction whose place in a group was given up cannot commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		siblings(t, s, nil, func(w *world, _ *client, a, b *tx) {
			time.Sleep(61 * time.Second)
			for _, x := range []*tx{a, b} {
				err := x.Commit(w.t.Context())
				want(w.t, "commit", outcome(err), "conflict")
				want(w.t, "code", codeOf(err), "DB-CORE-20015")
			}
			want(w.t, "decisions", w.decisions(), "")
			want(w.t, "records", w.item(1, 1)+w.item(2, 1), unwritten+unwritten)
		})
	}},
)

func memberIDs(t *testing.T, s *suite) {
	s.each(t, byIsolation, func(t *testing.T, at axes) {
		w := s.world(t)
		c := w.client(groupCommits)
		a, b := c.begin(at.begin()...), c.begin(at.begin(withID("T9"))...)
		want(t, "length", len(a.ID()), 24+1+len("tx-1"))
		want(t, "letters and digits", strings.Trim(parentOf(a), "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), "")
		want(t, "the rest", a.ID()[24:], "$tx-1")
		want(t, "the other", b.ID(), parentOf(a)+"$T9")
		want(t, "insert", a.insert(c.item(1, 1), "v", 1), "ok")
		b.rollback()
		want(t, "commit", a.commit(), "ok")
		want(t, "id on the record", w.item(1, 1), version(a, "v=1", 1))
		want(t, "row", w.coordinator(parentOf(a)), groupRow(a))
		next := c.begin(at.begin()...)
		want(t, "the next group is another", parentOf(next) != parentOf(a), true)
	})
	run(t, "longest id", func(t *testing.T) {
		w := s.world(t)
		c := w.client(groupCommits)
		x := c.begin(withID(strings.Repeat("x", 39)))
		want(t, "length", len(x.ID()), 64)
		want(t, "insert", x.insert(c.item(1, 1), "v", 1), "ok")
		want(t, "commit", x.commit(), "ok")
		want(t, "status", w.status(x.ID()), "COMMITTED")
	})
}

// skewOfSiblings commits two siblings that each read what the other writes, the
// second after the first, which waits for it or has left it behind.
func skewOfSiblings(w *world, at axes, delayed bool) {
	c, a, b := w.siblings(at, nil)
	want(w.t, "read", a.get(c.item(2, 1)), "v=1")
	want(w.t, "read", b.get(c.item(1, 1)), "v=1")
	first := a.waits()
	if delayed {
		want(w.t, "first", first(), "ok")
	}
	want(w.t, "second", b.commit(), serialConflict(at))
	if !delayed {
		want(w.t, "first", first(), "ok")
	}
	c.drain()
	end := map[bool]string{true: "ABORTED", false: "COMMITTED"}[at.is(commit.Serializable)]
	want(w.t, "statuses", w.status(a.ID())+" "+w.status(b.ID()), "COMMITTED "+end)
	want(w.t, "in a row of its own", w.coordinator(b.ID()) != absent, delayed || at.is(commit.Serializable))
	want(w.t, "record of the first", w.item(1, 1), version(a, "v=2", 2))
	stored := version(b, "v=2", 2)
	if at.is(commit.Serializable) {
		stored = unwritten
	}
	want(w.t, "record of the second", w.item(2, 1), stored)
}

func abortedOnTheWay(t *testing.T, s *suite) {
	run(t, "in flight", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, at axes) {
			s.world(t).bubble(func(w *world) {
				aborted := ""
				c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
					if id := call.Mutations; phase == "decide" && len(id[0].Key[0].Text()) == 24 {
						state, err := w.client().Abort(w.t.Context(), id[0].Key[0].Text()+"$T1")
						ok(w.t, err)
						aborted = state.String()
					}
					return send(ctx)
				}, groupCommits)
				a, b := c.begin(at.begin(withID("T1"))...), c.begin(at.begin(withID("T2"))...)
				want(w.t, "insert", a.insert(c.item(1, 1), "v", 2), "ok")
				want(w.t, "insert", b.insert(c.item(2, 1), "v", 2), "ok")
				first := a.commits()
				want(w.t, "commit of the sibling", b.commit(), "conflict")
				want(w.t, "commit", first(), "conflict")
				want(w.t, "abort", aborted, "ABORTED")
				c.drain()
				want(w.t, "marker", w.coordinator(parentOf(a)), abortedRow)
				want(w.t, "row", w.coordinator(a.ID()), abortedRow)
				want(w.t, "status", w.status(a.ID()), "ABORTED")
				want(w.t, "records", w.item(1, 1)+w.item(2, 1), absent+absent)
			})
		})
	})
	run(t, "before", func(t *testing.T) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			state, err := w.client().Abort(w.t.Context(), a.ID())
			ok(w.t, err)
			want(w.t, "abort", state, commit.Aborted)
			first := a.commits()
			want(w.t, "commit of the sibling", b.commit(), "conflict")
			want(w.t, "commit", first(), "conflict")
			c.drain()
			want(w.t, "status", w.status(a.ID()), "ABORTED")
			want(w.t, "records", w.item(1, 1)+w.item(2, 1), unwritten+unwritten)
		})
	})
	run(t, "delayed", func(t *testing.T) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			want(w.t, "commit", a.commit(), "ok")
			state, err := w.client().Abort(w.t.Context(), b.ID())
			ok(w.t, err)
			want(w.t, "abort", state, commit.Aborted)
			want(w.t, "commit of the delayed one", b.commit(), "conflict")
			c.drain()
			want(w.t, "statuses", w.status(a.ID())+" "+w.status(b.ID()), "COMMITTED ABORTED")
			want(w.t, "records", w.item(1, 1)+"; "+w.item(2, 1), version(a, "v=2", 2)+"; "+unwritten)
		})
	})
}

// parts renders the write set of a coordinator row, as in
// "T1: item 1 1, item 1 2; : item 2 1"; none if there is none.
func (w *world) parts(id string) string {
	w.t.Helper()
	stored := w.coordinatorValues(id)["tx_write_set"]
	if stored.IsNull() {
		return "none"
	}
	groups, err := writeset.Decode(stored.Bytes())
	ok(w.t, err)
	parts := make([]string, len(groups))
	for i, g := range groups {
		entries := make([]string, len(g.Entries))
		for j, e := range g.Entries {
			entries[j] = e.Table.Name
			for _, c := range append(e.Partition, e.Clustering...) {
				entries[j] += " " + c.Value.String()
			}
		}
		parts[i] = g.Child + ": " + strings.Join(entries, ", ")
	}
	return strings.Join(parts, "; ")
}

func writeSetsOfGroups(t *testing.T, s *suite) {
	run(t, "group", func(t *testing.T) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			idle := c.begin() // a member too, since it is decided
			want(w.t, "delete", a.delete(c.item(1, 9)), "ok")
			want(w.t, "insert", a.insert(c.item(1, 2)), "ok")
			first, second := a.waits(), b.waits()
			want(w.t, "commit", idle.commit(), "ok")
			want(w.t, "commits", first()+second(), "okok")
			want(w.t, "row", w.coordinator(parentOf(a)), groupRow(a, b, idle))
			want(w.t, "write set", w.parts(parentOf(a)), "tx-1: item 1 1, item 1 2, item 1 9; tx-2: item 2 1")
		}, withWriteSets, alwaysDecide)
	})
	run(t, "nothing written", func(t *testing.T) {
		s.world(t).bubble(func(w *world) {
			c := w.client(groupCommits, withWriteSets, alwaysDecide)
			a, b := c.begin(), c.begin(readOnly)
			first := a.waits()
			want(w.t, "commits", b.commit()+first(), "okok")
			want(w.t, "row", w.coordinator(parentOf(a)), groupRow(a, b))
			want(w.t, "write set", w.coordinatorValues(parentOf(a))["tx_write_set"], storage.BlobValue([]byte{8, 1, 18, 0}))
		})
	})
	run(t, "delayed", func(t *testing.T) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			want(w.t, "insert", b.insert(c.item(2, 2)), "ok")
			want(w.t, "commits", a.commit()+b.commit(), "okok")
			want(w.t, "write set", w.parts(parentOf(a)), "tx-1: item 1 1")
			want(w.t, "write set of the delayed one", w.parts(b.ID()), ": item 2 1, item 2 2")
		}, withWriteSets)
	})
	run(t, "aborted", func(t *testing.T) {
		siblings(t, s, nil, func(w *world, c *client, a, b *tx) {
			w.otherUpdates(2, 1, "v", 5)
			first := a.commits()
			want(w.t, "commits", b.commit()+first(), "conflictok")
			want(w.t, "write set", w.parts(parentOf(a)), "tx-1: item 1 1")
			want(w.t, "write set of the aborted one", w.parts(b.ID()), ": item 2 1")
		}, withWriteSets)
	})
}

func groupsThatFail(t *testing.T, s *suite) {
	const left = "v=2 tx_id=%s tx_state=1 tx_version=2 tx_prepared_at=1000000 tx_committed_at=20" +
		" before_tx_id=T0 before_tx_state=3 before_tx_version=1 before_tx_prepared_at=10 before_tx_committed_at=20 before_v=1"
	onGroupRow := func(do func(send func() error) error) around {
		return func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
			if phase == "decide" && len(call.Mutations[0].Key[0].Text()) == 24 {
				return do(func() error { return send(ctx) })
			}
			return send(ctx)
		}
	}
	answer := func(err error) around { return onGroupRow(func(func() error) error { return err }) }
	for _, tt := range []struct {
		name    string
		meets   around
		commit  string
		code    string
		rolled  bool // the records are rolled back
		decided string
	}{
		{"a marker is there", nil, "conflict", "DB-CORE-20015", true, "UNKNOWN"},
		{"request lost", answer(lost()), "unknown", "DB-CORE-40003", false, "UNKNOWN"},
		{"unclassified", answer(errRefused), "unknown", "DB-CORE-40003", false, "UNKNOWN"},
		{"not written", answer(down()), "storage", "DB-CORE-30036", true, "ABORTED"},
		{"reply lost", onGroupRow(func(send func() error) error {
			if err := send(); err != nil {
				return err
			}
			return lost()
		}), "ok", "", false, "COMMITTED"},
	} {
		run(t, tt.name, func(t *testing.T) {
			siblings(t, s, tt.meets, func(w *world, c *client, a, b *tx) {
				if tt.name == "a marker is there" {
					w.coordinatorRow(parentOf(a), "tx_state", commit.Aborted, "tx_created_at", 77)
				}
				first := make(chan error, 1)
				go func() { first <- a.Commit(w.t.Context()) }()
				for _, err := range []error{b.Commit(w.t.Context()), <-first} {
					want(w.t, "commit", outcome(err), tt.commit)
					want(w.t, "code", codeOf(err), tt.code)
				}
				c.drain()
				for p, x := range map[int]*tx{1: a, 2: b} {
					stored := fmt.Sprintf(left, x.ID())
					switch {
					case tt.rolled:
						stored = unwritten
					case tt.commit == "ok":
						stored = version(x, "v=2", 2)
					}
					want(w.t, "record", w.item(p, 1), stored)
					want(w.t, "status", w.status(x.ID()), tt.decided)
				}
			})
		})
	}
}
