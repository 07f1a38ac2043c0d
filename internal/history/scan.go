package history

import (
	"cmp"
	"slices"
)

// scan takes what a scan returned, and at the level Serializable also what it
// did not.
func (c *checker) scan(vs *views, id int32) {
	h := c.h
	o := &h.ops[id]
	r := &h.ranges[o.key]
	rows := h.opRows(o)
	c.repeated(id)
	returned := make(map[int32]struct{}, len(rows))
	for i := range rows {
		row := &rows[i]
		res := h.rowResult(row)
		switch _, twice := returned[row.key]; {
		case twice:
			c.wrongScan(id, "it returned %s twice", c.key(row.key))
		case !r.contains(h.keys[row.key]):
			c.wrongScan(id, "it returned %s, which is outside", c.key(row.key))
		case !r.Where.holds(res.value()):
			c.wrongScan(id, "it returned %s = %s, which its condition excludes", c.key(row.key), format(res))
		case i > 0 && (r.Order == Ascending && h.keys[rows[i-1].key] > h.keys[row.key] || r.Order == Descending && h.keys[rows[i-1].key] < h.keys[row.key]):
			c.wrongScan(id, "it returned %s before %s", c.key(rows[i-1].key), c.key(row.key))
		}
		if _, twice := returned[row.key]; !twice {
			returned[row.key] = struct{}{}
			c.read(vs.of(o.tx, row.key), id, res, false)
		}
	}
	if r.Limit > 0 && len(rows) > r.Limit {
		c.wrongScan(id, "it returned %d rows, more than its limit", len(rows))
	}
	for _, key := range c.judged(r, rows) {
		if _, ok := returned[key]; !ok {
			c.notReturned(vs.of(o.tx, key), id, r)
		}
	}
}

func (c *checker) wrongScan(id int32, format string, args ...any) {
	tx := c.h.ops[id].tx
	c.foundf(WrongScan, []int32{tx}, "%s scanned %s: "+format+".",
		append([]any{c.name(tx), formatRange(&c.h.ranges[c.h.ops[id].key])}, args...)...)
}

// judged returns the keys that the scan would have returned had it selected
// their records: those of the range, or up to the last row if it ended there
// because of its limit.
func (c *checker) judged(r *Range, rows []row) []int32 {
	keys := c.h.keysOf(r)
	if r.Limit == 0 || len(rows) < r.Limit {
		return keys
	}
	last := c.h.keys[rows[len(rows)-1].key]
	switch r.Order {
	case Ascending:
		end := slices.IndexFunc(keys, func(k int32) bool { return c.h.keys[k] > last })
		if end >= 0 {
			return keys[:end]
		}
		return keys
	case Descending:
		if start := slices.IndexFunc(keys, func(k int32) bool { return c.h.keys[k] >= last }); start >= 0 {
			return keys[start:]
		}
		return nil
	default:
		return nil
	}
}

// notReturned takes that a scan left out a record of its range.
func (c *checker) notReturned(v *view, id int32, r *Range) {
	tx := c.h.ops[id].tx
	if v.own != untouched {
		expected := v.expected()
		if expected.kind != Absent && r.Where.holds(expected.value()) {
			c.foundf(Internal, []int32{tx}, "%s wrote %s and then scanned %s, which did not return it.",
				c.name(tx), c.key(v.key), formatRange(r))
		}
		return
	}
	switch {
	case !c.strict():
		// Weaker levels do not promise that phantoms are seen.
	case r.Where.Mod == 0:
		if v.missedAt == none {
			v.missedAt = id
		}
	default:
		v.scans = append(v.scans, id)
	}
}

// repeated checks that a scan returns what an equal one of the same transaction
// returned, if it wrote nothing in between. Scans are equal if their ranges are
// written in the same way: below Serializable two ways to the same records may
// show different ones, and the record tells them apart by two ways to write them.
func (c *checker) repeated(id int32) {
	h := c.h
	o := &h.ops[id]
	if c.level < Snapshot {
		return
	}
	for i := id - 1; i >= h.txs[o.tx].from && !h.ops[i].kind.IsWrite(); i-- {
		earlier := &h.ops[i]
		if earlier.kind != RangeScan || h.ranges[earlier.key] != h.ranges[o.key] {
			continue
		}
		a, b := h.opRows(earlier), h.opRows(o)
		if limit := h.ranges[o.key].Limit; limit > 0 && len(a) == limit && slices.ContainsFunc(h.ops[h.txs[o.tx].from:i], func(o op) bool { return o.kind.IsWrite() }) {
			return // own rows may have taken the place of some that were read, so it reads again
		}
		if !h.sameRows(&h.ranges[o.key], a, b) {
			c.foundf(UnrepeatableRead, []int32{o.tx}, "%s scanned %s twice: first %s, then %s, without writing in between.",
				c.name(o.tx), formatRange(&h.ranges[o.key]), c.formatRows(a), c.formatRows(b))
		}
		return
	}
}

// sameRows reports whether the scan may return the one as well as the other.
func (h *History) sameRows(r *Range, a, b []row) bool {
	if r.Order == AnyOrder {
		if r.Limit > 0 {
			return true // any rows of those selected, see judged
		}
		byKey := func(x, y row) int { return cmp.Compare(x.key, y.key) }
		a, b = slices.SortedFunc(slices.Values(a), byKey), slices.SortedFunc(slices.Values(b), byKey)
	}
	return slices.EqualFunc(a, b, func(x, y row) bool {
		rx, ry := h.rowResult(&x), h.rowResult(&y)
		return x.key == y.key && rx.equal(&ry)
	})
}
