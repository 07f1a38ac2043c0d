package commit

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tasks starts tasks in the background that run until they are told to end, or
// cut off.
type tasks struct {
	background
	running, cut atomic.Int32
	release      chan struct{}
}

func newTasks() *tasks {
	b := &tasks{release: make(chan struct{})}
	b.open()
	return b
}

func (b *tasks) start(ctx context.Context) bool {
	return b.background.start(ctx, func(ctx context.Context) {
		b.running.Add(1)
		defer b.running.Add(-1)
		select {
		case <-b.release:
		case <-ctx.Done():
			b.cut.Add(1)
		}
	})
}

func TestBackgroundLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newTasks()
		for i := range backgroundLimit {
			if !b.start(t.Context()) {
				t.Fatalf("task %d was refused", i)
			}
		}
		synctest.Wait()
		if b.start(t.Context()) {
			t.Error("more tasks run than there are places")
		}
		b.release <- struct{}{}
		synctest.Wait()
		if !b.start(t.Context()) || b.start(t.Context()) {
			t.Error("a task that has ended leaves its place to exactly one")
		}
		close(b.release)
		b.refuse()
		ok(t, b.drain(t.Context()))
	})
}

// A closed engine starts nothing, and waits for what runs as long as it may.
func TestBackgroundDrain(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name   string
		tasks  int
		ends   time.Duration // when the tasks end
		limit  time.Duration // of the drain, 0: over already
		err    error
		took   time.Duration
		cutOff int
	}{
		{name: "nothing runs", limit: time.Minute},
		{name: "nothing runs, and the context is over", ends: time.Second},
		{name: "waits", tasks: 3, ends: time.Second, limit: time.Minute, took: time.Second},
		{name: "cuts off", tasks: 3, ends: 9 * time.Second, limit: time.Second, err: context.DeadlineExceeded, took: time.Second, cutOff: 3},
		{name: "cuts off at once", tasks: 2, ends: 9 * time.Second, err: context.Canceled, cutOff: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newTasks()
				for range tt.tasks {
					b.start(t.Context())
				}
				time.AfterFunc(tt.ends, func() { close(b.release) })
				begun, ctx := time.Now(), over
				if tt.limit > 0 {
					limited, cancel := context.WithTimeout(t.Context(), tt.limit)
					defer cancel()
					ctx = limited
				}
				b.refuse()
				if b.start(t.Context()) {
					t.Error("a task was started after the end")
				}
				if err := b.drain(ctx); !errors.Is(err, tt.err) {
					t.Errorf("drain = %v, want %v", err, tt.err)
				}
				if took := time.Since(begun); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if n := b.running.Load(); n != 0 {
					t.Errorf("%d tasks run after the drain", n)
				}
				if n := int(b.cut.Load()); n != tt.cutOff {
					t.Errorf("%d tasks were cut off, want %d", n, tt.cutOff)
				}
				b.refuse()
				ok(t, b.drain(over)) // a second time
			})
		})
	}
}

// A task has what its caller's context carries, but goes on when that ends; it is
// bounded all the same.
func TestBackgroundContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var b background
		b.open()
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "span"))
		begun := time.Now()
		b.start(ctx, func(ctx context.Context) {
			if ctx.Value(key{}) != "span" {
				t.Error("the values of the caller's context are lost")
			}
			<-ctx.Done()
			if took := time.Since(begun); took != settleTimeout {
				t.Errorf("ended after %v, want %v", took, settleTimeout)
			}
		})
		cancel()
		b.refuse()
		ok(t, b.drain(t.Context()))
	})
}

// Where the background is full, a commit completes its records itself.
func TestFullBackgroundIsDoneByTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		e := w.engine(nil, asynchronous)
		release := make(chan struct{})
		for range backgroundLimit {
			e.background.start(t.Context(), func(context.Context) { <-release })
		}
		tx := begin(t, e, Snapshot, withID("mine"))
		ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
		ok(t, tx.Commit(t.Context()))
		want(t, "stored", w.storedItem(1, 1), "v=1 cat=1 tx_id=mine tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000")
		close(release)
	})
}
