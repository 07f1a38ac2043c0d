package groupcommit

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestL14ConcurrentStress runs on the real scheduler and clock, which the model
// test does not: nobody waits for ever, no value is lost or written twice, and
// everybody is told what was written.
func TestL14ConcurrentStress(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var mu sync.Mutex
	type result struct {
		at  int64
		err error
	}
	rows := map[string]result{} // by full id
	disturb := func(random *rand.Rand) {
		switch random.IntN(6) {
		case 0:
			time.Sleep(time.Duration(random.Int64N(int64(3 * time.Millisecond))))
		case 1, 2:
			runtime.Gosched()
		}
	}
	emit := func(_ context.Context, id string, delayed bool, members []Member[string]) (int64, error) {
		random := rand.New(rand.NewPCG(rand.Uint64(), 0))
		r := result{at: random.Int64()}
		if random.IntN(10) == 0 {
			r = result{err: broken}
		}
		disturb(random)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range members {
			full := id + "$" + m.Child
			if delayed {
				full = id
			}
			if _, twice := rows[full]; twice || m.Value != full {
				t.Errorf("%s was written with value %s, twice: %t", full, m.Value, twice)
			}
			rows[full] = r
		}
		return r.at, r.err
	}
	c := New(Options{Capacity: 7, MaxWindow: 2 * time.Millisecond, AbortAfter: 4 * time.Millisecond}, emit)

	var clients sync.WaitGroup
	for client := range 24 {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(client)))
			for range 300 {
				id, err := c.Reserve("tx" + strconv.Itoa(random.IntN(40)))
				if err != nil {
					t.Error(err)
					return
				}
				disturb(random)
				removed := random.IntN(5) == 0
				if removed {
					c.Remove(id)
				}
				at, err := c.Commit(t.Context(), id, id)
				mu.Lock()
				r, written := rows[id]
				mu.Unlock()
				switch {
				case errors.Is(err, ErrGone):
					if written {
						t.Errorf("%s is gone and written", id)
					}
				case removed || !written || at != r.at || err != r.err:
					t.Errorf("%s (removed %t) was told %d, %v; written %t: %+v", id, removed, at, err, written, r)
				}
			}
		})
	}
	clients.Wait()
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if len(c.slots) != 0 || c.groups != 0 {
		t.Errorf("%d slots and %d groups are left", len(c.slots), c.groups)
	}
}
