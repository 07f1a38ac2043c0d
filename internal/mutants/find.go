package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// mutator is a way to weaken code.
type mutator struct {
	name string
	says string
	// required: its mutants take something from the condition of a write.
	required bool
	find     func(site) []change
}

// mutators are all but the bugs, which are no matter of syntax.
var mutators = slices.Concat(conditionMutators, branchMutators, operatorMutators, callMutators, statementMutators, constantMutators)

// change is a replacement of source text.
type change struct {
	from, to token.Pos
	text     string
}

// site is a node in a function where something may be mutated.
type site struct {
	*source
	file     *file
	function *ast.FuncDecl
	node     ast.Node
	stack    []ast.Node // the nodes around node, outermost first
}

// up returns the nth node around the site's, 1 for its parent; nil if there is
// none.
func (s site) up(n int) ast.Node {
	if n > len(s.stack) {
		return nil
	}
	return s.stack[len(s.stack)-n]
}

func (s site) code(n ast.Node) string { return s.text(s.file, n) }

func (s site) replace(n ast.Node, format string, args ...any) []change {
	return []change{{n.Pos(), n.End(), fmt.Sprintf(format, args...)}}
}

// off makes a statement that is never reached. The variables it uses stay used.
func (s site) off() []change { return s.replace(s.node, "if false { %s }", s.code(s.node)) }

// isStatement reports whether the node stands in a list of statements.
func (s site) isStatement() bool {
	switch p := s.up(1).(type) {
	case *ast.BlockStmt:
		return true
	case *ast.CaseClause:
		return true
	case *ast.CommClause:
		return p.Comm != s.node
	}
	return false
}

// typeName writes a type as the file would.
func (s site) typeName(t types.Type) string { return types.TypeString(t, s.qualify(s.file)) }

// find returns all mutants that the mutators make of the package, in the order of
// the source.
func find(s *source) []*mutant {
	validation := s.validation()
	var found []*mutant
	for _, f := range s.files {
		for _, declaration := range f.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			ordinals := map[string]int{}
			required := validation[s.info.Defs[function.Name]] || s.guards(function)
			ast.PreorderStack(function.Body, nil, func(n ast.Node, stack []ast.Node) bool {
				at := site{s, f, function, n, stack}
				if at.inObservation() {
					return false
				}
				for _, mutator := range mutators {
					for _, c := range mutator.find(at) {
						ordinals[mutator.name]++
						m := &mutant{
							id:       fmt.Sprintf("%s:%s:%d:%s", f.name(), functionName(function), ordinals[mutator.name], mutator.name),
							mutator:  mutator.name,
							required: required || mutator.required,
							position: s.fset.Position(c.from),
							edits:    []edit{{f, function, s.offset(c.from), s.offset(c.to), c.text}},
						}
						m.describe()
						found = append(found, m)
					}
				}
				return true
			})
		}
	}
	return found
}

// validation returns the functions that validate reads: the one observed as that
// phase, and those that only such functions call.
func (s *source) validation() map[types.Object]bool {
	callers := map[types.Object]map[types.Object]bool{}
	set := map[types.Object]bool{}
	for _, f := range s.files {
		for _, declaration := range f.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			caller := s.info.Defs[function.Name]
			ast.Inspect(function.Body, func(n ast.Node) bool {
				name, ok := n.(*ast.Ident)
				if !ok {
					return true
				}
				switch used := s.info.Uses[name].(type) {
				case *types.Func:
					if callers[used] == nil {
						callers[used] = map[types.Object]bool{}
					}
					callers[used][caller] = true
				case *types.Const:
					if used.Name() == "Validate" {
						set[caller] = true
					}
				}
				return true
			})
		}
	}
	for grown := true; grown; {
		grown = false
		for callee, by := range callers {
			if set[callee] || callee.Pkg() != s.types || callee.Exported() {
				continue
			}
			all := true
			for caller := range by {
				all = all && (set[caller] || caller == callee)
			}
			if all {
				set[callee], grown = true, true
			}
		}
	}
	return set
}

// guards reports whether a function makes the condition of a write: whether it
// assigns one to a mutation, or returns predicates.
func (s *source) guards(function *ast.FuncDecl) bool {
	if results := function.Type.Results; results != nil {
		for _, result := range results.List {
			if isPredicates(s.info.TypeOf(result.Type)) {
				return true
			}
		}
	}
	found := false
	ast.Inspect(function.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for _, left := range a.Lhs {
				found = found || s.isCondition(left)
			}
		}
		return !found
	})
	return found
}
