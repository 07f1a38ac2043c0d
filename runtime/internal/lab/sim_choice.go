package lab

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// simFate is what becomes of a storage call.
type simFate uint8

const (
	simOK simFate = iota
	simReplyLost
	simRequestLost  // it never arrives
	simRequestLate  // nobody waits for it any more when it arrives
	simFailed       // without effect, and without saying so
	simConflict     // the database gives up, without effect
	simCrash        // the process dies; what it has sent may still arrive
	simCrashAfter   // the process dies when the storage has done what the call asks for
	simClockForward // the process's clock jumps before the call arrives
	simClockBack
	simFates
)

// simChoice is the luck of a call.
type simChoice struct {
	delay time.Duration // until it arrives
	fate  simFate
	late  time.Duration // until it arrives if it is late
}

// simDelay is how long a call takes that has no luck of its own.
const simDelay = time.Millisecond

// choose draws the luck of the call of a name.
func (p *simPlan) choose(name string) simChoice {
	if c, decided := p.fates[name]; decided {
		return c
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	// No two calls arrive at one moment: which would be first?
	apart := time.Duration(h.Sum64() % uint64(simDelay/100))
	if p.chance != nil && !p.chance[name] {
		return simChoice{delay: simDelay + apart}
	}
	d := rand.New(rand.NewPCG(p.seed, h.Sum64()))
	c := simChoice{delay: time.Duration(d.ExpFloat64()*float64(p.weather.pace)) + apart}
	if d.Float64() < p.weather.stuck {
		c.delay += simLong(d)
	}
	if d.Float64() < p.weather.fault {
		c.fate = 1 + simFate(d.IntN(int(simFates)-1))
	}
	switch {
	case !p.weather.haunted:
	case strings.Contains(name, " decide ABORTED"):
		c.delay *= 10
	case strings.Contains(name, " decide COMMITTED") && d.IntN(4) == 0:
		c.fate = simReplyLost
	}
	c.late = time.Duration(d.ExpFloat64()*float64(p.weather.pace)) * 4
	if d.IntN(2) == 0 {
		c.late += simLong(d)
	}
	return c
}

// simLong is a time around those that decide: the 10 s after which an engine gives
// a decision up, the 15 s after which others may abort a transaction.
func simLong(d *rand.Rand) time.Duration {
	if d.IntN(4) == 0 {
		return time.Duration(d.Int64N(int64(time.Hour)))
	}
	return time.Duration(d.Int64N(int64(30 * time.Second)))
}
