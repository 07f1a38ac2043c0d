package groupcommit

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// group is a set of slots that are decided in one row. Its fields are guarded by
// the committer's lock, except that committedAt and err may be read without it
// once done is closed.
type group[V any] struct {
	id      string // the parent's id; of a delayed group the member's full id
	delayed bool
	slots   []*slot[V] // in the order of reservation, those given back included

	waiting int  // slots that are reserved
	ready   int  // slots that are ready
	writing bool // Emit runs: the members are settled

	// timer fires at deadline: when the oldest slot is to be dropped, or, once a
	// member is ready, when the window is over.
	timer    *time.Timer
	deadline time.Time
	ctx      context.Context // of the first member that was ready, without its end

	done        chan struct{}
	committedAt int64
	err         error
}

type slotState uint8

const (
	slotReserved slotState = iota
	slotReady
	slotGone // given back or dropped; kept while its group lasts, so that its id is not handed out again
)

// slot is a transaction's place in a group.
type slot[V any] struct {
	id, child string
	group     *group[V]
	state     slotState
	began     time.Time
	value     V
}

// member returns the full id of a child.
func (g *group[V]) member(child string) string { return g.id + "$" + child }

// wait returns the outcome of the group for one of its ready members. An outcome
// that is known counts, even if ctx has ended.
func (g *group[V]) wait(ctx context.Context, fullID string) (committedAt int64, err error) {
	select {
	case <-g.done:
	case <-ctx.Done():
		select {
		case <-g.done:
		default:
			return 0, fmt.Errorf("transaction %s: %w: stopped waiting for it: %w", fullID, ErrUnknown, ctx.Err())
		}
	}
	return g.committedAt, g.err
}

// The functions below are called with the lock held.

func (c *Committer[V]) newGroup(id string, delayed bool) *group[V] {
	c.groups++
	return &group[V]{id: id, delayed: delayed, done: make(chan struct{})}
}

func (c *Committer[V]) reserve(g *group[V], child string) (fullID string) {
	s := &slot[V]{id: g.member(child), child: child, began: time.Now()}
	c.slots[s.id] = s
	c.join(g, s)
	if len(g.slots) == 1 {
		c.arm(g, c.options.AbortAfter)
	}
	if len(g.slots) == c.options.Capacity {
		c.open = nil
	}
	return s.id
}

func (c *Committer[V]) join(g *group[V], s *slot[V]) {
	s.group = g
	g.slots = append(g.slots, s)
	g.waiting++
}

// drop takes a slot that is not ready out of its group.
func (c *Committer[V]) drop(s *slot[V]) {
	s.state = slotGone
	s.group.waiting--
}

// settle writes a group that has nobody left to wait for, or ends it if it has
// no members.
func (c *Committer[V]) settle(g *group[V]) {
	switch {
	case g.waiting > 0:
	case g.ready > 0:
		c.write(g)
	default:
		c.finish(g)
	}
}

// arm makes the timer fire after d from now instead of whenever it would have.
func (c *Committer[V]) arm(g *group[V], d time.Duration) {
	g.deadline = time.Now().Add(d)
	if g.timer == nil {
		g.timer = time.AfterFunc(d, func() { c.expire(g) })
	} else {
		g.timer.Reset(d)
	}
}

// window returns how long ready members wait for the others.
func (c *Committer[V]) window() time.Duration {
	return min(max(c.usual, minWindow), c.options.MaxWindow)
}

// delay moves the slots that are not ready to groups of their own.
func (c *Committer[V]) delay(g *group[V]) {
	for _, s := range g.slots {
		if s.state == slotReserved {
			g.waiting--
			alone := c.newGroup(s.id, true)
			c.join(alone, s)
			c.arm(alone, time.Until(s.began.Add(c.options.AbortAfter)))
		}
	}
}

// write starts to write a group.
func (c *Committer[V]) write(g *group[V]) {
	g.writing = true
	g.timer.Stop()
	members := make([]Member[V], 0, g.ready)
	for _, s := range g.slots {
		if s.state == slotReady {
			members = append(members, Member[V]{s.child, s.value})
		}
	}
	go c.run(g, members)
}

// finish forgets a group and wakes its members. The runtime may hold on to a
// stopped timer, and so to the group, for as long as it was set to: the group
// lets go of its members.
func (c *Committer[V]) finish(g *group[V]) {
	g.timer.Stop()
	for _, s := range g.slots {
		if s.group == g {
			delete(c.slots, s.id)
		}
	}
	g.slots, g.ctx = nil, nil
	if c.open == g {
		c.open = nil
	}
	close(g.done)
	if c.groups--; c.groups == 0 && c.closed {
		close(c.drained)
	}
}

// The functions below take the lock.

// markReady makes a slot ready and returns its group, nil if there is no slot. The
// first that is ready closes its group to new slots.
func (c *Committer[V]) markReady(ctx context.Context, fullID string, v V) *group[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[fullID]
	if s == nil || s.state == slotGone {
		return nil
	}
	g := s.group
	if s.state == slotReady {
		return g
	}
	s.state, s.value = slotReady, v
	g.waiting--
	g.ready++
	if c.open == g {
		c.open = nil
	}
	// Beyond the longest window it does not matter how long a transaction took,
	// and a single slow one must not stretch the window of many fast ones.
	c.usual += (min(time.Since(s.began), c.options.MaxWindow) - c.usual) / 8
	if g.ready == 1 {
		g.ctx = context.WithoutCancel(ctx)
		if g.waiting > 0 {
			c.arm(g, c.window())
		}
	}
	c.settle(g)
	return g
}

// expire does what is due when the timer of a group fires.
func (c *Committer[V]) expire(g *group[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-g.done:
		return
	default:
	}
	now := time.Now()
	if g.writing || now.Before(g.deadline) { // the timer was on its way when it was stopped or set anew
		return
	}
	if g.ready > 0 {
		c.delay(g)
		c.settle(g)
		return
	}
	for _, s := range g.slots {
		if s.state != slotReserved {
			continue
		}
		if left := s.began.Add(c.options.AbortAfter).Sub(now); left > 0 {
			c.arm(g, left)
			return
		}
		c.drop(s)
	}
	c.settle(g)
}

// run writes a group. Whatever emit does, also if it panics or ends the
// goroutine, the members get an answer.
func (c *Committer[V]) run(g *group[V], members []Member[V]) {
	var committedAt int64
	err := fmt.Errorf("group %s: %w: writing it was broken off", g.id, ErrUnknown)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("group %s: %w: writing it panicked: %v\n%s", g.id, ErrUnknown, p, debug.Stack())
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		g.committedAt, g.err = committedAt, err
		c.finish(g)
	}()
	ctx, cancel := context.WithTimeout(g.ctx, emitTimeout)
	defer cancel()
	committedAt, err = c.emit(ctx, g.id, g.delayed, members)
}
