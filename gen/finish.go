package gen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"path"
)

// packageCheck type-checks a package file by file, so that only one syntax
// tree of each worker is in memory. The tables' files know the shared types and
// not each other; the list of the tables knows their variables.
type packageCheck struct {
	pkg      *Package
	importer types.Importer
	known    []types.Object    // what the files to come may use
	files    map[string]string // by declared name
}

func newPackageCheck(pkg *Package) *packageCheck {
	return &packageCheck{pkg: pkg, importer: opaqueImporter(pkg), files: map[string]string{}}
}

// gofmt is the configuration of gofmt's printer.
var gofmt = printer.Config{Mode: printer.UseSpaces | printer.TabIndent | normalizeNumbers, Tabwidth: 8}

// normalizeNumbers is unexported in go/printer and has this value in go/format.
const normalizeNumbers = 1 << 30

// finish formats a file and type-checks it, from the same syntax tree. It
// returns the formatted text and what the file declares.
func (c *packageCheck) finish(name string, source []byte) (formatted []byte, declared *types.Scope, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, c.defect(name, err)
	}
	pkg := types.NewPackage(c.pkg.Dir, c.pkg.Name)
	config := types.Config{Importer: c.importer}
	for _, object := range c.known {
		pkg.Scope().Insert(object)
	}
	if err := types.NewChecker(&config, fset, pkg, nil).Files([]*ast.File{file}); err != nil {
		return nil, nil, c.defect(name, err)
	}
	var b bytes.Buffer
	b.Grow(len(source) + len(source)/8)
	if err := gofmt.Fprint(&b, fset, file); err != nil {
		return nil, nil, c.defect(name, err)
	}
	return b.Bytes(), pkg.Scope(), nil
}

func (c *packageCheck) defect(name string, err error) error {
	return fmt.Errorf("scalargen has a defect, please report it; nothing was written: the code for %s is not valid Go: %w", path.Join(c.pkg.Dir, name), err)
}

// enter checks that no other file declares the same names.
func (c *packageCheck) enter(name string, declared []string) error {
	for _, ident := range declared {
		if other, taken := c.files[ident]; taken {
			return c.defect(name, fmt.Errorf("%s is declared in %s, too", ident, other))
		}
		c.files[ident] = name
	}
	return nil
}

// enterTypes makes the shared types and their functions known.
func (c *packageCheck) enterTypes(declared *types.Scope) {
	for _, ident := range declared.Names() {
		c.known = append(c.known, declared.Lookup(ident))
	}
}

// enterTables makes the tables' variables known. Any table of the two kinds can
// be listed, so one kind stands for both.
func (c *packageCheck) enterTables() {
	table := stubs().packages[runtimePath].Scope().Lookup("Table").Type()
	for _, t := range c.pkg.Tables {
		c.known = append(c.known, types.NewVar(token.NoPos, nil, t.variable, table))
	}
}
