package lab

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	most    = flag.Int("explore.most", unlessRace(1500, 60), "executions of each scenario at most, 0 for all")
	fullRun = flag.Duration("explore.for", 0, "explore all scenarios for so long together, instead of -explore.most")
	only    = flag.String("explore.only", "", "the scenarios whose names contain this")
	saveTo  = flag.String("explore.histories", "", "the directory to which the history of the last execution of each scenario is written, or of the one that is wrong")
)

// unlessRace returns the first number, or with the race detector the second.
func unlessRace(usual, race int) int {
	if raceEnabled {
		return race
	}
	return usual
}

// schedule deals scenarios out to as many workers as there are processors, and
// shares out the time of a full run: those that must be exhausted come first and
// take what they need, up to half of it; the others get equal shares, and what one
// does not need is left to those that come after it.
type schedule struct {
	mu    sync.Mutex
	begun time.Time
	left  []*Scenario
}

func newSchedule() *schedule {
	s := &schedule{begun: time.Now()}
	for _, scenario := range Catalogue() {
		if strings.Contains(scenario.String(), *only) {
			s.left = append(s.left, scenario)
		}
	}
	slices.SortStableFunc(s.left, func(a, b *Scenario) int { return cmp.Compare(rank(a), rank(b)) })
	return s
}

func rank(s *Scenario) int {
	if s.Exhaust {
		return 0
	}
	return 1
}

// next returns nil when there is nothing left.
func (s *schedule) next() (*Scenario, Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 {
		return nil, Options{}
	}
	scenario := s.left[0]
	s.left = s.left[1:]
	if *fullRun == 0 {
		return scenario, Options{Most: *most}
	}
	rest := time.Until(s.begun.Add(*fullRun))
	if scenario.Exhaust {
		return scenario, Options{Until: s.begun.Add(*fullRun / 2)}
	}
	share := rest * time.Duration(runtime.GOMAXPROCS(0)) / time.Duration(len(s.left)+1)
	return scenario, Options{Until: time.Now().Add(min(rest, share))}
}

// Every order of every scenario of the catalogue, as far as the number or the time
// goes, is explained by its isolation level.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	// Executions live shortly: most of the collector's work is to come too early.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var (
		schedule              = newSchedule()
		workers               sync.WaitGroup
		mu                    sync.Mutex
		executions, exhausted int
	)
	scenarios := len(schedule.left)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s, o := schedule.next(); s != nil; s, o = schedule.next() {
				t.Run(s.String(), func(t *testing.T) {
					if *saveTo != "" {
						o.Observe = save(t, filepath.Join(*saveTo, s.String()+".jsonl"))
					}
					r := Explore(t, s, o)
					mu.Lock()
					executions += r.Executions
					if r.Bound == "" {
						exhausted++
					}
					mu.Unlock()
					report(t, s, r)
				})
			}
		})
	}
	workers.Wait()
	took := time.Since(schedule.begun)
	t.Logf("%d executions of %d scenarios in %v, %.0f a second; %d scenarios exhausted",
		executions, scenarios, took.Round(time.Second), float64(executions)/took.Seconds(), exhausted)
}

// save returns what writes the history of an execution to a file.
func save(t *testing.T, name string) func(*run, string) {
	return func(r *run, _ string) {
		var text bytes.Buffer
		if err := errors.Join(r.writeHistory(&text), os.WriteFile(name, text.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
}

// report tells what an exploration has seen, and whether that is what it should.
func report(t *testing.T, s *Scenario, r Result) {
	how := "exhausted"
	if r.Bound != "" {
		how = "bounded by " + r.Bound
	}
	t.Logf("%-55s %8d executions, %7d given up, %7d choices asleep, %2d choices at most, %6.0f a second, %s, %v",
		s, r.Executions, r.GivenUp, r.Asleep, r.Longest, float64(r.Executions)/r.Took.Seconds(), how, r.Reached)
	if r.Failure != "" {
		t.Fatal(r.Failure)
	}
	for what := range s.Reach {
		if r.Reached[what] == 0 && (r.Bound == "" || r.Executions >= s.Within) {
			t.Errorf("no execution in which %s", what)
		}
	}
	if s.Exhaust && *fullRun > 0 && r.Bound != "" {
		t.Errorf("a full run must exhaust this scenario; it was bounded by %s", r.Bound)
	}
}
