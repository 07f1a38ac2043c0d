package lab

import (
	"testing"

	"github.com/scalargen/scalargen/internal/history"
)

func TestZY(t *testing.T) {
	bad := 0
	for seed := uint64(0); seed < 8000; seed++ {
		p := drawPlan(seed)
		for i := range p.clients {
			for j := range p.clients[i].steps {
				st := &p.clients[i].steps[j]
				var more []simOp
				for _, o := range st.ops {
					if o.kind == scan || o.kind == get {
						more = append(more, o)
					}
				}
				st.ops = append(st.ops, more...)
			}
		}
		s := p.run(t, nil)
		if s.problem != "" {
			t.Logf("seed %d oracle %s", seed, s.problem)
		}
		if s.final == nil {
			continue
		}
		if r := s.check(t); r.Verdict == history.Violation {
			if bad++; bad < 25 {
				t.Errorf("seed %d: %v", seed, r)
				for _, tx := range s.txs {
					t.Log(tx)
				}
			}
		}
	}
	t.Log(bad)
}
