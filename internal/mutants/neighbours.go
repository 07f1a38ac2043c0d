package main

import (
	"slices"
	"strings"
	"sync"
)

// neighbours remembers which tests have killed mutants of a function: they run
// through it, and are likely to kill the next one.
type neighbours struct {
	mu    sync.Mutex
	tests map[string][]string // by function and killer
}

// fewNeighbours bounds the tests that are asked for a function, of each killer.
const fewNeighbours = 6

func (n *neighbours) note(m *mutant, k *killer, test string) {
	test, _, nested := strings.Cut(test, "/")
	if test == "" || nested && strings.Contains(k.run, "/") {
		return // the whole killer is no quicker
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tests == nil {
		n.tests = map[string][]string{}
	}
	id := m.place() + " " + k.name
	if list := n.tests[id]; !slices.Contains(list, test) {
		list = append([]string{test}, list...)
		n.tests[id] = list[:min(len(list), fewNeighbours)]
	}
}

// of returns the tests of a killer for the function of a mutant.
func (n *neighbours) of(m *mutant, k *killer) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.tests[m.place()+" "+k.name])
}
