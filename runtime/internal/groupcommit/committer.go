package groupcommit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	parentIDLength = 24
	// maxChildLength leaves room for the parent's id and the delimiter in the 64
	// characters of a transaction id (spec 8.5).
	maxChildLength = 39
	// minWindow is below what a timer can be trusted with, and little beside a
	// round trip to a storage.
	minWindow = time.Millisecond
	// emitTimeout bounds one call of Emit. It is below the 15 seconds after which
	// others may abort the members (spec 7.1).
	emitTimeout = 10 * time.Second
)

// What Reserve and Commit report. Errors wrap them.
var (
	// ErrClosed means that the committer takes no new transactions.
	ErrClosed = errors.New("group commit is closed")
	// ErrChild means that a transaction id cannot be a child id.
	ErrChild = errors.New("not usable as a transaction id with group commit")
	// ErrGone means that the transaction has no slot: it was removed, or dropped
	// because it took too long or the committer was closed. It is not in a row of
	// this committer, and never will be, unless Commit was called for it before.
	ErrGone = errors.New("the slot for the group commit is gone")
	// ErrUnknown means that the row may have been written or not, or may still
	// be written.
	ErrUnknown = errors.New("the outcome of the group commit is unknown")
)

// Options configure a [Committer]. The zero value is usable; a value that is
// zero or negative means the default.
type Options struct {
	// Capacity is how many slots a group hands out; default 20. One that is given
	// back counts, since its id must not come twice in a group.
	Capacity int
	// MaxWindow is the longest time that ready members wait for the others;
	// default 40 ms. The window itself is the mean time from Reserve to Commit of
	// recent transactions, at least 1 ms.
	MaxWindow time.Duration
	// AbortAfter is how long after Reserve a slot is dropped if it is neither
	// committed nor removed; default 60 s.
	AbortAfter time.Duration
	// NewParentID names a group: 24 characters of 0-9, A-Z, a-z that never
	// repeat. Default: 120 random bits. It is called with the committer locked.
	NewParentID func() string
}

// Member is a transaction in a group that is written.
type Member[V any] struct {
	Child string // its id without the group's
	Value V      // what Commit was given
}

// Emit writes the decision that members are committed, to one row, and returns
// its time in ms. For a normal group id is the parent's id and members, in the
// order in which they began, are all that the row must list, at least one. For a
// delayed group id is the full id of its only member, and the row lists none.
//
// It is called once per group, for several groups at a time, with a context that
// has the values of one member's context and ends after 10 seconds. Its error is
// given to every member as it is.
type Emit[V any] func(ctx context.Context, id string, delayed bool, members []Member[V]) (committedAt int64, err error)

// Committer forms groups. It is safe for concurrent use.
type Committer[V any] struct {
	options Options
	emit    Emit[V]

	mu      sync.Mutex
	open    *group[V]           // the group that takes new slots, or nil
	slots   map[string]*slot[V] // by full id: every slot of every group that is not finished
	groups  int                 // groups that are not finished
	usual   time.Duration       // moving mean of the time from Reserve to Commit
	closed  bool
	drained chan struct{} // closed when the committer is closed and groups is 0
}

// New returns a committer that writes with emit.
func New[V any](o Options, emit Emit[V]) *Committer[V] {
	if o.Capacity <= 0 {
		o.Capacity = 20
	}
	if o.MaxWindow <= 0 {
		o.MaxWindow = 40 * time.Millisecond
	}
	if o.AbortAfter <= 0 {
		o.AbortAfter = time.Minute
	}
	if o.NewParentID == nil {
		o.NewParentID = func() string { return rand.Text()[:parentIDLength] }
	}
	return &Committer[V]{options: o, emit: emit, slots: map[string]*slot[V]{}, drained: make(chan struct{})}
}

// Reserve takes a slot for the transaction child, which begins, and returns the
// id that its records must carry. The caller ends with Commit or Remove. Child
// has 1 to 39 UTF-16 units, no comma and no NUL, else Reserve reports ErrChild;
// after Close it reports ErrClosed. A child that the open group had before gets
// another group.
func (c *Committer[V]) Reserve(child string) (fullID string, err error) {
	if err := checkChild(child); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return "", ErrClosed
	}
	if c.open == nil || c.slots[c.open.member(child)] != nil {
		c.open = c.newGroup(c.options.NewParentID(), false)
	}
	return c.reserve(c.open, child), nil
}

// checkChild refuses what would spoil the row for all members of a group: a row
// lists its children joined by commas, and no database stores every NUL or
// malformed character.
func checkChild(child string) error {
	units := 0
	for _, r := range child {
		units++
		if r > 0xFFFF {
			units++
		}
	}
	if units < 1 || units > maxChildLength || strings.ContainsAny(child, ",\x00") || !utf8.ValidString(child) {
		return fmt.Errorf("%q is %w: it needs 1 to %d characters of UTF-16, without comma and NUL", child, ErrChild, maxChildLength)
	}
	return nil
}

// Commit hands in the decision that the transaction is committed, waits until
// its group is written, and returns the time of the decision in ms. Call it at
// most once for an id, when all records of the transaction are prepared.
//
// It reports ErrGone if there is no slot, and the error of Emit if that failed.
// It reports ErrUnknown together with the error of ctx if that ends first: the
// slot stays ready and is written all the same, so the transaction must not be
// aborted by a row of its full id alone. A panic in Emit is ErrUnknown too.
func (c *Committer[V]) Commit(ctx context.Context, fullID string, v V) (committedAt int64, err error) {
	g := c.markReady(ctx, fullID, v)
	if g == nil {
		return 0, fmt.Errorf("transaction %s: %w", fullID, ErrGone)
	}
	return g.wait(ctx, fullID)
}

// Remove gives the slot back. The transaction will not be committed, and since
// no group has it any more, a row of its full id may now say that it is aborted.
// Remove does nothing if the slot is ready or there is none.
func (c *Committer[V]) Remove(fullID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.slots[fullID]; s != nil && s.state == slotReserved {
		c.drop(s)
		c.settle(s.group)
	}
}

// Close refuses new reservations and waits until every slot is written or given
// back. If ctx ends first it drops the slots that are not being written, whose
// Commit reports ErrGone, and reports the error of ctx. A row that is being
// written then is not cut off: its members get the outcome.
func (c *Committer[V]) Close(ctx context.Context) error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		if c.groups == 0 {
			close(c.drained)
		}
	}
	c.mu.Unlock()
	select {
	case <-c.drained:
		return nil
	case <-ctx.Done():
		return c.dropAll(ctx.Err())
	}
}

// dropAll ends the groups that are not being written.
func (c *Committer[V]) dropAll(cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dropped, writing := 0, 0
	for _, s := range c.slots {
		switch {
		case s.group.writing && s.state == slotReady:
			writing++
		case !s.group.writing:
			dropped += s.group.waiting + s.group.ready
			s.group.err = fmt.Errorf("%w: group commit was closed", ErrGone)
			c.finish(s.group)
		}
	}
	if dropped+writing == 0 {
		return nil
	}
	return fmt.Errorf("closing group commit: %w; %d transactions were dropped, %d are being written", cause, dropped, writing)
}
