package main

import (
	"errors"
	"fmt"
	"strings"
)

// equivalent is a mutant that no test can tell from the original.
type equivalent struct {
	line   int
	mutant string // as mutant.String
	reason string
}

// parseEquivalents reads equivalent.txt. Each entry is a mutant as the report
// prints it, and the reason, indented as well; blank lines and those that begin
// with # say nothing:
//
//	finish.go:Tx.finish:3:operand
//		- if errors.Is(err, storage.ErrCondition) && len(groups[i]) > 1 {
//		+ if errors.Is(err, storage.ErrCondition) && (true || (len(groups[i]) > 1)) {
//		A group of one is tried twice, and fails the same way.
func parseEquivalents(name, text string) (map[string]equivalent, error) {
	list := map[string]equivalent{}
	var id string
	for i, line := range strings.Split(text, "\n") {
		at := fmt.Sprintf("%s:%d", name, i+1)
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			if id != "" && list[id].reason == "" {
				return nil, fmt.Errorf("%s: the entry before this line has no reason", at)
			}
			if id = line; list[id].mutant != "" {
				return nil, fmt.Errorf("%s: %s is listed twice", at, id)
			}
			list[id] = equivalent{line: i + 1, mutant: id}
		case id == "":
			return nil, fmt.Errorf("%s: the line belongs to no mutant", at)
		default:
			e := list[id]
			if strings.Count(e.mutant, "\n") < 2 {
				e.mutant += "\n" + strings.TrimRight(line, " ")
			} else {
				e.reason = strings.TrimSpace(e.reason + " " + strings.TrimSpace(line))
			}
			list[id] = e
		}
	}
	if id != "" && list[id].reason == "" {
		return nil, fmt.Errorf("%s: the last entry has no reason", name)
	}
	return list, nil
}

// checkEquivalents reports entries whose mutant is not there any more, or is
// another one.
func checkEquivalents(name string, list map[string]equivalent, mutants []*mutant) error {
	byID := map[string]*mutant{}
	for _, m := range mutants {
		byID[m.id] = m
	}
	var failures []error
	for id, e := range list {
		switch m := byID[id]; {
		case m == nil:
			failures = append(failures, fmt.Errorf("%s:%d: there is no mutant %s any more: remove the entry", name, e.line, id))
		case strings.TrimRight(m.String(), " \n") != strings.TrimRight(e.mutant, " \n"):
			failures = append(failures, fmt.Errorf("%s:%d: the mutant is another one now, is it still equivalent?\n%s", name, e.line, m))
		}
	}
	return errors.Join(failures...)
}
