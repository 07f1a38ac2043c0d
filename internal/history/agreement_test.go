package history

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

var modeNames = [...]string{"serial", "snapshots", "perRecord", "unrepeatable", "unchecked", "dirty", "stale", "forgetful"}

// TestCheckAgreesWithSearch compares the two deciders on small histories of
// stores that keep and break their promises, as recorded and with results that
// were tampered with.
func TestCheckAgreesWithSearch(t *testing.T) {
	t.Parallel()
	seeds := 1500
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
				verdicts := map[Verdict]int{}
				for seed := range uint64(seeds) {
					rng := rand.New(rand.NewPCG(seed, 2))
					events := simulate(seed, randomWorkload(mode(m), rng))
					disguise(events, tampered, rng)
					h := build(t, events)
					for _, level := range []Level{Serializable, StrictSerializable} {
						want := Search(h, level == StrictSerializable, 200_000)
						got := Check(h, Options{Level: level})
						verdicts[got.Verdict]++
						if want != Undecided && got.Verdict != want {
							t.Fatalf("seed %d: exact search says %s, got\n%s\n%s", seed, want, got, lines(events))
						}
						effort := 1 + rng.Int64N(300)
						if got := checkBlindly(h, Options{Level: level, Effort: effort}, rng); want != Undecided && got.Verdict != Undecided && got.Verdict != want {
							t.Fatalf("seed %d: exact search says %s, with effort %d got\n%s\n%s", seed, want, effort, got, lines(events))
						}
						if got := checkBlindly(h, Options{Level: level}, rng); want != Undecided && got.Verdict != want {
							t.Fatalf("seed %d: exact search says %s, with a poor guess got\n%s\n%s", seed, want, got, lines(events))
						}
					}
				}
				if tampered && verdicts[Violation] == 0 || mode(m) == serial && !tampered && verdicts[Violation] > 0 {
					t.Errorf("verdicts: %v", verdicts)
				}
			})
		}
	}
}

// checkBlindly is Check with a first guess at random, which makes it search.
func checkBlindly(h *History, o Options, rng *rand.Rand) *Report {
	c := newChecker(h, o)
	if c.judge() {
		return c.report
	}
	place, chosen := make([]int32, len(h.txs)), make([]int32, len(c.open))
	for i, at := range rng.Perm(len(place)) {
		place[i] = int32(at)
	}
	for i := range chosen {
		chosen[i] = rng.Int32N(int32(len(c.domainsOf[i])))
	}
	c.guess(place, chosen)
	c.search()
	return c.report
}

func randomWorkload(m mode, rng *rand.Rand) workload {
	return workload{
		mode: m, clients: 2 + rng.IntN(4), transactions: 2 + rng.IntN(10), ops: 1 + rng.IntN(4), keys: 1 + rng.IntN(2),
		lists: rng.IntN(3) == 0, deletes: rng.IntN(2) == 0, scans: rng.IntN(2) == 0, conditions: rng.IntN(2) == 0,
		unknown: float64(rng.IntN(2)) * 0.3,
	}
}

// disguise takes away half the outcomes of every third history, and tampers.
func disguise(events []Event, tampered bool, rng *rand.Rand) {
	if rng.IntN(3) == 0 {
		for i := range events {
			writes := slices.DeleteFunc(slices.Clone(events[i].Value), func(o Op) bool { return !o.Kind.IsWrite() })
			if events[i].Type == Committed && len(writes) > 0 && rng.IntN(2) == 0 {
				events[i].Type, events[i].Value = Unknown, writes
			}
			if events[i].Type != Unknown {
				continue
			}
			for j := range events[i+1:] { // its worker goes on under a new number
				if e := &events[i+1+j]; e.Process == events[i].Process {
					e.Process += 1000
				}
			}
		}
	}
	if tampered {
		tamper(events, rng)
	}
}

