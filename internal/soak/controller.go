//go:build linux

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// controller runs a soak. Its fields belong to the goroutine of [Run]; closing
// epochs and crashing the server are done by others, which report by channels.
type controller struct {
	Config
	target *Target
	clock  clock
	random *rand.Rand
	closer *closer
	result Result

	events  chan event
	slots   []*process // nil between the end of a client and the start of the next
	number  int        // of the client started last
	epochs  map[int]*openEpoch
	current int
	closing chan *openEpoch
	closed  chan closedEpoch
	faults  faults

	began    time.Time
	stopping bool
	stopped  time.Time
}

// Run runs a soak. Its error tells what is wrong, and where the history is that
// shows it. The directory is empty afterwards if nothing is.
func Run(ctx context.Context, t *Target, c Config) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &controller{
		Config: c, target: t, clock: newClock(c.Speed), random: rand.New(rand.NewPCG(c.Seed, 0)),
		events: make(chan event), slots: make([]*process, c.Clients), epochs: map[int]*openEpoch{},
		closing: make(chan *openEpoch, most), closed: make(chan closedEpoch, most),
		result: Result{Killed: map[Point]int{}, Reasons: map[string]int{}, Samples: map[string]int{}},
	}
	var err error
	if s.closer, err = newCloser(ctx, t, c.Dir, s.clock); err != nil {
		return nil, err
	}
	defer s.closer.end()
	s.began = time.Now()
	go s.close(ctx)
	err = s.run(ctx)
	s.faults.end(s)
	s.killAll()
	s.result.Elapsed = time.Since(s.began)
	if err == nil {
		err = s.closer.settleAll(ctx)
	}
	if err != nil {
		return &s.result, fmt.Errorf("seed %d, %s, histories in %s: %w", c.Seed, t.Name, c.Dir, err)
	}
	return &s.result, nil
}

// run goes on until enough transactions are checked and all clients have ended.
func (s *controller) run(ctx context.Context) error {
	defer close(s.closing)
	if err := s.nextEpoch(ctx); err != nil {
		return err
	}
	s.faults.begin(s)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	told := time.Now()
	for !s.stopping || len(s.epochs) > 0 || s.alive() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-s.events:
			if err := s.heard(e); err != nil {
				return err
			}
		case e := <-s.closed:
			if err := s.sawVerdict(e); err != nil {
				return err
			}
		case err := <-s.faults.failed:
			return err
		case <-tick.C:
		}
		if err := s.advance(ctx); err != nil {
			return err
		}
		s.askTheLate()
		const interval = 5 * time.Second
		if s.Progress != nil && time.Since(told) > interval {
			told = time.Now()
			s.tell()
		}
	}
	return nil
}

// askTheLate has clients show what they are doing, and end, that do not leave an
// epoch: a transaction that never ends is wrong too.
func (s *controller) askTheLate() {
	for _, p := range s.slots {
		if p == nil || p.asked {
			continue
		}
		late := s.stopping && time.Since(s.stopped) > patience
		for number := range p.members {
			e := s.epochs[number]
			late = late || !e.over.IsZero() && time.Since(e.over) > patience
		}
		if late {
			p.asked = true
			_ = p.command.Process.Signal(syscall.SIGQUIT)
		}
	}
}

func (s *controller) alive() (n int) {
	for _, p := range s.slots {
		if p != nil {
			n++
		}
	}
	return n
}

// advance goes on to the next epoch if the current one is large enough, starts
// clients, and does what faults are due.
func (s *controller) advance(ctx context.Context) error {
	if s.stopping {
		return nil
	}
	e := s.epochs[s.current]
	ended := e.count()
	pending := 0
	for _, open := range s.epochs {
		pending += open.count()
	}
	switch {
	case s.result.Checked()+pending >= s.Transactions, s.Duration > 0 && time.Since(s.began) > s.Duration:
		s.stop()
		return nil
	case ended >= s.Epoch && len(s.epochs) < most:
		if err := s.nextEpoch(ctx); err != nil {
			return err
		}
	}
	for slot, p := range s.slots {
		if p == nil {
			if err := s.start(slot); err != nil {
				return err
			}
		}
	}
	s.faults.due(s)
	return nil
}

// start starts a client.
func (s *controller) start(slot int) error {
	s.number++
	a := assignment{
		Number: s.number, Seed: s.Seed, Workers: s.Workers, Dir: s.Dir, Properties: s.target.Properties,
		Namespace: s.target.Namespace, Coordinator: s.target.Coordinator, Mode: s.Modes[slot%len(s.Modes)],
		Clock: s.clock, Timeout: s.Timeout, Losses: s.target.Losses, Sabotage: s.Sabotage,
	}
	if len(s.target.Routes) > 0 {
		a.Properties = s.target.Routes[slot%len(s.target.Routes)].Properties
	}
	if s.Faults > 0 {
		if s.target.FewConnections != nil && s.random.IntN(8) == 0 {
			a.Properties = s.target.FewConnections(a.Properties)
		}
		if s.random.IntN(4) == 0 {
			const widest = 10
			a.Clock = a.Clock.ahead(time.Duration(s.random.IntN(2*widest+1)-widest) * time.Second)
		}
	} else {
		a.Losses = 0
	}
	p, err := start(a, slot, s.events)
	if err != nil {
		return err
	}
	s.slots[slot] = p
	s.enter(p)
	return nil
}

// stop ends the work of all clients.
func (s *controller) stop() {
	s.stopping, s.stopped = true, time.Now()
	s.faults.end(s)
	for _, p := range s.slots {
		if p != nil {
			p.send(order{Stop: true})
		}
	}
	s.leave(s.epochs[s.current])
}

// heard takes what a client says.
func (s *controller) heard(e event) error {
	p, n := e.from, e.notice
	if !e.ended {
		if n.Problem != "" {
			return fmt.Errorf("%w: epoch %d: %s", errWrong, n.Epoch, n.Problem)
		}
		if open := s.epochs[n.Epoch]; open != nil {
			open.ended[p.Number] = n
			if n.Left {
				s.left(p, open)
			}
		}
		return nil
	}
	if e.err != nil {
		return e.err
	}
	for number := range p.members {
		s.left(p, s.epochs[number])
	}
	s.slots[p.slot] = nil
	switch {
	case !e.killed:
	case p.dying != nil:
		s.result.Killed[*p.dying]++
	default:
		s.result.KilledAnywhere++
	}
	return nil
}

func (s *controller) killAll() {
	for _, p := range s.slots {
		if p != nil {
			_ = p.command.Process.Kill()
		}
	}
	for s.alive() > 0 {
		if e := <-s.events; e.ended {
			s.slots[e.from.slot] = nil
		}
	}
}

// tell prints how far the soak is.
func (s *controller) tell() {
	pending := 0
	for _, e := range s.epochs {
		pending += e.count()
	}
	kills := s.result.KilledAnywhere
	for _, n := range s.result.Killed {
		kills += n
	}
	fmt.Fprintf(s.Progress, "%s: %d checked (%d committed), %d running in epochs up to %d; %d clients killed, %d crashes, %d faults of connections\n",
		s.target.Name, s.result.Checked(), s.result.Committed, pending, s.current, kills, s.result.Crashes, s.faults.connections(s))
}
