package misuse

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

var update = flag.Bool("update", false, "rewrite the expected errors")

// fewest is how many programs there must be.
const fewest = 30

func TestMisuseDoesNotCompile(t *testing.T) {
	if *update && os.Getenv("CI") == "true" {
		t.Fatal("-update in a CI job would accept whatever comes out: run it by hand and review the difference")
	}
	programs, err := filepath.Glob("testdata/*.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) < fewest {
		t.Fatalf("%d programs, want at least %d", len(programs), fewest)
	}
	importer := load(t, programs)
	for _, name := range programs {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".go"), func(t *testing.T) {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found := check(t, importer, name, source)
			lines := strings.SplitAfter(string(source), "\n")
			for i, line := range lines {
				want, marked := expectation(t, line)
				got := found[i+1]
				switch {
				case marked && len(got) == 0:
					t.Errorf("%s:%d: compiles and must not", name, i+1)
				case marked && *update:
					lines[i] = marker.ReplaceAllLiteralString(line, "// ERROR "+quote(got[0]))
				case marked && got[0] != want:
					t.Errorf("%s:%d: error\n\t%s\nwant\n\t%s", name, i+1, got[0], want)
				case !marked && len(got) > 0:
					t.Errorf("%s:%d: unexpected error: %s", name, i+1, got[0])
				}
			}
			if len(found) == 0 {
				t.Errorf("%s compiles and must not", name)
			}
			if text := strings.Join(lines, ""); *update && !t.Failed() && text != string(source) {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var marker = regexp.MustCompile("// ERROR (\".*\"|`.*`)")

// expectation returns the error that a line announces.
func expectation(t *testing.T, line string) (message string, marked bool) {
	t.Helper()
	m := marker.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	message, err := strconv.Unquote(m[1])
	if err != nil {
		t.Fatalf("%s: %v", m[1], err)
	}
	return message, true
}

func quote(message string) string {
	if strings.Contains(message, `"`) && strconv.CanBackquote(message) {
		return "`" + message + "`"
	}
	return strconv.Quote(message)
}

// check returns the errors of a program by line. What the compiler says in a
// second line is joined to the first.
func check(t *testing.T, importer types.Importer, name string, source []byte) map[int][]string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int][]string{}
	config := types.Config{Importer: importer, Error: func(err error) {
		var e types.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		line := fset.Position(e.Pos).Line
		found[line] = append(found[line], place.ReplaceAllString(strings.Join(strings.Fields(e.Msg), " "), ""))
	}}
	// The errors arrive through config.Error.
	_, _ = config.Check("misuse", fset, []*ast.File{file}, nil)
	return found
}

// place is where the loaded packages declare something, which differs from
// machine to machine.
var place = regexp.MustCompile(` \(declared at [^)]*\)`)

// loaded finds packages that go/packages has loaded.
type loaded map[string]*types.Package

func (l loaded) Import(importPath string) (*types.Package, error) {
	if pkg := l[importPath]; pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("package %s is not loaded", importPath)
}

// load loads what the programs import: the real runtime and golden packages.
func load(t *testing.T, programs []string) types.Importer {
	t.Helper()
	var paths []string
	for _, name := range programs {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range file.Imports {
			importPath, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, importPath)
		}
	}
	slices.Sort(paths)
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadTypes}, slices.Compact(paths)...)
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(pkgs) > 0 {
		t.FailNow()
	}
	l := loaded{}
	for _, pkg := range pkgs {
		l[pkg.PkgPath] = pkg.Types
	}
	return l
}
