package history

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// Search decides whether the history is serializable, or with realTime strictly
// serializable, by replaying its transactions one at a time on a simulated
// database: a transaction can be next if all its reads and scans return there
// what the record says. It is exact and shares nothing with [Check] but the
// record, and exponential in the number of transactions whose order is open. The
// verdict is Undecided after that many steps.
func Search(h *History, realTime bool, steps int) Verdict {
	s := &searcher{
		h: h, realTime: realTime, steps: steps, seed: maphash.MakeSeed(),
		done: make([]bool, len(h.txs)), visited: map[uint64]struct{}{}, state: make([]record, len(h.keys)),
	}
	for i := range h.txs {
		t := &h.txs[i]
		if t.outcome == Failed || t.outcome == Unknown && t.from == t.to {
			continue
		}
		s.txs = append(s.txs, int32(i))
		if t.outcome == Committed {
			s.left++
		}
	}
	// By completion: the order that the clock suggests is tried first.
	slices.SortFunc(s.txs, func(a, b int32) int { return int(h.txs[a].end) - int(h.txs[b].end) })
	switch {
	case s.from(0):
		return OK
	case s.steps <= 0:
		return Undecided
	default:
		return Violation
	}
}

// searcher replays transactions depth first.
type searcher struct {
	h        *History
	realTime bool
	steps    int
	seed     maphash.Seed
	txs      []int32 // that happened or may have
	left     int     // committed ones not yet replayed
	done     []bool
	state    []record
	undo     []saved
	visited  map[uint64]struct{} // which transactions are done, and the state
}

// record is what a key holds. List elements are never overwritten in place.
type record struct {
	kind ResultKind
	n    int64
	list []int64
}

type saved struct {
	key int32
	was record
}

// from replays the rest. first is the first of txs that is not done.
func (s *searcher) from(first int) bool {
	if s.left == 0 {
		return true
	}
	if s.steps--; s.steps <= 0 || s.known() {
		return false
	}
	for first < len(s.txs) && s.done[s.txs[first]] {
		first++
	}
	earliest := int32(never) // completion of what is not done
	for _, t := range s.txs[first:] {
		if !s.done[t] {
			earliest = min(earliest, s.h.txs[t].end)
		}
	}
	for _, t := range s.txs[first:] {
		if s.done[t] || s.realTime && s.h.txs[t].begin > earliest {
			continue
		}
		mark := len(s.undo)
		if !s.replay(t) {
			s.revert(mark)
			continue
		}
		committed := s.h.txs[t].outcome == Committed
		s.done[t] = true
		if committed {
			s.left--
		}
		readOnly := mark == len(s.undo)
		if s.from(first) {
			return true
		}
		s.done[t] = false
		if committed {
			s.left++
		}
		s.revert(mark)
		if readOnly && committed || s.steps <= 0 {
			// What only reads can come now in any order in which it comes later.
			return false
		}
	}
	return false
}

// known reports whether the same transactions have led to the same state before.
func (s *searcher) known() bool {
	b := make([]byte, 0, len(s.txs)+16*len(s.state))
	for _, t := range s.txs {
		if s.done[t] {
			b = binary.AppendVarint(b, int64(t))
		}
	}
	b = append(b, 0xff)
	for i := range s.state {
		r := &s.state[i]
		b = append(b, byte(r.kind))
		b = binary.AppendVarint(b, r.n)
		b = binary.AppendVarint(b, int64(len(r.list)))
		for _, n := range r.list {
			b = binary.AppendVarint(b, n)
		}
	}
	sum := maphash.Bytes(s.seed, b)
	_, ok := s.visited[sum]
	s.visited[sum] = struct{}{}
	return ok
}

func (s *searcher) set(key int32, r record) {
	s.undo = append(s.undo, saved{key, s.state[key]})
	s.state[key] = r
}

func (s *searcher) revert(mark int) {
	for _, u := range slices.Backward(s.undo[mark:]) {
		s.state[u.key] = u.was
	}
	s.undo = s.undo[:mark]
}

// replay runs one transaction, and reports whether it saw what the record says.
func (s *searcher) replay(t int32) bool {
	for i := s.h.txs[t].from; i < s.h.txs[t].to; i++ {
		o := &s.h.ops[i]
		switch o.kind {
		case PointRead:
			if !s.holds(o.key, s.h.opResult(o)) {
				return false
			}
		case RangeScan:
			if !s.scans(o) {
				return false
			}
		case ListAppend:
			was := s.state[o.key].list
			s.set(o.key, record{kind: List, list: append(was[:len(was):len(was)], o.n)})
		case RegisterWrite:
			s.set(o.key, record{kind: Register, n: o.n})
		default:
			s.set(o.key, record{})
		}
	}
	return true
}

func (s *searcher) holds(key int32, want result) bool {
	got := &s.state[key]
	return got.kind == want.kind && got.n == want.n && slices.Equal(got.list, want.list)
}

// scans reports whether the scan returns its rows now.
func (s *searcher) scans(o *op) bool {
	r := &s.h.ranges[o.key]
	rows := s.h.opRows(o)
	var selected []int32
	for _, key := range s.h.keysOf(r) {
		held := result(s.state[key])
		if held.kind != Absent && r.Where.holds(held.value()) {
			selected = append(selected, key)
		}
	}
	want := len(selected)
	if r.Limit > 0 {
		want = min(want, r.Limit)
	}
	if len(rows) != want {
		return false
	}
	if r.Order == Descending {
		slices.Reverse(selected)
	}
	used := map[int32]bool{}
	for i := range rows {
		key := rows[i].key
		if r.Order == AnyOrder && (used[key] || !slices.Contains(selected, key)) || r.Order != AnyOrder && selected[i] != key {
			return false
		}
		used[key] = true
		if !s.holds(key, s.h.rowResult(&rows[i])) {
			return false
		}
	}
	return true
}
