package commit

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// An engine that is closed while transactions commit refuses them or lets them
// end, and what it tells their clients stays true, however short its patience.
func TestCloseDuringEveryVariant(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		if v.branches {
			continue // each has an engine of its own
		}
		for _, patience := range []time.Duration{0, 3 * time.Millisecond, time.Minute} {
			t.Run(fmt.Sprintf("%s, %v", v.name, patience), func(t *testing.T) {
				t.Parallel()
				v, outcomes := v, map[string]int{}
				for at := time.Duration(0); at < 25*time.Millisecond; at += time.Millisecond {
					v.latency = time.Millisecond
					v.closes = func(e *Engine) {
						time.Sleep(at + 500*time.Microsecond)
						ctx, cancel := context.WithTimeout(context.Background(), patience)
						defer cancel()
						if err := e.Close(ctx); err != nil && patience == time.Minute {
							t.Errorf("closed after %v: %v", at, err)
						}
					}
					claims, first, second := v.run(t, &saboteur{})
					for _, c := range claims {
						outcomes[c.told]++
					}
					if problem := v.judge(claims, first, second); problem != "" {
						t.Fatalf("closed after %v\n%v\n%s", at, claims, problem)
					}
				}
				t.Log(outcomes)
			})
		}
	}
}

// A request that is under way when the engine is closed without patience is not
// taken for one that was not sent.
func TestCloseDuringADecision(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string][]func(*Options){"alone": nil, "in a group": {inGroups}, "one phase": {onePhase}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := variant{configure: configure, latency: time.Millisecond}
			v.closes = func(e *Engine) {
				time.Sleep(5 * time.Millisecond)
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				_ = e.Close(ctx)
			}
			for nth := 3; nth < 9; nth++ {
				for _, f := range moreFaults {
					claims, first, second := v.run(t, &saboteur{fault: &f, nth: nth})
					if problem := v.judge(claims, first, second); problem != "" {
						t.Fatalf("%s at call %d\n%v\n%s", f.name, nth, claims, problem)
					}
				}
			}
		})
	}
}
