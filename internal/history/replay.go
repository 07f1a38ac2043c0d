package history

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// replayer looks for an order of the transactions in which each one sees what it
// says, as proof that the history is serializable and as a guess if it fails. It
// lets transactions happen one at a time: only those whose predecessors by the
// known edges have happened and that began before the first of the others was
// acknowledged. Where none of them sees what it says, it goes back and tries
// others, but not for long: then it lets one happen that does not fit.
//
// Keeping to the clock is no loss for a store that is strictly serializable, and
// leaves as many transactions to choose from as there are processes.
type replayer struct {
	c        *checker
	g        *graph
	incoming []int32  // of a transaction: predecessors that have not happened
	byBegin  sequence // those that certainly happened
	byEnd    sequence
	// optional has for each key the transactions that may not have happened and
	// wrote it. They stay until they are wanted, so none is looked at before.
	optional map[int32][]int32
	current  []int32 // of a key: the version that is there
	deadline []int32 // of a transaction: when it must have happened, see deadlines
	happened []bool
	left     int // transactions that must still happen

	stack []decision
	floor int // decisions below it stand
	saved []savedVersion
	tries int // dead ends since the floor rose
	far   int // the longest stack since then
	// sum identifies the transactions that have happened and what they left, as
	// the sum modulo 2 of random numbers; dead has those of states without issue.
	// A chance hit costs a way to succeed, never a wrong proof.
	sum, salt uint64
	dead      map[uint64]struct{}
	misfits   int

	start  []int32 // of a transaction: its observations are seen[start[t]:start[t+1]]
	seen   []int32 // indices in checker.seen
	openAt []int32 // of an index in checker.seen: its index in checker.open
}

type decision struct {
	tx           int32
	alternatives []int32
	saved        int
}

type savedVersion struct{ key, version int32 }

// replay returns the place of each transaction in the order found, for each open
// observation the version seen there, none if that did not fit, and whether
// everything fitted.
func (c *checker) replay() (place, chosen []int32, fits bool) {
	known := c.graph
	if !c.strict() {
		// The history may keep more than the level: then it is easier to prove.
		serial := newGraph(len(c.h.txs), c.knownEdges(true))
		if len(serial.components(nil)) == 0 {
			known = serial
		}
	}
	r := &replayer{
		c: c, g: known, incoming: make([]int32, len(c.h.txs)), current: make([]int32, len(c.h.keys)),
		happened: make([]bool, len(c.h.txs)), optional: map[int32][]int32{}, dead: map[uint64]struct{}{}, salt: rand.Uint64(),
	}
	var certain, ending []int32
	for t := range c.h.txs {
		tx := &c.h.txs[t]
		if tx.outcome == Failed {
			continue
		}
		if c.happened[t] {
			r.left++
			certain = append(certain, int32(t)) // in the order of begin
		} else {
			r.offer(int32(t))
		}
		if tx.end != never {
			ending = append(ending, int32(t))
		}
	}
	slices.SortFunc(ending, func(a, b int32) int { return cmp.Compare(c.h.txs[a].end, c.h.txs[b].end) })
	r.byBegin, r.byEnd = newSequence(len(c.h.txs), certain), newSequence(len(c.h.txs), ending)
	for i := range known.edges {
		if e := &known.edges[i]; e.kind != rt {
			r.incoming[e.to]++
		}
	}
	for k := range r.current {
		r.current[k] = c.initial(int32(k))
	}
	r.deadlines()
	r.group()
	r.run()
	place, chosen = r.outcome()
	return place, chosen, r.misfits == 0
}

// offer notes a transaction that may not have happened by the keys it wrote.
func (r *replayer) offer(t int32) {
	tx := &r.c.h.txs[t]
	for i := tx.from; i < tx.to; i++ {
		if r.c.last[i] {
			key := r.c.h.ops[i].key
			r.optional[key] = append(r.optional[key], t)
		}
	}
}

