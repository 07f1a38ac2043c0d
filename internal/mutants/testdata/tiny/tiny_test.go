package tiny

import "testing"

func TestWrite(t *testing.T) {
	m := write(7, 8)
	if m.Condition != If {
		t.Error(m.Condition)
	}
	if len(m.Where) != 2 {
		t.Error(m.Where)
	}
}

func TestBounded(t *testing.T) {
	for _, c := range []struct{ n, want int }{{1, 1}, {2, 2}, {3, 2}} {
		if got := bounded(c.n, 2); got != c.want {
			t.Errorf("bounded(%d, 2) = %d, want %d", c.n, got, c.want)
		}
	}
}

func TestDrain(t *testing.T) {
	t.Run("three", func(t *testing.T) {
		if got := drain(3); got != 6 {
			t.Errorf("drain(3) = %d, want 6", got)
		}
	})
}

func TestName(t *testing.T) {
	if name(If) != "if" || name(IfExists) != "if exists" {
		t.Error(name(If), name(IfExists))
	}
}
