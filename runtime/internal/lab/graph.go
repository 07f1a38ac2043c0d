package lab

import (
	"fmt"
	"slices"
	"strings"
)

// edge says that one transaction comes before another one, and why.
type edge struct {
	from, to  *Tx
	kind      string // ww, wr, rw or rt
	predicate bool   // by what a scan did not return
	key       Key
}

// rank orders edges: a cycle is as bad as its highest edge is low.
func (e *edge) rank() int { return slices.Index([]string{"ww", "wr", "rt", "rw"}, e.kind) }

// cost is how many anti-dependencies the edge is.
func (e *edge) cost() int {
	if e.kind == "rw" {
		return 1
	}
	return 0
}

// anomaly names what went wrong as Adya does (Weak Consistency, 1999): G1a and G1b
// for a read of what was never committed, otherwise a shortest cycle among the
// dependencies of the transactions, of the gravest kind that there is: G0 of
// writes alone; G1c of writes and reads of them; G-single with one read of what
// was replaced later (an anti-dependency); G2-item with several of them; and G2 if
// one is about what a scan found. Real-time order counts like a read.
func (r *run) anomaly(first state, happened []*Tx) string {
	versions := r.versions(first, happened)
	for _, tx := range happened {
		for _, o := range tx.ops {
			if o.kind == get && !tx.writes(o.key) && !slices.ContainsFunc(versions[o.key], func(v version) bool { return same(v.value, o.got) }) && (o.got != nil || len(versions[o.key]) > 0) {
				return dirty(o.got, happened) + ": " + tx.id + " has read of " + o.key.String() + " what no transaction has committed"
			}
		}
	}
	edges := dependencies(versions, happened)
	for _, class := range []struct {
		name  string
		rank  int // of the edges that may take part
		anti  int // how many anti-dependencies at most
		items bool
	}{
		{"G0", 0, 0, true}, {"G1c", 2, 0, false}, {"G-single", 3, 1, false}, {"G2-item", 3, len(edges), true}, {"G2", 3, len(edges), false},
	} {
		if cycle := shortest(edges, class.rank, class.anti, class.items); cycle != nil {
			var b strings.Builder
			fmt.Fprintf(&b, "%s: %s", class.name, cycle[0].from.id)
			for _, e := range cycle {
				kind := e.kind
				if e.predicate {
					kind += " by scan"
				}
				fmt.Fprintf(&b, " →%s(%v) %s", kind, e.key, e.to.id)
			}
			return b.String()
		}
	}
	return "no cycle of dependencies: a lost write, or one that nobody made"
}

// dirty names the read of a value that is no committed version: G1b of one that a
// committed transaction has replaced itself, otherwise G1a.
func dirty(got *value, happened []*Tx) string {
	for _, tx := range happened {
		if slices.ContainsFunc(tx.ops, func(o op) bool { return got != nil && o.kind != get && o.kind != scan && o.v == got.v }) {
			return "G1b"
		}
	}
	return "G1a"
}

// dependencies returns what each transaction depends on. Of versions that look
// alike a read is taken to have seen the last.
func dependencies(versions map[Key][]version, happened []*Tx) []edge {
	var edges []edge
	add := func(e edge) {
		if e.from != nil && e.to != nil && e.from != e.to {
			edges = append(edges, e)
		}
	}
	for k, all := range versions {
		for i := 1; i < len(all); i++ {
			add(edge{from: all[i-1].by, to: all[i].by, kind: "ww", key: k})
		}
	}
	read := func(tx *Tx, k Key, got *value, shows func(v *value) *value, predicate bool) {
		all := versions[k]
		for i, v := range slices.Backward(all) {
			if !same(shows(v.value), got) {
				continue
			}
			add(edge{from: v.by, to: tx, kind: "wr", predicate: predicate, key: k})
			if i+1 < len(all) {
				add(edge{from: tx, to: all[i+1].by, kind: "rw", predicate: predicate, key: k})
			}
			return
		}
	}
	for _, tx := range happened {
		for at, o := range tx.ops {
			own := func(k Key) bool {
				return slices.ContainsFunc(tx.ops[:at], func(o op) bool { return o.key == k && o.kind != get && o.kind != scan })
			}
			switch {
			case o.kind == get && !own(o.key):
				read(tx, o.key, o.got, func(v *value) *value { return v }, false)
			case o.kind == scan && o.of.Limit == 0:
				for k := range versions {
					var got *value
					if v, found := o.rows[k]; found {
						got = &v
					}
					if !own(k) {
						read(tx, k, got, func(v *value) *value { return o.of.shows(k, v) }, got == nil)
					}
				}
			}
		}
		for _, other := range happened {
			if other.ended(tx.began) {
				add(edge{from: other, to: tx, kind: "rt"})
			}
		}
	}
	return edges
}

// shows returns what the scan returns of a version of a record, nil for nothing.
func (s ScanOf) shows(k Key, v *value) *value {
	if v == nil {
		return nil
	}
	if rows := s.of(state{k: *v}); len(rows) == 0 {
		return nil
	}
	return v
}

// shortest returns a shortest cycle of edges up to a rank with at most so many
// anti-dependencies, nil if there is none.
func shortest(edges []edge, rank, anti int, items bool) []*edge {
	var best, path []*edge
	allowed := func(e *edge, left int) bool { return e.rank() <= rank && e.cost() <= left && !(items && e.predicate) }
	visited := func(tx *Tx) bool { return slices.ContainsFunc(path, func(e *edge) bool { return e.from == tx }) }
	var walk func(left int)
	walk = func(left int) {
		at, home := path[len(path)-1].to, path[0].from
		if at == home {
			if best == nil || len(path) < len(best) {
				best = slices.Clone(path)
			}
			return
		}
		for i := range edges {
			if e := &edges[i]; e.from == at && allowed(e, left) && (e.to == home || !visited(e.to)) {
				path = append(path, e)
				walk(left - e.cost())
				path = path[:len(path)-1]
			}
		}
	}
	for i := range edges {
		if e := &edges[i]; allowed(e, anti) {
			path = append(path[:0], e)
			walk(anti - e.cost())
		}
	}
	return best
}
