package main

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

var constantMutators = []mutator{
	{"constant", "another constant of the same type", false, otherConstant},
	{"number", "another number", false, otherNumber},
	{"boolean", "true for false, false for true", false, otherBoolean},
	{"flag", "an option or flag is passed on as its opposite", false, otherFlag},
}

// besideAnError reports whether the node is a result that an error accompanies:
// nobody may look at it.
func (s site) besideAnError() bool {
	statement, ok := s.up(1).(*ast.ReturnStmt)
	if !ok {
		return false
	}
	last := statement.Results[len(statement.Results)-1]
	t := s.info.TypeOf(last)
	return last != s.node && !s.info.Types[last].IsNil() && types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// otherConstant takes the next constant of an enumeration: a state, a stage, an
// operator.
func otherConstant(s site) []change {
	name, ok := s.node.(*ast.Ident)
	if !ok {
		return nil
	}
	c, ok := s.info.Uses[name].(*types.Const)
	if !ok {
		return nil
	}
	all := constantsLike(c, s.types)
	if len(all) < 2 {
		return nil
	}
	next := all[(slices.Index(all, c)+1)%len(all)]
	return s.replace(name, "%s", next.Name())
}

// constantsLike returns the constants of c's type, by value, if the type is
// declared together with them.
func constantsLike(c *types.Const, from *types.Package) []*types.Const {
	name := typeObject(c.Type())
	if name == nil || name.Pkg() != c.Pkg() || c.Pkg() == nil || c.Parent() != c.Pkg().Scope() {
		return nil
	}
	var all []*types.Const
	scope := c.Pkg().Scope()
	for _, id := range scope.Names() {
		other, ok := scope.Lookup(id).(*types.Const)
		if !ok || c.Pkg() != from && !other.Exported() || typeObject(other.Type()) != name {
			continue
		}
		all = append(all, other)
	}
	slices.SortStableFunc(all, func(a, b *types.Const) int {
		if constant.Compare(a.Val(), token.EQL, b.Val()) {
			return cmp.Compare(a.Name(), b.Name())
		}
		if constant.Compare(a.Val(), token.LSS, b.Val()) {
			return -1
		}
		return 1
	})
	return all
}

// typeObject is the object that names a type, nil if none does. It tells an alias
// from what it stands for.
func typeObject(t types.Type) types.Object {
	switch t := t.(type) {
	case *types.Named:
		return t.Obj()
	case *types.Alias:
		return t.Obj()
	}
	return nil
}

// otherNumber adds one to literals, and doubles the named constants of the
// package, which are times and bounds. It leaves alone what only sizes memory.
func otherNumber(s site) []change {
	for i := 1; i <= len(s.stack); i++ {
		switch around := s.up(i).(type) {
		case *ast.ArrayType, *ast.SliceExpr, *ast.IndexExpr:
			return nil
		case *ast.BinaryExpr:
			if around.Op == token.SHL || around.Op == token.SHR {
				return nil
			}
		case *ast.CallExpr:
			if f, ok := around.Fun.(*ast.Ident); ok && f.Name == "make" {
				return nil
			}
		}
	}
	if s.besideAnError() {
		return nil
	}
	switch n := s.node.(type) {
	case *ast.BasicLit:
		if n.Kind == token.INT {
			if value, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
				return s.replace(n, "%d", value+1)
			}
		}
	case *ast.Ident:
		if c, ok := s.info.Uses[n].(*types.Const); ok && c.Pkg() == s.types && len(constantsLike(c, s.types)) < 2 && c.Val().Kind() == constant.Int {
			return s.replace(n, "(2*%s)", n.Name)
		}
	}
	return nil
}

func otherBoolean(s site) []change {
	name, ok := s.node.(*ast.Ident)
	if !ok || s.besideAnError() {
		return nil
	}
	switch s.info.Uses[name] {
	case types.Universe.Lookup("true"):
		return s.replace(name, "false")
	case types.Universe.Lookup("false"):
		return s.replace(name, "true")
	}
	return nil
}

func otherFlag(s site) []change {
	call, ok := s.node.(*ast.CallExpr)
	if !ok {
		return nil
	}
	var changes []change
	for _, x := range call.Args {
		t := s.info.Types[x]
		if basic, ok := t.Type.(*types.Basic); ok && basic.Info()&types.IsBoolean != 0 && t.Value == nil {
			changes = append(changes, s.replace(x, "!(%s)", s.code(x))...)
		}
	}
	return changes
}
