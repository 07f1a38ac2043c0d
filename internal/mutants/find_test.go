package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestFind shows what every mutator makes of a small package. A * marks what
// must be killed.
func TestFind(t *testing.T) {
	t.Parallel()
	target := target{root: "../..", pkg: "./internal/mutants/testdata/shapes"}
	all, able, _, err := target.mutants()
	if err != nil {
		t.Fatal(err)
	}
	compiles, found := map[string]bool{}, map[string]bool{}
	for _, m := range able {
		compiles[m.id] = true
	}
	var b strings.Builder
	for _, m := range all {
		found[m.mutator] = true
		mark := ""
		if m.required {
			mark = " *"
		}
		if !compiles[m.id] {
			mark += " (does not compile)"
		}
		fmt.Fprintf(&b, "%s%s\n\t- %s\n\t+ %s\n", m.id, mark, m.was, m.now)
	}
	for _, mutator := range mutators {
		if !found[mutator.name] {
			t.Errorf("the package has nothing for mutator %s", mutator.name)
		}
	}
	golden := filepath.Join("testdata", "shapes", "mutants.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("mutants (-want +got):\n%s", diff)
	}
}
