package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/scalargen/scalargen/gen"
)

// report tells people about changes of files.
type report struct {
	out    string            // directory
	tables map[string]string // by path below it
}

func newReport(in *input) *report {
	r := &report{out: in.out, tables: map[string]string{}}
	for _, pkg := range in.plan.Packages {
		for _, t := range pkg.Tables {
			r.tables[path.Join(pkg.Dir, t.File)] = t.Schema.FullName()
		}
	}
	return r
}

// print writes a line about a change: what happens to which file, and why if
// verbose.
func (r *report) print(w io.Writer, c gen.Change, verbose bool) {
	word := map[gen.Kind]string{gen.New: "new", gen.Changed: "changed", gen.Orphan: "removed"}[c.Kind]
	line := fmt.Sprintf("%-8s%s", word, filepath.Join(r.out, filepath.FromSlash(c.Path)))
	if verbose {
		line += ": " + r.why(c)
	}
	fmt.Fprintln(w, line)
}

// why names what a file holds, and how much of it changed.
func (r *report) why(c gen.Change) string {
	if c.Kind == gen.Orphan {
		return "nothing generates it any longer"
	}
	what := "for the whole package"
	if table, ok := r.tables[c.Path]; ok {
		what = "table " + table
	}
	if c.Kind == gen.Changed {
		what += ", " + changedLines(c.Diff())
	}
	return what
}

// summary counts files.
func (r *report) summary(changes gen.Changes, files []gen.File) string {
	count := map[gen.Kind]int{}
	for _, c := range changes {
		count[c.Kind]++
	}
	return fmt.Sprintf("%d new, %d changed, %d removed, %d unchanged",
		count[gen.New], count[gen.Changed], count[gen.Orphan], len(files)-count[gen.New]-count[gen.Changed])
}
