package history

import (
	"fmt"
	"slices"
	"strings"
)

// subgraph is a strongly connected component.
type subgraph struct {
	g     *graph
	nodes []int32
	local []int32 // of a node of g: its number here, none outside
	// Working memory of shortest, by local number.
	distance []int32
	via      []edge
	touched  []int32
}

// subgraph makes the subgraph of a component. It is valid until the next is made.
func (c *checker) subgraph(g *graph, nodes []int32) *subgraph {
	if c.local == nil {
		c.local = make([]int32, c.nodes)
		for i := range c.local {
			c.local[i] = none
		}
	}
	for _, v := range c.inside {
		c.local[v] = none
	}
	c.inside = nodes
	s := &subgraph{
		g: g, nodes: slices.Sorted(slices.Values(nodes)), local: c.local,
		distance: make([]int32, len(nodes)), via: make([]edge, len(nodes)),
	}
	for i, v := range s.nodes {
		s.local[v] = int32(i)
		s.distance[i] = none
	}
	return s
}

func (s *subgraph) has(v int32) bool { return s.local[v] != none }

func (s *subgraph) size() (edges int) {
	for _, v := range s.nodes {
		edges += len(s.g.of(v))
	}
	return edges
}

// weight of an edge on a path, 0 or 1; less than 0 forbids the edge.
type weight func(*edge) int32

// fewestChoices makes a shortest cycle depend on few choices.
func fewestChoices(e *edge) int32 { return min(e.given, 1) }

// steps counts the edges that a reader has to follow, of a kind allowed: passing
// from moment to moment is none.
func (c *checker) steps(allowed edgeSet) weight {
	txs := int32(len(c.h.txs))
	return func(e *edge) int32 {
		switch {
		case !allowed.has(e.kind):
			return -1
		case e.kind == rt && e.from >= txs:
			return 0
		default:
			return 1
		}
	}
}

// shortest returns a shortest cycle through the edge, which comes first, nil if
// there is none, and how many edges were looked at. Weights are 0 or 1, so a
// queue with two ends replaces the heap of Dijkstra's algorithm.
func (s *subgraph) shortest(first edge, w weight) (cycle []edge, visited int64) {
	for _, i := range s.touched {
		s.distance[i] = none
	}
	s.touched = s.touched[:0]
	source, target := s.local[first.to], s.local[first.from]
	s.distance[source] = 0
	s.touched = append(s.touched, source)
	now, later := []int32{source}, []int32(nil)
	for distance := int32(0); len(now) > 0; distance++ {
		for len(now) > 0 {
			at := now[len(now)-1]
			now = now[:len(now)-1]
			if s.distance[at] != distance {
				continue // reached on a shorter path since it was queued
			}
			if at == target {
				return s.path(first, source, target), visited
			}
			for _, e := range s.g.of(s.nodes[at]) {
				visited++
				to, step := s.local[e.to], w(&e)
				if to == none || step < 0 {
					continue
				}
				if known := s.distance[to]; known != none && known <= distance+step {
					continue
				} else if known == none {
					s.touched = append(s.touched, to)
				}
				s.distance[to], s.via[to] = distance+step, e
				if step == 0 {
					now = append(now, to)
				} else {
					later = append(later, to)
				}
			}
		}
		now, later = later, now[:0]
	}
	return nil, visited
}

func (s *subgraph) path(first edge, source, target int32) []edge {
	var reverse []edge
	for at := target; at != source; at = s.local[s.via[at].from] {
		reverse = append(reverse, s.via[at])
	}
	reverse = append(reverse, first)
	slices.Reverse(reverse)
	return reverse
}

// cycleClasses are the kinds of cycles, the plainest first: the edge that one
// goes through, and those of the path that closes it.
var cycleClasses = []struct {
	class       Class
	first, rest edgeSet
}{
	{WriteCycle, setOf(ww), setOf(ww)},
	{CircularFlow, setOf(wr), setOf(ww, wr)},
	{StaleRead, setOf(rw, pw), setOf()},
	{ReadSkew, setOf(rw, pw), setOf(ww, wr)},
	{WriteSkew, setOf(rw), setOf(ww, wr, rw)},
	{PhantomSkew, setOf(pw), setOf(ww, wr, rw, pw)},
}

