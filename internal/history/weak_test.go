package history

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// weakSearch decides the levels below Serializable as Search does those above:
// it replays transactions one at a time, but a read may return what any earlier
// one left. What a transaction read first and then writes must be there still.
func weakSearch(h *History, o Options, steps int) Verdict {
	s := &weakSearcher{h: h, o: o, steps: steps, done: make([]bool, len(h.txs)), past: make([][]leftState, len(h.keys))}
	for k := range s.past {
		s.past[k] = []leftState{{end: none}}
	}
	for i := range h.txs {
		if h.txs[i].outcome == Committed {
			s.left++
		}
	}
	switch {
	case s.replayRest():
		return OK
	case s.steps <= 0:
		return Undecided
	default:
		return Violation
	}
}

type weakSearcher struct {
	h     *History
	o     Options
	steps int
	left  int
	done  []bool
	past  [][]leftState // of a key, the newest last
}

// leftState is what a transaction left of a record, and when it was acknowledged.
type leftState struct {
	result
	end int32
}

func (s *weakSearcher) replayRest() bool {
	if s.left == 0 {
		return true
	}
	if s.steps--; s.steps <= 0 {
		return false
	}
	earliest := int32(never)
	for t := range s.h.txs {
		if !s.done[t] && s.h.txs[t].outcome == Committed {
			earliest = min(earliest, s.h.txs[t].end)
		}
	}
	for t := range s.h.txs {
		tx := &s.h.txs[t]
		if s.done[t] || tx.outcome == Failed || s.o.RealTime && tx.begin > earliest {
			continue
		}
		left, ok := s.replay(tx)
		if !ok {
			continue
		}
		for key, r := range left {
			s.past[key] = append(s.past[key], leftState{r, tx.end})
		}
		s.done[t] = true
		if tx.outcome == Committed {
			s.left--
		}
		if s.replayRest() {
			return true
		}
		s.done[t] = false
		if tx.outcome == Committed {
			s.left++
		}
		for key := range left {
			s.past[key] = s.past[key][:len(s.past[key])-1]
		}
	}
	return false
}

// weakReplay is a transaction that is replayed.
type weakReplay struct {
	*weakSearcher
	tx           *txn
	own          map[int32]result // what it left so far
	appended     map[int32]bool   // own are elements appended to what was there
	first, point map[int32]result // what it read first, and first by key
}

// replay returns what the transaction leaves behind, if it can have seen what
// the record says.
func (s *weakSearcher) replay(tx *txn) (left map[int32]result, ok bool) {
	r := weakReplay{s, tx, map[int32]result{}, map[int32]bool{}, map[int32]result{}, map[int32]result{}}
	for i := tx.from; i < tx.to; i++ {
		o := &s.h.ops[i]
		own, wrote := r.own[o.key]
		switch o.kind {
		case PointRead:
			if !r.reads(o.key, s.h.opResult(o), true) {
				return nil, false
			}
		case RangeScan:
			if !r.scans(i) {
				return nil, false
			}
		case ListAppend:
			r.own[o.key] = result{kind: List, list: append(slices.Clone(own.list), o.n)}
			r.appended[o.key] = r.appended[o.key] || !wrote
		case RegisterWrite:
			r.own[o.key], r.appended[o.key] = result{kind: Register, n: o.n}, false
		default:
			r.own[o.key], r.appended[o.key] = result{}, false
		}
	}
	for key, own := range r.own {
		now := s.past[key][len(s.past[key])-1].result
		if first, ok := r.first[key]; ok && !first.equal(&now) {
			return nil, false
		}
		if r.appended[key] {
			r.own[key] = result{kind: List, list: append(slices.Clone(now.list), own.list...)}
		}
	}
	return r.own, true
}