// deadlines finds when each transaction must have happened: when it was
// acknowledged or, if it never was, when the first that saw what it wrote was.
func (r *replayer) deadlines() {
	c := r.c
	r.deadline = make([]int32, len(c.h.txs))
	for i := range c.h.txs {
		r.deadline[i] = c.h.txs[i].end
	}
	for i := range c.seen {
		o := &c.seen[i]
		if o.version < 0 {
			continue
		}
		if w := c.writer(o.version); w != none && c.h.txs[w].end == never {
			r.deadline[w] = min(r.deadline[w], c.h.txs[o.tx].end)
		}
	}
}

// group sorts the observations by transaction.
func (r *replayer) group() {
	c := r.c
	r.start = make([]int32, len(c.h.txs)+2)
	for i := range c.seen {
		r.start[c.seen[i].tx+2]++
	}
	for i := 2; i < len(r.start); i++ {
		r.start[i] += r.start[i-1]
	}
	r.seen = make([]int32, len(c.seen))
	for i := range c.seen {
		at := &r.start[c.seen[i].tx+1]
		r.seen[*at] = int32(i)
		*at++
	}
	r.openAt = make([]int32, len(c.seen))
	for i, s := range c.open {
		r.openAt[s] = int32(i)
	}
}

func (r *replayer) observations(tx int32) []int32 { return r.seen[r.start[tx]:r.start[tx+1]] }

func (r *replayer) run() {
	patience := 300_000 // dead ends, seconds, before one happens that does not fit
	reserve := r.c.effort / 2
	for r.left > 0 {
		fitting, pending := r.candidates()
		if _, dead := r.dead[r.sum]; !dead && len(fitting) > 0 {
			r.push(fitting[0], fitting[1:])
			continue
		}
		if r.tries++; r.tries > patience || r.c.effort < reserve || !r.back() {
			r.force(pending)
			patience = max(patience/2, 100) // the store may be broken in many places
		}
	}
}

// candidates returns the transactions that may happen now and see what they say,
// the most promising first, and all that may happen now. One that writes nothing
// comes alone: it can happen now in each order in which it happens later.
func (r *replayer) candidates() (fitting, pending []int32) {
	c := r.c
	earliest := int32(never)
	if t := r.byEnd.first(); t != none {
		earliest = c.h.txs[t].end
	}
	var missing []int32 // of pending: see misfit
	for t := r.byBegin.first(); t != none && c.h.txs[t].begin < earliest; t = r.byBegin.after(t) {
		c.effort--
		if r.incoming[t] > 0 {
			continue
		}
		key := r.misfit(t)
		pending, missing = append(pending, t), append(missing, key)
		switch {
		case key != none:
		case !r.writes(t):
			return []int32{t}, nil
		default:
			fitting = append(fitting, t)
		}
	}
	if len(fitting) > 1 {
		r.rank(fitting, pending)
	}
	for i, key := range missing {
		if key == none {
			continue
		}
		for _, t := range r.optional[key] {
			c.effort--
			if !r.happened[t] && r.incoming[t] == 0 && c.h.txs[t].begin < earliest && !slices.Contains(fitting, t) && r.helps(t, pending[i], key) {
				fitting = append(fitting, t)
			}
		}
	}
	return fitting, pending
}

// rank sorts transactions by how many others they would keep from seeing what
// they say, then by the clock.
func (r *replayer) rank(fitting, pending []int32) {
	harm := make(map[int32]int, len(fitting))
	for _, t := range fitting {
		tx := &r.c.h.txs[t]
		for _, other := range pending {
			if other != t && r.spoils(tx, other) {
				harm[t]++
			}
		}
	}
	slices.SortStableFunc(fitting, func(a, b int32) int {
		return cmp.Or(cmp.Compare(harm[a], harm[b]), cmp.Compare(r.deadline[a], r.deadline[b]))
	})
}

