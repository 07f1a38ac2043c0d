package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/scalargen/scalargen"

// pkg is a package of this module, as go list describes it.
type pkg struct {
	ImportPath string
	Name       string
	Doc        string // the package comment
	GoFiles    []string
	Deps       []string // what it imports, directly or not; tests do not count
}

var packages = sync.OnceValues(func() ([]pkg, error) {
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Doc,GoFiles,Deps", module+"/...")
	output, err := command.Output()
	if err != nil {
		return nil, err
	}
	var list []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
})

func allPackages(t *testing.T) []pkg {
	t.Helper()
	list, err := packages()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return list
}

// within reports whether path is pattern, or lies below it if pattern ends in
// "/...". A pattern that begins with "./" is relative to the module.
func within(pattern, path string) bool {
	if rest, relative := strings.CutPrefix(pattern, "./"); relative {
		pattern = module + "/" + rest
	}
	root, recursive := strings.CutSuffix(pattern, "/...")
	return path == root || recursive && strings.HasPrefix(path, root+"/")
}

func withinAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return within(pattern, path) })
}

// rule says what packages must not import, directly or not.
type rule struct {
	of     string
	except []string
	not    []string
	but    []string // exceptions of not
	why    string
}

var rules = []rule{
	{
		of: "./gen/...", not: []string{"./runtime/...", "./storage/...", "./admin/..."},
		why: "tool and library meet only in the text of generated files: a generator that links the library cannot generate for another version of it",
	},
	{
		of: "./runtime/...", not: []string{"./gen/...", "./schema/...", "./templates/...", "./admin/..."},
		why: "a program at work carries no generator: what it must know of its schema stands in the generated code",
	},
	{
		of: "./runtime/...", except: []string{"./runtime/scalartest/...", "./runtime/internal/lab"}, not: []string{"./storage/..."}, but: []string{"./storage"},
		why: "the engine knows no adapter: it works on whatever keeps the contract, and a program links only the storages that it imports",
	},
	{
		of: "./runtime/scalartest/...", not: []string{"./storage/..."}, but: []string{"./storage", "./storage/memory", "./storage/faulty"},
		why: "tests of users need no database",
	},
	{
		of: "./runtime/internal/lab", not: []string{"./storage/..."}, but: []string{"./storage", "./storage/memory"},
		why: "it explores the engine, and a database would only be in the way; nothing imports it",
	},
	{
		of: "./storage/...", not: []string{"./runtime/...", "./gen/...", "./schema/...", "./admin/..."},
		why: "adapters know no engine: they keep the contract whoever calls them",
	},
	{
		of: "./storage", not: []string{"./..."}, but: []string{"./storage"},
		why: "the contract depends on nothing, so that everything can depend on it",
	},
	{
		of: "./schema/...", not: []string{"./..."}, but: []string{"./schema/...", "./internal/..."},
		why: "the schema is the ground floor: it serves generator and administration alike",
	},
	{
		of: "./...", except: []string{"./runtime/scalarotel"}, not: []string{"go.opentelemetry.io/..."},
		why: "who does not ask for OpenTelemetry does not link it: everything else tells a runtime/observe.Observer",
	},
	{
		of: "./cmd/scalargen", not: []string{"./runtime/...", "./storage/...", "./admin/...", "database/sql", "modernc.org/..."},
		why: `as a "go tool" it is built in every user's module, and its weight is paid there`,
	},
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	list := allPackages(t)
	for _, r := range rules {
		applied := false
		for _, p := range list {
			if !within(r.of, p.ImportPath) || withinAny(r.except, p.ImportPath) {
				continue
			}
			applied = true
			for _, dep := range p.Deps {
				if withinAny(r.not, dep) && !withinAny(r.but, dep) && dep != p.ImportPath {
					t.Errorf("%s must not import %s: %s", p.ImportPath, dep, r.why)
				}
			}
		}
		if !applied {
			t.Errorf("there is no package %s: the rule about it says nothing", r.of)
		}
	}
}

func TestSchemaNeedsTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, p := range allPackages(t) {
		if !within("./schema/...", p.ImportPath) {
			continue
		}
		for _, dep := range p.Deps {
			if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") && !within("./...", dep) {
				t.Errorf("%s must not import %s: whoever reads a schema should get nothing else with it", p.ImportPath, dep)
			}
		}
	}
}

// The comment is the first thing that go doc shows, and the only place that says
// what a package is for.
func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	for _, p := range allPackages(t) {
		switch {
		case len(p.GoFiles) == 0:
		case p.Doc == "":
			t.Errorf("%s has no package comment", p.ImportPath)
		case p.Name != "main" && !strings.HasPrefix(p.Doc, "Package "+p.Name+" "):
			t.Errorf("the comment of %s begins with %q, want \"Package %s …\"", p.ImportPath, p.Doc, p.Name)
		}
	}
}
