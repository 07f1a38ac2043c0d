package history

import (
	"cmp"
	"slices"
)

// choices are what the record leaves open and how it is decided for now.
type choices struct {
	order  [][]int32 // of a key: its chains
	chosen []int32   // of an open observation: the index in its domain

	// following has for each chain the one after it, and leads the choices that
	// put it there.
	following []int32
	// soonest has for each chain, if reads must be fresh, the version of those
	// after it that was acknowledged first.
	soonest []int32

	sets  [][]literal // that edges depend on; the first is empty
	pairs map[[2]int32]int32
	named [][2]int32 // the pair of a variable, from len(open) on

	refuted [][]literal // combinations of choices that close a cycle
	known   map[string]struct{}

	// What was guessed from, see replay.
	place    []int32 // of a transaction
	replayed []int32 // as chosen, none if it did not fit
}

// literal says that a variable has a value. Variables below len(open) are open
// observations, whose value is an index in the domain; the others are pairs of
// chains, where 0 means that the first comes before the second, 1 the reverse.
type literal struct{ variable, value int32 }

// domains finds the versions that each open observation may have seen.
func (c *checker) domains() {
	isOpen := false
	for i := range c.seen {
		isOpen = isOpen || c.seen[i].version == openVersion
	}
	if !isOpen {
		return
	}
	ofKey := c.versionsOfKeys()
	for i := range c.seen {
		o := &c.seen[i]
		if o.version != openVersion {
			continue
		}
		domain := []int32{c.initial(o.key)}
		for _, v := range ofKey[o.key] {
			if c.mayHaveSeen(o, v) {
				domain = append(domain, v)
			}
		}
		if len(domain) == 1 {
			o.version = domain[0]
			continue
		}
		c.open = append(c.open, int32(i))
		c.domainsOf = append(c.domainsOf, domain)
	}
}

// versionsOfKeys returns for each key with open observations the versions that a
// reader may see.
func (c *checker) versionsOfKeys() [][]int32 {
	wanted := make([]bool, len(c.h.keys))
	for i := range c.seen {
		if o := &c.seen[i]; o.version == openVersion && (!o.absent || c.deaths[o.key] > 0) {
			wanted[o.key] = true
		}
	}
	ofKey := make([][]int32, len(c.h.keys))
	for v := range c.h.ops {
		if o := &c.h.ops[v]; o.kind.IsWrite() && wanted[o.key] && c.last[v] && c.inOrder(int32(v)) {
			ofKey[o.key] = append(ofKey[o.key], int32(v))
		}
	}
	return ofKey
}

// mayHaveSeen reports whether the observation may be of the version that the
// write made.
func (c *checker) mayHaveSeen(o *observation, version int32) bool {
	w := &c.h.ops[version]
	if w.tx == o.tx || c.realTime && c.h.txs[w.tx].begin > c.h.txs[o.tx].end {
		return false
	}
	if w.kind == RecordDelete {
		return true
	}
	if o.absent {
		return false
	}
	for _, scan := range c.openScans[o.from:o.to] {
		if c.h.ranges[c.h.ops[scan].key].Where.holds(w.n) {
			return false
		}
	}
	return true
}

// ordered reports whether the order of the key's chains is known: there is at
// most one after the first.
func (c *checker) ordered(key int32) bool { return len(c.ofKey[key]) <= 2 }

// guess decides everything from an order of the transactions. chosen are the
// open observations that it decides already.
func (c *checker) guess(place, chosen []int32) {
	ch := &c.choices
	ch.place, ch.replayed = place, chosen
	ch.sets = [][]literal{nil}
	ch.pairs = map[[2]int32]int32{}
	ch.known = map[string]struct{}{}
	ch.order = make([][]int32, len(c.h.keys))
	ch.following = make([]int32, len(c.chains))
	ch.soonest = make([]int32, len(c.chains))
	ch.chosen = slices.Clone(chosen)
	c.arrange(nil)
	for i, d := range ch.chosen {
		if d == none {
			ch.chosen[i] = c.guessVersion(i)
		}
	}
	c.arrange(nil)
}

// middle is where in the guessed order a chain is.
func (c *checker) middle(id int32) int64 {
	ch := &c.chains[id]
	return int64(c.choices.place[c.writer(ch.head)]) + int64(c.choices.place[c.writer(ch.tail)])
}

// guessVersion picks, of the versions that may have been seen and whose writers
// happened, the one that was there nearest to the transaction's place; others
// only if there is none but the initial one, and that was over long ago.
func (c *checker) guessVersion(i int) int32 {
	ch := &c.choices
	o := &c.seen[c.open[i]]
	at := ch.place[o.tx]
	best, nearest := int32(0), int32(never)
	for d, v := range c.domainsOf[i] {
		from, to, ok := c.span(o.tx, v)
		if !ok {
			continue
		}
		if distance := max(from-at, at-to, 0); distance < nearest {
			best, nearest = int32(d), distance
		}
	}
	if best > 0 || nearest == 0 {
		return best
	}
	newest := int32(none)
	for d, v := range c.domainsOf[i] {
		if w := c.writer(v); w != none && ch.place[w] < at && ch.place[w] > newest {
			best, newest = int32(d), ch.place[w]
		}
	}
	return best
}

