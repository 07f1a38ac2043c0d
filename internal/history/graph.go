package history

// edgeKind says why one transaction comes before another.
type edgeKind uint8

const (
	ww edgeKind = iota + 1 // it wrote the version that the other overwrote
	wr                     // it wrote the version that the other read
	rw                     // it read a version before the one that the other wrote
	pw                     // rw by predicate: its scan missed what the other wrote
	rt                     // it was acknowledged before the other began
)

var edgeNames = [...]string{ww: "ww", wr: "wr", rw: "rw", pw: "rw by predicate", rt: "real time"}

// edge of the serialization graph. Nodes from the number of transactions on are
// moments between which a transaction ended and another began: with one chain of
// moments real time takes three edges a transaction, not one for each pair.
type edge struct {
	from, to int32
	key      int32
	// given are the choices that the edge depends on, see choices.sets; 0 is
	// none: then the edge is known.
	given int32
	kind  edgeKind
}

// edgeSet is a set of kinds of edges.
type edgeSet uint8

func setOf(kinds ...edgeKind) (s edgeSet) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

func (s edgeSet) has(k edgeKind) bool { return s&(1<<k) != 0 }

// graph has the edges of each node in a row: those of node n are
// edges[start[n]:start[n+1]].
type graph struct {
	start []int32
	edges []edge
}

func newGraph(nodes int, lists ...[]edge) *graph {
	total := 0
	g := &graph{start: make([]int32, nodes+2)}
	for _, list := range lists {
		total += len(list)
		for i := range list {
			g.start[list[i].from+2]++
		}
	}
	for i := 2; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	g.edges = make([]edge, total)
	for _, list := range lists {
		for i := range list {
			at := &g.start[list[i].from+1]
			g.edges[*at] = list[i]
			*at++
		}
	}
	g.start = g.start[:nodes+1]
	return g
}

func (g *graph) of(node int32) []edge { return g.edges[g.start[node]:g.start[node+1]] }

// components returns the strongly connected components that have more than one
// node, by the algorithm of Tarjan, "Depth-first search and linear graph
// algorithms" (1972), with a stack of its own instead of recursion. Edges that
// keep does not accept are not followed; nil accepts all.
func (g *graph) components(keep func(*edge) bool) [][]int32 {
	n := len(g.start) - 1
	const unseen = 0
	state := make([]int32, 3*n)
	number, low, at := state[:n:n], state[n:2*n:2*n], state[2*n:]
	onStack := make([]bool, n)
	var stack, path []int32
	var result [][]int32
	count := int32(unseen)
	enter := func(v int32) {
		count++
		number[v], low[v], at[v] = count, count, g.start[v]
		stack = append(stack, v)
		onStack[v] = true
		path = append(path, v)
	}
	for root := range int32(n) {
		if number[root] != unseen {
			continue
		}
		enter(root)
		for len(path) > 0 {
			v := path[len(path)-1]
			if at[v] < g.start[v+1] {
				e := &g.edges[at[v]]
				at[v]++
				switch {
				case keep != nil && !keep(e):
				case number[e.to] == unseen:
					enter(e.to)
				case onStack[e.to]:
					low[v] = min(low[v], number[e.to])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				parent := path[len(path)-1]
				low[parent] = min(low[parent], low[v])
			}
			if low[v] != number[v] {
				continue
			}
			first := len(stack) - 1
			for stack[first] != v {
				first--
			}
			for _, w := range stack[first:] {
				onStack[w] = false
			}
			if len(stack)-first > 1 {
				result = append(result, append([]int32(nil), stack[first:]...))
			}
			stack = stack[:first]
		}
	}
	return result
}

// realTime appends the edges of real time between transactions that happened,
// making a node for each moment, and returns the number of nodes.
func (c *checker) realTimeEdges(edges []edge) ([]edge, int) {
	h := c.h
	const begins, ends = 1, 2
	type event struct {
		tx   int32
		what uint8
	}
	size := int32(0)
	for i := range h.txs {
		t := &h.txs[i]
		size = max(size, t.begin+1)
		if t.end != never {
			size = max(size, t.end+1)
		}
	}
	events := make([]event, size)
	for i := range h.txs {
		if h.txs[i].outcome == Failed {
			continue
		}
		t := &h.txs[i]
		events[t.begin] = event{int32(i), begins}
		if t.end != never {
			events[t.end] = event{int32(i), ends}
		}
	}
	moment := int32(len(h.txs)) - 1 // none yet
	fresh := false                  // nothing has begun since the moment
	for _, e := range events {
		switch {
		case e.what == begins && moment >= int32(len(h.txs)):
			edges = append(edges, edge{from: moment, to: e.tx, key: none, kind: rt})
			fresh = false
		case e.what == ends && !fresh:
			if moment++; moment > int32(len(h.txs)) {
				edges = append(edges, edge{from: moment - 1, to: moment, key: none, kind: rt})
			}
			fresh = true
			fallthrough
		case e.what == ends:
			edges = append(edges, edge{from: e.tx, to: moment, key: none, kind: rt})
		}
	}
	return edges, int(moment) + 1
}
