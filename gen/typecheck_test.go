package gen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// typeCheck checks packages as the compiler sees them: all their files at once.
func typeCheck(files map[string]string) error {
	fset := token.NewFileSet()
	packages := map[string][]*ast.File{}
	var names []string
	for name := range files {
		if !strings.HasPrefix(path.Base(path.Dir(name)), ".") && strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		packages[path.Dir(name)] = append(packages[path.Dir(name)], file)
	}
	for dir, files := range packages {
		config := types.Config{Importer: stubs()}
		if _, err := config.Check(dir, fset, files, nil); err != nil {
			return err
		}
	}
	return nil
}
