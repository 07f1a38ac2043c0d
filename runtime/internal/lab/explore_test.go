package lab

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	most = flag.Int("explore.most", 2000, "executions of each scenario at most, 0 for all")
	only = flag.String("explore.only", "", "the scenarios whose names contain this")
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	total := 0
	for _, s := range Catalogue() {
		name := fmt.Sprintf("%s, %v", s.Name, s.Isolation)
		if !strings.Contains(name, *only) {
			continue
		}
		begun := time.Now()
		r := Explore(t, s, Options{Most: *most})
		took := time.Since(begun)
		total += r.Executions
		how := "bounded"
		if r.Exhausted {
			how = "exhausted"
		}
		t.Logf("%-55s %8d executions, %7d given up, %2d choices at most, %6.0f a second, %s, %v", name, r.Executions, r.GivenUp, r.Longest, float64(r.Executions)/took.Seconds(), how, r.Reached)
		if r.Failure != "" {
			t.Errorf("%s: %s", name, r.Failure)
		}
		for what := range s.Reach {
			if r.Reached[what] == 0 {
				t.Errorf("%s: no execution in which %s", name, what)
			}
		}
	}
	t.Logf("%d executions", total)
}
