package history

import "slices"

// chain is a run of versions of one key that follow each other directly. The
// order of the chains of a key is what a record may leave open; the first chain
// begins with the initial version.
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

// optional reports whether the chain is that of a transaction which may not have
// happened.
func (c *checker) optional(id int32) bool {
	writer := c.writer(c.chains[id].head)
	return writer != none && !c.happened[writer]
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

// findStale reports, from the level Snapshot on and below Serializable, reads
// that miss a write acknowledged before they began. Stricter levels find them as
// cycles.
func (c *checker) findStale() {
	if !c.realTime || c.level != Snapshot {
		return
	}
	h := c.h
	type moment struct{ end, version int32 }
	// newest has for each version the earliest moment at which a later one was
	// acknowledged, and which.
	newest := make([]moment, len(c.next))
	var run []int32
	for _, ids := range c.ofKey {
		earliest := moment{never, none} // of all chains: the first chain precedes the others
		for _, id := range slices.Backward(ids) {
			run = run[:0]
			for v := c.chains[id].head; v != none; v = c.next[v] {
				run = append(run, v)
			}
			at := moment{never, none}
			if id == ids[0] {
				at = earliest
			}
			for _, v := range slices.Backward(run) {
				newest[v] = at
				if w := c.writer(v); w != none && h.txs[w].end < at.end && c.last[v] {
					at = moment{h.txs[w].end, v}
				}
			}
			if at.end < earliest.end {
				earliest = at
			}
		}
	}
	for i := range c.seen {
		o := &c.seen[i]
		version := o.version
		if version == openVersion && c.othersDeaths(o.tx, o.key) == 0 {
			version = c.initial(o.key)
		}
		if version < 0 || c.chainOf[version] == none {
			continue
		}
		at := newest[version]
		if at.end < h.txs[o.tx].begin && h.ops[at.version].tx != o.tx {
			writer := h.ops[at.version].tx
			c.foundf(StaleRead, []int32{o.tx, writer}, "%s read %s, although %s %s and was acknowledged before it began.",
				c.name(o.tx), c.versionText(o.key, version), c.name(writer), c.didText(at.version))
		}
	}
}
