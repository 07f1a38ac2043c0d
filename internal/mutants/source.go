package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// source is a package to mutate, parsed and type-checked.
type source struct {
	dir     string
	fset    *token.FileSet
	files   []*file
	info    *types.Info
	types   *types.Package
	imports map[string]*types.Package
}

type file struct {
	path string
	text []byte
	tree *ast.File
}

func (f *file) name() string { return filepath.Base(f.path) }

// load reads the package that pattern names, without its tests. dir is a
// directory of its module.
func load(dir, pattern string) (*source, error) {
	fset := token.NewFileSet()
	list, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedTypesSizes,
		Dir: dir, Fset: fset,
	}, pattern)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", pattern, err)
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("%s names %d packages, want one", pattern, len(list))
	}
	p := list[0]
	if len(p.Errors) > 0 {
		return nil, fmt.Errorf("%s does not compile: %w", pattern, p.Errors[0])
	}
	s := &source{fset: fset, info: p.TypesInfo, types: p.Types, imports: map[string]*types.Package{}}
	var note func(*types.Package)
	note = func(p *types.Package) {
		if s.imports[p.Path()] == nil {
			s.imports[p.Path()] = p
			for _, imported := range p.Imports() {
				note(imported)
			}
		}
	}
	for _, imported := range p.Types.Imports() {
		note(imported)
	}
	for i, path := range p.CompiledGoFiles {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, &file{path: path, text: text, tree: p.Syntax[i]})
		s.dir = filepath.Dir(path)
	}
	return s, nil
}

// Import makes s an importer of what the package imports.
func (s *source) Import(path string) (*types.Package, error) {
	if p := s.imports[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s is not imported by the package under test", path)
}

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) text(f *file, n ast.Node) string {
	return string(f.text[s.offset(n.Pos()):s.offset(n.End())])
}

// functionName is the name of a function as reports show it: Type.method or
// function.
func functionName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	receiver := fn.Recv.List[0].Type
	if star, pointer := receiver.(*ast.StarExpr); pointer {
		receiver = star.X
	}
	if name, plain := receiver.(*ast.Ident); plain {
		return name.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

// qualify returns how f writes the name of a package, and "?", which does not
// compile, for one that it does not import.
func (s *source) qualify(f *file) types.Qualifier {
	return func(p *types.Package) string {
		if p == s.types {
			return ""
		}
		for _, spec := range f.tree.Imports {
			if strings.Trim(spec.Path.Value, `"`) == p.Path() {
				if spec.Name != nil {
					return spec.Name.Name
				}
				return p.Name()
			}
		}
		return "?"
	}
}
