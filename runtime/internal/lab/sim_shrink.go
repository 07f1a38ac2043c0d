package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// simMostRuns bounds how many plans are tried to find the smallest.
const simMostRuns = 5000

// simShrinker looks for the smallest plan that goes wrong: it takes clients,
// transactions, operations, records, options and luck away, half of them at a
// time, then a quarter, and so on, as long as something still goes wrong (after
// Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
// 2002).
type simShrinker struct {
	t        *testing.T
	sabotage func(storage.Storage) storage.Storage
	best     *simulation
	runs     int
}

func (s *simulation) shrink(t *testing.T, sabotage func(storage.Storage) storage.Storage) *simulation {
	h := &simShrinker{t: t, sabotage: sabotage, best: s}
	for before := -1; before != h.size() && h.runs < simMostRuns; {
		before = h.size()
		h.withoutClients()
		h.withoutSteps()
		h.withoutOps()
		h.withoutOptions()
		h.withoutRecords()
		h.withoutLuck()
	}
	return h.best
}

// size tells whether anything was taken away.
func (h *simShrinker) size() int {
	p := h.best.plan
	n := len(p.records) + len(p.chance)
	for _, c := range p.clients {
		for _, s := range c.steps {
			n += 1 + len(s.ops)
		}
	}
	return n
}

// try keeps a plan if it goes wrong.
func (h *simShrinker) try(p *simPlan) bool {
	if h.runs++; h.runs > simMostRuns {
		return false
	}
	s := p.run(h.t, h.sabotage)
	if s.problem == "" {
		return false
	}
	h.best = s
	return true
}

// remove takes as many of n parts away as it can. without returns the best plan
// without some of its parts.
func (h *simShrinker) remove(n int, without func(p *simPlan, gone []bool) *simPlan) {
	p, gone := h.best.plan, make([]bool, n)
	for size := n; size > 0; size /= 2 {
		for from := 0; from < n; from += size {
			less := slices.Clone(gone)
			for i := from; i < min(from+size, n); i++ {
				less[i] = true
			}
			if !slices.Equal(less, gone) && h.try(without(p, less)) {
				gone = less
			}
		}
	}
}

// kept returns the parts of a list that are not gone.
func kept[T any](all []T, gone []bool) []T {
	var rest []T
	for i, part := range all {
		if !gone[i] {
			rest = append(rest, part)
		}
	}
	return rest
}

func (h *simShrinker) withoutClients() {
	h.remove(len(h.best.plan.clients), func(p *simPlan, gone []bool) *simPlan {
		less := *p
		less.clients = kept(p.clients, gone)
		return &less
	})
}

// everyStep returns the plan with the steps that change returns.
func (p *simPlan) everyStep(change func(n int, s simStep) []simStep) *simPlan {
	less, n := *p, 0
	less.clients = nil
	for _, c := range p.clients {
		var steps []simStep
		for _, s := range c.steps {
			steps = append(steps, change(n, s)...)
			n++
		}
		c.steps = steps
		less.clients = append(less.clients, c)
	}
	return &less
}

func (h *simShrinker) withoutSteps() {
	n := 0
	h.best.plan.everyStep(func(int, simStep) []simStep { n++; return nil })
	h.remove(n, func(p *simPlan, gone []bool) *simPlan {
		return p.everyStep(func(n int, s simStep) []simStep {
			if gone[n] {
				return nil
			}
			return []simStep{s}
		})
	})
}

func (h *simShrinker) withoutOps() {
	n := 0
	h.best.plan.everyStep(func(_ int, s simStep) []simStep { n += len(s.ops); return nil })
	h.remove(n, func(p *simPlan, gone []bool) *simPlan {
		at := 0
		return p.everyStep(func(_ int, s simStep) []simStep {
			rest := gone[at : at+len(s.ops)]
			at += len(s.ops)
			s.ops = kept(s.ops, rest)
			return []simStep{s}
		})
	})
}

func (h *simShrinker) withoutRecords() {
	keys := slices.SortedFunc(maps.Keys(h.best.plan.records), func(a, b Key) int { return (a.P-b.P)*simPlaces + a.C - b.C })
	h.remove(len(keys), func(p *simPlan, gone []bool) *simPlan {
		less := *p
		less.records = maps.Clone(p.records)
		for i, k := range keys {
			if gone[i] {
				delete(less.records, k)
			}
		}
		return &less
	})
}

