//go:build linux

package soak

import (
	"time"

	"github.com/scalargen/scalargen/internal/history"
)

// clock is the time that the engine is told. It is that of one monotonic clock,
// the same in all processes, and may run faster.
type clock struct {
	Start   int64 // of the monotonic clock, nanoseconds
	Origin  int64 // what the clock shows then, Unix nanoseconds
	Speed   int64
	SkewFor time.Duration // how far this one is ahead
}

func newClock(speed int64) clock {
	return clock{Start: history.Monotonic(), Origin: time.Now().UnixNano(), Speed: speed}
}

func (c clock) now() time.Time {
	return time.Unix(0, c.Origin+(history.Monotonic()-c.Start)*c.Speed+int64(c.SkewFor))
}

// ahead returns the clock set forward.
func (c clock) ahead(d time.Duration) clock {
	c.SkewFor += d
	return c
}
