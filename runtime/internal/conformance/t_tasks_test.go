package conformance

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// refused is the failure of a request whose condition did not hold.
func refused() error {
	return &storage.Error{Op: "mutate", Class: storage.ErrCondition, Err: errRefused}
}

var errRefused = fmt.Errorf("refused")

// failNth is an around that fails the nth call of a phase, 1 for the first.
func failNth(phase string, n int32, err error) around {
	var calls atomic.Int32
	return func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
		if p == phase && calls.Add(1) == n {
			return err
		}
		return send(ctx)
	}
}

// written is a transaction that has changed n records of a partition, each of
// which the storage writes by itself.
func written(w *world, n int, around around, configure ...func(*commit.Options)) (*client, *tx) {
	w.t.Helper()
	for i := range n {
		w.committed(itemTable, 1, i, "v", i)
	}
	w.restrict(storage.AtomicRecord, 0)
	c := w.clientWith(around, configure...)
	x := c.begin()
	for i := range n {
		want(w.t, "update", x.update(c.item(1, i), "v", 9), "ok")
	}
	c.sent()
	return c, x
}

var _ = items(
	item{ID: "T05", Title: "Tasks of a phase: serial or all at once, which phases stop at the first failure, and which go on", Verdict: difference,
		Reason: "the first failure is reported without the others", Test: parallelTasks},
)

