package main

import (
	"strings"
	"testing"
)

func TestMalformedEquivalents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"no reason", "a:b:1:never\n\t- x\n\t+ y\n", "the last entry has no reason"},
		{"no reason before the next", "a:b:1:never\n\t- x\n\t+ y\nc:d:1:never\n\t- x\n\t+ y\n\tz\n", "e:4: the entry before this line has no reason"},
		{"twice", strings.Repeat("a:b:1:never\n\t- x\n\t+ y\n\tz\n", 2), "e:5: a:b:1:never is listed twice"},
		{"a line without a mutant", "\t- x\n", "e:1: the line belongs to no mutant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseEquivalents("e", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
