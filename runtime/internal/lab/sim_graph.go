package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// isolation says what the simulation shows that its isolation levels forbid.
//
// The storage has seen the order of the versions of each record, so the direct
// serialization graph (Adya, "Weak Consistency", 1999, section 4) can be written
// down, and for transactions of several levels the mixed one (section 5.5):
// whatever its level, a transaction depends on those whose versions it has
// overwritten or read, and on those that its client could know of when it began;
// what it has read must not be overwritten by somebody who comes before it if it
// is SERIALIZABLE. The graph must have no cycle. What SNAPSHOT and READ_COMMITTED
// promise beside that is about one record each.
func (s *simulation) isolation() string {
	g := &simGraph{s: s, versions: map[Key][]simVersion{}, at: map[string]int{}}
	for k := range simKeys() {
		g.versions[k] = s.net.ledger.versions(k)
	}
	var seen [][]simDoubt
	for _, tx := range s.txs {
		sights, problem := s.sights(tx, g.versions)
		if problem == "" && s.happened(tx) {
			g.at[tx.id] = len(g.txs)
			g.txs = append(g.txs, tx)
			seen = append(seen, sights)
			problem = g.lostUpdate(tx, sights)
		}
		if problem != "" {
			return fmt.Sprintf("%s, %v", tx.plan.id, problem)
		}
	}
	g.addWrites()
	g.addRealTime()
	if problem := g.search(seen); problem != "" {
		return problem
	}
	if g.strict = true; g.search(seen) != "" {
		s.net.ledger.reached["permitted anomaly"]++
	}
	return ""
}

// happened reports whether the transaction is committed. One that has not written
// is if its client was told so.
func (s *simulation) happened(tx *simTx) bool {
	return s.net.ledger.committed(tx.id) || tx.end == Committed
}

// simGraph is the serialization graph of the transactions that have happened.
type simGraph struct {
	s        *simulation
	txs      []*simTx
	at       map[string]int // places in txs by id
	versions map[Key][]simVersion
	fixed    []simEdge // that depend on no doubt
	strict   bool      // all transactions are taken for SERIALIZABLE
}

// simEdge says that one transaction comes before another, and why.
type simEdge struct {
	from, to int
	kind     string
	key      Key
}

// lostUpdate says which record the transaction has read and then overwritten
// although somebody else had written it in between. Under READ_COMMITTED its first
// read counts, and an insert asserts by itself that there is nothing.
func (g *simGraph) lostUpdate(tx *simTx, sights []simDoubt) string {
	readCommitted := tx.plan.isolation == commit.ReadCommitted
	for i, doubt := range sights {
		k := doubt[0].key
		at := slices.IndexFunc(g.versions[k], func(v simVersion) bool { return v.by == tx.id })
		before := func(d simDoubt) bool { return d[0].key == k && !d[0].scan }
		if at < 0 || doubt[0].scan || readCommitted && (tx.inserts(k) || slices.ContainsFunc(sights[:i], before)) {
			continue
		}
		if !slices.ContainsFunc(doubt, func(s simSight) bool { return s.first < at && at <= s.last+1 }) {
			return fmt.Sprintf("lost update: it has overwritten another version of %d/%d than it has read", k.P, k.C)
		}
	}
	for i := range tx.done {
		d := &tx.done[i]
		at := slices.IndexFunc(g.versions[d.key], func(v simVersion) bool { return v.by == tx.id && v.v == d.v })
		if at < 0 || slices.ContainsFunc(tx.done[:i], func(e simDone) bool { return e.key == d.key && e.kind >= put }) {
			continue
		}
		before := g.versions[d.key][at-1].v
		switch {
		case d.kind == insert && before != 0:
			return fmt.Sprintf("%v: there was one, %d", d, before)
		case d.kind == update && before == 0:
			return fmt.Sprintf("%v: there was none", d)
		case d.kind == update && d.when >= 0 && simCategory(before) != d.when:
			return fmt.Sprintf("%v: it was %d", d, before)
		}
	}
	return ""
}

func (tx *simTx) inserts(k Key) bool {
	return slices.ContainsFunc(tx.done, func(d simDone) bool { return d.kind == insert && d.key == k })
}

// add adds an edge between two transactions.
func (g *simGraph) add(edges []simEdge, from, to, kind string, k Key) []simEdge {
	a, known := g.at[from]
	b, too := g.at[to]
	if !known || !too || a == b {
		return edges
	}
	return append(edges, simEdge{a, b, kind, k})
}

// addWrites adds who has overwritten whom.
func (g *simGraph) addWrites() {
	for k := range simKeys() {
		all := g.versions[k]
		for i := 1; i < len(all); i++ {
			g.fixed = g.add(g.fixed, all[i-1].by, all[i].by, "ww", k)
		}
	}
}

