package main

import (
	"go/ast"
	"go/token"
)

var statementMutators = []mutator{
	{"assignment", "what is noted or counted is not", false, withoutAssignment},
}

func withoutAssignment(s site) []change {
	if !s.isStatement() {
		return nil
	}
	switch n := s.node.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE && withoutCondition(s) == nil {
			return s.off()
		}
	case *ast.IncDecStmt, *ast.SendStmt:
		return s.off()
	}
	return nil
}
