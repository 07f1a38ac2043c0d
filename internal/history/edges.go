package history

// knownEdges returns the edges that depend on no choice, without the moments of
// real time; those that say who missed what only if missed is set.
func (c *checker) knownEdges(missed bool) []edge {
	edges := append(make([]edge, 0, 2*len(c.seen)+len(c.h.ops)/2), c.interleaved...)
	for i := range c.chains {
		if c.optional(int32(i)) {
			continue
		}
		edges = c.chainEdges(edges, int32(i), 0)
	}
	for k, ids := range c.ofKey {
		if c.ordered(int32(k)) && len(ids) == 2 {
			edges = c.joint(edges, ids[0], ids[1], 0)
		}
	}
	for i := range c.seen {
		o := &c.seen[i]
		if o.version < 0 {
			continue
		}
		edges = c.readEdge(edges, o, o.version, 0)
		switch {
		case !missed || c.chainOf[o.version] == none: // an intermediate version has no follower
		case c.next[o.version] != none:
			edges = c.missEdge(edges, o, c.follower(o.version), 0)
		case c.ordered(o.key):
			edges = c.missAfter(edges, o, o.version, c.chainAfter(o.version), 0)
		}
	}
	return edges
}

// chainAfter returns the second chain of an ordered key if the version is in the
// first.
func (c *checker) chainAfter(version int32) int32 {
	id := c.chainOf[version]
	if ids := c.ofKey[c.chains[id].key]; len(ids) == 2 && id == ids[0] {
		return ids[1]
	}
	return none
}

// chainEdges are the ww edges inside a chain.
func (c *checker) chainEdges(edges []edge, id, given int32) []edge {
	ch := &c.chains[id]
	for v := ch.head; c.next[v] != none; v = c.next[v] {
		if from, to := c.writer(v), c.writer(c.next[v]); from != none && from != to {
			edges = append(edges, edge{from, to, ch.key, given, ww})
		}
	}
	return edges
}

// joint is the ww edge from one chain to the next.
func (c *checker) joint(edges []edge, a, b, given int32) []edge {
	from, to := c.writer(c.chains[a].tail), c.writer(c.chains[b].head)
	if from == none || from == to {
		return edges
	}
	return append(edges, edge{from, to, c.chains[a].key, given, ww})
}

// readEdge is the wr edge of an observation of a version.
func (c *checker) readEdge(edges []edge, o *observation, version, given int32) []edge {
	if w := c.writer(version); w != none && w != o.tx {
		return append(edges, edge{w, o.tx, o.key, given, wr})
	}
	return edges
}

// missEdge is the rw edge from an observation to the version that it missed,
// unless that is the transaction's own.
func (c *checker) missEdge(edges []edge, o *observation, missed, given int32) []edge {
	if missed == none || c.writer(missed) == o.tx {
		return edges
	}
	kind := rw
	if o.missed {
		kind = pw
	}
	return append(edges, edge{o.tx, c.writer(missed), o.key, given, kind})
}

// missAfter is the rw edge from an observation of the last version of a chain to
// the next chain.
func (c *checker) missAfter(edges []edge, o *observation, version, after, given int32) []edge {
	if after == none {
		return edges
	}
	head := c.chains[after].head
	if c.writer(head) == c.writer(version) {
		head = c.follower(head)
	}
	return c.missEdge(edges, o, head, given)
}

// guessedEdges collects the edges that depend on the choices made.
func (c *checker) guessedEdges(edges []edge) []edge {
	ch := &c.choices
	ch.sets = ch.sets[:1]
	supported := c.supporters()
	// support returns the choices that make a chain happen.
	support := func(id int32) []literal {
		if l, ok := supported[c.writer(c.chains[id].head)]; ok && c.optional(id) {
			return []literal{l}
		}
		return nil
	}
	for k, order := range ch.order {
		if c.ordered(int32(k)) {
			continue
		}
		for i, id := range order {
			if c.optional(id) {
				edges = c.chainEdges(edges, id, c.given(support(id)...))
			}
			if i+1 < len(order) {
				edges = c.joint(edges, id, order[i+1], c.given(c.adjacent(id, order, i, support)...))
			}
		}
	}
	for i := range c.seen {
		o := &c.seen[i]
		if c.strict() && o.version >= 0 && c.chainOf[o.version] != none && c.next[o.version] == none && !c.ordered(o.key) {
			edges = c.missNext(edges, o, o.version, nil, support)
		}
	}
	for i, d := range ch.chosen {
		o := &c.seen[c.open[i]]
		version := c.domainsOf[i][d]
		choice := literal{int32(i), d}
		edges = c.readEdge(edges, o, version, c.given(choice))
		switch {
		case !c.strict():
		case c.next[version] != none:
			edges = c.missEdge(edges, o, c.follower(version), c.given(choice))
		default:
			edges = c.missNext(edges, o, version, []literal{choice}, support)
		}
	}
	return edges
}

// adjacent returns the choices that put the chain after order[i] there.
func (c *checker) adjacent(id int32, order []int32, i int, support func(int32) []literal) []literal {
	set := append(support(id), support(order[i+1])...)
	if i > 0 {
		set = append(set, c.pair(id, order[i+1]))
	}
	return set
}

// missNext is the rw edge from an observation of the last version of a chain, by
// the order guessed.
func (c *checker) missNext(edges []edge, o *observation, version int32, set []literal, support func(int32) []literal) []edge {
	id := c.chainOf[version]
	after := c.choices.following[id]
	if after == none {
		return edges
	}
	set = append(set, support(id)...)
	set = append(set, support(after)...)
	if id != c.ofKey[o.key][0] {
		set = append(set, c.pair(id, after))
	}
	return c.missAfter(edges, o, version, after, c.given(set...))
}
