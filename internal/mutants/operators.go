package main

import (
	"go/ast"
	"go/token"
	"slices"
)

var operatorMutators = []mutator{
	{"operand", "an operand of && or || has no effect", false, withoutOperand},
	{"comparison", "a comparison is turned around, or its bound moved", false, otherComparison},
	{"negation", "a ! is left out", false, withoutNegation},
}

func withoutOperand(s site) []change {
	b, ok := s.node.(*ast.BinaryExpr)
	if !ok || b.Op != token.LAND && b.Op != token.LOR {
		return nil
	}
	format := "(true || (%s))"
	if b.Op == token.LOR {
		format = "(false && (%s))"
	}
	return append(s.replace(b.X, format, s.code(b.X)), s.replace(b.Y, format, s.code(b.Y))...)
}

var comparisons = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
}

func otherComparison(s site) []change {
	b, ok := s.node.(*ast.BinaryExpr)
	if !ok {
		return nil
	}
	other, ok := comparisons[b.Op]
	if !ok || (b.Op == token.EQL || b.Op == token.NEQ) && s.isWholeCondition() {
		return nil
	}
	return []change{{b.OpPos, b.OpPos + token.Pos(len(b.Op.String())), other.String()}}
}

func withoutNegation(s site) []change {
	if u, ok := s.node.(*ast.UnaryExpr); ok && u.Op == token.NOT && !s.isWholeCondition() {
		return s.replace(u, "%s", s.code(u.X))
	}
	return nil
}

// isWholeCondition reports whether a branch depends on nothing but the node: to
// take the branch never, and always, says more than to take it the other way.
func (s site) isWholeCondition() bool {
	around := s
	around.node, around.stack = s.up(1), s.stack[:len(s.stack)-1]
	return slices.Contains(around.branchConditions(), s.node.(ast.Expr))
}
