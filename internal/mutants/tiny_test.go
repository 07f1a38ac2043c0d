package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const boundedEquivalent = `tiny.go:bounded:1:comparison
	- if n > most {
	+ if n >= most {
	It returns most either way.
`

func tiny(equivalents string) *target {
	const pkg = "./internal/mutants/testdata/tiny"
	return &target{
		root: "../..", pkg: pkg, equivalents: equivalents,
		killers: []killer{{name: "quick", pkg: pkg, skip: "Drain"}, {name: "thorough", pkg: pkg, run: "Drain"}},
		bugs: []bug{{"counts-double", "each was counted twice", []patch{
			in("drain", "sum += n", "sum += 2 * n"),
			in("drain", "n--", "n -= 1"),
		}}},
	}
}

func tryTiny(t *testing.T, target *target, only, book string) (verdicts map[string]string, problems []string, log string) {
	t.Helper()
	var table, progress bytes.Buffer
	problems, err := target.try(t.Context(), options{
		only: regexp.MustCompile(only), verbose: true, workers: 2, grace: 5 * time.Second, book: book,
	}, &table, &progress)
	if err != nil {
		t.Fatal(err)
	}
	verdicts = map[string]string{}
	for line := range strings.Lines(table.String()) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasSuffix(fields[0], ":"+fields[1]) {
			verdicts[fields[0]] = strings.Join(fields[2:], " ")
		}
	}
	return verdicts, problems, progress.String()
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	book := filepath.Join(t.TempDir(), "book")
	verdicts, problems, _ := tryTiny(t, tiny(boundedEquivalent), "", book)
	want := map[string]string{
		"tiny.go:drain:counts-double:known-bug": "thorough TestDrain/three",
		"tiny.go:bounded:1:always":              "quick TestBounded",
		"tiny.go:bounded:1:comparison":          "equivalent",
		"tiny.go:bounded:1:never":               "quick TestBounded",
		"tiny.go:drain:1:assignment":            "thorough TestDrain/three",
		"tiny.go:drain:1:comparison":            "SURVIVED",
		"tiny.go:drain:1:loop":                  "thorough TestDrain/three",
		"tiny.go:drain:1:never":                 "thorough TestDrain/three",
		"tiny.go:drain:1:number":                "thorough TestDrain/three",
		"tiny.go:drain:2:assignment":            "thorough TestDrain (timeout)",
		"tiny.go:heldBy:1:predicate":            "quick TestWrite",
		"tiny.go:heldBy:2:predicate":            "quick TestWrite",
		"tiny.go:heldBy:1:number":               "SURVIVED",
		"tiny.go:heldBy:2:number":               "SURVIVED",
		"tiny.go:name:1:case":                   "quick TestName",
		"tiny.go:name:2:case":                   "quick TestName",
		"tiny.go:name:2:constant":               "quick TestName",
		"tiny.go:unseen:1:comparison":           "SURVIVED",
		"tiny.go:unseen:1:number":               "SURVIVED",
		"tiny.go:write:1:condition":             "quick TestWrite",
		"tiny.go:write:1:constant":              "quick TestWrite",
		"tiny.go:write:1:exists":                "quick TestWrite",
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	wantProblems := []string{
		"tiny.go:heldBy:1:number survived, and takes from a condition or a validation",
		"tiny.go:heldBy:2:number survived, and takes from a condition or a validation",
		"76.2 % of the mutants were killed, want 95 %",
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	t.Run("a second run knows the results", func(t *testing.T) {
		again, _, log := tryTiny(t, tiny(boundedEquivalent), "", book)
		if diff := cmp.Diff(verdicts, again); diff != "" {
			t.Errorf("verdicts of the second run (-first +second):\n%s", diff)
		}
		if !strings.Contains(log, "drain:2:assignment: thorough TestDrain (timeout), known") {
			t.Errorf("the second run did not take the result from the book:\n%s", log)
		}
	})
	t.Run("other killers ask the last one first", func(t *testing.T) {
		target := tiny(boundedEquivalent)
		target.killers[0].skip = "Drain|Name"
		_, _, log := tryTiny(t, target, "heldBy:1:predicate", book)
		if strings.Contains(log, "known") || !strings.Contains(log, "quick TestWrite") {
			t.Errorf("progress:\n%s", log)
		}
	})
}

func TestEquivalentThatIsKilled(t *testing.T) {
	t.Parallel()
	_, problems, _ := tryTiny(t, tiny(`tiny.go:bounded:1:never
	- if n > most {
	+ if false && (n > most) {
	Wrongly believed.
`), "bounded:1:never", filepath.Join(t.TempDir(), "book"))
	want := []string{"tiny.go:bounded:1:never is said to be equivalent, and was killed by quick TestBounded: remove the entry"}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestRefusedTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*target)
		want   string
	}{
		{"an equivalent that is not there", func(t *target) { t.equivalents = "tiny.go:bounded:9:never\n\t- a\n\t+ b\n\treason\n" }, "there is no mutant tiny.go:bounded:9:never any more"},
		{"an equivalent that does not compile", func(t *target) { t.equivalents = "tiny.go:name:1:constant\n\t- a\n\t+ b\n\treason\n" }, "there is no mutant tiny.go:name:1:constant any more"},
		{"an equivalent of another line", func(t *target) { t.equivalents = strings.ReplaceAll(boundedEquivalent, "most", "least") }, "the mutant is another one now"},
		{"a bug whose function is gone", func(t *target) { t.bugs[0].patches[0].function = "gone" }, "there is no function gone any more"},
		{"a bug whose place is gone", func(t *target) { t.bugs[0].patches[0].old = "sum = n" }, `drain: "sum = n" stands there 0 times, want once`},
		{"a bug with more than one place", func(t *target) { t.bugs[0].patches[0].old = "n" }, `times, want once`},
		{"a bug behind a place that is gone", func(t *target) { t.bugs[0].patches[0].after = "sum = n" }, `"sum = n" stands there 0 times, want once`},
		{"a bug that does not stand behind its place", func(t *target) { t.bugs[0].patches[0].after = "n--" }, `"sum += n" does not stand behind "n--"`},
		{"a bug that does not compile", func(t *target) { t.bugs[0].patches[0].new = "sum += true" }, "tiny.go:drain:counts-double:known-bug does not compile"},
		{"tests that fail anyway", func(t *target) { t.killers[0].args = []string{"-no.such.flag"} }, `the tests of killer "quick" fail on the package as it is`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := tiny("")
			c.change(target)
			_, err := target.try(t.Context(), options{workers: 1, sample: 1, book: filepath.Join(t.TempDir(), "book")}, new(bytes.Buffer), new(bytes.Buffer))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
