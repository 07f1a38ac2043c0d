package lab

import (
	"fmt"
	"strings"
	"testing"
)

// Options bound an exploration.
type Options struct {
	Most       int  // executions at most, 0 for all
	Everything bool // leave out nothing: for comparison
}

// Result is what an exploration has seen.
type Result struct {
	Executions int // that ran to their end and differ
	GivenUp    int // executions that only repeat others
	Exhausted  bool
	Longest    int            // choices in the longest execution
	Reached    map[string]int // what the scenario says is worth reaching, and how often it was
	Failure    string         // the first execution that is wrong, with its choices; "" if none is
}

// node is a point at which the explorer has had a choice.
type node struct {
	actions []*action // that were possible, the chosen one at chosen
	sleep   []*action // that need not be tried here
	chosen  int
}

func (n *node) sleeps(a *action) bool {
	for _, s := range n.sleep {
		if s.name == a.name {
			return true
		}
	}
	return false
}

// next moves on to an action that is neither tried nor asleep. It reports false
// if there is none.
func (n *node) next() bool {
	for n.chosen++; n.chosen < len(n.actions); n.chosen++ {
		if !n.sleeps(n.actions[n.chosen]) {
			return true
		}
	}
	return false
}

// Explore runs all executions of a scenario that differ: those without faults
// first, then those with one, and so on, so that a bounded exploration has seen
// the simple ones.
func Explore(t *testing.T, s *Scenario, o Options) Result {
	t.Helper()
	x := &explorer{t: t, scenario: s, options: o, result: Result{Reached: map[string]int{}}}
	for faults := range s.Faults.total() + 1 {
		if !x.explore(faults) {
			return x.result
		}
	}
	x.result.Exhausted = true
	return x.result
}

// explorer is an exploration under way.
type explorer struct {
	t        *testing.T
	scenario *Scenario
	options  Options
	result   Result
	path     []*node // of the execution under way, or the one before
	depth    int     // choices made in the execution under way
}

// explore runs all executions with exactly so many faults, depth first. It
// reports false if it has not come to the end.
func (x *explorer) explore(faults int) bool {
	x.path = nil
	for {
		x.depth = 0
		r, verdict, complete := execute(x.t, x.scenario, faults, x.choose)
		switch {
		case !complete:
			x.result.GivenUp++
		case r.faults == 0: // all have happened
			x.count(r)
			if verdict != "" {
				x.result.Failure = fmt.Sprintf("%s\nafter these choices:\n  %s\n%s", verdict, strings.Join(r.trace, "\n  "), r.describe())
				return false
			}
		}
		if !x.backtrack() {
			return true
		}
		if x.options.Most > 0 && x.result.Executions >= x.options.Most {
			return false
		}
	}
}

func (x *explorer) count(r *run) {
	x.result.Executions++
	x.result.Longest = max(x.result.Longest, r.steps)
	for _, what := range r.reached() {
		x.result.Reached[what]++
	}
}

// choose follows the path as far as it goes and then takes the first choice that
// does not sleep.
func (x *explorer) choose(actions []*action) *action {
	if x.depth < len(x.path) {
		n := x.path[x.depth]
		x.depth++
		return n.again(x.t, actions)
	}
	n := &node{actions: actions, chosen: -1}
	if x.depth > 0 && !x.options.Everything {
		n.sleep = x.path[x.depth-1].inherited()
	}
	if !n.next() {
		return nil
	}
	x.path = append(x.path, n)
	x.depth++
	return n.actions[n.chosen]
}

// backtrack moves on to the next choice that is left. It reports false if there
// is none.
func (x *explorer) backtrack() bool {
	for len(x.path) > 0 {
		last := x.path[len(x.path)-1]
		if !x.options.Everything {
			last.sleep = append(last.sleep, last.actions[last.chosen])
		}
		if last.next() {
			return true
		}
		x.path = x.path[:len(x.path)-1]
	}
	return false
}

// inherited are the actions that sleep after the chosen one: those that it does
// not depend on.
func (n *node) inherited() []*action {
	var sleep []*action
	for _, s := range n.sleep {
		if independent(s, n.actions[n.chosen]) {
			sleep = append(sleep, s)
		}
	}
	return sleep
}

// again returns the action of this execution that was chosen before. That it is
// not there means that an execution depends on more than its choices.
func (n *node) again(t *testing.T, actions []*action) *action {
	if len(actions) == len(n.actions) {
		if a := actions[n.chosen]; a.name == n.actions[n.chosen].name {
			return a
		}
	}
	t.Fatalf("the same choices led elsewhere: %s\nnow there are\n%s", names(n.actions), names(actions))
	return nil
}

func names(actions []*action) string {
	var b strings.Builder
	for _, a := range actions {
		fmt.Fprintln(&b, "  "+a.name)
	}
	return b.String()
}
