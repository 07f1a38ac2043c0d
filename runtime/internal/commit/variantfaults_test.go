package commit

import (
	"errors"
	goflag "flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var faultPairs = goflag.Int("faults.pairs", 10, "pairs of faults that each variant suffers")

// judge returns what contradicts the claims in what everybody saw first and later.
func (v *variant) judge(claims []claim, first, second []string) string {
	for m := range first {
		if first[m] != v.before(m) && first[m] != v.after(m) {
			return fmt.Sprintf("member %d is neither before nor after:\n%s", m, first[m])
		}
		if second[m] != v.before(m) && second[m] != v.after(m) {
			return fmt.Sprintf("member %d is neither before nor after in the end:\n%s", m, second[m])
		}
		if first[m] == v.after(m) && second[m] != v.after(m) {
			return fmt.Sprintf("member %d was there, and is not any more", m)
		}
	}
	for _, c := range claims {
		for _, m := range c.members {
			switch {
			case first[m] == v.after(m) != (first[c.members[0]] == v.after(c.members[0])):
				return "a part of the transaction is there"
			case c.told == "committed" && first[m] != v.after(m):
				return fmt.Sprintf("member %d was acknowledged and is not there", m)
			case c.told == "aborted" && second[m] != v.before(m):
				return fmt.Sprintf("member %d was told %v and is there:\n%s", m, c.err, second[m])
			}
		}
		if e := (*Error)(nil); c.err != nil && !errors.As(c.err, &e) && !errors.Is(c.err, ErrConflict) {
			return fmt.Sprintf("an error of another type: %T", c.err)
		}
	}
	return ""
}

// In every variant, whatever happens to whichever call, a transaction takes effect
// as a whole or not at all, and what its client was told is true for ever.
func TestEveryFaultAtEveryCallOfEveryVariant(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var none saboteur
			claims, first, second := v.run(t, &none)
			if problem := v.judge(claims, first, second); problem != "" {
				t.Fatalf("without a fault: %s", problem)
			}
			for i, c := range claims {
				wanted := "committed"
				if v.intruder && !v.single || v.leaves && i == len(claims)-1 {
					wanted = "aborted"
				}
				want(t, fmt.Sprintf("without a fault, member %d: %v", i, c.err), c.told, wanted)
			}
			want(t, "decisions without a fault", fmt.Sprint(none.phases["decide"]), fmt.Sprint(v.decisions))
			if hooks := none.phases[string(hookCall)]; hooks != 0 && hooks != 2*v.count() {
				t.Errorf("the hook was called %d times, want a beginning and an end for each member", hooks)
			}
			outcomes := map[string]int{}
			for _, f := range slices.Concat(everyFault, moreFaults) {
				for _, down := range []bool{false, true} {
					if down && f.crashes {
						continue
					}
					for nth := 1; ; nth++ {
						s := &saboteur{fault: &f, nth: nth, down: down}
						claims, first, second := v.run(t, s)
						if s.hit == "" {
							break
						}
						var told []string
						for _, c := range claims {
							outcomes[c.told]++
							told = append(told, fmt.Sprintf("%v %s: %v", c.members, c.told, c.err))
						}
						if s.hit == string(hookCall) && !f.batch && !slices.ContainsFunc(claims, func(c claim) bool { return c.told == "aborted" }) {
							t.Fatalf("%s at call %d, %s: nobody was aborted\n%s", f.name, nth, s.hit, strings.Join(told, "\n"))
						}
						if problem := v.judge(claims, first, second); problem != "" {
							t.Fatalf("%s at call %d, %s, down=%v\n%s\n%s", f.name, nth, s.hit, down, strings.Join(told, "\n"), problem)
						}
					}
				}
			}
			t.Log(outcomes)
		})
	}
}

// The same with two faults, chosen at random.
func TestTwoFaultsInEveryVariant(t *testing.T) {
	t.Parallel()
	faults := slices.Concat(everyFault, moreFaults)
	for i, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(*faultPairs) {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				s := &saboteur{fault: &faults[r.IntN(len(faults))], nth: 1 + r.IntN(20*v.count()), down: r.IntN(4) == 0}
				s.then = &saboteur{fault: &faults[r.IntN(len(faults))], nth: 1 + r.IntN(20*v.count()), down: r.IntN(4) == 0}
				claims, first, second := v.run(t, s)
				if problem := v.judge(claims, first, second); problem != "" {
					t.Fatalf("pair %d: %s at call %d, %s, down=%v; %s at call %d of the others, %s, down=%v\n%v\n%s", seed, s.fault.name, s.nth, s.hit, s.down,
						s.then.fault.name, s.then.nth, s.then.hit, s.then.down, claims, problem)
				}
			}
		})
	}
}