func parallelTasks(t *testing.T, s *suite) {
	const n = 4
	run(t, "all at once", func(t *testing.T) {
		for _, phase := range []string{"prepare", "finish"} {
			run(t, phase, func(t *testing.T) {
				w := s.world(t)
				var arrived atomic.Int32
				all := make(chan struct{})
				_, x := written(w, n, func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
					if p == phase {
						if arrived.Add(1) == n {
							close(all)
						}
						<-all // the last one releases the others
					}
					return send(ctx)
				})
				want(t, "commit", x.commit(), "ok")
			})
		}
	})
	run(t, "serial", func(t *testing.T) {
		for phase, configure := range map[string]func(*commit.Options){
			"prepare": func(o *commit.Options) { o.SerialPrepare = true },
			"finish":  func(o *commit.Options) { o.SerialCommit = true },
		} {
			run(t, phase, func(t *testing.T) {
				w := s.world(t)
				var running, most atomic.Int32
				_, x := written(w, n, func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
					if p == phase {
						most.Store(max(most.Load(), running.Add(1)))
						defer running.Add(-1)
					}
					return send(ctx)
				}, configure)
				want(t, "commit", x.commit(), "ok")
				want(t, "at the same time", most.Load(), 1)
			})
		}
	})
	run(t, "a failed prepare", func(t *testing.T) {
		for name, tt := range map[string]struct {
			serial bool
			sent   int
		}{"serial stops": {true, 2}, "parallel sends all": {false, n}} {
			run(t, name, func(t *testing.T) {
				w := s.world(t)
				c, x := written(w, n, failNth("prepare", 2, refused()), func(o *commit.Options) { o.SerialPrepare = tt.serial })
				want(t, "commit", x.commit(), "conflict")
				want(t, "prepared", c.sentOf("prepare"), tt.sent)
			})
		}
		run(t, "parallel waits for all", func(t *testing.T) {
			s.world(t).bubble(func(w *world) {
				var calls, prepared, decidedAfter atomic.Int32
				_, x := written(w, 2, func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
					switch {
					case p == "prepare" && calls.Add(1) == 1:
						return refused()
					case p == "prepare":
						synctest.Wait() // the commit has nothing left to do than to wait for this
						defer prepared.Add(1)
					case p == "decide":
						decidedAfter.Store(prepared.Load())
					}
					return send(ctx)
				})
				want(w.t, "commit", x.commit(), "conflict")
				want(w.t, "prepared before the abort", decidedAfter.Load(), 1)
			})
		})
		run(t, "the first failure counts", func(t *testing.T) {
			w := s.world(t)
			var calls atomic.Int32
			_, x := written(w, n, func(ctx context.Context, p string, call faulty.Call, send func(context.Context) error) error {
				if p == "prepare" {
					calls.Add(1)
					if call.Mutations[0].Key[1].Int64() == 0 {
						return down()
					}
					return refused()
				}
				return send(ctx)
			})
			err := x.Commit(t.Context())
			want(t, "commit", outcome(err), "storage")
			want(t, "code", codeOf(err), "DB-CORE-30036")
			want(t, "sent", calls.Load(), n)
		})
	})
	run(t, "validation stops at the first failure", func(t *testing.T) {
		w := threeItems(s, t)
		c := w.client(func(o *commit.Options) { o.SerialValidate = true })
		x := c.begin(isolation(commit.Serializable))
		want(t, "first scan", x.keys(scanOf(c.table(itemTable), 1)), "0 2 4")
		want(t, "second scan", x.keys(scanOf(c.table(itemTable), 2)), "")
		want(t, "third scan", x.keys(scanOf(c.table(itemTable), 3)), "")
		w.otherUpdates(1, 2, "v", 5)
		c.sent()
		want(t, "commit", x.commit(), "conflict")
		want(t, "scans", c.sentOf("scan"), 1)
	})
	run(t, "completion and rollback go on", func(t *testing.T) {
		for _, serial := range []bool{true, false} {
			run(t, fmt.Sprint("serial ", serial), func(t *testing.T) {
				both := func(o *commit.Options) { o.SerialCommit, o.SerialRollback = serial, serial }
				run(t, "finish", func(t *testing.T) {
					c, x := written(s.world(t), n, failNth("finish", 1, down()), both)
					want(t, "commit", x.commit(), "ok")
					want(t, "sent", c.sentOf("finish"), n)
				})
				run(t, "roll back", func(t *testing.T) {
					w := s.world(t)
					fault := failNth("roll back", 1, down())
					c, x := written(w, n, func(ctx context.Context, p string, call faulty.Call, send func(context.Context) error) error {
						return fault(ctx, p, call, send)
					}, both, func(o *commit.Options) { o.SerialPrepare = true })
					w.otherUpdates(1, n-1, "v", 7)
					want(t, "commit", x.commit(), "conflict")
					want(t, "sent", c.sentOf("roll back"), n-1)
				})
			})
		}
	})
	run(t, "asynchronous", func(t *testing.T) {
		for name, tt := range map[string]struct {
			records      int
			serial, back bool
		}{
			"commit of one record": {1, false, false}, "commit": {n, false, false}, "rollback of one record": {2, false, true}, "rollback": {n, false, true},
			"commit, but serial": {n, true, false}, "rollback, but serial": {n, true, true},
		} {
			run(t, name, func(t *testing.T) {
				w := s.world(t)
				gate := make(chan struct{})
				phase, end := "finish", "ok"
				if tt.back {
					phase, end = "roll back", "conflict"
				}
				c, x := written(w, tt.records, func(ctx context.Context, p string, _ faulty.Call, send func(context.Context) error) error {
					if p == phase && !tt.serial {
						<-gate // opened when the commit has returned
					}
					return send(ctx)
				}, func(o *commit.Options) {
					o.AsyncCommit, o.AsyncRollback, o.SerialCommit, o.SerialRollback, o.SerialPrepare = true, true, tt.serial, tt.serial, true
				})
				if tt.back {
					w.otherUpdates(1, tt.records-1, "v", 7)
				}
				want(t, "commit", x.commit(), end)
				left := tt.records
				if tt.back {
					left--
				}
				if tt.serial {
					want(t, "sent when the commit returns", c.sentOf(phase), left)
				}
				close(gate)
				c.drain()
				if !tt.serial {
					want(t, "sent in the end", c.sentOf(phase), left)
				}
			})
		}
	})
}