// span returns from which place to which the version was there, by the order
// guessed, not counting an overwrite by the transaction itself. It is not ok if
// the version is in no order.
func (c *checker) span(tx, version int32) (from, to int32, ok bool) {
	ch := &c.choices
	from, to = none, never
	if w := c.writer(version); w != none {
		if !c.happened[w] {
			return 0, 0, false
		}
		from = ch.place[w]
	}
	next := c.next[version]
	if next == none {
		if after := ch.following[c.chainOf[version]]; after != none {
			next = c.chains[after].head
		}
	}
	if next != none {
		to = ch.place[c.writer(next)]
		if c.writer(next) == tx {
			// Its own write follows directly, which speaks for the version.
			from, to = min(from, to), max(from, to)
		}
	}
	return from, to, true
}

// arrange orders the chains of each key as guessed, but keeps the pairs that
// firm decides. It returns the pairs of a ring if these have one.
func (c *checker) arrange(firm map[int32]int32) (ring []literal) {
	ch := &c.choices
	decided := map[int32][]int32{} // pair variables by key
	for v := range firm {
		if n := int(v) - len(c.open); n >= 0 {
			k := c.chains[ch.named[n][0]].key
			decided[k] = append(decided[k], v)
		}
	}
	for k, ids := range c.ofKey {
		order := append(ch.order[k][:0], ids...)
		ch.order[k] = order
		if len(order) > 2 {
			slices.SortStableFunc(order[1:], func(a, b int32) int { return cmp.Compare(c.middle(a), c.middle(b)) })
			if pairs := decided[int32(k)]; len(pairs) > 0 {
				if ring := c.enforce(order[1:], pairs, firm); ring != nil {
					return ring
				}
			}
		}
		after, soonest := int32(none), int32(none)
		for _, id := range slices.Backward(order) {
			ch.following[id], ch.soonest[id] = after, soonest
			after = id
			if c.fresh() {
				head := c.chains[id].head
				soonest = c.sooner(c.sooner(soonest, head), c.overwritten[head])
			}
		}
	}
	return nil
}

// enforce changes the order of chains as little as the decided pairs demand.
func (c *checker) enforce(order []int32, pairs []int32, firm map[int32]int32) (ring []literal) {
	slices.Sort(pairs)
	type predecessor struct {
		chain int32
		by    literal
	}
	before := map[int32][]predecessor{}
	for _, v := range pairs {
		p := c.choices.named[int(v)-len(c.open)]
		if firm[v] == 1 {
			p[0], p[1] = p[1], p[0]
		}
		before[p[1]] = append(before[p[1]], predecessor{p[0], literal{v, firm[v]}})
	}
	const open, done = 1, 2
	state := map[int32]int{}
	var result []int32
	var path []literal // from the chain visited first
	var visit func(id int32) bool
	var rung int32
	visit = func(id int32) bool {
		state[id] = open
		for _, p := range before[id] {
			path = append(path, p.by)
			if state[p.chain] == open {
				rung = p.chain
				return false
			}
			if state[p.chain] == 0 && !visit(p.chain) {
				return false
			}
			path = path[:len(path)-1]
		}
		state[id] = done
		result = append(result, id)
		return true
	}
	for _, id := range order {
		if state[id] == 0 && !visit(id) {
			return c.cutRing(path, rung)
		}
	}
	copy(order, result)
	return nil
}

// cutRing returns the end of the path of pairs that leads from a chain back to
// itself.
func (c *checker) cutRing(path []literal, id int32) []literal {
	for i := len(path) - 1; ; i-- {
		p := c.choices.named[int(path[i].variable)-len(c.open)]
		later := p[1-path[i].value]
		if later == id {
			return slices.Clone(path[i:])
		}
	}
}

// pair returns the literal that chain a comes before chain b.
func (c *checker) pair(a, b int32) literal {
	ch := &c.choices
	value := int32(0)
	if a > b {
		a, b, value = b, a, 1
	}
	v, ok := ch.pairs[[2]int32{a, b}]
	if !ok {
		v = int32(len(c.open) + len(ch.named))
		ch.pairs[[2]int32{a, b}] = v
		ch.named = append(ch.named, [2]int32{a, b})
	}
	return literal{v, value}
}

// given returns the number of a set of choices.
func (c *checker) given(set ...literal) int32 {
	if len(set) == 0 {
		return 0
	}
	c.choices.sets = append(c.choices.sets, set)
	return int32(len(c.choices.sets) - 1)
}
