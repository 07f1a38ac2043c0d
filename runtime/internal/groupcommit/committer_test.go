package groupcommit

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestL02IdleSiblingIsDelayed(t *testing.T) {
	virtual(t, "it commits in a row of its own", Options{}, func(r *rig) {
		fast, slow := r.begin("fast"), r.begin("slow")
		r.mustCommit(r.commit(r.Context(), fast, 1), 1*ms)
		time.Sleep(10*time.Second - 2*ms)
		r.mustCommit(r.commit(r.Context(), slow, 2), 10*time.Second)
		want := []written{
			{parent(1), false, "fast=1", 1 * ms},
			{parent(1) + "$slow", true, "slow=2", 10 * time.Second},
		}
		if diff := cmp.Diff(want, r.rows); diff != "" {
			r.Errorf("written (-want +got):\n%s", diff)
		}
		r.mustBeEmpty()
	})
	virtual(t, "it commits while the row of its group is written", Options{}, func(r *rig) {
		r.cost = 100 * ms
		fast, slow := r.begin("fast"), r.begin("slow")
		first := r.commit(r.Context(), fast, 1)
		time.Sleep(50 * ms)
		r.mustCommit(r.commit(r.Context(), slow, 2), 50*ms)
		r.mustCommit(first, 1*ms)
		r.mustBeEmpty()
	})
	virtual(t, "it aborts after its group was written", Options{}, func(r *rig) {
		fast, slow := r.begin("fast"), r.begin("slow")
		r.mustCommit(r.commit(r.Context(), fast, 1), 1*ms)
		r.Remove(slow)
		r.mustFail(r.commit(r.Context(), slow, 2), ErrGone)
		r.mustBeEmpty()
	})
}

