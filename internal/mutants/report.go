package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// tally counts what became of mutants.
type tally struct{ found, broken, killed, timeouts, equivalent, survived int }

// rate is the share of killed mutants among those that tests could kill.
func (c tally) rate() float64 {
	if c.killed+c.survived == 0 {
		return 1
	}
	return float64(c.killed) / float64(c.killed+c.survived)
}

// least is the share of mutants that must be killed.
const least = 0.95

// report prints what became of the mutants that were judged, and returns what is
// wrong with it: problems is empty if all is well.
func report(w io.Writer, all, able []*mutant, results map[string]result, equivalents map[string]equivalent, verbose bool) (problems []string) {
	counts := map[string]*tally{}
	of := func(m *mutant) *tally {
		if counts[m.mutator] == nil {
			counts[m.mutator] = &tally{}
		}
		return counts[m.mutator]
	}
	for _, m := range all {
		of(m).found++
		of(m).broken++
	}
	var survivors []*mutant
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range able {
		c := of(m)
		c.broken--
		r, judged := results[m.id]
		if !judged {
			continue
		}
		_, excused := equivalents[m.id]
		shown := r.String()
		switch {
		case r.Killer != "":
			c.killed++
			if r.How == "timeout" {
				c.timeouts++
			}
			if excused {
				problems = append(problems, fmt.Sprintf("%s is said to be equivalent, and was killed by %s: remove the entry", m.id, r))
			}
		case excused:
			c.equivalent++
			shown = "equivalent"
		default:
			c.survived++
			survivors = append(survivors, m)
		}
		if verbose {
			fmt.Fprintf(table, "%s\t%s\t%s\n", m.id, m.mutator, shown)
		}
	}
	table.Flush()
	if len(survivors) > 0 {
		fmt.Fprintf(w, "\nSURVIVED\n\n")
	}
	for _, m := range survivors {
		note := ""
		if m.required {
			note = "\n\t# a condition or validation: it must be killed"
			problems = append(problems, m.id+" survived, and takes from a condition or a validation")
		}
		fmt.Fprintf(w, "%s\n\t# %s:%d%s\n", m, m.position.Filename, m.position.Line, note)
	}
	var total tally
	fmt.Fprintln(w)
	table = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "found\tnot Go\tkilled\tby timeout\tequivalent\tsurvived\trate\t  mutator\n")
	row := func(name string, c tally) {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t  %s\n", c.found, c.broken, c.killed, c.timeouts, c.equivalent, c.survived, 100*c.rate(), name)
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c := counts[name]
		row(name, *c)
		total.found += c.found
		total.broken += c.broken
		total.killed += c.killed
		total.timeouts += c.timeouts
		total.equivalent += c.equivalent
		total.survived += c.survived
	}
	row("all", total)
	table.Flush()
	if total.rate() < least {
		problems = append(problems, fmt.Sprintf("%.1f %% of the mutants were killed, want %.0f %%", 100*total.rate(), 100*least))
	}
	if n := total.found - total.broken - len(results); n > 0 {
		fmt.Fprintf(w, "%d mutants were not in the sample\n", n)
	}
	if len(problems) > 0 {
		fmt.Fprintf(w, "\nNOT WELL\n\t%s\n", strings.Join(problems, "\n\t"))
	}
	return problems
}
