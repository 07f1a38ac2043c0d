package history

import "slices"

// life is the list of a record from its birth on, as the longest read showed it.
// A record that is deleted and inserted again has several lives.
type life struct {
	key  int32
	op   int32 // that read the list
	list []int64
}

// noteList takes the evidence of a list for the order of its versions. All reads
// of a life must be prefixes of the longest.
func (c *checker) noteList(key, id int32, list []int64) {
	name := keyValue{key, 0}
	if c.deaths[key] > 0 {
		name.n = list[0]
	}
	known, ok := c.lifeOf[name]
	if !ok {
		c.lifeOf[name] = int32(len(c.lives))
		c.lives = append(c.lives, life{key, id, list})
		return
	}
	l := &c.lives[known]
	short, long := list, l.list
	if len(list) > len(l.list) {
		short, long = l.list, list
	}
	if !slices.Equal(short, long[:len(short)]) {
		a, b := c.h.ops[l.op].tx, c.h.ops[id].tx
		c.foundf(IncompatibleOrder, []int32{a, b}, "%s read %s = %s, but %s read %s: neither list is the beginning of the other.",
			c.name(a), c.key(key), format(result{kind: List, list: l.list}), c.name(b), format(result{kind: List, list: list}))
		return
	}
	if len(list) > len(l.list) {
		l.op, l.list = id, list
	}
}

// linkVersions finds which version directly follows which: by the lists that
// were read, and by updates, since nobody may write between the read of an
// update and its write.
func (c *checker) linkVersions() {
	n := len(c.h.ops) + len(c.h.keys)
	links := make([]int32, 2*n)
	for i := range links {
		links[i] = none
	}
	c.next, c.prev = links[:n:n], links[n:]
	listed := make([]bool, len(c.h.ops))
	for i := range c.lives {
		c.linkLife(&c.lives[i], listed)
	}
	c.linkOwn()
	for i := range c.updates {
		c.linkUpdate(&c.updates[i])
	}
	for i := range c.lives {
		c.expectBirth(&c.lives[i])
	}
}

// linkLife links the versions of a list; listed are those met in any list.
func (c *checker) linkLife(l *life, listed []bool) {
	reader := c.h.ops[l.op].tx
	before := int32(none)
	if c.deaths[l.key] == 0 {
		before = c.initial(l.key)
	}
	for _, n := range l.list {
		version, ok := c.h.writers[keyValue{l.key, n}]
		switch {
		case !ok:
			c.foundf(GarbageRead, []int32{reader}, "%s read %d in the list %s, which nobody appended.", c.name(reader), n, c.key(l.key))
			before = none
			continue
		case c.h.txs[c.h.ops[version].tx].outcome == Failed:
			c.aborted(l.key, reader, version)
			before = none
			continue
		case listed[version]:
			c.foundf(Duplicate, []int32{reader, c.h.ops[version].tx}, "%s read %s = %s, which has %d twice: %s appended it once.",
				c.name(reader), c.key(l.key), format(result{kind: List, list: l.list}), n, c.name(c.h.ops[version].tx))
			before = none
			continue
		}
		if before != none && c.deletedBefore(version) {
			writer := c.h.ops[version].tx
			c.foundf(IncompatibleOrder, []int32{reader, writer}, "%s read %s = %s, but %s deleted the record before it appended %d: nothing can precede that.",
				c.name(reader), c.key(l.key), format(result{kind: List, list: l.list}), c.name(writer), n)
			before = none
		}
		listed[version] = true
		c.happened[c.h.ops[version].tx] = true
		if before != none {
			c.next[before], c.prev[version] = version, before
		}
		before = version
	}
}

// deletedBefore reports whether the last thing that the transaction did to the
// record before the write was to delete it.
func (c *checker) deletedBefore(version int32) bool {
	o := &c.h.ops[version]
	for i := version - 1; c.deaths[o.key] > 0 && i >= c.h.txs[o.tx].from; i-- {
		if earlier := &c.h.ops[i]; earlier.key == o.key && earlier.kind.IsWrite() {
			return earlier.kind == RecordDelete
		}
	}
	return false
}

