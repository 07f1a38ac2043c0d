package lab

import (
	"bytes"
	"testing"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// What the clients can tell is enough for a second opinion, which knows neither
// the engine nor the oracle: it agrees with every execution, and finds fault
// where the storage forgets conditions.
func TestHistoriesOfExecutions(t *testing.T) {
	t.Parallel()
	verdicts := map[history.Verdict]int{}
	explore := func(s *Scenario, most int) {
		level := history.Snapshot
		if s.Isolation == commit.Serializable {
			level = history.StrictSerializable
		}
		Explore(t, s, Options{Most: most, Outcomes: true, Observe: func(r *run, verdict string) {
			var text bytes.Buffer
			if err := r.writeHistory(&text); err != nil {
				t.Fatal(err)
			}
			h, err := history.Load(history.Source{Name: s.String(), Reader: bytes.NewReader(text.Bytes())})
			if err != nil {
				t.Fatalf("%v\n%s", err, text.String())
			}
			report := history.Check(h, history.Options{Level: level})
			if verdicts[report.Verdict]++; verdict == "" && report.Verdict == history.Violation {
				t.Fatalf("%s: the checker of histories finds fault: %v\n%s\n%s", s, report, r.describe(), text.String())
			}
		}})
	}
	for _, s := range Catalogue() {
		if s.Isolation != commit.ReadCommitted {
			explore(s, unlessRace(60, 4))
		}
	}
	t.Log(verdicts)
	if verdicts[history.Undecided] > verdicts[history.OK]/20 {
		t.Errorf("too many histories are undecided: %v", verdicts)
	}
	before := verdicts[history.Violation]
	s := scenario(t, "lost update, SERIALIZABLE")
	s.Wrap = forgetting(phase("prepare"))
	explore(s, 300)
	if verdicts[history.Violation] == before {
		t.Error("the checker of histories finds no fault in a storage that forgets conditions")
	}
}
