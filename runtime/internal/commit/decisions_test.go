package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// A jam is an engine all of whose requests for coordinator rows are under way:
// rows wait until one of them is released.
type jam struct {
	*Engine
	t        *testing.T
	w        *world
	requests []string // the ids of the rows of each request
	wait     sync.WaitGroup
	mu       sync.Mutex
	told     map[string][]string // what became of the rows of each id
}

func newJam(t *testing.T, around aroundFunc) *jam {
	j := &jam{t: t, w: newWorld(t), told: map[string][]string{}}
	j.w.now.Store(0)
	j.Engine = j.w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "decide" {
			var ids []string
			for _, m := range c.Mutations {
				ids = append(ids, m.Key[0].Text())
			}
			j.requests = append(j.requests, fmt.Sprintf("%s(%s)", c.Op, strings.Join(ids, " ")))
			if around != nil {
				return around(ctx, c, send)
			}
		}
		return send(ctx)
	})
	_, err := j.coordinator.table(t.Context())
	ok(t, err)
	j.coordinator.decisions.requests = j.options.MaxRequests
	return j
}

// put begins to write a row and waits until it stands in line.
func (j *jam) put(ctx context.Context, id string, state State) {
	j.wait.Go(func() {
		told := ""
		defer func() {
			if recover() != nil {
				told = "panic"
			}
			j.mu.Lock()
			defer j.mu.Unlock()
			j.told[id] = append(j.told[id], told)
		}()
		switch err := j.coordinator.send(ctx, j.row(id, state)); {
		case err == nil:
			told = "written"
		case errors.Is(err, storage.ErrCondition):
			told = "there already"
		case errors.Is(err, storage.ErrUnknown):
			told = "unknown"
		case storage.NotApplied(err):
			told = "not written"
		default:
			told = err.Error()
		}
	})
	synctest.Wait()
}

func (j *jam) row(id string, state State) storage.Mutation {
	return j.coordinator.deployed.Load().insertion(&decision{id: id, state: state, createdAt: 1})
}

// release ends one of the requests under way, and waits for what follows.
func (j *jam) release() {
	j.coordinator.decisions.passOn()
	j.wait.Wait()
}

func (j *jam) check(requests string, told map[string]string) {
	j.t.Helper()
	want(j.t, "requests", strings.Join(j.requests, ", "), requests)
	for id, wanted := range told {
		slices.Sort(j.told[id]) // who is told first is not who goes on first
		want(j.t, "row "+id, strings.Join(j.told[id], ", "), wanted)
	}
	if q := &j.coordinator.decisions; q.requests != j.options.MaxRequests-1 || len(q.waiting) != 0 {
		j.t.Errorf("%d requests are under way, and %d rows wait; want %d and none", q.requests, len(q.waiting), j.options.MaxRequests-1)
	}
}

