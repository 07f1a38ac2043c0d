package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

var callMutators = []mutator{
	{"call", "a call is left out", false, withoutCall},
	{"no-result", "a call that may fail is not made: no result, no error", false, withoutResult},
	{"not-read-again", "a record is not read again: what is known is taken for what is there", false, withoutReading},
}

// callee returns the function or method that a call names, nil for others.
func (s *source) callee(call *ast.CallExpr) types.Object {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return s.info.Uses[f]
	case *ast.SelectorExpr:
		return s.info.Uses[f.Sel]
	}
	return nil
}

// housekeeping are calls without which nothing is decided differently: what is
// left out shows as a leak, a data race or a missing line in a log.
var housekeeping = []string{
	"(*sync.Mutex).Lock", "(*sync.Mutex).Unlock", "(*sync.RWMutex).Lock", "(*sync.RWMutex).Unlock",
	"(*sync.RWMutex).RLock", "(*sync.RWMutex).RUnlock", "(*time.Timer).Stop", "(*log/slog.Logger).",
}

func (s site) isHousekeeping(call *ast.CallExpr) bool {
	if s.tellsObserver(call) {
		return true
	}
	if named, ok := s.info.TypeOf(call.Fun).(*types.Named); ok && named.Obj().Name() == "CancelFunc" {
		return true
	}
	f, ok := s.callee(call).(*types.Func)
	return ok && slices.ContainsFunc(housekeeping, func(name string) bool { return strings.HasPrefix(f.FullName(), name) })
}

// tellsObserver reports whether a call begins or ends an observation, which
// decides nothing: whether it has something of package observe for an argument,
// or is one of a func(error), by itself or in a function that does no more.
func (s site) tellsObserver(call *ast.CallExpr) bool {
	if f, ok := call.Fun.(*ast.FuncLit); ok && len(f.Body.List) == 1 {
		if statement, ok := f.Body.List[0].(*ast.ExprStmt); ok {
			if inner, ok := statement.X.(*ast.CallExpr); ok {
				return s.tellsObserver(inner)
			}
		}
	}
	if v, ok := s.callee(call).(*types.Var); ok && types.TypeString(v.Type(), nil) == "func(error)" {
		return true
	}
	return slices.ContainsFunc(call.Args, func(x ast.Expr) bool {
		named, ok := s.info.TypeOf(x).(*types.Named)
		return ok && named.Obj().Pkg() != nil && strings.HasSuffix(named.Obj().Pkg().Path(), "/observe")
	})
}

// inObservation reports whether the site is a part of what an observer is told.
func (s site) inObservation() bool {
	return slices.ContainsFunc(s.stack, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		return ok && s.tellsObserver(call)
	})
}

func withoutCall(s site) []change {
	if !s.isStatement() {
		return nil
	}
	var call *ast.CallExpr
	switch n := s.node.(type) {
	case *ast.ExprStmt:
		var ok bool
		if call, ok = n.X.(*ast.CallExpr); !ok { // a receive
			return s.off()
		}
	case *ast.DeferStmt:
		call = n.Call
	case *ast.GoStmt:
		call = n.Call
	default:
		return nil
	}
	if s.isHousekeeping(call) || withoutGuardCall(s) != nil {
		return nil
	}
	return s.off()
}

// failing returns the results of the call at the site if the last one is an
// error that the caller gets.
func (s site) failing() (call *ast.CallExpr, results []types.Type) {
	call, ok := s.node.(*ast.CallExpr)
	if !ok {
		return nil, nil
	}
	switch s.up(1).(type) {
	case *ast.AssignStmt, *ast.ReturnStmt:
	default:
		return nil, nil
	}
	switch t := s.info.TypeOf(call).(type) {
	case *types.Tuple:
		for v := range t.Variables() {
			results = append(results, v.Type())
		}
	default:
		results = []types.Type{t}
	}
	if last := len(results) - 1; last < 0 || results[last] == nil || !isError(results[last]) {
		return nil, nil
	}
	return call, results
}

// instead replaces a call by results, "" for the zero values. The call stays in
// the text, so that what it uses stays used.
func (s site) instead(call *ast.CallExpr, types []types.Type, results string) []change {
	list := make([]string, len(types))
	for i, t := range types {
		list[i] = "_ " + s.typeName(t)
	}
	return s.replace(call, "func() (%s) { if false { return %s }; return%s }()", strings.Join(list, ", "), s.code(call), results)
}

func withoutResult(s site) []change {
	call, results := s.failing()
	if call == nil {
		return nil
	}
	return s.instead(call, results, "")
}

// withoutReading returns what the function was given instead of what the call
// would find.
func withoutReading(s site) []change {
	call, results := s.failing()
	if len(results) != 2 {
		return nil
	}
	for _, field := range s.function.Type.Params.List {
		if _, named := results[0].(*types.Named); named && types.Identical(s.info.TypeOf(field.Type), results[0]) {
			return s.instead(call, results, " "+field.Names[0].Name+", nil")
		}
	}
	return nil
}