// spoils reports whether the writer overwrites what the other sees now.
func (r *replayer) spoils(writer *txn, other int32) bool {
	for i := writer.from; i < writer.to; i++ {
		w := &r.c.h.ops[i]
		if !w.kind.IsWrite() || !r.c.last[i] {
			continue
		}
		for _, s := range r.observations(other) {
			if o := &r.c.seen[s]; o.key == w.key && r.fits(s, r.current[w.key]) && !r.fits(s, i) {
				return true
			}
		}
	}
	return false
}

// helps reports whether a transaction makes another see what it says of the key.
func (r *replayer) helps(t, other, key int32) bool {
	tx := &r.c.h.txs[t]
	for i := tx.from; i < tx.to; i++ {
		if r.c.h.ops[i].key != key || !r.c.last[i] {
			continue
		}
		for _, s := range r.observations(other) {
			if r.c.seen[s].key == key && r.fits(s, i) {
				return true
			}
		}
	}
	return false
}

func (r *replayer) writes(t int32) bool {
	tx := &r.c.h.txs[t]
	return slices.ContainsFunc(r.c.h.ops[tx.from:tx.to], func(o op) bool { return o.kind.IsWrite() })
}

// misfit returns a key that is not as the transaction saw it, or does not hold
// the version that its own follows directly; none if there is no such key.
func (r *replayer) misfit(t int32) (key int32) {
	tx := &r.c.h.txs[t]
	for i := tx.from; i < tx.to; i++ {
		if key := r.c.h.ops[i].key; r.c.prev[i] != none && !r.follows(i, r.current[key]) {
			return key
		}
	}
	for _, s := range r.observations(t) {
		if key := r.c.seen[s].key; !r.fits(s, r.current[key]) {
			return key
		}
	}
	return none
}

// follows reports whether a write may replace the version.
func (r *replayer) follows(write, version int32) bool {
	before := r.c.prev[write]
	return before == none || before == version || r.c.writer(before) == r.c.h.ops[write].tx
}

func (r *replayer) fits(seen, version int32) bool {
	o := &r.c.seen[seen]
	if o.version != openVersion {
		return o.version == version
	}
	return slices.Contains(r.c.domainsOf[r.openAt[seen]], version)
}

// push lets a transaction happen.
func (r *replayer) push(t int32, alternatives []int32) {
	r.stack = append(r.stack, decision{t, alternatives, len(r.saved)})
	r.mark(t, 1)
	tx := &r.c.h.txs[t]
	for i := tx.from; i < tx.to; i++ {
		if o := &r.c.h.ops[i]; r.c.last[i] {
			r.saved = append(r.saved, savedVersion{o.key, r.current[o.key]})
			r.replace(o.key, i)
		}
	}
	const progress = 500 // decisions beyond the last dead end, which is then behind us
	if r.tries == 0 {
		return
	}
	if r.far = max(r.far, len(r.stack)); len(r.stack) == r.far && r.far > r.floor+progress {
		r.raise(len(r.stack) - progress/2)
	}
}

// raise lets the decisions made so far stand.
func (r *replayer) raise(floor int) {
	r.floor, r.far, r.tries = floor, floor, 0
	clear(r.dead)
}

func (r *replayer) replace(key, version int32) {
	r.sum ^= r.number(key, r.current[key]) ^ r.number(key, version)
	r.current[key] = version
}

