package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/gen"
)

// TestDiffCanBeApplied applies diffs of random texts as strictly as git does:
// every hunk must stand at the lines that it names, in both files.
func TestDiffCanBeApplied(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	r := &report{out: "db"}
	for range 500 {
		old, changed := randomText(random), randomText(random)
		if old == changed {
			continue
		}
		c := gen.Change{Path: "a_gen.go", Kind: gen.Changed, Old: []byte(old), New: []byte(changed)}
		diff := r.diff(c)
		got, err := apply(old, diff)
		if err != nil || got != changed {
			t.Fatalf("%v\nold\n%s\nwant\n%s\ngot\n%s\ndiff\n%s", err, old, changed, got, diff)
		}
		if !strings.HasPrefix(diff, "--- a/db/a_gen.go\n+++ b/db/a_gen.go\n") {
			t.Fatalf("header of %s", diff)
		}
	}
}

// randomText has lines that are often equal to those of other texts.
func randomText(random *rand.Rand) string {
	var b strings.Builder
	for i := range random.IntN(60) {
		if random.IntN(6) > 0 {
			fmt.Fprintf(&b, "line %d\n", i)
		} else {
			fmt.Fprintf(&b, "%d\n", random.IntN(3))
		}
	}
	return b.String()
}

func apply(old, diff string) (string, error) {
	from := strings.SplitAfter(old, "\n")
	var to []string
	next := 0 // line of old, from 0
	for line := range strings.Lines(diff) {
		if m := hunkHeader.FindStringSubmatch(line); m != nil {
			start := number(m[1]) - min(1, count(m[2]))
			if start < next {
				return "", fmt.Errorf("hunks overlap at %s", line)
			}
			to = append(to, from[next:start]...)
			next = start
			if len(to) != number(m[3])-min(1, count(m[4])) {
				return "", fmt.Errorf("the hunk belongs at line %d of the new file: %s", len(to)+1, line)
			}
			continue
		}
		switch text := line[1:]; line[0] {
		case ' ':
			to = append(to, text)
			next++
		case '+':
			if !strings.HasPrefix(line, "+++ ") {
				to = append(to, text)
			}
		case '-':
			if !strings.HasPrefix(line, "--- ") {
				next++
			}
		}
	}
	return strings.Join(append(to, from[next:]...), ""), nil
}
