package history

import "slices"

// observation is a version of a record that a committed transaction saw and did
// not write itself.
type observation struct {
	tx, key, op int32
	// version is exact, or open: any in which the record was absent, or for a
	// record that scans did not return, any that they do not select.
	version int32
	// missed: no read returned the record, a scan left it out.
	missed bool
	// base: the transaction saw this first, and then wrote the record. Below
	// Serializable too nobody else may have written it in between.
	base bool
	// absent: the record was absent. Otherwise the scans that missed it, all of
	// them with conditions, are openScans[from:to].
	absent   bool
	from, to int32
}

const (
	openVersion = -2 // of an observation, see there
	noVersion   = -3 // what was read is no version, and was reported
)

// update is what a committed transaction did to a key: a read, then a write.
type update struct {
	tx, key int32
	base    int32 // the version first read; none, openVersion or noVersion
	first   int32 // its first write of the key
}

// view is what a transaction knows of a key while its operations are followed.
type view struct {
	key   int32
	own   ownState
	list  []int64 // own appends, or the list after replacing the record
	value int64   // of a register after replacing the record
	gone  bool    // deleted after replacing the record
	write int32   // the first own write

	base  int32   // the version first read
	point int32   // the version first read by key
	exact []int32 // all versions read
	// Reads that found nothing.
	absentAt, missedAt int32
	scans              []int32 // with conditions, that missed it
}

type ownState uint8

const (
	untouched ownState = iota
	appended           // something to a list that was not replaced
	replaced           // written or deleted: nothing below shines through
)

// views are those of one transaction by key.
type views struct {
	stamp []int32 // of a key: 1 + the transaction that at is valid for
	at    []int32
	list  []view
}

func (v *views) of(tx, key int32) *view {
	if v.stamp[key] == tx+1 {
		return &v.list[v.at[key]]
	}
	v.stamp[key], v.at[key] = tx+1, int32(len(v.list))
	if len(v.list) < cap(v.list) {
		v.list = v.list[:len(v.list)+1]
	} else {
		v.list = append(v.list, view{})
	}
	at := &v.list[len(v.list)-1]
	*at = view{
		key: key, write: none, base: none, point: none, absentAt: none, missedAt: none,
		list: at.list[:0], exact: at.exact[:0], scans: at.scans[:0],
	}
	return at
}

// observe follows each committed transaction through its operations: checks that
// it saw its own writes, and notes what it saw of others.
func (c *checker) observe() {
	h := c.h
	c.lifeOf = map[keyValue]int32{}
	vs := views{stamp: make([]int32, len(h.keys)), at: make([]int32, len(h.keys))}
	for t := range h.txs {
		if h.txs[t].outcome != Committed {
			continue
		}
		vs.list = vs.list[:0]
		for i := h.txs[t].from; i < h.txs[t].to; i++ {
			o := &h.ops[i]
			switch o.kind {
			case PointRead:
				c.read(vs.of(o.tx, o.key), i, h.opResult(o), true)
			case RangeScan:
				c.scan(&vs, i)
			default:
				vs.of(o.tx, o.key).apply(o, i)
			}
		}
		for i := range vs.list {
			c.conclude(int32(t), &vs.list[i])
		}
	}
}

// apply is the transaction's own write.
func (v *view) apply(o *op, id int32) {
	if v.write == none {
		v.write = id
	}
	switch {
	case o.kind == ListAppend && v.own == untouched:
		v.own = appended
		fallthrough
	case o.kind == ListAppend:
		v.list, v.gone = append(v.list, o.n), false
	case o.kind == RegisterWrite:
		v.own, v.value, v.gone = replaced, o.n, false
	default:
		v.own, v.gone, v.list = replaced, true, v.list[:0]
	}
}

// read takes what a read of one record returned.
func (c *checker) read(v *view, id int32, r result, point bool) {
	o := &c.h.ops[id]
	switch v.own {
	case replaced:
		if want := v.expected(); !r.equal(&want) {
			c.foundf(Internal, []int32{o.tx}, "%s wrote %s and then read %s, not %s.",
				c.name(o.tx), c.key(v.key), format(r), format(want))
		}
		return
	case appended:
		rest := len(r.list) - len(v.list)
		if r.kind != List || rest < 0 || !slices.Equal(r.list[rest:], v.list) {
			c.foundf(Internal, []int32{o.tx}, "%s appended %s to %s and then read %s, which does not end with it.",
				c.name(o.tx), format(result{kind: List, list: v.list}), c.key(v.key), format(r))
			return
		}
		c.noteList(v.key, id, r.list)
		if r.list = r.list[:rest]; rest == 0 {
			r = result{}
		}
	default:
		if r.kind == List {
			c.noteList(v.key, id, r.list)
		}
	}
	version := int32(openVersion)
	if r.kind != Absent {
		version = c.lookUp(v.key, id, r)
	} else if v.absentAt == none {
		v.absentAt = id
	}
	c.compare(v, id, version, point)
}

