package lab

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/storage"
)

var (
	simSeeds = flag.Uint64("sim.seeds", uint64(unlessRace(2000, 200)), "how many seeds are simulated")
	simFirst = flag.Uint64("sim.first", 1, "the first seed that is simulated")
	simFile  = flag.String("sim.history", "", "the file to which the history of -sim.seed is written")
	simSeed  = flag.Uint64("sim.seed", 0, "the only seed to simulate, 0 for all")
)

func TestSimulate(t *testing.T) {
	t.Parallel()
	if *simSeed != 0 {
		simulateOne(t, *simSeed)
		return
	}
	var mu sync.Mutex
	reached := map[string]int{}
	workers := uint64(runtime.GOMAXPROCS(0))
	t.Run("seeds", func(t *testing.T) {
		for worker := range workers {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for n := worker; n < *simSeeds; n += workers {
					r := Simulate(t, *simFirst+n)
					if r.Failure != "" {
						t.Fatalf("%s\nreplay with -run '^TestSimulate$' -sim.seed=%d", r.Failure, *simFirst+n)
					}
					mu.Lock()
					for what, times := range r.Reached {
						reached[what] += times
					}
					mu.Unlock()
				}
			})
		}
	})
	for _, what := range slices.Sorted(maps.Keys(reached)) {
		t.Logf("%8d %s", reached[what], what)
	}
	if *simSeeds < 500 {
		return
	}
	for _, what := range []string{
		"committed", "failed", "unknown", "crash", "late", "clock turned", "one phase", "group", "delayed member", "finished",
		"roll forward by others", "roll back by others", "abort by others", "permitted anomaly",
	} {
		if reached[what] == 0 {
			t.Errorf("no simulation came to: %s", what)
		}
	}
	if few := int(*simSeeds / 100); reached["too many doubts"] > few {
		t.Errorf("%d simulations were too doubtful to be judged, more than %d", reached["too many doubts"], few)
	}
}

// simulateOne shows a single seed, and writes its history if that is asked for.
func simulateOne(t *testing.T, seed uint64) {
	r := Simulate(t, seed)
	if r.Failure != "" {
		t.Error(r.Failure)
	}
	t.Log(r.run.report())
	if *simFile == "" {
		return
	}
	file, err := os.Create(*simFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.WriteHistory(file), file.Close()); err != nil {
		t.Error(err)
	}
}

// ends tells how the transactions ended. The words of an error may differ: of two
// time-outs at one moment either may be told.
func ends(s *simulation) []string {
	var all []string
	for _, tx := range s.txs {
		all = append(all, fmt.Sprintf("%s %v %v", tx.id, tx.end, tx.done))
	}
	return all
}

// The same seed makes the same storage calls with the same outcomes.
func TestSimulateReplays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		p := drawPlan(seed)
		p.weather.fault, p.weather.stuck = 0.05, 0.02
		first, second := p.run(t, nil), p.run(t, nil)
		for try := 0; try < 3 && (first.traceText() != second.traceText() || !slices.Equal(ends(first), ends(second))); try++ {
			first, second = second, p.run(t, nil) // see Simulate: requests that look alike
		}
		if diff := cmp.Diff(first.traceText(), second.traceText()); diff != "" {
			t.Fatalf("seed %d differs when it runs again:\n%s", seed, diff)
		}
		if diff := cmp.Diff(ends(first), ends(second)); diff != "" {
			t.Fatalf("seed %d: other transactions when it runs again:\n%s", seed, diff)
		}
	}
}

// check judges the history alone, as if nothing were known of the storage.
func (s *simulation) check(t *testing.T) *history.Report {
	t.Helper()
	var file bytes.Buffer
	if err := s.writeHistory(&file); err != nil {
		t.Fatal(err)
	}
	h, err := history.Load(history.Source{Name: "simulation", Reader: &file})
	if err != nil {
		t.Fatal(err)
	}
	return history.Check(h, history.Options{Level: s.historyLevel(), Effort: 10_000_000})
}

// What the clients can tell is enough for a second opinion, which knows neither
// the engine nor this package.
func TestSimulateHistories(t *testing.T) {
	t.Parallel()
	verdicts := map[history.Verdict]int{}
	for seed := range uint64(300) {
		s := drawPlan(seed).run(t, nil)
		r := s.check(t)
		if verdicts[r.Verdict]++; r.Verdict == history.Violation {
			t.Fatalf("seed %d: the checker of histories finds fault: %v\n%s", seed, r, s.report())
		}
	}
	t.Log(verdicts)
	if verdicts[history.Undecided] > verdicts[history.OK]/20 {
		t.Errorf("too many histories are undecided: %v", verdicts)
	}
	found := 0
	for seed := range uint64(50) {
		s := drawPlan(seed).run(t, func(s storage.Storage) storage.Storage {
			return &saboteur{Storage: s, change: forget("prepare")}
		})
		if s.final != nil && s.check(t).Verdict == history.Violation {
			found++
		}
	}
	if found == 0 {
		t.Error("the checker of histories finds no fault in a storage that forgets conditions")
	}
}
