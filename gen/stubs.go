package gen

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"sync"
)

//go:embed declarations
var declarations embed.FS

// declared are the packages that generated code uses by itself, as embedded.
type declared struct {
	fset     *token.FileSet
	packages map[string]*types.Package // by import path
}

// Import is [types.Importer].
func (d *declared) Import(importPath string) (*types.Package, error) {
	if pkg := d.packages[importPath]; pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("generated code imports %s, which is not declared for the check", importPath)
}

// stubs type-checks the embedded declarations, once.
var stubs = sync.OnceValue(func() *declared {
	d := &declared{fset: token.NewFileSet(), packages: map[string]*types.Package{}}
	for _, imp := range []*Import{contextImport, fmtImport, iterImport, timeImport, scalarImport} {
		name := "declarations/" + imp.Name + ".txt"
		text, err := declarations.ReadFile(name)
		if err != nil {
			panic(err)
		}
		file, err := parser.ParseFile(d.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			panic(err)
		}
		config := types.Config{Importer: d, IgnoreFuncBodies: true}
		if d.packages[imp.Path], err = config.Check(imp.Path, d.fset, []*ast.File{file}, nil); err != nil {
			panic(err)
		}
	}
	return d
})
