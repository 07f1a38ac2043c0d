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

// Explore runs all executions of a scenario that differ, depth first.
func Explore(t *testing.T, s *Scenario, o Options) Result {
	t.Helper()
	result := Result{Reached: map[string]int{}}
	var path []*node
	for {
		depth := 0
		r, verdict, complete := execute(t, s, func(actions []*action) *action {
			if depth < len(path) {
				n := path[depth]
				depth++
				return n.again(t, actions)
			}
			n := &node{actions: actions, chosen: -1}
			if depth > 0 && !o.Everything {
				n.sleep = path[depth-1].inherited()
			}
			if !n.next() {
				return nil
			}
			path = append(path, n)
			depth++
			return n.actions[n.chosen]
		})
		if complete {
			result.Executions++
			result.Longest = max(result.Longest, r.steps)
			for _, what := range r.reached() {
				result.Reached[what]++
			}
			if verdict != "" {
				result.Failure = fmt.Sprintf("%s\nafter these choices:\n  %s\n%s", verdict, strings.Join(r.trace, "\n  "), r.describe())
				return result
			}
		} else {
			result.GivenUp++
		}
		for {
			if len(path) == 0 {
				result.Exhausted = true
				return result
			}
			last := path[len(path)-1]
			if !o.Everything {
				last.sleep = append(last.sleep, last.actions[last.chosen])
			}
			if last.next() {
				break
			}
			path = path[:len(path)-1]
		}
		if o.Most > 0 && result.Executions >= o.Most {
			return result
		}
	}
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