// compare checks that the read repeats earlier ones, and notes it.
func (c *checker) compare(v *view, id, version int32, point bool) {
	tx := c.h.ops[id].tx
	earlier := v.base
	if !c.strict() {
		// ScalarDB repeats reads by key, and equal scans; a scan after a read by
		// key may see a newer version (specification, checklist A14).
		earlier = none
		if point && c.level == Snapshot {
			earlier = v.point
		}
	}
	if earlier != none && earlier != version && earlier != noVersion && version != noVersion {
		c.foundf(UnrepeatableRead, []int32{tx}, "%s read %s twice: first %s, then %s, without writing it in between.",
			c.name(tx), c.key(v.key), c.versionText(v.key, earlier), c.versionText(v.key, version))
	}
	if v.base == none {
		v.base = version
	}
	if point && v.point == none {
		v.point = version
	}
	if version >= 0 && !slices.Contains(v.exact, version) {
		v.exact = append(v.exact, version)
		c.seen = append(c.seen, observation{tx: tx, key: v.key, op: id, version: version})
	}
}

// expected is what the transaction must read after replacing the record.
func (v *view) expected() result {
	switch {
	case v.gone:
		return result{}
	case len(v.list) > 0:
		return result{kind: List, list: v.list}
	default:
		return result{kind: Register, n: v.value}
	}
}

// lookUp finds the version that a read returned, and reports if it should not
// have been there to be read.
func (c *checker) lookUp(key, id int32, r result) int32 {
	reader := c.h.ops[id].tx
	version, ok := c.h.writers[keyValue{key, r.value()}]
	if !ok {
		if r.kind == Register { // those of lists are reported with the list
			c.foundf(GarbageRead, []int32{reader}, "%s read %s = %d, which nobody wrote.", c.name(reader), c.key(key), r.n)
		}
		return noVersion
	}
	writer := c.h.ops[version].tx
	switch {
	case writer == reader:
		c.foundf(Internal, []int32{reader}, "%s read %s = %s before it wrote that value.", c.name(reader), c.key(key), format(r))
		return noVersion
	case c.h.txs[writer].outcome == Failed:
		if r.kind == Register {
			c.aborted(key, reader, version)
		}
		return noVersion
	case !c.last[version]:
		c.foundf(IntermediateRead, []int32{reader, writer}, "%s read %s = %s, which %s went on to overwrite before it ended.",
			c.name(reader), c.key(key), format(r), c.name(writer))
	}
	c.happened[writer] = true
	return version
}

func (c *checker) aborted(key, reader, version int32) {
	writer := c.h.ops[version].tx
	c.foundf(AbortedRead, []int32{reader, writer}, "%s read %d in %s, which %s wrote; that transaction failed.",
		c.name(reader), c.h.ops[version].n, c.key(key), c.name(writer))
}

// conclude notes what the transaction saw of a key that it did not find, and
// what it wrote after reading.
func (c *checker) conclude(tx int32, v *view) {
	if v.write != none {
		c.updates = append(c.updates, update{tx: tx, key: v.key, base: v.base, first: v.write})
	}
	switch {
	case len(v.exact) > 0 && c.strict():
		c.contradict(tx, v)
	case v.absentAt != none:
		c.seen = append(c.seen, observation{
			tx: tx, key: v.key, op: v.absentAt, version: openVersion, absent: true, base: v.write != none && v.base == openVersion,
		})
	case v.missedAt != none:
		c.seen = append(c.seen, observation{tx: tx, key: v.key, op: v.missedAt, version: openVersion, missed: true, absent: true})
	case len(v.scans) > 0:
		from := int32(len(c.openScans))
		c.openScans = append(c.openScans, v.scans...)
		c.seen = append(c.seen, observation{
			tx: tx, key: v.key, op: v.scans[0], version: openVersion, missed: true, from: from, to: from + int32(len(v.scans)),
		})
	}
}

// contradict reports a scan that missed a record which the transaction read.
func (c *checker) contradict(tx int32, v *view) {
	version := v.exact[0]
	missed := v.missedAt
	for _, scan := range v.scans {
		if c.h.ranges[c.h.ops[scan].key].Where.holds(c.h.ops[version].n) {
			missed = scan
		}
	}
	if missed != none {
		c.foundf(UnrepeatableRead, []int32{tx}, "%s read %s, and its scan of %s did not return that.",
			c.name(tx), c.versionText(v.key, version), formatRange(&c.h.ranges[c.h.ops[missed].key]))
	}
}
