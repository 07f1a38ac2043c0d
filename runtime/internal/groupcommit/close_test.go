package groupcommit

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

func TestCloseOfTheCommitter(t *testing.T) {
	virtual(t, "reserve after close fails, and close waits for slots", Options{}, func(r *rig) {
		a, b, c := r.begin("a"), r.begin("b"), r.begin("c")
		closed := make(chan error, 2)
		for range 2 {
			go func() { closed <- r.Close(r.Context()) }()
		}
		synctest.Wait()
		if _, err := r.Reserve("d"); !errors.Is(err, ErrClosed) {
			r.Errorf("Reserve after Close: %v", err)
		}
		r.mustCommit(r.commit(r.Context(), a, 1), 1*ms)
		r.Remove(b)
		synctest.Wait()
		if len(closed) > 0 {
			r.Error("Close did not wait for a delayed slot")
		}
		r.mustCommit(r.commit(r.Context(), c, 3), 2*ms)
		for range 2 {
			if err := <-closed; err != nil {
				r.Error(err)
			}
		}
		r.mustBeEmpty()
		if err := r.Close(r.Context()); err != nil {
			r.Error(err)
		}
	})
	virtual(t, "close waits no longer than the slots may last", Options{}, func(r *rig) {
		r.begin("a")
		if err := r.Close(r.Context()); err != nil || time.Since(r.start) != time.Minute {
			r.Errorf("Close: %v after %v", err, time.Since(r.start))
		}
	})
	virtual(t, "close drops what is left when its context ends", Options{Capacity: 2, MaxWindow: 40 * ms}, func(r *rig) {
		r.cost = 10 * ms
		r.usual = 40 * ms
		one, back := r.begin("writing"), r.begin("given back")
		r.Remove(back)
		writing := r.commit(r.Context(), one, 1)
		waits, idle := r.begin("waits"), r.begin("idle")
		waiting := r.commit(r.Context(), waits, 2)
		ctx, cancel := context.WithTimeout(r.Context(), 5*ms)
		defer cancel()
		err := r.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 transactions were dropped, 1 are being written") {
			r.Errorf("Close: %v", err)
		}
		r.mustFail(waiting, ErrGone)
		r.mustFail(r.commit(r.Context(), idle, 3), ErrGone)
		r.mustCommit(writing, 0)
		if err := r.Close(r.Context()); err != nil {
			r.Error(err)
		}
		r.mustBeEmpty()
	})
}

// A committer that is idle has no goroutine: the bubble would report it as
// blocked for ever.
func TestIdleCommitterRunsNothing(t *testing.T) {
	virtual(t, "", Options{}, func(r *rig) {
		r.begin("a")
		r.mustCommit(r.commit(r.Context(), r.begin("b"), 1), 1*ms)
	})
}

func TestFinishedGroupsAreForgotten(t *testing.T) {
	t.Parallel()
	// The runtime keeps a stopped timer while it is neither first nor last nor in
	// a crowd of them: give it others that are due before and after.
	for range 10 {
		defer time.AfterFunc(30*time.Second, func() {}).Stop()
	}
	c := New(Options{}, func(context.Context, string, bool, []Member[*[64]byte]) (int64, error) { return 0, nil })
	var values []weak.Pointer[[64]byte]
	for range 100 {
		for range 10 {
			defer time.AfterFunc(time.Hour, func() {}).Stop()
		}
		id, err := c.Reserve("a")
		if err != nil {
			t.Fatal(err)
		}
		v := new([64]byte)
		values = append(values, weak.Make(v))
		if _, err := c.Commit(t.Context(), id, v); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.GC()
	reachable := 0
	for _, v := range values {
		if v.Value() != nil {
			reachable++
		}
	}
	if reachable > 2 { // the goroutine of the last group may not have ended yet
		t.Errorf("%d of %d values are still reachable", reachable, len(values))
	}
	runtime.KeepAlive(c)
}
