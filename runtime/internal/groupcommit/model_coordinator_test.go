package groupcommit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// decision is a coordinator row (spec 1.9).
type decision struct {
	committed bool
	children  []string
	createdAt int64
}

var (
	errStorage = errors.New("storage failure")
	errDecided = errors.New("there is a row already")
)

// coordinator is a table of decisions behind a bad network. What befalls a call
// depends on the seed, the row and how many calls there were for it, not on the
// order of calls for different rows.
type coordinator struct {
	seed   uint64
	faults float64 // how likely a call goes wrong

	mu       sync.Mutex
	rows     map[string]decision
	calls    map[string]uint64
	problems []string
}

func (c *coordinator) report(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// random returns a source for the next call that concerns a row.
func (c *coordinator) random(id string) *rand.Rand {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[id]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", id, c.calls[id])
	return rand.New(rand.NewPCG(c.seed, h.Sum64()))
}

// insert puts a row if there is none.
func (c *coordinator) insert(id string, d decision) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, exists := c.rows[id]; exists {
		return errDecided
	}
	full := len(id) > parentIDLength
	if full && d.children != nil || !full && d.committed != (len(d.children) > 0) {
		c.problems = append(c.problems, fmt.Sprintf("malformed row %s: %+v", id, d))
	}
	c.rows[id] = d
	return nil
}

// attempt is one call of insert over the network.
func (c *coordinator) attempt(id string, d decision) error {
	random := c.random(id)
	delay := func() { time.Sleep(time.Duration(random.Int64N(int64(3 * time.Millisecond)))) }
	fault := random.Float64() < c.faults
	kind := random.IntN(3)
	delay()
	switch {
	case !fault:
	case kind == 0: // the request is lost
		return errStorage
	case kind == 1: // the request is late
		late := time.Duration(random.Int64N(int64(time.Second)))
		time.AfterFunc(late, func() { _ = c.insert(id, d) })
		return errStorage
	}
	err := c.insert(id, d)
	delay()
	if fault { // the reply is lost
		return errStorage
	}
	return err
}

// put inserts a row, trying several times (spec 6.3).
func (c *coordinator) put(ctx context.Context, id string, d decision) (err error) {
	for i := range 5 {
		if ctx.Err() != nil {
			return cmp.Or(err, ctx.Err())
		}
		if i > 0 {
			time.Sleep(50 * time.Millisecond << (i - 1))
		}
		if err = c.attempt(id, d); err == nil || errors.Is(err, errDecided) {
			return err
		}
	}
	return err
}

// row reads a row, trying several times.
func (c *coordinator) row(id string) (*decision, error) {
	for i := range 5 {
		random := c.random(id)
		time.Sleep(time.Duration(random.Int64N(int64(3 * time.Millisecond))))
		if random.Float64() < c.faults {
			time.Sleep(50 * time.Millisecond << i)
			continue
		}
		c.mu.Lock()
		d, exists := c.rows[id]
		c.mu.Unlock()
		if !exists {
			return nil, nil
		}
		return &d, nil
	}
	return nil, errStorage
}

// state returns the decision on a member of a group (spec 6.2).
func (c *coordinator) state(fullID string) (*decision, error) {
	parent, child := fullID[:parentIDLength], fullID[parentIDLength+1:]
	d, err := c.row(parent)
	if err != nil || d != nil && slices.Contains(d.children, child) {
		return d, err
	}
	return c.row(fullID)
}

// forceAbort is what others do to a transaction that hangs (spec 6.5). The two
// steps may be far apart.
func (c *coordinator) forceAbort(ctx context.Context, fullID string, pause time.Duration) error {
	parent, child := fullID[:parentIDLength], fullID[parentIDLength+1:]
	now := time.Now().UnixMilli()
	if err := c.put(ctx, parent, decision{createdAt: now}); errors.Is(err, errDecided) {
		d, err := c.row(parent)
		if err != nil || d != nil && slices.Contains(d.children, child) {
			return err
		}
	} else if err != nil {
		return err
	}
	time.Sleep(pause)
	if err := c.put(ctx, fullID, decision{createdAt: now}); !errors.Is(err, errDecided) {
		return err
	}
	return nil
}
