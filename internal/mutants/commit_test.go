package main

import "testing"

// What is said here of the engine must follow it: the bugs must still be possible
// to bring back, and the equivalent mutants must still be there.
func TestEngine(t *testing.T) {
	t.Parallel()
	target := target{root: "../..", pkg: "./runtime/internal/commit", bugs: commitBugs}
	all, able, _, err := target.mutants()
	if err != nil {
		t.Fatal(err)
	}
	equivalents, err := parseEquivalents("equivalent.txt", equivalentText)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkEquivalents("equivalent.txt", equivalents, able); err != nil {
		t.Error(err)
	}
	ids, found := map[string]bool{}, map[string]int{}
	for _, m := range all {
		if ids[m.id] {
			t.Errorf("two mutants have the id %s", m.id)
		}
		ids[m.id] = true
		if m.was == m.now {
			t.Errorf("%s changes nothing that shows", m.id)
		}
	}
	for _, m := range able {
		found[m.mutator]++
	}
	for _, mutator := range mutators {
		if found[mutator.name] == 0 {
			t.Errorf("mutator %s finds nothing in the engine", mutator.name)
		}
	}
}
