//go:build linux

package soak

import (
	"context"
	"fmt"
	"time"

	"github.com/scalargen/scalargen/internal/history"
)

// openEpoch is an epoch that is not closed.
type openEpoch struct {
	number  int
	level   history.Level
	members int            // clients that work in it
	ended   map[int]notice // what each client said last
	over    time.Time      // when another one has begun; zero before
}

func (e *openEpoch) count() (n int) {
	for _, said := range e.ended {
		n += said.Committed + said.Failed + said.Unknown
	}
	return n
}

type closedEpoch struct {
	verdict *verdict
	err     error
}

// most is how many epochs may be open: the current one, and those that clients
// have yet to leave or that are being closed.
const most = 6

// close closes epochs one after the other.
func (s *controller) close(ctx context.Context) {
	for e := range s.closing {
		v, err := s.closer.close(ctx, e.number, e.level)
		if err != nil {
			err = fmt.Errorf("epoch %d: %w", e.number, err)
		}
		s.closed <- closedEpoch{v, err}
	}
}

// nextEpoch sends all clients to fresh keys.
func (s *controller) nextEpoch(ctx context.Context) error {
	number := s.current + 1
	level := s.Levels[s.current%len(s.Levels)]
	if err := s.closer.open(ctx, number); err != nil {
		return fmt.Errorf("open epoch %d: %w", number, err)
	}
	before := s.epochs[s.current]
	s.current = number
	s.epochs[number] = &openEpoch{number: number, level: level, ended: map[int]notice{}}
	for _, p := range s.slots {
		if p != nil {
			s.enter(p)
		}
	}
	s.leave(before)
	return nil
}

// enter sends a client into the current epoch.
func (s *controller) enter(p *process) {
	e := s.epochs[s.current]
	e.members++
	p.members[e.number] = true
	p.send(order{Epoch: &epochOrder{e.number, e.level}})
}

// leave hands an epoch that is over and that nobody works in any more to the
// closer.
func (s *controller) leave(e *openEpoch) {
	if e == nil {
		return
	}
	if e.over.IsZero() && (s.stopping || e.number < s.current) {
		e.over = time.Now()
	}
	if !e.over.IsZero() && e.members == 0 {
		s.closing <- e
	}
}

// left notes that a client works in an epoch no more.
func (s *controller) left(p *process, e *openEpoch) {
	if !p.members[e.number] {
		return
	}
	delete(p.members, e.number)
	e.members--
	s.leave(e)
}

// sawVerdict takes what the closer says of an epoch.
func (s *controller) sawVerdict(e closedEpoch) error {
	if e.err != nil {
		return e.err
	}
	for _, said := range s.epochs[e.verdict.epoch].ended {
		for reason, times := range said.Reasons {
			s.result.Reasons[reason] += times
		}
		for text, times := range said.Samples {
			s.result.Samples[text] += times
		}
	}
	delete(s.epochs, e.verdict.epoch)
	report := e.verdict.report
	r := &s.result
	r.Committed += report.Committed
	r.Failed += report.Failed
	r.Unknown += report.Unknown
	r.Epochs++
	r.Checking += e.verdict.took
	r.Longest = max(r.Longest, e.verdict.took)
	return nil
}
