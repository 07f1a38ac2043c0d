package spell_test

import (
	"strings"
	"testing"

	"github.com/scalargen/scalargen/internal/spell"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("scalar.", 20)
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "ab", 1}, {"abc", "xbc", 1},
		{"acb", "abc", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {long, long + "x", 1}, {long + "xy", long + "yx", 1},
		{"ca", "abc", 3}, // optimal string alignment edits no substring twice
	} {
		if got := spell.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := spell.Distance(tt.b, tt.a); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"partition-key", "clustering-key", "columns", "ru", "no-scaling"}
	for _, tt := range []struct{ word, want string }{
		{"partition-key", "partition-key"},
		{"partitionKey", "partition-key"},
		{"PARTITION_KEYS", "partition-key"},
		{"partiton-key", "partition-key"},
		{"partitino-key", "partition-key"},
		{"column", "columns"},
		{"RU", "ru"},
		{"r", ""},
		{"rx", ""},
		{"ttl", ""},
		{"", ""},
		{strings.Repeat("columns", 20), ""},
	} {
		if got := spell.Nearest(tt.word, words); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}
