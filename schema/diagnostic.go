package schema

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Position is a place in an input file.
//
// Offset counts bytes from 0. Line and Column count from 1; a column is a
// Unicode code point, so a tab or an emoji is one column, as in most editors.
// Lines end at LF, CR LF or a lone CR. A byte-order mark takes part in Offset
// but in no column.
//
// The zero Line means that only the file is known.
type Position struct {
	File   string
	Offset int
	Line   int
	Column int
}

// String returns file:line:column, the form that editors and terminals link.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Severity tells whether a [Diagnostic] refuses the schema.
type Severity uint8

// The severities.
const (
	Error   Severity = iota // the schema is refused
	Warning                 // the schema is usable; one of the storages will refuse or ignore something
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one thing wrong with a schema, at one place. Message says what
// is wrong, why, and what to write instead.
type Diagnostic struct {
	Pos      Position
	Severity Severity
	Message  string
}

// String returns "file:line:column: message"; a warning says so after the
// position.
func (d Diagnostic) String() string {
	if d.Severity == Warning {
		return d.Pos.String() + ": warning: " + d.Message
	}
	return d.Pos.String() + ": " + d.Message
}

// Error is [Diagnostic.String].
func (d Diagnostic) Error() string { return d.String() }

// Diagnostics is everything found in one run: files in the order given to
// [Parse], positions ascending within a file.
type Diagnostics []Diagnostic

// Err returns ds as an error if it holds at least one [Error], and nil if it
// is empty or holds only warnings.
func (ds Diagnostics) Err() error {
	if !slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error }) {
		return nil
	}
	return ds
}

// Error returns all diagnostics, warnings included, one a line.
func (ds Diagnostics) Error() string {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(d.String())
	}
	return b.String()
}

// Unwrap makes each diagnostic reachable by errors.As.
func (ds Diagnostics) Unwrap() []error {
	errs := make([]error, len(ds))
	for i, d := range ds {
		errs[i] = d
	}
	return errs
}

// maxReported bounds the diagnostics of each severity: a hostile or generated
// file can be wrong in every one of its half million values.
const maxReported = 1000

// report collects the diagnostics of a run.
type report struct {
	files   []File
	found   [2][]located // by severity
	dropped [2]int
}

type located struct {
	file int
	mark mark
	text string
}

func (r *report) add(severity Severity, file int, at mark, text string) {
	if r.full(severity) {
		r.dropped[severity]++
		return
	}
	r.found[severity] = append(r.found[severity], located{file, at, text})
}

// full reports whether further diagnostics would only be counted, so that a
// caller can skip expensive wording.
func (r *report) full(severity Severity) bool { return len(r.found[severity]) >= maxReported }

func (r *report) position(file int, at mark) Position {
	return Position{File: r.files[file].Name, Offset: int(at.offset), Line: int(at.line), Column: int(at.column)}
}

// diagnostics returns what was collected, sorted; at one position errors come
// before warnings. What was dropped is summed up in a last line for each severity.
func (r *report) diagnostics() Diagnostics {
	type entry struct {
		located
		severity Severity
	}
	var all []entry
	for _, severity := range []Severity{Error, Warning} {
		for _, l := range r.found[severity] {
			all = append(all, entry{l, severity})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.mark.offset, b.mark.offset))
	})
	var ds Diagnostics
	for _, e := range all {
		ds = append(ds, Diagnostic{r.position(e.file, e.mark), e.severity, e.text})
	}
	for _, severity := range []Severity{Error, Warning} {
		if n := r.dropped[severity]; n > 0 {
			last := r.found[severity][maxReported-1]
			ds = append(ds, Diagnostic{r.position(last.file, last.mark), severity,
				strconv.Itoa(n) + " more " + severity.String() + "s are not shown: correct the ones above first"})
		}
	}
	return ds
}
