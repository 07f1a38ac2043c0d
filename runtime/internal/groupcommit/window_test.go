package groupcommit

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	// lag returns how long a ready member waits for a sibling that never comes,
	// after transactions that took as long as given.
	lag := func(r *rig, lengths ...time.Duration) time.Duration {
		for _, d := range lengths {
			id := r.begin("before")
			time.Sleep(d)
			r.Commit(r.Context(), id, 0)
		}
		r.begin("slow")
		start := time.Since(r.start)
		fast := r.begin("fast")
		<-r.commit(r.Context(), fast, 1)
		return r.rows[len(r.rows)-1].At - start
	}
	times := func(n int, d time.Duration) []time.Duration {
		lengths := make([]time.Duration, n)
		for i := range lengths {
			lengths[i] = d
		}
		return lengths
	}
	for _, test := range []struct {
		name    string
		o       Options
		lengths []time.Duration
		least   time.Duration
		most    time.Duration
	}{
		{"is 1 ms at first", Options{}, nil, ms, ms},
		{"is 1 ms after very short transactions", Options{}, times(50, time.Microsecond), ms, ms},
		{"follows the length of transactions", Options{}, times(100, 10*ms), 8 * ms, 10 * ms},
		{"forgets old transactions", Options{}, append(times(100, 30*ms), times(100, 4*ms)...), 3 * ms, 4 * ms},
		{"has a limit", Options{}, times(100, time.Second), 30 * ms, 40 * ms},
		{"has the limit that was set", Options{MaxWindow: 5 * ms}, times(100, time.Second), 4 * ms, 5 * ms},
		{"may be limited to less than 1 ms", Options{MaxWindow: time.Microsecond}, times(9, time.Second), time.Microsecond, time.Microsecond},
		{"is not stretched by one slow transaction", Options{}, append(times(100, 2*ms), time.Hour/100), ms, 8 * ms},
	} {
		virtual(t, test.name, test.o, func(r *rig) {
			if got := lag(r, test.lengths...); got < test.least || got > test.most {
				r.Errorf("a ready member waited %v, want %v to %v", got, test.least, test.most)
			}
		})
	}
}

// A timer may fire just before it is set to something else, and get the lock
// just after.
func TestTimerThatWasOnItsWay(t *testing.T) {
	virtual(t, "when the window began", Options{}, func(r *rig) {
		a, b := r.begin("a"), r.begin("b")
		g := r.open
		first := r.commit(r.Context(), a, 1)
		r.expire(g)
		r.mustCommit(r.commit(r.Context(), b, 2), 0)
		r.mustCommit(first, 0)
		if len(r.rows) != 1 {
			r.Errorf("written: %v, want one row", r.rows)
		}
	})
	virtual(t, "when the group was written", Options{}, func(r *rig) {
		a := r.begin("a")
		g := r.open
		first := r.commit(r.Context(), a, 1)
		time.Sleep(ms / 2)
		g.deadline = time.Now()
		r.expire(g)
		r.mustCommit(first, 0)
		r.expire(g)
		r.mustBeEmpty()
	})
}
