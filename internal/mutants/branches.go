package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// branchMutators take decisions away: guards, checks of states, cases.
var branchMutators = []mutator{
	{"never", "a branch is never taken", false, never},
	{"always", "a branch is always taken", false, always},
	{"case", "a case of a switch is left out", false, withoutCase},
	{"error-ignored", "an error is not noticed", false, ignoreError},
	{"loop", "a loop is left out", false, withoutLoop},
	{"jump", "a break or continue is left out", false, withoutJump},
	{"select", "a channel never has anything", false, neverReady},
}

// branchConditions are the conditions that the node decides by.
func (s site) branchConditions() []ast.Expr {
	switch n := s.node.(type) {
	case *ast.IfStmt:
		return []ast.Expr{n.Cond}
	case *ast.CaseClause:
		if s.tagless() {
			return n.List
		}
	}
	return nil
}

// tagless reports whether the node is a case of a switch without a tag.
func (s site) tagless() bool {
	statement, ok := s.up(2).(*ast.SwitchStmt)
	return ok && statement.Tag == nil
}

func never(s site) []change {
	conditions := s.branchConditions()
	if loop, ok := s.node.(*ast.ForStmt); ok && loop.Cond != nil {
		conditions = append(conditions, loop.Cond)
	}
	return s.decide(conditions, "false && (%s)")
}

func always(s site) []change { return s.decide(s.branchConditions(), "true || (%s)") }

func (s site) decide(conditions []ast.Expr, format string) []change {
	var changes []change
	for _, c := range conditions {
		if _, isIf := s.node.(*ast.IfStmt); isIf && s.isErrorCheck(c) {
			continue // see ignoreError
		}
		changes = append(changes, s.replace(c, format, s.code(c))...)
	}
	return changes
}

// isErrorCheck reports whether x is err != nil.
func (s site) isErrorCheck(x ast.Expr) bool {
	b, ok := x.(*ast.BinaryExpr)
	return ok && b.Op == token.NEQ && s.info.Types[b.Y].IsNil() && isError(s.info.TypeOf(b.X))
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func ignoreError(s site) []change {
	if n, ok := s.node.(*ast.IfStmt); ok && s.isErrorCheck(n.Cond) {
		return s.replace(n.Cond, "false && (%s)", s.code(n.Cond))
	}
	return nil
}

func withoutCase(s site) []change {
	clause, ok := s.node.(*ast.CaseClause)
	if !ok || clause.List == nil || s.tagless() {
		return nil
	}
	if len(clause.List) == 1 {
		return s.replace(clause, "")
	}
	return without(clause.List)
}

func withoutLoop(s site) []change {
	switch s.node.(type) {
	case *ast.RangeStmt, *ast.ForStmt:
		if s.isStatement() {
			return s.off()
		}
	}
	return nil
}

func withoutJump(s site) []change {
	if _, ok := s.node.(*ast.BranchStmt); ok && s.isStatement() {
		return s.off()
	}
	return nil
}

func neverReady(s site) []change {
	clause, ok := s.node.(*ast.CommClause)
	if !ok {
		return nil
	}
	var channel ast.Expr
	switch comm := clause.Comm.(type) {
	case *ast.SendStmt:
		channel = comm.Chan
	case *ast.ExprStmt:
		channel = comm.X.(*ast.UnaryExpr).X
	case *ast.AssignStmt:
		channel = comm.Rhs[0].(*ast.UnaryExpr).X
	default:
		return nil
	}
	t := s.typeName(s.info.TypeOf(channel))
	return s.replace(channel, "func(%s) %s { return nil }(%s)", t, t, s.code(channel))
}
