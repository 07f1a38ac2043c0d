package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"path/filepath"
	"strconv"
	"strings"
)

// chosenBy is the environment variable that names the mutant to run, by its
// number. Without it the package is what it is.
const chosenBy = "SCALARGEN_MUTANT"

// chosen is the variable of the package that holds the number.
const chosen = "mutant__"

// dispatch writes the package with all mutants in it: each function that some of
// them change begins by looking which one is to run, and goes to the copy of that
// one. A mutant's number is one more than its index. Copies stand behind the
// rest of their file, so that positions in the original stay.
//
// It returns the files by path, and for each the first lines of the copies in
// it, in order.
func dispatch(s *source, mutants []*mutant) (files map[string]string, copies map[string][]copied, err error) {
	numbers := map[*ast.FuncDecl][]int{}
	for i, m := range mutants {
		for function := range m.functions() {
			numbers[function] = append(numbers[function], i+1)
		}
	}
	files, copies = map[string]string{}, map[string][]copied{}
	for _, f := range s.files {
		var switches []edit
		var behind strings.Builder
		line := strings.Count(string(f.text), "\n") + 1
		for _, declaration := range f.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || numbers[function] == nil {
				continue
			}
			if function.Type.TypeParams != nil {
				return nil, nil, fmt.Errorf("%s: a generic function cannot be mutated yet", functionName(function))
			}
			named, call := s.forward(f, function)
			var cases strings.Builder
			for _, n := range numbers[function] {
				jump := fmt.Sprintf(call, fmt.Sprintf("%s__%d", function.Name.Name, n))
				if function.Type.Results == nil {
					jump += "; return"
				} else {
					jump = "return " + jump
				}
				fmt.Fprintf(&cases, "case %d: %s; ", n, jump)

				from, to := s.offset(function.Pos()), s.offset(function.End())
				renamed := edit{f, function, s.offset(function.Name.Pos()), s.offset(function.Name.End()), fmt.Sprintf("%s__%d", function.Name.Name, n)}
				text := "\n" + apply(f, from, to, append([]edit{renamed}, mutants[n-1].edits...)) + "\n"
				copies[f.path] = append(copies[f.path], copied{line: line, number: n})
				behind.WriteString(text)
				line += strings.Count(text, "\n")
			}
			body := s.offset(function.Body.Lbrace) + 1
			switches = append(switches, named...)
			switches = append(switches, edit{f, function, body, body, " switch " + chosen + " { " + cases.String() + "};"})
		}
		if switches != nil {
			files[f.path] = apply(f, 0, len(f.text), switches) + behind.String()
		}
	}
	files[filepath.Join(s.dir, "mutant__.go")] = fmt.Sprintf(
		"package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar %s, _ = strconv.Atoi(os.Getenv(%q))\n", s.types.Name(), chosen, chosenBy)
	return files, copies, nil
}

// copied is the copy of a function for one mutant.
type copied struct {
	line   int // the first one
	number int
}

// forward returns the edits that give every parameter of a function a name, and
// the format of a call, without the function's name, that passes them on.
func (s *source) forward(f *file, function *ast.FuncDecl) (edits []edit, call string) {
	count := 0
	name := func(field *ast.Field) (names []string) {
		count++
		if len(field.Names) == 0 {
			unnamed := "unnamed" + strconv.Itoa(count)
			at := s.offset(field.Type.Pos())
			edits = append(edits, edit{f, function, at, at, unnamed + " "})
			return []string{unnamed}
		}
		for i, id := range field.Names {
			n := id.Name
			if n == "_" {
				n = fmt.Sprintf("unnamed%d_%d", count, i)
				edits = append(edits, edit{f, function, s.offset(id.Pos()), s.offset(id.End()), n})
			}
			names = append(names, n)
		}
		return names
	}
	call = "%s("
	if function.Recv != nil {
		call = name(function.Recv.List[0])[0] + ".%s("
	}
	var arguments []string
	for _, field := range function.Type.Params.List {
		names := name(field)
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			names[len(names)-1] += "..."
		}
		arguments = append(arguments, names...)
	}
	return edits, call + strings.Join(arguments, ", ") + ")"
}

// compiling writes the package with those mutants that compile, and returns the
// files and these mutants.
func compiling(s *source, mutants []*mutant) (files map[string]string, able []*mutant, err error) {
	able = mutants
	for {
		files, copies, err := dispatch(s, able)
		if err != nil {
			return nil, nil, err
		}
		broken, err := s.check(files, copies)
		if err != nil {
			return nil, nil, err
		}
		if len(broken) == 0 {
			return files, able, nil
		}
		var rest []*mutant
		for i, m := range able {
			if !broken[i+1] {
				rest = append(rest, m)
			}
		}
		able = rest
	}
}

// check type-checks the package with the copies, and returns the numbers of the
// mutants that do not compile.
func (s *source) check(files map[string]string, copies map[string][]copied) (broken map[int]bool, err error) {
	broken = map[int]bool{}
	var failures []error
	note := func(path string, line int, failure error) {
		number := 0
		for _, c := range copies[path] {
			if c.line <= line {
				number = c.number
			}
		}
		if number == 0 {
			failures = append(failures, failure)
			return
		}
		broken[number] = true
	}
	var trees []*ast.File
	for _, f := range s.files {
		text, changed := files[f.path]
		if !changed {
			text = string(f.text)
		}
		tree, err := parser.ParseFile(s.fset, f.path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("a mutant of %s is no Go: %w", f.name(), err)
		}
		trees = append(trees, tree)
	}
	tree, err := parser.ParseFile(s.fset, "mutant__.go", fmt.Sprintf("package %s; var %s int", s.types.Name(), chosen), 0)
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: s, Error: func(err error) {
		if e, ok := err.(types.Error); ok {
			position := s.fset.Position(e.Pos)
			note(position.Filename, position.Line, e)
		}
	}}
	config.Check(s.types.Path(), s.fset, append(trees, tree), nil) // its errors went to config.Error
	return broken, errors.Join(failures...)
}