// linkOwn links what one transaction did to one list in a row, as far as lists
// that were read have not told.
func (c *checker) linkOwn() {
	h := c.h
	at := make([]int32, len(h.keys)) // 1 + the last write of the key
	for t := range h.txs {
		if h.txs[t].outcome == Failed {
			continue
		}
		for i := h.txs[t].from; i < h.txs[t].to; i++ {
			o := &h.ops[i]
			if !o.kind.IsWrite() {
				continue
			}
			before := at[o.key] - 1
			at[o.key] = i + 1
			if before < 0 || h.ops[before].tx != o.tx || !c.placed(before) || !c.placed(i) {
				continue
			}
			switch after, first := c.next[before], c.prev[i]; {
			case after == i:
			case after == none && first == none:
				c.next[before], c.prev[i] = i, before
			case after != none && h.ops[after].tx != o.tx:
				// Somebody came between: before it and after it at once.
				c.interleaved = append(c.interleaved, edge{h.ops[after].tx, o.tx, o.key, 0, ww})
			case first != none && c.writer(first) != none && c.writer(first) != o.tx:
				c.interleaved = append(c.interleaved, edge{o.tx, c.writer(first), o.key, 0, ww})
			default:
				c.foundf(IncompatibleOrder, []int32{o.tx}, "%s %s and then %s. But a list was read that has not the one directly after the other.",
					c.name(o.tx), c.didText(before), c.didText(i))
			}
		}
	}
}

// placed reports whether a version has a place in the order of versions: an
// overwritten register has none, since nobody else may see it, but each append
// shows in the list.
func (c *checker) placed(version int32) bool {
	o := &c.h.ops[version]
	return c.last[version] || o.kind == ListAppend || o.kind == RecordDelete && c.holdsList(version)
}

// holdsList reports whether the delete in the midst of a transaction is one of a
// list: then what follows is an append.
func (c *checker) holdsList(version int32) bool {
	o := &c.h.ops[version]
	for i := version + 1; i < c.h.txs[o.tx].to; i++ {
		if next := &c.h.ops[i]; next.key == o.key && next.kind.IsWrite() && next.kind != RecordDelete {
			return next.kind == ListAppend
		}
	}
	return false
}

// firstPlaced returns the transaction's first version of the key that has a
// place, given its first write.
func (c *checker) firstPlaced(first int32) int32 {
	o := &c.h.ops[first]
	for i := first; ; i++ {
		if next := &c.h.ops[i]; next.key == o.key && next.kind.IsWrite() && c.placed(i) {
			return i
		}
	}
}

func (c *checker) linkUpdate(u *update) {
	first := c.firstPlaced(u.first)
	base := u.base
	switch {
	case base == openVersion && c.othersDeaths(u.tx, u.key) == 0:
		base = c.initial(u.key)
	case base < 0:
		return
	}
	if !c.isInitial(base) && !c.last[base] {
		return // an intermediate version, and reported as such
	}
	follower, follows := c.next[base], c.prev[first]
	switch {
	case follower == first:
	case follower == none && follows == none:
		c.next[base], c.prev[first] = first, base
	case follower != none:
		other := c.writer(follower)
		c.foundf(LostUpdate, []int32{u.tx, other}, "%s read %s and then %s. But %s %s right after that version: %s did not see it, so one of the two updates is lost.",
			c.name(u.tx), c.versionText(u.key, base), c.didText(first), c.name(other), c.didText(follower), c.name(u.tx))
	default:
		c.foundf(LostUpdate, []int32{u.tx}, "%s read %s and then %s. But that came right after %s, which it had not read.",
			c.name(u.tx), c.versionText(u.key, base), c.didText(first), c.versionText(u.key, follows))
	}
}

// othersDeaths counts the other transactions that deleted the key, or may have.
func (c *checker) othersDeaths(tx, key int32) int32 {
	n := c.deaths[key]
	for i := c.h.txs[tx].from; n > 0 && i < c.h.txs[tx].to; i++ {
		if o := &c.h.ops[i]; o.key == key && o.kind == RecordDelete {
			return n - 1
		}
	}
	return n
}

// expectBirth notes that the append which begins a list saw no record, unless
// it is known what that was.
func (c *checker) expectBirth(l *life) {
	birth, ok := c.h.writers[keyValue{l.key, l.list[0]}]
	if !ok || !c.happened[c.h.ops[birth].tx] {
		return
	}
	tx, before := c.h.ops[birth].tx, c.prev[birth]
	switch {
	case before == none:
		c.seen = append(c.seen, observation{tx: tx, key: l.key, op: birth, version: openVersion, absent: true, base: true})
	case !c.isInitial(before) && c.h.ops[before].kind == ListAppend:
		reader := c.h.ops[l.op].tx
		c.foundf(LostUpdate, []int32{tx, reader}, "%s read %s and then %s. But %s read %s, which begins with that: what was there before is lost.",
			c.name(tx), c.versionText(l.key, before), c.didText(birth), c.name(reader), format(result{kind: List, list: l.list}))
	}
}