// number is the random number of a fact, by the finalizer of SplitMix64.
func (r *replayer) number(a, b int32) uint64 {
	x := r.salt + uint64(uint32(a))<<32 + uint64(uint32(b))
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mark notes that a transaction has happened, or with -1 that it has not.
func (r *replayer) mark(t int32, by int32) {
	r.happened[t] = by > 0
	r.sum ^= r.number(-1, t)
	if r.c.happened[t] {
		r.left -= int(by)
	}
	for _, e := range r.g.of(t) {
		if e.kind != rt {
			r.incoming[e.to] -= by
		}
	}
	if by > 0 {
		r.byBegin.remove(t)
		r.byEnd.remove(t)
	} else {
		r.byEnd.restore(t)
		r.byBegin.restore(t)
	}
}

// pop undoes the last decision.
func (r *replayer) pop() decision {
	d := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	for _, s := range slices.Backward(r.saved[d.saved:]) {
		r.replace(s.key, s.version)
	}
	r.saved = r.saved[:d.saved]
	r.mark(d.tx, -1)
	return d
}

// back undoes decisions until another can be made, and makes it. It returns false
// if there is none.
func (r *replayer) back() bool {
	r.dead[r.sum] = struct{}{}
	r.far = max(r.far, len(r.stack))
	for len(r.stack) > r.floor {
		d := r.pop()
		if len(d.alternatives) > 0 {
			r.push(d.alternatives[0], d.alternatives[1:])
			return true
		}
		r.dead[r.sum] = struct{}{}
	}
	return false
}

// force lets a transaction happen that does not fit: the first of the pending by
// the clock, or where the clock contradicts the known edges, the first that has
// no predecessor.
func (r *replayer) force(pending []int32) {
	if len(r.stack) == r.floor { // back has undone something: others are pending now
		_, pending = r.candidates()
	}
	r.misfits++
	first := int32(none)
	for _, t := range pending {
		if first == none || r.c.h.txs[t].end < r.c.h.txs[first].end {
			first = t
		}
	}
	for t := r.byBegin.first(); first == none; t = r.byBegin.after(t) {
		if r.incoming[t] == 0 && r.c.happened[t] {
			first = t
		}
	}
	r.push(first, nil)
	r.raise(len(r.stack))
}

// outcome reads the order from the stack.
func (r *replayer) outcome() (place, chosen []int32) {
	c := r.c
	place, chosen = make([]int32, len(c.h.txs)), make([]int32, len(c.open))
	for i := range place {
		place[i] = never / 2 // of what has not happened
	}
	for k := range r.current {
		r.current[k] = c.initial(int32(k))
	}
	for i := range chosen {
		chosen[i] = none
	}
	for at, d := range r.stack {
		place[d.tx] = int32(at)
		for _, s := range r.observations(d.tx) {
			if o := &c.seen[s]; o.version == openVersion {
				domain := r.openAt[s]
				chosen[domain] = int32(slices.Index(c.domainsOf[domain], r.current[o.key]))
			}
		}
		tx := &c.h.txs[d.tx]
		for i := tx.from; i < tx.to; i++ {
			if o := &c.h.ops[i]; c.last[i] {
				r.current[o.key] = i
			}
		}
	}
	return place, chosen
}

// sequence is a list of transactions from which some are removed and put back in
// the reverse order, by the dancing links of Knuth (2000).
type sequence struct{ next, prev []int32 }

// newSequence makes the list; links 0 and n+1 are its ends.
func newSequence(n int, list []int32) sequence {
	s := sequence{make([]int32, n+2), make([]int32, n+2)}
	at := int32(0)
	for _, t := range list {
		s.next[at], s.prev[t+1] = t+1, at
		at = t + 1
	}
	s.next[at], s.prev[n+1] = int32(n+1), at
	return s
}

func (s *sequence) first() int32 { return s.at(s.next[0]) }

func (s *sequence) after(t int32) int32 { return s.at(s.next[t+1]) }

func (s *sequence) at(link int32) int32 {
	if int(link) == len(s.next)-1 {
		return none
	}
	return link - 1
}

func (s *sequence) remove(t int32) {
	if i := t + 1; s.next[i] != 0 {
		s.next[s.prev[i]], s.prev[s.next[i]] = s.next[i], s.prev[i]
	}
}

func (s *sequence) restore(t int32) {
	if i := t + 1; s.next[i] != 0 {
		s.next[s.prev[i]], s.prev[s.next[i]] = i, i
	}
}
