//go:build linux

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
)

// faults are what happens to the clients, the connections and the server of a
// soak, and when.
type faults struct {
	points  []Point // in an order of their own, taken in turn
	next    time.Time
	crash   time.Time
	failed  chan error
	ended   bool
	working sync.WaitGroup
	crashed chan struct{} // holds one while the server is being started again
}

func (f *faults) begin(s *controller) {
	f.failed, f.crashed = make(chan error, 1), make(chan struct{}, 1)
	f.points = Points()
	s.random.Shuffle(len(f.points), func(i, j int) { f.points[i], f.points[j] = f.points[j], f.points[i] })
	f.next, f.crash = s.after(s.Faults), s.after(s.Crashes)
	if s.Faults == 0 {
		return
	}
	for i, route := range s.target.Routes {
		if route.Proxy == nil {
			continue
		}
		route.Proxy.Script(script(rand.New(rand.NewPCG(s.Seed, uint64(i)+1))))
	}
}

// after returns a random moment, so that moments are as far apart on average.
func (s *controller) after(average time.Duration) time.Time {
	return time.Now().Add(time.Duration(s.random.ExpFloat64() * float64(average)))
}

// script lets few requests fail, each in one of all ways. A connection that falls
// silent costs as long as somebody waits for it, so that is rare.
func script(random *rand.Rand) func(testserver.Request) testserver.Fault {
	short := []testserver.Fault{
		testserver.CutBefore, testserver.CutWithin, testserver.CutAfter, testserver.CutReply,
		testserver.EndRepliesBefore, testserver.EndRepliesAfter, testserver.EndRequests,
	}
	silent := []testserver.Fault{testserver.HoleBefore, testserver.HoleAfter}
	return func(testserver.Request) testserver.Fault {
		switch n := random.IntN(50_000); {
		case n < 100:
			return short[n%len(short)]
		case n < 103:
			return silent[random.IntN(len(silent))]
		}
		return testserver.Pass
	}
}

// due does what is due.
func (f *faults) due(s *controller) {
	now := time.Now()
	if s.Faults > 0 && now.After(f.next) {
		f.next = s.after(s.Faults)
		f.strike(s)
	}
	if s.Crashes > 0 && s.target.Crash != nil && now.After(f.crash) {
		f.crash = s.after(s.Crashes)
		f.crashServer(s)
	}
}

// strike does something to one client or connection.
func (f *faults) strike(s *controller) {
	slot := s.random.IntN(len(s.slots))
	p := s.slots[slot]
	if p == nil {
		return
	}
	switch n := s.random.IntN(100); {
	case n < 70:
		f.kill(s, p)
	case n < 85:
		// Not counted as one at a point, though it may have come to that.
		p.dying = nil
		_ = p.command.Process.Kill()
	case n < 90:
		f.fillDisk(s, p)
	case len(s.target.Routes) > 0:
		if proxy := s.target.Routes[slot%len(s.target.Routes)].Proxy; proxy != nil {
			f.cut(s, proxy)
		}
	}
}

// kill orders a client to die at a point: at the next of all, or at that at which
// the fewest have died. If it does not come there, since its mode has no such point
// or nothing leads to it, it is ordered to die elsewhere later.
func (f *faults) kill(s *controller, p *process) {
	const enough = 4 * time.Second
	if p.dying != nil && time.Since(p.ordered) < enough {
		return
	}
	at := 0
	if s.random.IntN(2) == 0 {
		for i, point := range f.points {
			if s.result.Killed[point] < s.result.Killed[f.points[at]] {
				at = i
			}
		}
	}
	point := f.points[at]
	f.points = append(slices.Delete(f.points, at, at+1), point)
	p.dying, p.ordered = &point, time.Now()
	p.send(order{Die: &point})
}

// cut does something to all connections of a proxy.
func (f *faults) cut(s *controller, proxy *testserver.Proxy) {
	pause := time.Duration(s.random.IntN(500)) * time.Millisecond
	kind := s.random.IntN(5)
	f.working.Go(func() {
		switch kind {
		case 0:
			proxy.CutAll()
		case 1:
			proxy.SetReset(true)
			proxy.CutAll()
			proxy.SetReset(false)
		case 2:
			proxy.Freeze()
			time.Sleep(pause)
			proxy.Thaw()
		case 3:
			proxy.SetDelay(pause/20, pause/20)
			time.Sleep(pause)
			proxy.SetDelay(0, 0)
		default:
			proxy.Refuse(true)
			proxy.CutAll()
			time.Sleep(pause)
			proxy.Refuse(false)
		}
	})
}

// fillDisk lets the disk be full for a while, for all or for one client.
func (f *faults) fillDisk(s *controller, p *process) {
	const pause = 200 * time.Millisecond
	switch {
	case s.target.DiskFull != nil:
		select {
		case f.crashed <- struct{}{}: // not while the server is down
		default:
			return
		}
		s.result.DiskFull++
		f.working.Go(func() {
			defer func() { <-f.crashed }()
			err := s.target.DiskFull(context.Background(), true)
			time.Sleep(pause)
			if err == nil {
				err = until(context.Background(), func(ctx context.Context) error { return s.target.DiskFull(ctx, false) })
			}
			f.report(err)
		})
	case s.target.FileSize > 0:
		s.result.DiskFull++
		f.working.Go(func() {
			size, none := s.target.FileSize, uint64(0)
			p.send(order{FileSize: &size})
			time.Sleep(pause)
			p.send(order{FileSize: &none})
		})
	}
}

// crashServer kills the server and starts it again.
func (f *faults) crashServer(s *controller) {
	select {
	case f.crashed <- struct{}{}:
	default:
		return
	}
	s.result.Crashes++
	f.working.Go(func() {
		defer func() { <-f.crashed }()
		if err := s.target.Crash(); err != nil {
			f.report(fmt.Errorf("kill the server and start it again: %w", err))
		}
	})
}

func (f *faults) report(err error) {
	if err == nil {
		return
	}
	select {
	case f.failed <- err:
	default:
	}
}

// end lets nothing fail any more, and waits until what has failed works again.
func (f *faults) end(s *controller) {
	if f.ended {
		return
	}
	f.ended = true
	f.working.Wait()
	s.result.Connections = f.connections(s)
	for _, route := range s.target.Routes {
		if route.Proxy == nil {
			continue
		}
		route.Proxy.Script(nil)
		route.Proxy.SetDelay(0, 0)
		route.Proxy.Refuse(false)
		route.Proxy.Thaw()
	}
}

func (f *faults) connections(s *controller) (n int64) {
	for _, route := range s.target.Routes {
		if route.Proxy != nil {
			n += int64(route.Proxy.Faults())
		}
	}
	return n
}
