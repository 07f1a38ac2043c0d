package commit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

func waiting(patience time.Duration) func(*Options) {
	return func(o *Options) { o.Wait = patience }
}

// A line is served in the order of arrival, whoever leaves it and when.
func TestQueueIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		quits []int  // in this order
		turns string // the waiters whose turn it is or was, after each
	}{
		{"in order", []int{0, 1, 2}, "0 01 012 012"},
		{"the last first", []int{2, 1, 0}, "0 0 0 0"},
		{"the middle one gives up", []int{1, 0, 2}, "0 0 02 02"},
		{"the first two at once", []int{0, 1}, "0 01 012"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var q queue
			waiters := []*waiter{q.join("r"), q.join("r"), q.join("r")}
			other := q.join("another record")
			turns := func() (s string) {
				for i, w := range waiters {
					select {
					case <-w.turn:
						s += fmt.Sprint(i)
					default:
					}
				}
				return s
			}
			got := turns()
			for _, i := range tt.quits {
				q.quit("r", waiters[i])
				got += " " + turns()
			}
			want(t, "turns", got, tt.turns)
			select {
			case <-other.turn:
			default:
				t.Error("the line of another record is held up")
			}
			if left, counted := len(q.lines["r"]), int(q.waiters.Load()); left != len(waiters)-len(tt.quits) || counted != left+1 {
				t.Errorf("%d are left in the line, %d are counted", left, counted)
			}
			if _, there := q.lines["r"]; there && len(q.lines["r"]) == 0 {
				t.Error("an empty line is kept")
			}
		})
	}
}

// What a read that meets a record in flight returns, and when.
func TestReadThatWaits(t *testing.T) {
	t.Parallel()
	decide := func(state State) func(*world) {
		return func(w *world) { w.decide("T1", state, 77) }
	}
	again := func(w *world) { w.prepared(Prepared, time.Now().UnixMilli(), "T2") }
	const fresh, old = newValue, oldValue
	for _, tt := range []struct {
		name      string
		patience  time.Duration
		isolation Isolation
		deadline  time.Duration // of the caller, 0 for none
		cancel    time.Duration // when the caller gives up, 0 for never
		after     time.Duration // when happens happens, 0 for never
		happens   func(*world)
		fails     bool // reads fail from then on
		want      string
		took      time.Duration
	}{
		{name: "off", want: "uncommitted"},
		{name: "committed", patience: time.Second, after: 100 * time.Millisecond, happens: decide(Committed), want: fresh, took: 113 * time.Millisecond},
		{name: "committed, SERIALIZABLE", isolation: Serializable, patience: time.Second, after: 10 * time.Millisecond, happens: decide(Committed), want: fresh, took: 15 * time.Millisecond},
		{name: "aborted", patience: time.Second, after: 2 * time.Millisecond, happens: decide(Aborted), want: old, took: 3 * time.Millisecond},
		{name: "completed and finished", patience: time.Second, after: 20 * time.Millisecond, happens: func(w *world) { w.item(1, 1, "T1", "v", 2) }, want: fresh, took: 31 * time.Millisecond},
		{name: "removed", patience: time.Second, after: 20 * time.Millisecond, happens: func(w *world) { w.remove(1, 1) }, want: "absent", took: 31 * time.Millisecond},
		{name: "in vain", patience: 300 * time.Millisecond, want: "uncommitted", took: 300 * time.Millisecond},
		{name: "half of the deadline", patience: time.Minute, deadline: time.Second, want: "uncommitted", took: 500 * time.Millisecond},
		{name: "less than half of the deadline", patience: 300 * time.Millisecond, deadline: time.Second, want: "uncommitted", took: 300 * time.Millisecond},
		{name: "cancelled", patience: time.Minute, cancel: 200 * time.Millisecond, want: "uncommitted", took: 200 * time.Millisecond},
		{name: "expired", patience: time.Minute, want: old, took: 15*time.Second + 13*time.Millisecond},
		{name: "prepared again: the patience is not renewed", patience: 300 * time.Millisecond, after: 200 * time.Millisecond, happens: again, want: "uncommitted", took: 300 * time.Millisecond},
		{name: "unreadable", patience: time.Second, after: 20 * time.Millisecond, fails: true, want: "storage", took: 31 * time.Millisecond},
		{name: "read committed", isolation: ReadCommitted, patience: time.Second, want: old},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				w.prepared(Prepared, time.Now().UnixMilli(), "T1")
				begun := time.Now()
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if tt.fails && c.Op == faulty.Get && c.Concerns(itemName.Namespace, itemName.Name) && time.Since(begun) >= tt.after {
						return &storage.Error{Op: "get", Err: errors.New("disk full")}
					}
					return send(ctx)
				}, waiting(tt.patience))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				if tt.happens != nil {
					time.AfterFunc(tt.after, func() { tt.happens(w) })
				}
				ref := item(t, e, 1, 1)
				rows, err := begin(t, e, tt.isolation).Get(ctx, ref)
				got := outcome(err)
				if err == nil {
					got = user(ref.Table, rows[0])
				}
				want(t, "read", got, tt.want)
				if tt.cancel > 0 && !errors.Is(err, context.Canceled) {
					t.Errorf("%v does not say that the caller has given up", err)
				}
				if took := time.Since(begun); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if e.queue.waiters.Load() != 0 || len(e.queue.lines) != 0 {
					t.Error("somebody is left in the line")
				}
			})
		})
	}
}

