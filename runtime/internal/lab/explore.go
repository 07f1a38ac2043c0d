package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Options bound an exploration.
type Options struct {
	Most       int       // executions at most, 0 for all
	Until      time.Time // the zero time for no end
	Everything bool      // leave out nothing: for comparison
	// Observe, unless it is nil, sees each execution that ran to its end, with what
	// is wrong with it.
	Observe func(r *run, verdict string)
	// Outcomes counts what the clients were told and saw, and goes on after a
	// failure.
	Outcomes bool
}

// Result is what an exploration has seen.
type Result struct {
	Executions int    // that ran to their end and differ
	Repeated   int    // executions that had been seen with fewer faults
	GivenUp    int    // executions that only repeat others
	Asleep     int    // choices that were left out
	Bound      string // what ended it early, "" if it is exhausted
	Took       time.Duration
	Longest    int            // choices in the longest execution
	Reached    map[string]int // what the scenario says is worth reaching, and how often it was
	Outcomes   map[string]int // what the clients were told, and how often
	Failure    string         // the first execution that is wrong, with its choices; "" if none is
}

// node is a point at which the explorer has had a choice.
type node struct {
	choices []choice // that were possible, the one made at made
	sleep   []choice // that need not be tried here
	made    int
}

func (n *node) sleeps(c *choice) bool {
	for i := range n.sleep {
		if n.sleep[i].is(c) {
			return true
		}
	}
	return false
}

// next moves on to a choice that is neither tried nor asleep. It reports false if
// there is none.
func (x *explorer) next(n *node) bool {
	for n.made++; n.made < len(n.choices); n.made++ {
		if !n.sleeps(&n.choices[n.made]) {
			return true
		}
		x.result.Asleep++
	}
	return false
}

// Explore runs all executions of a scenario that differ: those without faults
// first, then those with one, and so on, so that a bounded exploration has seen
// the simple ones.
func Explore(t *testing.T, s *Scenario, o Options) Result {
	t.Helper()
	x := &explorer{t: t, scenario: s, place: newPlace(s), options: o}
	begun := time.Now()
	x.result.Reached, x.result.Outcomes = map[string]int{}, map[string]int{}
	for faults := range s.Faults.total() + 1 {
		if x.explore(faults); x.result.Bound != "" {
			break
		}
	}
	x.result.Took = time.Since(begun)
	return x.result
}

// explorer is an exploration under way.
type explorer struct {
	t        *testing.T
	scenario *Scenario
	place    *place
	options  Options
	result   Result
	path     []*node // of the execution under way, or the one before
	depth    int     // choices made in the execution under way
}

// explore runs all executions with exactly so many faults, depth first.
func (x *explorer) explore(faults int) {
	x.path = nil
	var observers []func(*run, string)
	if x.options.Observe != nil {
		observers = append(observers, x.options.Observe)
	}
	for {
		x.depth = 0
		r, verdict, complete := execute(x.t, x.place, x.scenario, faults, x.choose, observers...)
		switch {
		case !complete:
			x.result.GivenUp++
		case r.faults > 0: // not all have happened
			x.result.Repeated++
		default:
			x.count(r, verdict)
			if verdict != "" && !x.options.Outcomes {
				x.result.Bound = "a failure"
				return
			}
		}
		if !x.backtrack() {
			return
		}
		if x.result.Bound = x.bound(faults); x.result.Bound != "" {
			return
		}
	}
}

// bound says what ends the exploration now, "" for nothing.
func (x *explorer) bound(faults int) string {
	switch {
	case x.options.Most > 0 && x.result.Executions >= x.options.Most:
		return fmt.Sprintf("the number, at %d faults of %d", faults, x.scenario.Faults.total())
	case !x.options.Until.IsZero() && time.Now().After(x.options.Until):
		return fmt.Sprintf("time, at %d faults of %d", faults, x.scenario.Faults.total())
	}
	return ""
}

func (x *explorer) count(r *run, verdict string) {
	x.result.Executions++
	x.result.Longest = max(x.result.Longest, r.steps)
	for _, what := range r.reached() {
		x.result.Reached[what]++
	}
	if verdict != "" && x.result.Failure == "" {
		x.result.Failure = fmt.Sprintf("%s\nafter these choices:\n%s%s", verdict, quoted(r.trace), r.describe())
	}
	if x.options.Outcomes {
		x.result.Outcomes[fmt.Sprintf("%swrong: %t", r.outcome(), verdict != "")]++
	}
}

// choose follows the path as far as it goes and then makes the first choice that
// does not sleep.
func (x *explorer) choose(actions []action) int {
	if x.depth < len(x.path) {
		n := x.path[x.depth]
		x.depth++
		n.repeat(x.t, actions)
		return n.made
	}
	n := &node{choices: make([]choice, len(actions)), made: -1}
	for i := range actions {
		n.choices[i] = actions[i].choice
	}
	if x.depth > 0 && !x.options.Everything {
		n.sleep = x.path[x.depth-1].inherited()
	}
	if !x.next(n) {
		return giveUp
	}
	x.path = append(x.path, n)
	x.depth++
	return n.made
}

// backtrack moves on to the next choice that is left. It reports false if there
// is none.
func (x *explorer) backtrack() bool {
	for len(x.path) > 0 {
		last := x.path[len(x.path)-1]
		if !x.options.Everything {
			last.sleep = append(last.sleep, last.choices[last.made])
		}
		if x.next(last) {
			return true
		}
		x.path = x.path[:len(x.path)-1]
	}
	return false
}

// inherited are the choices that sleep after the one made: those that it does not
// depend on.
func (n *node) inherited() []choice {
	var sleep []choice
	for i := range n.sleep {
		if independent(&n.sleep[i], &n.choices[n.made]) {
			sleep = append(sleep, n.sleep[i])
		}
	}
	return sleep
}

// repeat checks that an execution has come to the same point again. That it has
// not means that it depends on more than its choices.
func (n *node) repeat(t *testing.T, actions []action) {
	same := len(actions) == len(n.choices)
	for i := 0; same && i < len(actions); i++ {
		same = actions[i].is(&n.choices[i])
	}
	if same {
		return
	}
	var were, are []string
	for i := range n.choices {
		were = append(were, n.choices[i].String())
	}
	for i := range actions {
		are = append(are, actions[i].String())
	}
	t.Fatalf("the same choices led elsewhere:\n%snow there are\n%s", quoted(were), quoted(are))
}

// quoted renders choices as the elements of a Go slice, for [Replay].
func quoted(choices []string) string {
	var b strings.Builder
	for _, c := range choices {
		fmt.Fprintf(&b, "\t%q,\n", c)
	}
	return b.String()
}

// Replay runs a scenario with the choices of a trace and returns what is wrong
// with it, "" for nothing. When the trace is at its end, the first choice that is
// possible is made each time.
func Replay(t *testing.T, s *Scenario, choices []string) (verdict string) {
	t.Helper()
	_, verdict, _ = execute(t, newPlace(s), s, s.Faults.total(), func(actions []action) int {
		if len(choices) == 0 {
			return 0
		}
		wanted := choices[0]
		choices = choices[1:]
		var there []string
		for i := range actions {
			if actions[i].String() == wanted {
				return i
			}
			there = append(there, actions[i].String())
		}
		t.Fatalf("the choice %q is not there; there are\n%s", wanted, quoted(there))
		return giveUp
	})
	return verdict
}
