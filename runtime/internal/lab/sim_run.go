package lab

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// simulation is a run of a plan.
type simulation struct {
	plan    *simPlan
	net     *simNet
	txs     []*simTx    // in the order in which they began; guarded by net.mu
	final   map[Key]int // what is stored in the end
	problem string      // what is wrong, "" for nothing
}

// Simulation is what came of a seed.
type Simulation struct {
	// Failure says what is wrong, "" for nothing: a report with the smallest plan
	// that goes wrong and its trace.
	Failure string
	// Reached says how often what came about, so that a test can tell whether the
	// simulations are as wild as they should be.
	Reached map[string]int

	run *simulation
}

// WriteHistory writes what the clients did and saw, in the format of package
// history.
func (s Simulation) WriteHistory(out io.Writer) error { return s.run.writeHistory(out) }

// Simulate draws a simulation from the seed, runs it and judges it. Unlike
// [Explore], which takes small scenarios apart, it looks for what only comes about
// when many clients, records, faults and options meet.
//
// The same seed does the same every time. What no scheduler outside of the engine
// can decide are two requests of one transaction that look alike and are sent at
// one moment: they may change places, in one seed of some thousands.
func Simulate(t *testing.T, seed uint64) Simulation {
	s := drawPlan(seed).run(t, nil)
	result := Simulation{Reached: s.net.ledger.reached, run: s}
	if s.problem != "" {
		result.Failure = s.shrink(t, nil).report()
	}
	return result
}

// run runs the plan and judges what came of it.
func (p *simPlan) run(t *testing.T, sabotage func(storage.Storage) storage.Storage) *simulation {
	s := &simulation{plan: p}
	synctest.Test(t, func(t *testing.T) {
		s.net = newSimNet(p, sabotage)
		for i := range p.clients {
			s.net.enter()
			go func() {
				defer s.net.leave()
				s.run(&p.clients[i])
			}()
			synctest.Wait() // those who do not think begin in this order
		}
		s.serve("somebody neither ends nor calls the storage")
		for _, process := range s.net.all {
			s.net.enter()
			go func() {
				defer s.net.leave()
				if err := process.engine.Close(ctxNone); err != nil {
					s.net.ledger.wrong("process %s cannot be closed: %v", process.name, err)
				}
			}()
			synctest.Wait()
		}
		s.serve("an engine cannot be closed")
		s.problem = s.judge()
	})
	return s
}

// serve lets everybody come to an end. One who does not cannot be stopped either,
// so what has been seen is told at once.
func (s *simulation) serve(problem string) {
	if !s.net.serve() {
		s.problem = problem
		panic(s.report())
	}
}

// settle recovers everything, when all that is prepared has expired, whatever
// the clock of its writer.
func (s *simulation) settle(name string) (map[Key]int, string) {
	time.Sleep(3 * time.Hour)
	s.net.trace = append(s.net.trace, simLine{s.net.now(), name, "everything is read"})
	final, problem := simSettle(s.net.store)
	if problem != "" {
		return nil, problem
	}
	return final, s.unrecovered()
}

// report tells what went wrong, in which plan, by which storage calls.
func (s *simulation) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s\n\n%s\n", s.plan.seed, cmp.Or(s.problem, "nothing is wrong"), s.plan)
	for _, tx := range s.txs {
		fmt.Fprintf(&b, "%s\n", tx)
	}
	b.WriteByte('\n')
	b.WriteString(s.traceText())
	return b.String()
}

// traceText is the trace, one line for each storage call.
func (s *simulation) traceText() string {
	var b strings.Builder
	for _, line := range s.net.trace {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}
