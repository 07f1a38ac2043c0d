package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// bug is one that ScalarDB had and fixed, and how the engine would have it.
type bug struct {
	name    string
	was     string // what went wrong, and the pull request of the fix
	patches []patch
}

// patch replaces text that stands once in a function; with after, the first such
// text behind that one, which stands once.
type patch struct{ function, old, new, after string }

func in(function, old, new string) patch { return patch{function: function, old: old, new: new} }

func (p patch) behind(after string) patch {
	p.after = after
	return p
}

// mutants makes a mutant of each bug. A patch that does not fit is an error: the
// code that keeps the bug away has changed, and so must the patch.
func (s *source) bugs(list []bug) ([]*mutant, error) {
	functions := map[string]edit{}
	for _, f := range s.files {
		for _, declaration := range f.tree.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				functions[functionName(function)] = edit{file: f, function: function}
			}
		}
	}
	var mutants []*mutant
	for _, b := range list {
		m := &mutant{mutator: "known-bug", required: true}
		for _, p := range b.patches {
			e, ok := functions[p.function]
			if !ok {
				return nil, fmt.Errorf("known bug %s: there is no function %s any more", b.name, p.function)
			}
			text := s.text(e.file, e.function)
			at, err := p.find(text)
			if err != nil {
				return nil, fmt.Errorf("known bug %s: %s: %w", b.name, p.function, err)
			}
			e.from = s.offset(e.function.Pos()) + at
			e.to, e.text = e.from+len(p.old), p.new
			m.edits = append(m.edits, e)
		}
		first := m.edits[0]
		m.id = fmt.Sprintf("%s:%s:%s:%s", first.file.name(), functionName(first.function), b.name, m.mutator)
		m.position = s.fset.Position(first.function.Pos())
		m.describe()
		mutants = append(mutants, m)
	}
	return mutants, nil
}

// find returns where in the text of the function the patch belongs.
func (p *patch) find(text string) (int, error) {
	once := p.old
	if p.after != "" {
		once = p.after
	}
	if n := strings.Count(text, once); n != 1 {
		return 0, fmt.Errorf("%q stands there %d times, want once", once, n)
	}
	from := strings.Index(text, once)
	if p.after == "" {
		return from, nil
	}
	from += len(once)
	at := strings.Index(text[from:], p.old)
	if at < 0 {
		return 0, fmt.Errorf("%q does not stand behind %q", p.old, p.after)
	}
	return from + at, nil
}
