package groupcommit

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCommitWithAContextThatEnds(t *testing.T) {
	virtual(t, "is an unknown outcome, and the slot is written all the same", Options{}, func(r *rig) {
		ctx, cancel := context.WithCancel(r.Context())
		a, b := r.begin("a"), r.begin("b")
		first := r.commit(ctx, a, 1)
		cancel()
		r.mustFail(first, ErrUnknown, context.Canceled)
		r.Remove(a)
		r.mustCommit(r.commit(r.Context(), b, 2), 0)
		if diff := cmp.Diff([]written{{parent(1), false, "a=1 b=2", 0}}, r.rows); diff != "" {
			r.Errorf("written (-want +got):\n%s", diff)
		}
		r.mustBeEmpty()
	})
	virtual(t, "is an outcome if that is known already", Options{}, func(r *rig) {
		r.cost = 0
		ctx, cancel := context.WithCancel(r.Context())
		id := r.begin("a")
		g := r.markReady(ctx, id, 1)
		<-g.done
		cancel()
		for range 20 { // select is random
			if _, err := g.wait(ctx, id); err != nil {
				r.Fatal(err)
			}
		}
	})
}

type key struct{}

func TestEmitContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{}, func(ctx context.Context, _ string, _ bool, _ []Member[int]) (int64, error) {
			if ctx.Value(key{}) != "value" {
				t.Error("the context lost its values")
			}
			start := time.Now()
			<-ctx.Done()
			return time.Since(start).Milliseconds(), nil
		})
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Second)
		defer cancel()
		id, _ := c.Reserve("a")
		if _, err := c.Commit(ctx, id, 1); !errors.Is(err, ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Commit: %v, want an unknown outcome", err)
		}
		if at, err := c.Commit(t.Context(), id, 1); err != nil || at != 10_000 {
			t.Errorf("emit had %d ms (%v), want 10 s", at, err)
		}
	})
}

func TestEmitThatPanicsOrExits(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic("kaboom") },
		"goexit": runtime.Goexit,
	} {
		virtual(t, name, Options{}, func(r *rig) {
			r.fail = func(row string) error {
				if row == parent(1) {
					fail()
				}
				return nil
			}
			a, b := r.begin("a"), r.begin("b")
			first, second := r.commit(r.Context(), a, 1), r.commit(r.Context(), b, 2)
			r.mustFail(first, ErrUnknown)
			r.mustFail(second, ErrUnknown)
			r.mustCommit(r.commit(r.Context(), r.begin("c"), 3), 1*ms)
			r.mustBeEmpty()
		})
	}
}