func (r *weakReplay) reads(key int32, got result, point bool) bool {
	if own, wrote := r.own[key]; wrote {
		if !r.appended[key] {
			return got.equal(&own)
		}
		rest := len(got.list) - len(own.list)
		if rest < 0 || !slices.Equal(got.list[rest:], own.list) {
			return false
		}
		if got.list = got.list[:rest]; rest == 0 {
			got = result{}
		}
		if !got.equal(&r.past[key][len(r.past[key])-1].result) {
			return false // it appended to what is there now
		}
	}
	if _, ok := r.first[key]; !ok {
		r.first[key] = got
	}
	if point && r.o.Level == Snapshot {
		if before, ok := r.point[key]; ok && !before.equal(&got) {
			return false
		}
		r.point[key] = got
	}
	for _, state := range slices.Backward(r.past[key]) {
		if state.equal(&got) {
			return true
		}
		if r.o.Level == Snapshot && r.o.RealTime && state.end < r.tx.begin {
			return false // what was there before was stale when it began
		}
	}
	return false
}

func (r *weakReplay) scans(id int32) bool {
	h := r.h
	o := &h.ops[id]
	selects := &h.ranges[o.key]
	rows := h.opRows(o)
	returned := map[int32]bool{}
	for i := range rows {
		res := h.rowResult(&rows[i])
		key := h.keys[rows[i].key]
		if returned[rows[i].key] || !selects.contains(key) || !selects.Where.holds(res.value()) || !r.reads(rows[i].key, res, false) {
			return false
		}
		if i > 0 && (selects.Order == Ascending && h.keys[rows[i-1].key] > key || selects.Order == Descending && h.keys[rows[i-1].key] < key) {
			return false
		}
		returned[rows[i].key] = true
	}
	full := selects.Limit > 0 && len(rows) >= selects.Limit
	if full && len(rows) > selects.Limit {
		return false
	}
	for key, own := range r.own {
		name := h.keys[key]
		if own.kind == Absent || returned[key] || !selects.contains(name) || !selects.Where.holds(own.value()) {
			continue
		}
		if !full {
			return false
		}
		last := h.keys[rows[len(rows)-1].key]
		if selects.Order == Ascending && name < last || selects.Order == Descending && name > last {
			return false
		}
	}
	for i := id - 1; i >= r.tx.from && r.o.Level == Snapshot && !h.ops[i].kind.IsWrite(); i-- {
		if h.ops[i].kind == RangeScan && h.ranges[h.ops[i].key] == *selects {
			before := h.opRows(&h.ops[i])
			return selects.Limit > 0 && len(before) == selects.Limit && len(r.own) > 0 || h.sameRows(selects, before, rows)
		}
	}
	return true
}

// TestWeakLevelsAgreeWithSearch compares Check below Serializable with a replay.
func TestWeakLevelsAgreeWithSearch(t *testing.T) {
	t.Parallel()
	seeds := uint64(1500)
	if testing.Short() {
		seeds = 200
	}
	for m, name := range modeNames {
		for _, tampered := range []bool{false, true} {
			if tampered {
				name += " tampered"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for seed := range seeds {
					rng := rand.New(rand.NewPCG(seed, 3))
					w := randomWorkload(mode(m), rng)
					w.transactions, w.keys = 2+rng.IntN(5), 1
					events := simulate(seed, w)
					disguise(events, tampered, rng)
					h := build(t, events)
					for _, o := range []Options{
						{Level: ReadCommitted}, {Level: ReadCommitted, RealTime: true},
						{Level: Snapshot}, {Level: Snapshot, RealTime: true},
					} {
						want := weakSearch(h, o, 20_000)
						if got := Check(h, o); want != Undecided && got.Verdict != want {
							t.Fatalf("seed %d: replay says %s (real time %t), got\n%s\n%s", seed, want, o.RealTime, got, lines(events))
						}
						if got := checkBlindly(h, o, rng); want != Undecided && got.Verdict != want {
							t.Fatalf("seed %d: replay says %s (real time %t), with a poor guess got\n%s\n%s", seed, want, o.RealTime, got, lines(events))
						}
					}
				}
			})
		}
	}
}
