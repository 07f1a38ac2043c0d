package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// trial runs killers on mutants.
type trial struct {
	arsenal *arsenal
	limits  []time.Duration // by killer
	book    *book
	near    neighbours
	log     io.Writer // progress
}

// prepare runs every killer on the package as it is. What fails there could kill
// anything. A mutant gets the time that this took, several times.
func (t *trial) prepare(ctx context.Context, grace time.Duration) error {
	var killers []killer
	for _, k := range t.arsenal.killers {
		o, err := t.arsenal.fire(ctx, &k, 0, "", 10*time.Minute)
		if err != nil {
			return err
		}
		if !o.passed {
			return fmt.Errorf("the tests of killer %q fail on the package as it is (%s %s): they could not tell a mutant\n%s", k.name, o.how, o.test, complaints(o.output))
		}
		fmt.Fprintf(t.log, "%s: passes on the package as it is in %s\n", k.name, o.elapsed.Round(10*time.Millisecond))
		for _, part := range split(k, slowTests(o.output)) {
			killers = append(killers, part)
			t.limits = append(t.limits, grace+4*o.elapsed)
		}
	}
	t.arsenal.killers = killers
	return nil
}

// slow is how long a test may take to be among those that every mutant faces
// first.
const slow = 0.2 // seconds

var passLine = regexp.MustCompile(`(?m)^--- PASS: (\w+) \(([\d.]+)s\)`)

func slowTests(output []byte) (tests []string) {
	for _, m := range passLine.FindAllSubmatch(output, -1) {
		if seconds, err := strconv.ParseFloat(string(m[2]), 64); err == nil && seconds > slow {
			tests = append(tests, string(m[1]))
		}
	}
	return tests
}

// split parts a killer that runs all tests of a package, but for those it skips,
// into the quick ones and the slow ones.
func split(k killer, slow []string) []killer {
	if k.run != "" || len(slow) == 0 {
		return []killer{k}
	}
	first, second := k, k
	second.name = "slow " + k.name
	second.run, second.skip = "^("+strings.Join(slow, "|")+")$", ""
	if first.skip = second.run; k.skip != "" {
		first.skip += "|" + k.skip
	}
	return []killer{first, second}
}

// complaints are what tests say of their failure, without those that passed.
func complaints(output []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(output)) {
		if !noise.MatchString(line) && b.Len() < 4000 {
			b.WriteString(line)
		}
	}
	return b.String()
}

var noise = regexp.MustCompile(`^\s*(=== |--- PASS: )`)

// judge finds the killer of a mutant. The one that killed it last time is asked
// first, then those that have killed others in the same function.
func (t *trial) judge(ctx context.Context, m *mutant, number int, last result) (result, error) {
	begun := time.Now()
	verdict := func(k *killer, o outcome) result {
		return result{Mutant: m.String(), Killer: k.name, How: o.how, Test: o.test, Seconds: time.Since(begun).Seconds()}
	}
	for i := range t.arsenal.killers {
		k := &t.arsenal.killers[i]
		var suspects []string
		if k.name == last.Killer && last.Test != "" {
			suspects = append(suspects, exactly(last.Test))
		}
		if tests := t.near.of(m, k); len(tests) > 0 {
			suspects = append(suspects, "^("+strings.Join(tests, "|")+")$")
		}
		for _, only := range suspects {
			o, err := t.arsenal.fire(ctx, k, number, only, t.limits[i])
			if err != nil || !o.passed && o.test != "" {
				return verdict(k, o), err
			}
		}
	}
	for i := range t.arsenal.killers {
		k := &t.arsenal.killers[i]
		o, err := t.arsenal.fire(ctx, k, number, "", t.limits[i])
		if err != nil {
			return result{}, err
		}
		if !o.passed {
			t.near.note(m, k, o.test)
			return verdict(k, o), nil
		}
	}
	return result{Mutant: m.String(), Seconds: time.Since(begun).Seconds()}, nil
}

// numbered is a mutant with the number of its copies.
type numbered struct {
	*mutant
	number int
}

// run judges mutants, workers at a time, and returns the results by id. A run
// that ends early has noted what it has found.
func (t *trial) run(ctx context.Context, mutants []numbered, workers int) (map[string]result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu      sync.Mutex
		results = map[string]result{}
		wait    sync.WaitGroup
		queue   = make(chan numbered)
	)
	for range workers {
		wait.Go(func() {
			for m := range queue {
				r, known := t.book.find(m.mutant)
				var err error
				source := ", known"
				if !known {
					r, err = t.judge(ctx, m.mutant, m.number, r)
					source = fmt.Sprintf(" (%.1fs)", r.Seconds)
				}
				if err == nil {
					err = t.book.note(m.mutant, r)
				}
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				results[m.id] = r
				fmt.Fprintf(t.log, "%d/%d %s: %s%s\n", len(results), len(mutants), m.id, r, source)
				mu.Unlock()
			}
		})
	}
feed:
	for _, m := range mutants {
		select {
		case queue <- m:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	wait.Wait()
	return results, context.Cause(ctx)
}