// simFrills are the options of a process that it can do without.
var simFrills = []func(p *simProcessPlan){
	func(p *simProcessPlan) { p.skew = 0 },
	func(p *simProcessPlan) { p.engine.GroupCommit = nil },
	func(p *simProcessPlan) { p.engine.OnePhase = false },
	func(p *simProcessPlan) { p.engine.AsyncCommit = false },
	func(p *simProcessPlan) { p.engine.AsyncRollback = false },
	func(p *simProcessPlan) { p.engine.WriteSets = false },
	func(p *simProcessPlan) { p.engine.AlwaysDecide = false },
	func(p *simProcessPlan) { p.engine.Wait = 0 },
	func(p *simProcessPlan) {
		p.engine.SerialPrepare, p.engine.SerialValidate, p.engine.SerialCommit, p.engine.SerialRollback = false, false, false, false
	},
}

// withoutOptions takes options of processes away, the storage's limits, and the
// pauses of clients.
func (h *simShrinker) withoutOptions() {
	h.remove(len(h.best.plan.processes)*len(simFrills), func(p *simPlan, gone []bool) *simPlan {
		less := *p
		less.processes = slices.Clone(p.processes)
		for i, without := range gone {
			if without {
				simFrills[i%len(simFrills)](&less.processes[i/len(simFrills)])
			}
		}
		return &less
	})
	bare := *h.best.plan
	if bare.storage = nil; len(h.best.plan.storage) > 0 {
		h.try(&bare)
	}
	prompt := h.best.plan.everyStep(func(_ int, s simStep) []simStep {
		s.think = min(s.think, time.Millisecond)
		return []simStep{s}
	})
	h.try(prompt)
}

// withoutLuck takes from as many calls as possible what happens to them.
func (h *simShrinker) withoutLuck() {
	var names []string
	for _, line := range h.best.net.trace {
		if h.best.plan.chance == nil || h.best.plan.chance[line.call] {
			names = append(names, line.call)
		}
	}
	h.remove(len(names), func(p *simPlan, gone []bool) *simPlan {
		less := *p
		less.chance = map[string]bool{}
		for _, name := range kept(names, gone) {
			less.chance[name] = true
		}
		return &less
	})
}

// String tells what the processes are and what is stored at the start.
func (p *simPlan) String() string {
	var b strings.Builder
	for i := range p.processes {
		process := &p.processes[i]
		var clients []string
		for _, c := range p.clients {
			if c.process == i && len(c.steps) > 0 {
				clients = append(clients, c.name)
			}
		}
		if len(clients) > 0 {
			fmt.Fprintf(&b, "process %s, for %s%s\n", process.name, strings.Join(clients, ", "), process.options())
		}
	}
	for k := range simKeys() {
		if v := p.records[k]; v != 0 {
			fmt.Fprintf(&b, "at the start %d/%d = %d\n", k.P, k.C, v)
		}
	}
	p.everyStep(func(_ int, s simStep) []simStep {
		switch s.deed {
		case finishOther:
			fmt.Fprintf(&b, "%s finishes %s\n", s.id, s.other)
		case abortOther:
			fmt.Fprintf(&b, "%s aborts %s\n", s.id, s.other)
		case recoverRecord:
			fmt.Fprintf(&b, "%s recovers %d/%d\n", s.id, s.record.P, s.record.C)
		}
		return nil
	})
	return b.String()
}

func (p *simProcessPlan) options() string {
	var b strings.Builder
	o := &p.engine
	for _, option := range []struct {
		is   bool
		name string
	}{
		{p.skew != 0, fmt.Sprintf("its clock %v wrong", p.skew)}, {o.OnePhase, "one phase"}, {o.AsyncCommit, "asynchronous commit"},
		{o.AsyncRollback, "asynchronous rollback"}, {o.WriteSets, "write sets"}, {o.AlwaysDecide, "decides reads"}, {o.Wait > 0, fmt.Sprintf("waits %v", o.Wait)},
		{o.SerialPrepare, "serial prepare"}, {o.SerialValidate, "serial validate"}, {o.SerialCommit, "serial commit"}, {o.SerialRollback, "serial rollback"},
	} {
		if option.is {
			b.WriteString(", " + option.name)
		}
	}
	if g := o.GroupCommit; g != nil {
		fmt.Fprintf(&b, ", group commit of %d", g.Capacity)
	}
	return b.String()
}
