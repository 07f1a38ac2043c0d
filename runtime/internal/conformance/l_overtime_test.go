package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "L14", Title: "Groups: their size and end, when members are delayed or forgotten, closing, and many transactions at once under faults", Verdict: difference,
		Reason: "nobody waits for fixed times: the first member that is ready closes its group and waits as long as transactions took lately, 40 ms at most; no worker polls that could fail", Test: groupsOverTime},
)

func groupsOverTime(t *testing.T, s *suite) {
	inBubble := func(name string, test func(w *world)) {
		run(t, name, func(t *testing.T) { s.world(t).bubble(test) })
	}
	withCapacity := func(n int) func(*commit.Options) {
		return func(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{Capacity: n} }
	}
	inserted := func(c *client, p int) *tx {
		x := c.begin()
		want(c.w.t, "insert", x.insert(c.item(p, 1), "v", p), "ok")
		return x
	}
	inBubble("full", func(w *world) {
		c := w.client(withCapacity(2))
		a, b, third := inserted(c, 1), inserted(c, 2), inserted(c, 3)
		want(w.t, "first two", parentOf(a), parentOf(b))
		want(w.t, "third in another", parentOf(third) != parentOf(a), true)
		want(w.t, "third commits alone", third.commit(), "ok")
		first := a.waits()
		want(w.t, "commits", b.commit()+first(), "okok")
		want(w.t, "row", w.coordinator(parentOf(a)), groupRow(a, b))
	})
	inBubble("twenty by default", func(w *world) {
		c := w.client(groupCommits)
		first := c.begin()
		for range 19 {
			want(w.t, "in the group", parentOf(c.begin()), parentOf(first))
		}
		want(w.t, "the next one", parentOf(c.begin()) != parentOf(first), true)
	})
	inBubble("a place that was given back counts", func(w *world) {
		c := w.client(withCapacity(2))
		a := c.begin()
		a.rollback()
		b := c.begin()
		want(w.t, "the group that was emptied is over", parentOf(b) != parentOf(a), true)
	})
	inBubble("the first that is ready closes the group", func(w *world) {
		c := w.client(groupCommits)
		a, b := inserted(c, 1), inserted(c, 2)
		first := a.waits()
		third := inserted(c, 3)
		want(w.t, "another group", parentOf(third) != parentOf(a), true)
		b.rollback()
		want(w.t, "the first", first(), "ok")
		want(w.t, "the third", third.commit(), "ok")
	})
	inBubble("nobody is delayed as long as nobody is ready", func(w *world) {
		c := w.client(groupCommits)
		a, b := inserted(c, 1), inserted(c, 2)
		time.Sleep(59 * time.Second)
		first := a.waits()
		want(w.t, "commits", b.commit()+first(), "okok")
		want(w.t, "decisions", w.decisions(), parentOf(a))
	})
	inBubble("the wait is bounded", func(w *world) {
		c := w.client(func(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{MaxWindow: 7 * time.Millisecond} })
		a, b := inserted(c, 1), inserted(c, 2)
		time.Sleep(time.Second)
		begun := time.Now()
		want(w.t, "the first", a.commit(), "ok")
		want(w.t, "waited at most 7 ms", time.Since(begun) <= 7*time.Millisecond, true)
		want(w.t, "the delayed one", b.commit(), "ok")
		want(w.t, "row of the delayed one", w.coordinator(b.ID()), committedRow)
	})
	inBubble("forgotten after a time of choice", func(w *world) {
		c := w.client(func(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{AbortAfter: time.Second} })
		a := inserted(c, 1)
		time.Sleep(time.Second - time.Millisecond)
		b := inserted(c, 2)
		want(w.t, "in one group", parentOf(a), parentOf(b))
		time.Sleep(2 * time.Millisecond)
		want(w.t, "the first", a.commit(), "conflict")
		want(w.t, "the second", b.commit(), "ok")
	})
	inBubble("a member that is ready stays", func(w *world) {
		c := w.client(groupCommits)
		a, b := inserted(c, 1), inserted(c, 2)
		first := a.waits()
		a.rollback() // nothing to roll back any more
		want(w.t, "commits", b.commit()+first(), "okok")
		want(w.t, "row", w.coordinator(parentOf(a)), groupRow(a, b))
	})
	inBubble("closing waits for members", func(w *world) {
		c := w.client(groupCommits)
		a := inserted(c, 1)
		closed := make(chan error, 1)
		go func() { closed <- c.Close(w.t.Context()) }()
		synctest.Wait()
		want(w.t, "closed already", len(closed), 0)
		_, err := c.Begin(commit.BeginOptions{})
		want(w.t, "begin", outcome(err), "closed")
		want(w.t, "the member", a.commit(), "ok")
		ok(w.t, <-closed)
	})
	inBubble("closing that is cut short", func(w *world) {
		c := w.client(groupCommits)
		a := inserted(c, 1)
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		want(w.t, "cut short", errors.Is(c.Close(ctx), context.DeadlineExceeded), true)
		want(w.t, "the member", a.commit(), "closed")
		want(w.t, "decisions", w.decisions(), "")
		want(w.t, "record", w.item(1, 1), absent)
	})
	for seed := range uint64(8) {
		inBubble(fmt.Sprint("many at once under faults/", seed), func(w *world) { underFaults(w, seed) })
	}
}

// underFaults lets several clients run many transactions at once, each of which
// inserts two records of its own, while replies and requests about decisions get
// lost. In the end both records are there if the transaction is committed, and
// none if it is not.
func underFaults(w *world, seed uint64) {
	const clients, workers, each = 2, 6, 4
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	around := func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
		if phase != "decide" {
			return send(ctx)
		}
		time.Sleep(time.Duration(draw(30)) * time.Millisecond)
		switch draw(6) {
		case 0:
			return down()
		case 1:
			return lost()
		case 2:
			if err := send(ctx); err != nil {
				return err
			}
			return lost()
		default:
			return send(ctx)
		}
	}
	type end struct{ id, outcome string }
	ends := make([]end, clients*workers*each)
	var wait sync.WaitGroup
	var used []*client
	for i := range clients {
		c := w.clientWith(around, oneByOne, func(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{Capacity: 4} })
		used = append(used, c)
		c.item(1, 1)
		for j := range workers {
			wait.Go(func() {
				for k := range each {
					n := (i*workers+j)*each + k
					x := c.begin()
					time.Sleep(time.Duration(draw(60)) * time.Millisecond)
					want(w.t, "inserts", x.insert(c.item(n, 1), "v", n)+x.insert(c.item(n, 2), "v", n), "okok")
					switch draw(8) {
					case 0:
						x.rollback()
						ends[n] = end{x.ID(), "rolled back"}
					case 1:
						if _, err := w.client().Abort(w.t.Context(), x.ID()); err != nil {
							w.t.Error(err)
						}
						fallthrough
					default:
						ends[n] = end{x.ID(), x.commit()}
					}
				}
			})
		}
	}
	wait.Wait()
	for _, c := range used {
		c.drain()
	}
	w.now.Add(lifetime + 1)
	for n, e := range ends {
		first, status := w.stored(n, 1), w.status(e.id) // the look at the record aborts what is undecided
		want(w.t, "both or none", w.stored(n, 2), first)
		want(w.t, e.id+" there", first != absent, status == "COMMITTED")
		switch e.outcome {
		case "ok":
			want(w.t, "status of a committed one", status, "COMMITTED")
		case "unknown":
		default:
			want(w.t, "committed after "+e.outcome, status == "COMMITTED", false)
		}
	}
}
