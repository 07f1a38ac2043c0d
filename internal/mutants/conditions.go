package main

import (
	"go/ast"
	"go/types"
)

// conditionMutators weaken the condition of a write. They know storage.Mutation
// by its shape: a struct with the fields Condition and Where.
var conditionMutators = []mutator{
	{"predicate", "a predicate of a condition is left out", true, withoutPredicate},
	{"condition", "a write loses its condition", true, withoutCondition},
	{"exists", "a write only asks that the record is there", true, onlyExists},
	{"guard-call", "the call that gives a write its condition is left out", true, withoutGuardCall},
}

// isPredicates reports whether t is a list of storage.Predicate.
func isPredicates(t types.Type) bool {
	slice, ok := t.(*types.Slice)
	if !ok {
		return false
	}
	named, ok := slice.Elem().(*types.Named)
	return ok && named.Obj().Name() == "Predicate"
}

// isMutation reports whether t is storage.Mutation or a pointer to it.
func isMutation(t types.Type) bool {
	if t == nil {
		return false
	}
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	structure, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	fields := map[string]bool{}
	for field := range structure.Fields() {
		fields[field.Name()] = true
	}
	return fields["Condition"] && fields["Where"]
}

// isCondition reports whether x is the condition of a mutation: its field
// Condition or Where.
func (s *source) isCondition(x ast.Expr) bool {
	selector, ok := x.(*ast.SelectorExpr)
	return ok && (selector.Sel.Name == "Condition" || selector.Sel.Name == "Where") && isMutation(s.info.TypeOf(selector.X))
}

func withoutPredicate(s site) []change {
	list, ok := s.node.(*ast.CompositeLit)
	if !ok || !isPredicates(s.info.TypeOf(list)) || len(list.Elts) < 2 {
		return nil // a condition without predicates is invalid: see onlyExists
	}
	return without(list.Elts)
}

// without returns one change for each element of a list of two or more, which
// takes it out, with a comma.
func without(list []ast.Expr) []change {
	var changes []change
	for i, x := range list {
		if i+1 < len(list) {
			changes = append(changes, change{x.Pos(), list[i+1].Pos(), ""})
		} else {
			changes = append(changes, change{list[i-1].End(), x.End(), ""})
		}
	}
	return changes
}

// conditionFields returns the fields Condition and Where of a literal of a
// mutation.
func (s site) conditionFields() (condition, where *ast.KeyValueExpr) {
	literal, ok := s.node.(*ast.CompositeLit)
	if !ok || !isMutation(s.info.TypeOf(literal)) {
		return nil, nil
	}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch pair.Key.(*ast.Ident).Name {
		case "Condition":
			condition = pair
		case "Where":
			where = pair
		}
	}
	return condition, where
}

func withoutCondition(s site) []change {
	if a, ok := s.node.(*ast.AssignStmt); ok && s.isCondition(a.Lhs[0]) {
		return s.off()
	}
	condition, where := s.conditionFields()
	switch {
	case condition == nil:
		return nil
	case where == nil:
		return s.replace(condition, "Condition: 0")
	}
	return []change{{condition.Pos(), where.End(), "Condition: 0"}}
}

func onlyExists(s site) []change {
	if a, ok := s.node.(*ast.AssignStmt); ok && len(a.Lhs) == 2 && len(a.Rhs) == 2 && s.isCondition(a.Lhs[0]) && s.isCondition(a.Lhs[1]) {
		exists := s.exists(a.Rhs[0])
		return s.replace(a, "%s, _ = %s, %s", s.code(a.Lhs[0]), exists, s.code(a.Rhs[1]))
	}
	condition, where := s.conditionFields()
	if condition == nil || where == nil {
		return nil
	}
	return []change{{condition.Pos(), where.End(), "Condition: " + s.exists(condition.Value)}}
}

// exists is the condition that a record is there, of the type of x.
func (s site) exists(x ast.Expr) string {
	if selector, ok := x.(*ast.SelectorExpr); ok {
		return s.code(selector.X) + ".IfExists"
	}
	return "IfExists"
}

func withoutGuardCall(s site) []change {
	statement, ok := s.node.(*ast.ExprStmt)
	if !ok || !s.isStatement() {
		return nil
	}
	call, ok := statement.X.(*ast.CallExpr)
	if !ok {
		return nil
	}
	callee := s.callee(call)
	for _, f := range s.files {
		for _, declaration := range f.tree.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && callee != nil && s.info.Defs[function.Name] == callee && s.guards(function) {
				return s.off()
			}
		}
	}
	return nil
}