// Only the first of a line looks at the storage; the others follow in the order
// of arrival, also where one of them gives up.
func TestReadersWaitInLine(t *testing.T) {
	t.Parallel()
	for name, givesUp := range map[string]int{"all stay": -1, "the first gives up": 0, "the second gives up": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				w.prepared(Prepared, time.Now().UnixMilli(), "T1")
				var n counter
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if phase(c) == "get" {
						time.Sleep(time.Millisecond)
					}
					return n.around(ctx, c, send)
				}, waiting(5*time.Second))
				ref := item(t, e, 1, 1)
				var mu sync.Mutex
				var served []int
				var wait sync.WaitGroup
				for i := range 4 {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if i == givesUp {
						time.AfterFunc(500*time.Millisecond, cancel)
					}
					tx := begin(t, e, Snapshot)
					wait.Go(func() {
						time.Sleep(time.Duration(i) * 10 * time.Millisecond)
						if _, err := tx.Get(ctx, ref); err != nil {
							want(t, fmt.Sprint("reader ", i), fmt.Sprint(i, outcome(err)), fmt.Sprint(givesUp, "uncommitted"))
							return
						}
						mu.Lock()
						defer mu.Unlock()
						served = append(served, i)
					})
				}
				time.Sleep(900 * time.Millisecond)
				n.take()
				time.Sleep(time.Second)
				if looks := n.take()["get"]; looks < 15 || looks > 25 {
					t.Errorf("%d looks in a second, want those of one reader", looks)
				}
				w.decide("T1", Committed, 77)
				wait.Wait()
				var order []int
				for i := range 4 {
					if i != givesUp {
						order = append(order, i)
					}
				}
				if diff := cmp.Diff(order, served); diff != "" {
					t.Errorf("served in another order (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A transaction of the same process wakes the first reader when it lets go of the
// record, whether it commits or not.
func TestReaderIsWokenByItsOwnProcess(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		t.Run(fmt.Sprintf("commits=%v", commits), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				w.item(1, 1, "t0", "v", 1)
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if phase(c) == "decide" {
						time.Sleep(1111 * time.Millisecond)
						if !commits {
							w.decide("mine", Aborted, 5)
						}
					}
					return send(ctx)
				}, waiting(5*time.Second))
				tx := begin(t, e, Snapshot, withID("mine"))
				ok(t, update(t.Context(), tx, item(t, e, 1, 1), 2))
				reader := begin(t, e, Snapshot)
				begun := time.Now()
				var read string
				var took time.Duration
				var wait sync.WaitGroup
				wait.Go(func() {
					time.Sleep(time.Millisecond)
					read, took = get(t, reader, item(t, e, 1, 1)), time.Since(begun)
				})
				if err := tx.Commit(t.Context()); (err == nil) != commits {
					t.Error(err)
				}
				wait.Wait()
				want(t, "read", read, map[bool]string{true: newValue, false: oldValue}[commits])
				if took != 1111*time.Millisecond {
					t.Errorf("went on after %v, want the moment of the release", took)
				}
			})
		})
	}
}
