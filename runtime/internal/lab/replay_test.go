package lab

import (
	"strings"
	"testing"
)

// A trace can be replayed by the names of its choices.
func TestReplay(t *testing.T) {
	t.Parallel()
	trace := []string{
		"A1 get item(p=1, c=1)",
		"B1 get item(p=1, c=1)",
		"A1 prepare item(p=1, c=1)",
		`A1 decide state(tx_id="A1")`,
		"A1 finish item(p=1, c=1)",
		"B1 prepare item(p=1, c=1)",
	}
	s := scenario(t, "lost update, SERIALIZABLE")
	if verdict := Replay(t, s, trace); verdict != "" {
		t.Error(verdict)
	}
	s.Wrap = forgetting(phase("prepare"))
	if verdict := Replay(t, s, trace); !strings.Contains(verdict, "version 2 follows 2") {
		t.Errorf("with a forgotten condition: %q", verdict)
	}
}
