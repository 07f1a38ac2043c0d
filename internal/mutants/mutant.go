package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// mutant is the package with one thing removed or weakened.
type mutant struct {
	id       string // file:function:ordinal:mutator, the ordinal among the same mutator in the function; of a known bug its name
	mutator  string
	required bool // must be killed, whatever the rate: a condition or a validation
	position token.Position
	was, now string // the first line that differs, without the blanks around it
	edits    []edit
}

// edit is a replacement of text in one function.
type edit struct {
	file     *file
	function *ast.FuncDecl
	from, to int // offsets in the file
	text     string
}

// functions are those that the mutant changes, each with its file.
func (m *mutant) functions() map[*ast.FuncDecl]*file {
	list := map[*ast.FuncDecl]*file{}
	for _, e := range m.edits {
		list[e.function] = e.file
	}
	return list
}

// place is the file and the function of the mutant, as its id begins.
func (m *mutant) place() string {
	parts := strings.SplitN(m.id, ":", 3)
	return parts[0] + ":" + parts[1]
}

// apply returns text[from:to] of f with those edits that lie in it.
func apply(f *file, from, to int, edits []edit) string {
	var b strings.Builder
	at := from
	for _, e := range sorted(edits) {
		if e.file != f || e.from < from || e.to > to {
			continue
		}
		b.Write(f.text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.Write(f.text[at:to])
	return b.String()
}

func sorted(edits []edit) []edit {
	return slices.SortedFunc(slices.Values(edits), func(a, b edit) int { return cmp.Compare(a.from, b.from) })
}

// describe sets was and now.
func (m *mutant) describe() {
	e := sorted(m.edits)[0]
	from := bytes.LastIndexByte(e.file.text[:e.from], '\n') + 1
	to := len(e.file.text)
	if end := bytes.IndexByte(e.file.text[e.to:], '\n'); end >= 0 {
		to = e.to + end
	}
	was := strings.Split(string(e.file.text[from:to]), "\n")
	now := strings.Split(apply(e.file, from, to, []edit{e}), "\n")
	for i, line := range was {
		if i >= len(now) || line != now[i] {
			m.was = strings.TrimSpace(line)
			if i < len(now) {
				m.now = strings.TrimSpace(now[i])
			}
			return
		}
	}
	m.now = strings.TrimSpace(now[min(len(was), len(now)-1)])
}

// String is the mutant as the reports and equivalent.txt show it.
func (m *mutant) String() string { return fmt.Sprintf("%s\n\t- %s\n\t+ %s", m.id, m.was, m.now) }
