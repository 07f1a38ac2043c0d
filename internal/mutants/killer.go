package main

import (
	"strconv"
	"strings"
)

// killer is a set of tests that may notice a mutant.
type killer struct {
	name string
	pkg  string   // the package of the tests
	run  string   // those that run, as go test -run; "" for all
	skip string   // and those of them that do not
	args []string // flags of the tests themselves
}

// commitKillers are the tests that mutants of the engine face, the cheapest
// first. Those of the engine's package that measure allocations do not take part:
// the way to the copy of a function costs some.
func commitKillers(seeds int) []killer {
	return []killer{
		{name: "test", pkg: "./runtime/internal/commit", skip: "Simulation|Allocation"},
		{name: "runtime", pkg: "./runtime"},
		{name: "explorer", pkg: "./runtime/internal/lab", run: "^(TestCatalogue|TestReplay)$", args: []string{"-explore.most=150"}},
		{name: "simulation", pkg: "./runtime/internal/commit", run: "Simulation", args: []string{"-sim.seeds=" + strconv.Itoa(seeds)}},
		{name: "simulator", pkg: "./runtime/internal/lab", run: "^TestSimulate$", args: []string{"-sim.seeds=" + strconv.Itoa(seeds)}},
		{name: "conformance", pkg: "./runtime/internal/conformance", run: "^TestConformance$/^memory$"},
	}
}

// flags are the arguments of the test binary. only is a test to run instead of
// all, "" for none.
func (k *killer) flags(only string) []string {
	flags := []string{"-test.failfast", "-test.v"}
	run := k.run
	if only != "" {
		run = only
	} else if k.skip != "" {
		flags = append(flags, "-test.skip="+k.skip)
	}
	if run != "" {
		flags = append(flags, "-test.run="+run)
	}
	return append(flags, k.args...)
}

// exactly is the pattern for -run that matches a test and its subtests.
func exactly(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + quoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
