package lab

import (
	"testing"

	"github.com/scalargen/scalargen/internal/history"
)

func TestZZ(t *testing.T) {
	for seed := uint64(0); seed < 20001; seed++ {
		s := drawPlan(seed).run(t, nil)
		if r := s.check(t); r.Verdict == history.Violation {
			t.Errorf("seed %d: %v", seed, r)
		}
	}
}