func TestDecisionsThatShareARequest(t *testing.T) {
	t.Parallel()
	unknown := &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
	for _, tt := range []struct {
		name     string
		around   aroundFunc
		put      func(t *testing.T, j *jam)
		requests string
		told     map[string]string
	}{
		{name: "in the order of their ids", put: func(t *testing.T, j *jam) {
			for _, id := range []string{"d", "b", "c", "a"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b c d)", told: map[string]string{"a": "written", "b": "written", "c": "written", "d": "written"}},
		{name: "one alone", put: func(t *testing.T, j *jam) {
			j.put(t.Context(), "a", Committed)
		}, requests: "Mutate(a)", told: map[string]string{"a": "written"}},
		{name: "none twice", put: func(t *testing.T, j *jam) {
			j.put(t.Context(), "a", Committed)
			j.put(t.Context(), "b", Committed)
			j.put(t.Context(), "a", Aborted)
			j.put(t.Context(), "b", Aborted)
			j.put(t.Context(), "a", Aborted)
		}, requests: "MutateBatch(a b), MutateBatch(a b), Mutate(a)",
			told: map[string]string{"a": "there already, there already, written", "b": "there already, written"}},
		{name: "one is there already", put: func(t *testing.T, j *jam) {
			j.w.decide("b", Aborted, 5)
			for _, id := range []string{"a", "b", "c"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b c)", told: map[string]string{"a": "written", "b": "there already", "c": "written"}},
		{name: "the first gives up in the line", put: func(t *testing.T, j *jam) {
			ctx, cancel := context.WithCancel(t.Context())
			j.put(ctx, "a", Committed)
			j.put(t.Context(), "b", Committed)
			j.put(t.Context(), "c", Committed)
			cancel()
			synctest.Wait()
		}, requests: "MutateBatch(b c)", told: map[string]string{"a": "not written", "b": "written", "c": "written"}},
		{name: "another gives up in the line", put: func(t *testing.T, j *jam) {
			ctx, cancel := context.WithCancel(t.Context())
			j.put(t.Context(), "a", Committed)
			j.put(ctx, "b", Committed)
			j.put(t.Context(), "c", Committed)
			cancel()
			synctest.Wait()
		}, requests: "MutateBatch(a c)", told: map[string]string{"a": "written", "b": "not written", "c": "written"}},
		{name: "the only one gives up", put: func(t *testing.T, j *jam) {
			ctx, cancel := context.WithCancel(t.Context())
			j.put(ctx, "a", Committed)
			cancel()
			synctest.Wait()
		}, told: map[string]string{"a": "not written"}},
		{name: "the leader's caller gives up under way", around: slow, put: func(t *testing.T, j *jam) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			j.put(ctx, "a", Committed)
			j.put(t.Context(), "b", Committed)
		}, requests: "MutateBatch(a b)", told: map[string]string{"a": "written", "b": "written"}},
		{name: "another's caller gives up under way", around: slow, put: func(t *testing.T, j *jam) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			j.put(t.Context(), "a", Committed)
			j.put(ctx, "b", Committed)
			j.put(t.Context(), "c", Committed)
		}, requests: "MutateBatch(a b c)", told: map[string]string{"a": "written", "b": "unknown", "c": "written"}},
		{name: "the reply is lost", around: func(ctx context.Context, _ faulty.Call, send func(context.Context) error) error {
			_ = send(ctx)
			return unknown
		}, put: func(t *testing.T, j *jam) {
			for _, id := range []string{"b", "a"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b)", told: map[string]string{"a": "unknown", "b": "unknown"}},
		{name: "each has an outcome of its own", around: func(context.Context, faulty.Call, func(context.Context) error) error {
			return &faulty.BatchError{Groups: []error{unknown, nil, &storage.Error{Op: "mutate"}, storage.ErrCondition}}
		}, put: func(t *testing.T, j *jam) {
			for _, id := range []string{"d", "c", "b", "a"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b c d)", told: map[string]string{"a": "unknown", "b": "written", "c": "not written", "d": "there already"}},
		{name: "the adapter panics", around: func(context.Context, faulty.Call, func(context.Context) error) error {
			panic("adapter")
		}, put: func(t *testing.T, j *jam) {
			for _, id := range []string{"b", "a", "c"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b c)", told: map[string]string{"b": "panic", "a": "unknown", "c": "unknown"}},
		{name: "the adapter panics, and others wait", around: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if len(c.Groups) == 2 {
				panic("adapter")
			}
			return send(ctx)
		}, put: func(t *testing.T, j *jam) {
			for _, id := range []string{"a", "b", "a"} {
				j.put(t.Context(), id, Committed)
			}
		}, requests: "MutateBatch(a b), Mutate(a)", told: map[string]string{"b": "unknown"}},
		{name: "the adapter panics at a row alone", around: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			panic("adapter")
		}, put: func(t *testing.T, j *jam) {
			j.put(t.Context(), "a", Committed)
		}, requests: "Mutate(a)", told: map[string]string{"a": "panic"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := newJam(t, tt.around)
				tt.put(t, j)
				j.release()
				j.check(tt.requests, tt.told)
			})
		})
	}
}

// slow answers after two seconds, whatever becomes of the caller.
func slow(ctx context.Context, _ faulty.Call, send func(context.Context) error) error {
	time.Sleep(2 * time.Second)
	return send(ctx)
}

func TestDecisionsBeyondOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := newJam(t, nil)
		for i := range maxBatch + 44 {
			j.put(t.Context(), fmt.Sprintf("%03d", i), Committed)
		}
		j.release()
		var rows []int
		for _, r := range j.requests {
			rows = append(rows, 1+strings.Count(r, " "))
		}
		want(t, "rows of each request", fmt.Sprint(rows), fmt.Sprint([]int{maxBatch, 44}))
		for id, told := range j.told {
			want(t, "row "+id, told[0], "written")
		}
	})
}

// The lead may be passed to a row whose writer gives up at that moment: then the
// next one has it.
func TestLeadPassedToOneWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := newJam(t, nil)
		q := &j.coordinator.decisions
		gone := &gathered{group: []storage.Mutation{j.row("a", Committed)}, outcome: make(chan groupOutcome, 1)}
		q.waiting = append(q.waiting, gone)
		j.put(t.Context(), "b", Committed)
		q.passOn() // to a
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.leave(ctx, gone); !storage.NotApplied(err) || !errors.Is(err, context.Canceled) {
			t.Errorf("leave = %v, want that it was not sent", err)
		}
		j.wait.Wait()
		j.check("Mutate(b)", map[string]string{"b": "written"})
	})
}

// After a lost reply each transaction of a batch finds its own row.
func TestTransactionsOfALostBatch(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func(context.Context, faulty.Call, func(context.Context) error) error{
		"the request": losing(false), "the reply": losing(true),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first := true
				j := newJam(t, func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if c.Op == faulty.MutateBatch && first {
						first = false
						return lost(ctx, c, send)
					}
					return send(ctx)
				})
				var txs []*Tx
				for i := range 5 {
					tx := begin(t, j.Engine, Snapshot, withID(fmt.Sprint("tx-", i)))
					ok(t, insert(t.Context(), tx, item(t, j.Engine, i, 1), i))
					txs = append(txs, tx)
				}
				for i, tx := range txs {
					j.wait.Go(func() {
						err := tx.Commit(t.Context())
						want(t, fmt.Sprint("commit ", i), outcome(err), map[bool]string{true: "conflict", false: "ok"}[i == 2])
					})
				}
				synctest.Wait()
				j.w.decide("tx-2", Aborted, 5) // by another
				j.release()
				for i := range txs {
					want(t, fmt.Sprint("record ", i), fmt.Sprint(j.w.storedItem(i, 1) == "absent"), fmt.Sprint(i == 2))
				}
			})
		})
	}
}

// losing loses a request, or the reply to it.
func losing(applied bool) func(context.Context, faulty.Call, func(context.Context) error) error {
	return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if applied {
			_ = send(ctx)
		}
		return unclear(c, "lost")
	}
}
