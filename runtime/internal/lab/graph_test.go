package lab

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// judgedAs runs random executions of a scenario without faults until all commit
// and no serial order explains them, and returns what the anomaly is called.
func judgedAs(t *testing.T, s *Scenario) string {
	t.Helper()
	p, random := newPlace(s), rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		name := ""
		execute(t, p, s, 0, func(actions []action) int {
			return random.IntN(len(actions))
		}, func(r *run, _ string) {
			o := &Outcome{Txs: r.transactions()}
			final := state{}
			for _, row := range p.rows() {
				final[keyOf(row[:2])] = valueOf(row)
			}
			if o.Committed() == len(o.Txs) && !serial(r.first(), final, r.happened()) {
				name = r.anomaly(r.first(), r.happened())
			}
		})
		if name != "" {
			return name
		}
	}
	t.Fatalf("%s: no anomaly", s)
	return ""
}

// What SNAPSHOT permits has a name, and so has what happens without it.
func TestAnomaliesOfSnapshot(t *testing.T) {
	t.Parallel()
	for scenario, wanted := range map[*Scenario]string{
		{Name: "write skew", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100))}:                                           "G2-item: A1 →rw(1/1) B1 →rw(1/2) A1",
		{Name: "read skew", Records: present, Clients: two(changeBoth(x, y, 10), look(x, y))}:                                                                     "G-single: ",
		{Name: "phantoms", Records: present, Clients: two(scanThenPut(partition, Key{1, 3}, 30, 0), scanThenPut(partition, Key{1, 4}, 40, 0))}:                    "G2: A1 →rw by scan(1/4) B1 →rw by scan(1/3) A1",
		{Name: "lost update", Isolation: commit.ReadCommitted, Records: present, Clients: two(change(x, 10), change(x, 100)), Wrap: forgetting(phase("prepare"))}: "G-single: ",
	} {
		if name := judgedAs(t, scenario); !strings.HasPrefix(name, wanted) {
			t.Errorf("%s: %q, want %q", scenario, name, wanted)
		}
	}
}

// The classes of cycles, from the gravest on.
func TestShortestCycle(t *testing.T) {
	t.Parallel()
	a, b, c := &Tx{id: "A"}, &Tx{id: "B"}, &Tx{id: "C"}
	anomaly := func(version []string, txs ...*Tx) string {
		r := &run{ledger: ledger{writers: map[Key][]string{x: version, y: slices.Clone(version)}}}
		return r.anomaly(state{}, txs)
	}
	put := func(k Key, v int) op { return op{kind: put, key: k, v: v} }
	got := func(k Key, v int) op { return op{kind: get, key: k, got: &value{v: v}} }
	a.ops, b.ops, c.ops = []op{put(x, 1), put(y, 1)}, []op{put(x, 2), put(y, 2)}, []op{got(x, 7)}
	if name := anomaly([]string{"A", "B"}, a, b, c); !strings.HasPrefix(name, "G1a: C ") {
		t.Errorf("a read of what nobody wrote: %q", name)
	}
	b.ops = []op{put(x, 7), put(x, 2), put(y, 2)}
	if name := anomaly([]string{"A", "B"}, a, b, c); !strings.HasPrefix(name, "G1b: C ") {
		t.Errorf("a read of what its writer has replaced: %q", name)
	}
	b.ops, c.ops = []op{put(x, 2), put(y, 2)}, []op{got(x, 1), got(y, 2)}
	if name := anomaly([]string{"A", "B"}, a, b, c); !strings.HasPrefix(name, "G-single: ") {
		t.Errorf("a read of two moments: %q", name)
	}
	r := &run{ledger: ledger{writers: map[Key][]string{x: {"A", "B"}, y: {"B", "A"}}}}
	if name := r.anomaly(state{}, []*Tx{a, b}); !strings.HasPrefix(name, "G0: ") {
		t.Errorf("writes in opposite orders: %q", name)
	}
	a.ops, b.ops = []op{put(x, 1), got(y, 2)}, []op{got(x, 1), put(y, 2)}
	r = &run{ledger: ledger{writers: map[Key][]string{x: {"A"}, y: {"B"}}}}
	if name := r.anomaly(state{}, []*Tx{a, b}); !strings.HasPrefix(name, "G1c: ") {
		t.Errorf("each has read what the other one wrote: %q", name)
	}
}
