package history

// knownEdges returns the edges that depend on no choice, without the moments of
// real time; those that say who missed what only if missed is set.
func (c *checker) knownEdges(missed bool) []edge {
	edges := append(make([]edge, 0, 2*len(c.seen)+len(c.h.ops)/2), c.interleaved...)
	for i := range c.chains {
		edges = c.chainEdges(edges, int32(i))
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
		case c.chainOf[o.version] == none: // an intermediate version has no follower
		case c.fresh() && c.stale(o, c.overwritten[o.version]):
			edges = c.missEdge(edges, o, c.overwritten[o.version], 0)
		case !missed && !o.base:
		case c.next[o.version] != none:
			edges = c.missEdge(edges, o, c.follower(o.version), 0)
		case c.ordered(o.key):
			if after := c.chainAfter(o.version); after != none {
				edges = c.missEdge(edges, o, c.chains[after].head, 0)
			}
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
func (c *checker) chainEdges(edges []edge, id int32) []edge {
	ch := &c.chains[id]
	for v := ch.head; c.next[v] != none; v = c.next[v] {
		if from, to := c.writer(v), c.writer(c.next[v]); from != none && from != to {
			edges = append(edges, edge{from, to, ch.key, 0, ww})
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

// guessedEdges collects the edges that depend on the choices made.
func (c *checker) guessedEdges(edges []edge) []edge {
	ch := &c.choices
	ch.sets = ch.sets[:1]
	for k, order := range ch.order {
		if c.ordered(int32(k)) {
			continue
		}
		for i := range len(order) - 1 {
			edges = c.joint(edges, order[i], order[i+1], c.given(c.succession(order[i], order[i+1])...))
		}
	}
	for i := range c.seen {
		if o := &c.seen[i]; o.version >= 0 && c.chainOf[o.version] != none && !c.ordered(o.key) {
			edges = c.guessedMisses(edges, o, o.version)
		}
	}
	for i, d := range ch.chosen {
		o := &c.seen[c.open[i]]
		version := c.domainsOf[i][d]
		choice := literal{int32(i), d}
		edges = c.readEdge(edges, o, version, c.given(choice))
		if c.fresh() && c.stale(o, c.overwritten[version]) {
			edges = c.missEdge(edges, o, c.overwritten[version], c.given(choice))
		}
		if (c.strict() || o.base) && c.next[version] != none {
			edges = c.missEdge(edges, o, c.follower(version), c.given(choice))
		}
		edges = c.guessedMisses(edges, o, version, choice)
	}
	return edges
}

// stale reports whether the observation began after the version, later than the
// one observed, was acknowledged.
func (c *checker) stale(o *observation, version int32) bool {
	return c.acknowledged(version) < c.h.txs[o.tx].begin
}

// guessedMisses are the rw edges from an observation to other chains, by the
// order guessed.
func (c *checker) guessedMisses(edges []edge, o *observation, version int32, set ...literal) []edge {
	if c.fresh() {
		id := c.chainOf[version]
		if missed := c.choices.soonest[id]; c.stale(o, missed) {
			edges = c.missEdge(edges, o, missed, c.given(append(c.succession(id, c.chainOf[missed]), set...)...))
		}
	}
	if (c.strict() || o.base) && c.next[version] == none {
		edges = c.missNext(edges, o, version, set...)
	}
	return edges
}

// succession returns the choice by which one chain comes before another; the
// first chain of a key does so by itself. Whether the transactions happened is
// not among the choices, see chain.
func (c *checker) succession(id, after int32) []literal {
	if id == c.ofKey[c.chains[id].key][0] {
		return nil
	}
	return []literal{c.pair(id, after)}
}

// missNext is the rw edge from an observation of the last version of a chain, by
// the order guessed.
func (c *checker) missNext(edges []edge, o *observation, version int32, set ...literal) []edge {
	id := c.chainOf[version]
	after := c.choices.following[id]
	if after == none {
		return edges
	}
	return c.missEdge(edges, o, c.chains[after].head, c.given(append(c.succession(id, after), set...)...))
}
