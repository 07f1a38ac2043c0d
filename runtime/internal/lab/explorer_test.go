package lab

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// by returns a chooser that makes the choices of a trace.
func by(t *testing.T, trace []string) chooser {
	depth := 0
	return func(actions []action) int {
		at := slices.IndexFunc(actions, func(a action) bool { return depth < len(trace) && a.String() == trace[depth] })
		if depth++; at < 0 {
			t.Errorf("choice %d of the trace is not there", depth)
		}
		return at
	}
}

// The same choices lead to the same execution, in every scenario.
func TestSameChoicesSameTrace(t *testing.T) {
	t.Parallel()
	for i, s := range Catalogue() {
		p, random := newPlace(s), rand.New(rand.NewPCG(uint64(i), 0))
		for range 10 {
			first, verdict, _ := execute(t, p, s, s.Faults.total(), func(actions []action) int { return random.IntN(len(actions)) })
			if verdict != "" {
				t.Fatalf("%s: %s\n%s", s, verdict, quoted(first.trace))
			}
			second, _, complete := execute(t, p, s, s.Faults.total(), by(t, first.trace))
			if !complete {
				t.Fatalf("%s: the trace ended early:\n%s", s, quoted(first.trace))
			}
			if diff := cmp.Diff(first.trace, second.trace) + cmp.Diff(first.outcome(), second.outcome()); diff != "" {
				t.Fatalf("%s: -first +second:\n%s", s, diff)
			}
		}
	}
}

// forgetful is a storage that forgets a condition.
type forgetful struct {
	storage.Storage
	forgets func(m *storage.Mutation) bool
}

func (s forgetful) Mutate(ctx context.Context, group []storage.Mutation) error {
	group = slices.DeleteFunc(slices.Clone(group), func(m storage.Mutation) bool { return m.Op == storage.Check && s.forgets(&m) })
	for i := range group {
		if m := &group[i]; s.forgets(m) {
			m.Condition, m.Where = storage.Always, nil
		}
	}
	return s.Storage.Mutate(ctx, group)
}

func forgetting(forgets func(m *storage.Mutation) bool) func(storage.Storage) storage.Storage {
	return func(s storage.Storage) storage.Storage { return forgetful{s, forgets} }
}

// check and phase choose mutations: the checks of a one-phase commit, and all of a
// part of the protocol.
func check(m *storage.Mutation) bool { return m.Op == storage.Check }

func phase(name string) func(m *storage.Mutation) bool {
	return func(m *storage.Mutation) bool { return phaseOf([]storage.Mutation{*m}) == name }
}

// scenario returns one of the catalogue.
func scenario(t *testing.T, name string) *Scenario {
	t.Helper()
	for _, s := range Catalogue() {
		if s.String() == name {
			return s
		}
	}
	t.Fatalf("no scenario %q", name)
	return nil
}

// A storage that does not check one condition of the protocol is found out.
func TestForgottenConditions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		forgotten func(m *storage.Mutation) bool
		scenario  string
		wrong     string
	}{
		{phase("prepare"), "lost update, SNAPSHOT", "record 1/1: version 2 follows 2"},
		{phase("prepare"), "insert, insert, SERIALIZABLE", "record 1/1: version 1 follows 1"},
		{check, "one phase beside one phase, skew, SERIALIZABLE", "G2-item: "},
		{phase("decide"), "recover beside commit, SNAPSHOT", "written over"},
		{phase("finish"), "asynchronous, two writers, SNAPSHOT", ""},
		{phase("roll back"), "two recoverers, SERIALIZABLE", ""},
	} {
		s := scenario(t, test.scenario)
		s.Wrap = forgetting(test.forgotten)
		if r := Explore(t, s, Options{Most: 20_000}); r.Failure == "" || !strings.Contains(r.Failure, test.wrong) {
			t.Errorf("%s: %d executions, failure %q", s, r.Executions, r.Failure)
		}
	}
}

// What the reduction leaves out can be seen in what it keeps: the outcomes are the
// same, and so is whether something is wrong.
func TestReductionKeepsOutcomes(t *testing.T) {
	t.Parallel()
	tiny := Faults{Crashes: 1, LostReplies: 1, Jumps: 1, Together: 2}
	alone := []Record{{Key: x, V: 1}}
	for _, s := range []*Scenario{
		{Name: "insert, insert", Clients: two(insert1(x, 10), insert1(x, 20)), Faults: tiny},
		{Name: "change and look", Records: alone, Clients: two(change(x, 10), look(x)), Faults: tiny},
		{Name: "skew", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100))},
		{Name: "serializable skew", Isolation: commit.Serializable, Records: present, Clients: two(readOneWriteOther(x, y, 10), putBlindly(x, 100))},
		{Name: "apart", Records: present, Clients: two(change(x, 10), change(y, 10)), Faults: Faults{Crashes: 1}},
		{Name: "one phase", Isolation: commit.Serializable, Records: present, Engine: onePhase, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: tiny},
		{Name: "two of one client", Records: alone, Engine: onePhase, Clients: two(script(putBlindly(x, 10), putBlindly(x, 20)), lookOnly(x)), Faults: tiny},
		{Name: "Java", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true, Before: pointer(1)}}, Clients: two(lookOnly(x), javaReads(x))},
		{Name: "lost, since prepare forgets its condition", Records: alone, Clients: two(putBlindly(x, 10), look(x)), Wrap: forgetting(phase("prepare"))},
		{Name: "decided twice, since that is not checked", Records: alone, Clients: two(putBlindly(x, 10), look(x)), Faults: Faults{Jumps: 1}, Wrap: forgetting(phase("decide"))},
	}[:unlessRace(10, 1)] {
		all := Explore(t, s, Options{Everything: true, Outcomes: true})
		reduced := Explore(t, s, Options{Outcomes: true})
		t.Logf("%-45s %6d executions, %5d after reduction (%d given up, %d choices asleep), %d outcomes", s, all.Executions, reduced.Executions, reduced.GivenUp, reduced.Asleep, len(all.Outcomes))
		if (all.Failure == "") != (reduced.Failure == "") {
			t.Errorf("%s: all executions: %q; after reduction: %q", s, all.Failure, reduced.Failure)
		}
		for outcome := range all.Outcomes {
			if reduced.Outcomes[outcome] == 0 {
				t.Errorf("%s: the reduction has lost\n%s", s, outcome)
			}
		}
		for outcome := range reduced.Outcomes {
			if all.Outcomes[outcome] == 0 {
				t.Errorf("%s: the reduction has invented\n%s", s, outcome)
			}
		}
		if reduced.Executions >= all.Executions || reduced.Asleep == 0 {
			t.Errorf("%s: nothing was left out", s)
		}
	}
}

// An exploration leaves no goroutine behind.
func TestExplorationsEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	Explore(t, scenario(t, "asynchronous beside a reader, SERIALIZABLE"), Options{Most: 500})
	Explore(t, scenario(t, "two members of a group, and a reader, SNAPSHOT"), Options{Most: 500})
	after := runtime.NumGoroutine()
	for deadline := time.Now().Add(10 * time.Second); after > before && time.Now().Before(deadline); after = runtime.NumGoroutine() {
		time.Sleep(10 * time.Millisecond) // one that has ended may still be counted
	}
	if after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
