package gen

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"
)

// opaque declares the foreign types of a package as its configuration
// describes them. Whether they really are so, the user's compiler tells.
type opaque struct {
	*declared
	packages map[string]*types.Package
}

// Import is [types.Importer].
func (o *opaque) Import(importPath string) (*types.Package, error) {
	if pkg := o.packages[importPath]; pkg != nil {
		return pkg, nil
	}
	return o.declared.Import(importPath)
}

func opaqueImporter(pkg *Package) types.Importer {
	o := &opaque{stubs(), map[string]*types.Package{}}
	all := slices.Clone(pkg.Shared)
	for _, table := range pkg.Tables {
		all = append(all, table.Types...)
	}
	// Where a type is stored as it is in one column and converted in another,
	// the first tells what it is.
	slices.SortStableFunc(all, func(a, b *Type) int { return cmp.Compare(a.To, b.To) })
	for _, t := range all {
		o.declare(t)
	}
	return o
}

// declare enters a foreign type and its conversions.
func (o *opaque) declare(t *Type) {
	if t.Local() || o.declared.packages[t.Type.Import.Path] != nil {
		return
	}
	importPath := t.Type.Import.Path
	pkg := o.packages[importPath]
	if pkg == nil {
		pkg = types.NewPackage(importPath, t.Type.Import.Name)
		pkg.MarkComplete()
		o.packages[importPath] = pkg
	}
	stored := o.natural(naturals[t.Base].typ)
	object, _ := pkg.Scope().Lookup(t.Type.Name).(*types.TypeName)
	if object == nil {
		underlying := types.Type(types.NewStruct(nil, nil))
		if t.To == "" {
			underlying = stored.Underlying()
		}
		object = types.NewTypeName(token.NoPos, pkg, t.Type.Name, nil)
		types.NewNamed(object, underlying, nil)
		pkg.Scope().Insert(object)
	}
	if t.To == "" {
		return
	}
	named := object.Type().(*types.Named)
	variable := func(t types.Type) *types.Var { return types.NewParam(token.NoPos, pkg, "", t) }
	function := func(name string, in types.Type, out ...*types.Var) {
		signature := types.NewSignatureType(nil, nil, nil, types.NewTuple(variable(in)), types.NewTuple(out...), false)
		pkg.Scope().Insert(types.NewFunc(token.NoPos, pkg, name, signature))
	}
	if t.ToMethod {
		signature := types.NewSignatureType(variable(named), nil, nil, nil, types.NewTuple(variable(stored)), false)
		named.AddMethod(types.NewFunc(token.NoPos, pkg, t.To, signature))
	} else {
		function(t.To, named, variable(stored))
	}
	function(t.From, stored, variable(named), variable(types.Universe.Lookup("error").Type()))
}

// natural returns the declared form of a column's natural type.
func (o *opaque) natural(t GoType) types.Type {
	switch {
	case t.Import != nil:
		return o.declared.packages[t.Import.Path].Scope().Lookup(t.Name).Type()
	case t.Name == "[]byte":
		return types.NewSlice(types.Typ[types.Byte])
	default:
		return types.Universe.Lookup(t.Name).Type()
	}
}
