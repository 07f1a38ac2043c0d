package history

import (
	"cmp"
	"slices"
)

// judge looks for cycles among what is known. It returns false if there is none
// but something is open.
func (c *checker) judge() bool {
	r := c.report
	c.nodes = len(c.h.txs)
	c.known = c.knownEdges(c.strict())
	if c.realTime {
		c.known, c.nodes = c.realTimeEdges(c.known)
	}
	r.Nodes, r.Edges = c.nodes, len(c.known)
	c.graph = newGraph(c.nodes, c.known)
	if components := c.graph.components(nil); len(components) > 0 {
		c.tellCycles(c.graph, components, "")
	}
	if r.Verdict == Violation {
		return true
	}
	r.Guesses = len(c.open)
	for k := range c.ofKey {
		if !c.ordered(int32(k)) {
			r.Guesses++
		}
	}
	if r.Guesses > 0 {
		return false
	}
	r.Verdict = OK
	return true
}

// search changes the guesses until the graph has no cycle, or each combination
// is refuted, or the effort is used up.
func (c *checker) search() {
	r := c.report
	var guessed []edge
	for {
		r.Rounds++
		guessed = c.guessedEdges(guessed[:0])
		g := newGraph(c.nodes, c.known, guessed)
		r.Edges = len(g.edges)
		c.effort -= int64(len(g.edges) + c.nodes)
		components := g.components(nil)
		if len(components) == 0 {
			r.Verdict = OK
			return
		}
		if c.effort < 0 {
			c.doubt(g, components)
			return
		}
		for _, component := range components {
			if c.refute(g, component) {
				certain := func(e *edge) bool { return e.given == 0 }
				c.tellCycles(g.filter(certain), nil, "")
				return
			}
		}
		switch c.decide() {
		case Violation:
			// Told is the first guess, the one that the clock suggests.
			remark := c.refutation()
			c.guess(c.choices.place, c.choices.replayed)
			c.tellCycles(newGraph(c.nodes, c.known, c.guessedEdges(nil)), nil, remark)
			return
		case Undecided:
			c.doubt(g, components)
			return
		}
	}
}

// doubt gives up the search, and tells a cycle of the smallest component of the
// last guess.
func (c *checker) doubt(g *graph, components [][]int32) {
	smallest := slices.MinFunc(components, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
	_, cycle := c.plainest(c.subgraph(g, smallest))
	c.report.Verdict, c.report.Doubt = Undecided, c.cycleText(cycle)
}

// refute learns from the cycles of a component which choices exclude each other.
// It reports whether there is a cycle that depends on none.
func (c *checker) refute(g *graph, component []int32) (certain bool) {
	inside := c.subgraph(g, component)
	budget := int64(64*inside.size() + 1_000_000)
	conditional := false
	for _, v := range inside.nodes {
		for _, e := range g.of(v) {
			if e.given == 0 || !inside.has(e.to) {
				continue
			}
			cycle, visited := inside.shortest(e, fewestChoices)
			budget -= visited
			c.effort -= visited
			if cycle == nil {
				continue
			}
			set := c.choicesOf(cycle)
			if len(set) == 0 {
				return true
			}
			conditional = true
			c.learn(set)
			if budget < 0 {
				return false
			}
		}
	}
	return !conditional
}

// choicesOf returns the choices that the edges depend on, each once.
func (c *checker) choicesOf(cycle []edge) []literal {
	var set []literal
	for i := range cycle {
		set = append(set, c.choices.sets[cycle[i].given]...)
	}
	return normal(set)
}

func normal(set []literal) []literal {
	slices.SortFunc(set, func(a, b literal) int {
		return cmp.Or(cmp.Compare(a.variable, b.variable), cmp.Compare(a.value, b.value))
	})
	return slices.Compact(set)
}
