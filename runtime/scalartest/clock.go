package scalartest

import (
	"sync"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
)

// Clock is the clock of a DB: it stamps records, and by it a crashed
// transaction's 15 seconds pass. Timeouts and pauses do not follow it. As an
// [Option] of [Open] it replaces the real clock; two DBs may share one.
type Clock struct {
	mu    sync.Mutex
	start time.Time // zero: the clock runs with the real one
	ahead time.Duration
}

// NewClock returns a clock that stands at start until it is advanced.
func NewClock(start time.Time) *Clock { return &Clock{start: start} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.start.IsZero() {
		return time.Now().Add(c.ahead)
	}
	return c.start.Add(c.ahead)
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func (c *Clock) apply(to *config) { to.clock = c }

// Advance moves the clock of db forward by d, which is the clock given to
// [Open], or else one that otherwise runs with the real one. After 16 seconds
// others may take back what a crashed transaction has left.
func Advance(db *scalar.DB, d time.Duration) { storeOf(db).clock.Advance(d) }
