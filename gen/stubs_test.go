package gen

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"testing"

	"golang.org/x/tools/go/packages"
)

// The embedded declarations must equal the real ones, or the check of generated
// code is worth nothing. What is embedded may be less than what there is.
func TestEmbeddedDeclarationsEqualTheRealOnes(t *testing.T) {
	t.Parallel()
	var paths []string
	for importPath := range stubs().packages {
		paths = append(paths, importPath)
	}
	real, err := packages.Load(&packages.Config{Mode: packages.LoadTypes}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(real) > 0 {
		t.FailNow()
	}
	for _, pkg := range real {
		embedded := stubs().packages[pkg.PkgPath].Scope()
		for _, name := range embedded.Names() {
			object := embedded.Lookup(name)
			if !object.Exported() {
				continue
			}
			other := pkg.Types.Scope().Lookup(name)
			if other == nil {
				t.Errorf("%s.%s is embedded and does not exist", pkg.PkgPath, name)
				continue
			}
			c := comparison{names: map[*types.TypeName]*types.TypeName{}}
			if problem := c.objects(object, other); problem != "" {
				t.Errorf("%s.%s: %s", pkg.PkgPath, name, problem)
			}
		}
	}
}

// comparison matches embedded declarations with real ones. Types of the runtime
// that are aliases of another package's are declared in one place when embedded,
// so named types are matched by what they are, not by what they are called.
type comparison struct {
	names map[*types.TypeName]*types.TypeName // embedded → real
}

func (c *comparison) objects(embedded, real types.Object) string {
	switch embedded := embedded.(type) {
	case *types.Const:
		real, ok := real.(*types.Const)
		if !ok || !constant.Compare(embedded.Val(), token.EQL, real.Val()) {
			return fmt.Sprintf("is %v embedded and %v", embedded, real)
		}
		return c.types(embedded.Type(), real.Type())
	case *types.Func, *types.Var:
		return c.types(embedded.Type(), real.Type())
	case *types.TypeName:
		if _, ok := real.(*types.TypeName); !ok {
			return fmt.Sprintf("is a type embedded and really %v", real)
		}
		return c.types(embedded.Type(), real.Type())
	}
	return fmt.Sprintf("cannot compare %T", embedded)
}

func (c *comparison) types(embedded, real types.Type) string {
	embedded, real = types.Unalias(embedded), types.Unalias(real)
	differ := fmt.Sprintf("embedded as %v, really %v", embedded, real)
	switch e := embedded.(type) {
	case *types.Basic:
		if r, ok := real.(*types.Basic); !ok || e.Kind() != r.Kind() {
			return differ
		}
	case *types.Pointer:
		if r, ok := real.(*types.Pointer); ok {
			return c.types(e.Elem(), r.Elem())
		}
		return differ
	case *types.Slice:
		if r, ok := real.(*types.Slice); ok {
			return c.types(e.Elem(), r.Elem())
		}
		return differ
	case *types.TypeParam:
		if r, ok := real.(*types.TypeParam); !ok || e.Index() != r.Index() {
			return differ
		}
	case *types.Signature:
		r, ok := real.(*types.Signature)
		if !ok || e.Variadic() != r.Variadic() || e.TypeParams().Len() != r.TypeParams().Len() {
			return differ
		}
		for i := range e.TypeParams().Len() {
			if problem := c.types(e.TypeParams().At(i).Constraint(), r.TypeParams().At(i).Constraint()); problem != "" {
				return problem
			}
		}
		if problem := c.tuples(e.Params(), r.Params()); problem != "" {
			return differ + ": " + problem
		}
		if problem := c.tuples(e.Results(), r.Results()); problem != "" {
			return differ + ": " + problem
		}
	case *types.Struct:
		r, ok := real.(*types.Struct)
		if !ok {
			return differ
		}
		return c.fields(e, r)
	case *types.Interface:
		r, ok := real.(*types.Interface)
		if !ok {
			return differ
		}
		for i := range e.NumMethods() {
			method, _, _ := types.LookupFieldOrMethod(r, false, e.Method(i).Pkg(), e.Method(i).Name())
			if e.Method(i).Exported() && method == nil {
				return differ
			}
		}
	case *types.Named:
		r, ok := real.(*types.Named)
		if !ok {
			return differ
		}
		return c.named(e, r)
	default:
		return fmt.Sprintf("cannot compare %T", e)
	}
	return ""
}

func (c *comparison) tuples(embedded, real *types.Tuple) string {
	if embedded.Len() != real.Len() {
		return "their numbers differ"
	}
	for i := range embedded.Len() {
		if problem := c.types(embedded.At(i).Type(), real.At(i).Type()); problem != "" {
			return problem
		}
	}
	return ""
}

// fields compares the exported fields, which generated code can name, and
// whether there are others, which keep it from converting.
func (c *comparison) fields(embedded, real *types.Struct) string {
	exported := func(s *types.Struct) (fields []*types.Var) {
		for f := range s.Fields() {
			if f.Exported() {
				fields = append(fields, f)
			}
		}
		return fields
	}
	e, r := exported(embedded), exported(real)
	hidden := func(s *types.Struct, exported []*types.Var) bool { return len(exported) < s.NumFields() }
	if len(e) != len(r) || hidden(embedded, e) && !hidden(real, r) {
		return fmt.Sprintf("embedded with fields %v, really with %v", e, r)
	}
	for i := range e {
		// An embedded field of an alias is named after its real type.
		if e[i].Name() != r[i].Name() || e[i].Embedded() != r[i].Embedded() {
			return fmt.Sprintf("embedded with field %v, really with %v", e[i], r[i])
		}
		if problem := c.types(e[i].Type(), r[i].Type()); problem != "" {
			return "field " + e[i].Name() + ": " + problem
		}
	}
	return ""
}

func (c *comparison) named(embedded, real *types.Named) string {
	if c.names[embedded.Obj()] == nil {
		c.names[embedded.Obj()] = real.Obj()
		if problem := c.declarations(embedded.Origin(), real.Origin()); problem != "" {
			return "type " + embedded.Obj().Name() + ": " + problem
		}
	}
	if c.names[embedded.Obj()] != real.Obj() || embedded.TypeArgs().Len() != real.TypeArgs().Len() {
		return fmt.Sprintf("embedded as %v, really %v", embedded, real)
	}
	for i := range embedded.TypeArgs().Len() {
		if problem := c.types(embedded.TypeArgs().At(i), real.TypeArgs().At(i)); problem != "" {
			return problem
		}
	}
	return ""
}

// declarations compares named types by underlying type and embedded methods.
func (c *comparison) declarations(embedded, real *types.Named) string {
	if embedded.TypeParams().Len() != real.TypeParams().Len() {
		return "the numbers of type parameters differ"
	}
	if problem := c.types(embedded.Underlying(), real.Underlying()); problem != "" {
		return problem
	}
	for m := range embedded.Methods() {
		if !m.Exported() {
			continue
		}
		var other *types.Func
		for r := range real.Methods() {
			if r.Name() == m.Name() {
				other = r
			}
		}
		if other == nil {
			return "method " + m.Name() + " does not exist"
		}
		if problem := c.types(m.Type(), other.Type()); problem != "" {
			return "method " + m.Name() + ": " + problem
		}
		_, pointer := m.Signature().Recv().Type().(*types.Pointer)
		if _, really := other.Signature().Recv().Type().(*types.Pointer); pointer != really {
			return "method " + m.Name() + " has another receiver"
		}
	}
	return ""
}
