package history

import "slices"

// chain is a run of versions of one key that follow each other directly. The
// order of the chains of a key is what a record may leave open; the first chain
// begins with the initial version.
//
// What a transaction of unknown outcome wrote and nobody is known to have read
// has its place in the order too. If it did not happen, it is as if it had
// happened last of all: no edge leaves it but to a reader that chose its version,
// or towards a chain that was chosen to come after its own.
type chain struct {
	key        int32
	head, tail int32
}

// formChains strings the versions that happened, or may have, into chains.
func (c *checker) formChains() {
	h := c.h
	c.chainOf = make([]int32, len(c.next))
	for i := range c.chainOf {
		c.chainOf[i] = none
	}
	for k := range h.keys {
		c.formChain(int32(k), c.initial(int32(k)))
	}
	for i := range h.ops {
		if c.prev[i] == none && c.inOrder(int32(i)) {
			c.formChain(h.ops[i].key, int32(i))
		}
	}
	// What is left are rings: two updates that each read what the other wrote.
	// Their wr edges tell that; the chain may begin anywhere.
	for i := range h.ops {
		if c.chainOf[i] == none && c.inOrder(int32(i)) {
			c.next[c.prev[i]], c.prev[i] = none, none
			c.formChain(h.ops[i].key, int32(i))
		}
	}
	c.ofKey = make([][]int32, len(h.keys))
	counts := make([]int32, len(h.keys))
	for i := range c.chains {
		counts[c.chains[i].key]++
	}
	room := make([]int32, len(c.chains))
	for k, n := range counts {
		c.ofKey[k], room = room[:0:n], room[n:]
	}
	for i := range c.chains {
		k := c.chains[i].key
		c.ofKey[k] = append(c.ofKey[k], int32(i))
	}
}

// inOrder reports whether the write made a version that has a place in an order
// of versions.
func (c *checker) inOrder(version int32) bool {
	o := &c.h.ops[version]
	return o.kind.IsWrite() && c.h.txs[o.tx].outcome != Failed && c.placed(version)
}

func (c *checker) formChain(key, head int32) {
	id := int32(len(c.chains))
	tail := head
	for v := head; v != none; v = c.next[v] {
		c.chainOf[v] = id
		tail = v
	}
	c.chains = append(c.chains, chain{key, head, tail})
}

// follower returns the version after the given one that somebody else wrote,
// none if there is none.
func (c *checker) follower(version int32) int32 {
	next := c.next[version]
	for next != none && c.writer(next) == c.writer(version) {
		next = c.next[next]
	}
	return next
}

// findOverwrites finds for each version the later one that was acknowledged
// first, as far as that does not depend on the order of the chains: in its own
// chain, and after the first chain in all others.
func (c *checker) findOverwrites() {
	if !c.fresh() {
		return
	}
	c.overwritten = make([]int32, len(c.next))
	var run []int32
	for _, ids := range c.ofKey {
		soonest := int32(none) // of all chains but the first
		for _, id := range slices.Backward(ids) {
			run = run[:0]
			for v := c.chains[id].head; v != none; v = c.next[v] {
				run = append(run, v)
			}
			later := int32(none)
			if id == ids[0] {
				later = soonest
			}
			for _, v := range slices.Backward(run) {
				c.overwritten[v] = later
				later = c.sooner(later, v)
			}
			soonest = c.sooner(soonest, later)
		}
	}
}

// acknowledged returns when the version was acknowledged.
func (c *checker) acknowledged(version int32) int32 {
	if version == none || c.isInitial(version) {
		return never
	}
	return c.h.txs[c.writer(version)].end
}

// sooner returns the version that was acknowledged first.
func (c *checker) sooner(a, b int32) int32 {
	if c.acknowledged(b) < c.acknowledged(a) {
		return b
	}
	return a
}