func TestL06SiblingsShareOneRowAndTime(t *testing.T) {
	virtual(t, "", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		time.Sleep(5 * ms)
		second := r.commit(r.Context(), b, 2)
		first := r.commit(r.Context(), a, 1)
		r.mustCommit(first, 5*ms)
		r.mustCommit(second, 5*ms)
		if diff := cmp.Diff([]written{{parent(1), false, "a=1 b=2", 5 * ms}}, r.rows); diff != "" {
			r.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

func TestL14Groups(t *testing.T) {
	virtual(t, "reserve creates, reuses and rotates groups", Options{Capacity: 2}, func(r *rig) {
		got := []string{r.begin("a"), r.begin("b"), r.begin("c")}
		want := []string{parent(1) + "$a", parent(1) + "$b", parent(2) + "$c"}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Errorf("ids (-want +got):\n%s", diff)
		}
	})
	virtual(t, "capacity fixes the size, and slots given back count", Options{Capacity: 3}, func(r *rig) {
		a := r.begin("a")
		r.begin("b")
		r.Remove(a)
		if got := r.begin("c"); got != parent(1)+"$c" {
			r.Errorf("a group of 3 with 2 took no third, but %s was handed out", got)
		}
		if got := r.begin("d"); got != parent(2)+"$d" {
			r.Errorf("a full group took %s", got)
		}
	})
	virtual(t, "the first ready member fixes the size", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		first := r.commit(r.Context(), a, 1)
		c := r.begin("c")
		if c != parent(2)+"$c" {
			r.Errorf("a group with a ready member took %s", c)
		}
		r.Remove(b)
		r.mustCommit(first, 0)
	})
	virtual(t, "a lone transaction never waits", Options{}, func(r *rig) {
		for i := range 5 {
			id := r.begin("a")
			time.Sleep(30 * ms)
			at := time.Duration(i)*31*ms + 30*ms
			r.mustCommit(r.commit(r.Context(), id, i), at)
		}
	})
	virtual(t, "nobody is delayed and nothing expires while no member is ready", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		time.Sleep(59 * time.Second)
		first, second := r.commit(r.Context(), a, 1), r.commit(r.Context(), b, 2)
		r.mustCommit(first, 59*time.Second)
		r.mustCommit(second, 59*time.Second)
		if len(r.rows) != 1 {
			r.Errorf("written: %v, want one row", r.rows)
		}
	})
	virtual(t, "a slot never made ready is dropped after 60 s", Options{}, func(r *rig) {
		old := r.begin("old")
		time.Sleep(30 * time.Second)
		young := r.begin("young")
		time.Sleep(30*time.Second - 1*ms)
		if !r.holds(old) {
			r.Error("the slot was dropped early")
		}
		time.Sleep(2 * ms)
		r.mustFail(r.commit(r.Context(), old, 1), ErrGone)
		r.mustCommit(r.commit(r.Context(), young, 2), 60*time.Second+1*ms)
		r.mustBeEmpty()
	})
	virtual(t, "a group is dropped with its last slot", Options{}, func(r *rig) {
		r.begin("a")
		time.Sleep(time.Second)
		r.begin("b")
		time.Sleep(61 * time.Second)
		r.mustBeEmpty()
	})
	virtual(t, "a delayed slot is dropped 60 s after it was reserved", Options{}, func(r *rig) {
		slow := r.begin("slow")
		time.Sleep(59 * time.Second)
		fast := r.begin("fast")
		r.mustCommit(r.commit(r.Context(), fast, 1), 59*time.Second+1*ms)
		time.Sleep(time.Second - 3*ms)
		if !r.holds(slow) {
			r.Error("the delayed slot was dropped early")
		}
		time.Sleep(2 * ms)
		r.mustBeEmpty()
		r.mustFail(r.commit(r.Context(), slow, 2), ErrGone)
	})
	virtual(t, "a slot dropped in the window leaves the ready ones alone", Options{AbortAfter: 100 * ms}, func(r *rig) {
		slow := r.begin("slow")
		time.Sleep(100*ms - time.Microsecond)
		fast := r.begin("fast")
		r.mustCommit(r.commit(r.Context(), fast, 1), 100*ms)
		r.mustFail(r.commit(r.Context(), slow, 2), ErrGone)
		r.mustBeEmpty()
	})
	virtual(t, "a ready slot cannot be removed", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		first := r.commit(r.Context(), a, 1)
		r.Remove(a)
		r.mustCommit(r.commit(r.Context(), b, 2), 0)
		r.mustCommit(first, 0)
		if diff := cmp.Diff([]written{{parent(1), false, "a=1 b=2", 0}}, r.rows); diff != "" {
			r.Errorf("written (-want +got):\n%s", diff)
		}
	})
	virtual(t, "a group that was emptied is done", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		r.Remove(a)
		r.Remove(b)
		r.Remove(b)
		r.mustBeEmpty()
		if len(r.rows) != 0 {
			r.Errorf("written: %v", r.rows)
		}
		if got := r.begin("c"); got != parent(2)+"$c" {
			r.Errorf("a group that is done took %s", got)
		}
	})
	virtual(t, "removing the last slot that is not ready writes the group", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		first := r.commit(r.Context(), a, 1)
		r.Remove(b)
		r.mustCommit(first, 0)
		r.mustFail(r.commit(r.Context(), b, 2), ErrGone)
		r.mustBeEmpty()
	})
	virtual(t, "the values of all ready slots are written once", Options{Capacity: 3}, func(r *rig) {
		a, b, c := r.begin("a"), r.begin("b"), r.begin("c")
		third, first := r.commit(r.Context(), c, 3), r.commit(r.Context(), a, 1)
		again := r.commit(r.Context(), a, 9)
		second := r.commit(r.Context(), b, 2)
		for _, done := range []<-chan answer{first, second, third, again} {
			r.mustCommit(done, 0)
		}
		if diff := cmp.Diff([]written{{parent(1), false, "a=1 b=2 c=3", 0}}, r.rows); diff != "" {
			r.Errorf("written (-want +got):\n%s", diff)
		}
	})
	virtual(t, "a failure to write reaches all members and nobody else", Options{Capacity: 2}, func(r *rig) {
		broken := errors.New("broken")
		r.fail = func(row string) error {
			if row == parent(1) {
				return broken
			}
			return nil
		}
		a, b, c := r.begin("a"), r.begin("b"), r.begin("c")
		first, second := r.commit(r.Context(), a, 1), r.commit(r.Context(), b, 2)
		r.mustCommit(r.commit(r.Context(), c, 3), 0)
		for _, done := range []<-chan answer{first, second} {
			if got := <-done; got.err != broken {
				r.Errorf("Commit = %v, want the error of Emit as it is", got.err)
			}
		}
		r.mustBeEmpty()
	})
}