// filter returns the graph with the edges that keep accepts.
func (g *graph) filter(keep func(*edge) bool) *graph {
	var kept []edge
	for i := range g.edges {
		if keep(&g.edges[i]) {
			kept = append(kept, g.edges[i])
		}
	}
	return newGraph(len(g.start)-1, kept)
}

// tellCycles reports one cycle of each component: of the plainest class that it
// has, a smallest one. The components of g are found here if they are nil.
func (c *checker) tellCycles(g *graph, components [][]int32, remark string) {
	if components == nil {
		components = g.components(nil)
	}
	slices.SortFunc(components, func(a, b []int32) int { return len(a) - len(b) })
	const told = 1000 // enough to see what is wrong
	for _, component := range components[:min(told, len(components))] {
		class, cycle := c.plainest(c.subgraph(g, component))
		txs := c.transactionsOf(cycle)
		c.found(class, txs, func() string { return c.cycleText(cycle) + noOrder + remark })
	}
}

const noOrder = "Each must come before the next, and the last before the first: no order of them exists.\n"

// plainest returns a smallest cycle of the plainest class in the component,
// among those looked at within a budget.
func (c *checker) plainest(s *subgraph) (Class, []edge) {
	const budget = 20_000_000 // edges looked at per class
	for _, real := range []bool{false, true} {
		for _, k := range cycleClasses {
			rest := k.rest
			if real {
				rest |= setOf(rt)
			}
			cycle := c.smallest(s, k.first, c.steps(rest), budget)
			if cycle == nil {
				continue
			}
			class := k.class
			switch {
			case class == StaleRead:
				return class, cycle
			case !c.strict() && k.first.has(rw):
				class = LostUpdate // nothing else gives weaker levels an rw edge
			}
			if real {
				class += realTimeSuffix
			}
			return class, cycle
		}
	}
	panic("history: a component without a cycle")
}

func (c *checker) smallest(s *subgraph, first edgeSet, w weight, budget int64) (best []edge) {
	least := 0
	for _, v := range s.nodes {
		for _, e := range s.g.of(v) {
			if !first.has(e.kind) || !s.has(e.to) {
				continue
			}
			cycle, visited := s.shortest(e, w)
			if length := len(c.contract(cycle)); cycle != nil && (best == nil || length < least) {
				best, least = cycle, length
			}
			if budget -= visited; least == 2 || budget < 0 && best != nil {
				return best
			}
		}
	}
	return best
}

// contract makes one edge of each passage through moments of real time, and
// lets the cycle begin at the transaction that began first.
func (c *checker) contract(cycle []edge) []edge {
	txs := int32(len(c.h.txs))
	var short []edge
	for _, e := range cycle {
		if e.from >= txs {
			short[len(short)-1].to = e.to
		} else {
			short = append(short, e)
		}
	}
	first := 0
	for i := range short {
		if c.h.txs[short[i].from].begin < c.h.txs[short[first].from].begin {
			first = i
		}
	}
	return append(short[first:len(short):len(short)], short[:first]...)
}

func (c *checker) transactionsOf(cycle []edge) (txs []int32) {
	for _, e := range c.contract(cycle) {
		txs = append(txs, e.from)
	}
	return txs
}

// cycleText tells each edge, and what the guessed ones depend on.
func (c *checker) cycleText(cycle []edge) string {
	var b strings.Builder
	short := c.contract(cycle)
	for i, e := range short {
		fmt.Fprintf(&b, "%d. %s before %s (%s): %s\n", i+1, c.name(e.from), c.name(e.to), edgeNames[e.kind], c.why(&e))
		for _, l := range c.choices.setOf(e.given) {
			fmt.Fprintf(&b, "   supposed that %s\n", c.literalText(l))
		}
	}
	return b.String()
}

func (ch *choices) setOf(given int32) []literal {
	if given == 0 {
		return nil
	}
	return ch.sets[given]
}
