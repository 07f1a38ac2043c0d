package history

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// learn notes that the choices exclude each other.
func (c *checker) learn(set []literal) {
	var name []byte
	for _, l := range set {
		name = binary.AppendVarint(binary.AppendVarint(name, int64(l.variable)), int64(l.value))
	}
	if _, ok := c.choices.known[string(name)]; ok {
		return
	}
	c.choices.known[string(name)] = struct{}{}
	c.choices.refuted = append(c.choices.refuted, set)
}

// refutation says how it was proven that no choice is left.
func (c *checker) refutation() string {
	return fmt.Sprintf("What is supposed here may be supposed otherwise, but each other choice closes a cycle too: %d combinations were refuted.\n",
		len(c.choices.refuted))
}

// decide changes the choices so that no refuted combination is left, as few as
// it can. It returns OK if it could, Violation if nothing is left to choose.
func (c *checker) decide() Verdict {
	for {
		firm, verdict := c.satisfy()
		if verdict != OK {
			return verdict
		}
		for v, value := range firm {
			if int(v) < len(c.open) {
				c.choices.chosen[v] = value
			}
		}
		ring := c.arrange(firm)
		if ring == nil {
			return OK
		}
		c.learn(normal(ring))
	}
}

// satisfy finds a value for each variable of the refuted combinations. Variables
// that have none in common are decided apart.
func (c *checker) satisfy() (map[int32]int32, Verdict) {
	refuted := c.choices.refuted
	parent := map[int32]int32{}
	var root func(v int32) int32
	root = func(v int32) int32 {
		p, ok := parent[v]
		if !ok || p == v {
			parent[v] = v
			return v
		}
		p = root(p)
		parent[v] = p
		return p
	}
	for _, set := range refuted {
		for _, l := range set {
			parent[root(l.variable)] = root(set[0].variable)
		}
	}
	groups := map[int32][][]literal{}
	for _, set := range refuted {
		r := root(set[0].variable)
		groups[r] = append(groups[r], set)
	}
	firm := make(map[int32]int32, len(parent))
	for _, r := range slices.Sorted(maps.Keys(groups)) {
		s := c.newSolver(groups[r])
		switch {
		case s.solve(0):
			for i, v := range s.variables {
				firm[v] = s.value[i]
			}
		case c.effort < 0:
			return nil, Undecided
		default:
			return nil, Violation
		}
	}
	return firm, OK
}

// solver searches values for variables such that no refuted set holds entirely:
// depth first, with unit propagation.
type solver struct {
	effort    *int64
	variables []int32     // by local number, as all below
	sets      [][]literal // of local variables
	occurs    [][]int32   // of a variable: the sets with it
	value     []int32     // none while undecided
	preferred []int32
	excluded  [][]bool
	left      []int32 // values not excluded
	trail     []literal
	decided   []int32 // variables in the order in which they got their value
}

func (c *checker) newSolver(sets [][]literal) *solver {
	s := &solver{effort: &c.effort}
	local := map[int32]int32{}
	for i, set := range sets {
		mine := make([]literal, len(set))
		for j, l := range set {
			id, ok := local[l.variable]
			if !ok {
				id = int32(len(s.variables))
				local[l.variable] = id
				s.variables = append(s.variables, l.variable)
				s.occurs = append(s.occurs, nil)
				value, values := c.current(l.variable)
				s.preferred = append(s.preferred, value)
				s.value = append(s.value, none)
				s.excluded = append(s.excluded, make([]bool, values))
				s.left = append(s.left, values)
			}
			mine[j] = literal{id, l.value}
			s.occurs[id] = append(s.occurs[id], int32(i))
		}
		s.sets = append(s.sets, mine)
	}
	return s
}

// current returns the value that a variable would have by the guess, and how
// many it may have.
func (c *checker) current(variable int32) (value, values int32) {
	if int(variable) < len(c.open) {
		return c.choices.chosen[variable], int32(len(c.domainsOf[variable]))
	}
	p := c.choices.named[int(variable)-len(c.open)]
	if c.middle(p[0]) > c.middle(p[1]) {
		value = 1
	}
	return value, 2
}

// solve decides the variables from the given one on. After a failure everything
// is as it was before.
func (s *solver) solve(from int) bool {
	mark, decided := len(s.trail), len(s.decided)
	if from == 0 {
		for i := range s.sets {
			if !s.check(int32(i)) {
				return false
			}
		}
	}
	for from < len(s.value) && s.value[from] != none {
		from++
	}
	if from == len(s.value) {
		return true
	}
	for d := range s.excluded[from] {
		value := s.preferred[from]
		if d > 0 {
			value = int32(d)
			if value <= s.preferred[from] {
				value--
			}
		}
		if s.excluded[from][value] {
			continue
		}
		inner, innerDecided := len(s.trail), len(s.decided)
		if s.set(int32(from), value) && s.solve(from+1) {
			return true
		}
		s.undo(inner, innerDecided)
		if *s.effort < 0 {
			break
		}
	}
	s.undo(mark, decided)
	return false
}

func (s *solver) undo(trail, decided int) {
	for _, l := range s.trail[trail:] {
		s.excluded[l.variable][l.value] = false
		s.left[l.variable]++
	}
	for _, v := range s.decided[decided:] {
		s.value[v] = none
	}
	s.trail, s.decided = s.trail[:trail], s.decided[:decided]
}

// set gives the variable its value and draws the conclusions.
func (s *solver) set(v, value int32) bool {
	s.value[v] = value
	s.decided = append(s.decided, v)
	for _, i := range s.occurs[v] {
		if !s.check(i) {
			return false
		}
	}
	return true
}

// check draws the conclusion from a set of which all but one hold: the one must
// not.
func (s *solver) check(i int32) bool {
	*s.effort -= int64(len(s.sets[i]))
	var open *literal
	for j := range s.sets[i] {
		l := &s.sets[i][j]
		switch value := s.value[l.variable]; {
		case value == l.value:
		case value != none || s.excluded[l.variable][l.value]:
			return true // it does not hold
		case open != nil:
			return true
		default:
			open = l
		}
	}
	if open == nil {
		return false
	}
	v := open.variable
	s.excluded[v][open.value] = true
	s.left[v]--
	s.trail = append(s.trail, *open)
	switch s.left[v] {
	case 0:
		return false
	case 1:
		return s.set(v, int32(slices.Index(s.excluded[v], false)))
	}
	return true
}