// addRealTime adds who was acknowledged before who began.
func (g *simGraph) addRealTime() {
	for _, a := range g.txs {
		for _, b := range g.txs {
			if a.end == Committed && a.met < b.began {
				g.fixed = g.add(g.fixed, a.id, b.id, "real time", Key{})
			}
		}
	}
}

// reads adds on whom a transaction depends for what it has seen, and who depends
// on it.
func (g *simGraph) reads(edges []simEdge, tx *simTx, s simSight) []simEdge {
	all := g.versions[s.key]
	suffix := ""
	if s.scan {
		suffix = " by predicate"
	}
	edges = g.add(edges, all[s.first].by, tx.id, "wr"+suffix, s.key)
	if (g.strict || tx.plan.isolation == commit.Serializable) && s.last+1 < len(all) {
		next := all[s.last+1].by
		if next == tx.id && s.last+2 < len(all) {
			next = all[s.last+2].by
		}
		edges = g.add(edges, tx.id, next, "rw"+suffix, s.key)
	}
	return edges
}

// simMostDoubts bounds how many ways to resolve doubts are tried. If all that are
// tried have a cycle the simulation is taken for right.
const simMostDoubts = 4096

// search looks for a way to resolve all doubts without a cycle, and tells the cycle
// of the first way if there is none.
func (g *simGraph) search(seen [][]simDoubt) string {
	type question struct {
		tx    int
		doubt simDoubt
	}
	var open []question
	fixed := slices.Clone(g.fixed)
	for i, sights := range seen {
		for _, doubt := range sights {
			if len(doubt) == 1 {
				fixed = g.reads(fixed, g.txs[i], doubt[0])
			} else {
				open = append(open, question{i, doubt})
			}
		}
	}
	if cycle := g.cycle(fixed); cycle != nil {
		return g.tell(cycle)
	}
	answers := make([]int, len(open))
	var first []simEdge
	for range simMostDoubts {
		edges := slices.Clone(fixed)
		for i, q := range open {
			edges = g.reads(edges, g.txs[q.tx], q.doubt[answers[i]])
		}
		cycle := g.cycle(edges)
		if cycle == nil {
			return ""
		}
		if first == nil {
			first = cycle
		}
		at := 0
		for ; at < len(open); at++ {
			if answers[at]++; answers[at] < len(open[at].doubt) {
				break
			}
			answers[at] = 0
		}
		if at == len(open) {
			return g.tell(first)
		}
	}
	g.s.net.ledger.reached["too many doubts"]++
	return ""
}

// cycle returns a shortest cycle, nil if there is none.
func (g *simGraph) cycle(edges []simEdge) []simEdge {
	next := make([][]int, len(g.txs))
	for i, e := range edges {
		next[e.from] = append(next[e.from], i)
	}
	var shortest []simEdge
	for start := range g.txs {
		if c := shortestCycle(edges, next, start); c != nil && (shortest == nil || len(c) < len(shortest)) {
			shortest = c
		}
	}
	return shortest
}

// shortestCycle searches breadth first for a way back to start.
func shortestCycle(edges []simEdge, next [][]int, start int) []simEdge {
	by := make([]int, len(next)) // 1 + the edge by which a transaction was reached
	queue := []int{start}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, i := range next[at] {
			to := edges[i].to
			if by[to] == 0 {
				by[to] = i + 1
				if to != start {
					queue = append(queue, to)
					continue
				}
				var cycle []simEdge
				for n := start; len(cycle) == 0 || n != start; {
					e := edges[by[n]-1]
					cycle = append(cycle, e)
					n = e.from
				}
				slices.Reverse(cycle)
				return cycle
			}
		}
	}
	return nil
}

// tell tells a cycle.
func (g *simGraph) tell(cycle []simEdge) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", anomalyOf(cycle))
	for i, e := range cycle {
		if i == 0 {
			b.WriteString(g.txs[e.from].plan.id)
		}
		fmt.Fprintf(&b, " →%s", e.kind)
		if e.kind != "real time" {
			fmt.Fprintf(&b, " %d/%d", e.key.P, e.key.C)
		}
		fmt.Fprintf(&b, "→ %s", g.txs[e.to].plan.id)
	}
	return b.String()
}

// anomalyOf names a cycle as Adya does, with real time as what it is.
func anomalyOf(cycle []simEdge) string {
	count := func(kind string) (n int) {
		for _, e := range cycle {
			if strings.HasPrefix(e.kind, kind) {
				n++
			}
		}
		return n
	}
	name := "G0"
	switch rw := count("rw"); {
	case rw == 1:
		name = "G-single"
	case rw > 1 && count("rw by predicate") == 0:
		name = "G2-item"
	case rw > 1:
		name = "G2"
	case count("wr") > 0:
		name = "G1c"
	}
	if count("real time") > 0 {
		name += " with real time"
	}
	return name
}