// tamper gives one read or scan the result of another of the same kind, or takes
// an element out of the longest list that was read.
func tamper(events []Event, rng *rand.Rand) {
	var reads, scans []*Op
	for i := range events {
		if events[i].Type != Committed {
			continue
		}
		for j := range events[i].Value {
			switch o := &events[i].Value[j]; o.Kind {
			case PointRead:
				reads = append(reads, o)
			case RangeScan:
				scans = append(scans, o)
			}
		}
	}
	if len(reads) > 0 && rng.IntN(3) == 0 {
		longest := slices.MaxFunc(reads, func(a, b *Op) int { return cmp.Compare(len(a.Result.List), len(b.Result.List)) })
		if list := longest.Result.List; len(list) > 1 {
			i := rng.IntN(len(list))
			longest.Result = Numbers(slices.Delete(slices.Clone(list), i, i+1)...)
			return
		}
	}
	if len(reads) > 1 {
		a := reads[rng.IntN(len(reads))]
		same := slices.DeleteFunc(slices.Clone(reads), func(o *Op) bool { return o.Key != a.Key })
		a.Result = same[rng.IntN(len(same))].Result
	}
	if len(scans) > 1 {
		a, b := scans[rng.IntN(len(scans))], scans[rng.IntN(len(scans))]
		a.Rows = b.Rows
	}
}

// TestLevelsOfStores checks that a store passes at the level that it keeps, and
// that the level above finds what it breaks.
func TestLevelsOfStores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    mode
		keeps   Options // the zero Level for none
		breaks  Options
		classes []Class
	}{
		{serial, Options{Level: StrictSerializable}, Options{}, nil},
		{snapshots, Options{Level: Snapshot}, Options{Level: Serializable}, []Class{WriteSkew, PhantomSkew}},
		{perRecord, Options{Level: Snapshot}, Options{Level: Serializable}, []Class{ReadSkew, WriteSkew, PhantomSkew}},
		{perRecord, Options{Level: ReadCommitted, RealTime: true}, Options{Level: StrictSerializable}, []Class{ReadSkew}},
		{unrepeatable, Options{Level: ReadCommitted, RealTime: true}, Options{Level: Snapshot}, []Class{UnrepeatableRead}},
		{unchecked, Options{}, Options{Level: ReadCommitted}, []Class{LostUpdate}},
		{dirty, Options{}, Options{Level: ReadCommitted}, []Class{AbortedRead, IntermediateRead}},
		{stale, Options{Level: Serializable}, Options{Level: Snapshot, RealTime: true}, []Class{StaleRead}},
		{stale, Options{Level: Serializable}, Options{Level: StrictSerializable}, []Class{ReadSkew}},
		{forgetful, Options{}, Options{Level: Snapshot, RealTime: true}, []Class{StaleRead}},
		{forgetful, Options{}, Options{Level: StrictSerializable}, []Class{ReadSkew}},
	} {
		for _, lists := range []bool{true, false} {
			found := map[Class]bool{}
			for seed := range uint64(150) {
				w := workload{
					mode: c.mode, clients: 4, transactions: 40, ops: 3, keys: 3, lists: lists, scans: true,
					conditions: seed%2 == 0, deletes: seed%5 == 0, unknown: float64(seed%3) * 0.1,
				}
				events := simulate(seed, w)
				h := build(t, events)
				if c.keeps.Level > 0 {
					if r := Check(h, c.keeps); r.Verdict != OK {
						t.Fatalf("%s, seed %d: want ok, got\n%s\n%s", modeNames[c.mode], seed, r, lines(events))
					}
				}
				if c.breaks.Level > 0 {
					r := Check(h, c.breaks)
					for _, class := range c.classes {
						found[class] = found[class] || r.Found(class)
					}
				}
			}
			for _, class := range c.classes {
				if !found[class] {
					t.Errorf("%s (lists: %t): no %s found at %s", modeNames[c.mode], lists, class, c.breaks.Level)
				}
			}
		}
	}
}

func lines(events []Event) string {
	var b []byte
	for i := range events {
		b = append(appendEvent(b, &events[i]), '\n')
	}
	return string(b)
}
