package golden

import (
	"errors"
	"flag"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/gen"
	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

var update = flag.Bool("update", false, "rewrite the golden packages")

// cases returns the directories that hold a case.
func cases(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if schemas, _ := filepath.Glob(filepath.Join(e.Name(), "*.json")); len(schemas) > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

// input is what one case gives to the generator.
type input struct {
	config *config.Config
	files  []schema.File
}

func read(t *testing.T, dir string) input {
	t.Helper()
	in := input{config: &config.Config{}}
	data, err := os.ReadFile(filepath.Join(dir, "scalargen.yaml"))
	switch {
	case err == nil:
		var found schema.Diagnostics
		if in.config, found = config.Load("scalargen.yaml", data); found.Err() != nil {
			t.Fatal(found.Err())
		}
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		in.files = append(in.files, schema.File{Name: filepath.Base(p), Data: data})
	}
	return in
}

func (in input) generate(t *testing.T) []gen.File {
	t.Helper()
	files, err := gen.Generate(in.plan(t))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (in input) plan(t *testing.T) *gen.Plan {
	t.Helper()
	s, found := schema.Config{LegacyTransactionDefault: in.config.LegacyTransactionDefault}.Parse(in.files...)
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	if found := config.Check(in.config, s); found.Err() != nil {
		t.Fatal(found.Err())
	}
	plan, found := gen.NewPlan(s, in.config)
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	return plan
}

func TestGeneratedPackagesAreAsExpected(t *testing.T) {
	if *update && os.Getenv("CI") == "true" {
		t.Fatal("-update in a CI job would accept whatever comes out: run it by hand and review the difference")
	}
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(name, "out")
			files := read(t, name).generate(t)
			if *update {
				if _, err := gen.Write(out, files); err != nil {
					t.Fatal(err)
				}
			}
			changes, err := gen.Compare(out, files)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				t.Errorf("%s %s; if this is intended, run go test ./golden -update\n%s", c.Kind, c.Path, c.Diff())
			}
			if stray := strayFiles(t, out, files); len(stray) > 0 {
				t.Errorf("%s is in %s and not generated: remove it", stray, out)
			}
		})
	}
}

// strayFiles returns files in out that no plan wants and Write leaves alone.
func strayFiles(t *testing.T, out string, files []gen.File) []string {
	t.Helper()
	var stray []string
	err := filepath.WalkDir(out, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(out, p)
		if !slices.ContainsFunc(files, func(f gen.File) bool { return f.Path == filepath.ToSlash(rel) }) {
			stray = append(stray, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return stray
}

// What comes out depends on the input alone: not on the processors, the working
// directory, the order of the files, or the run.
func TestOutputIsDeterministic(t *testing.T) {
	inputs := map[string]input{}
	want := map[string][]gen.File{}
	for _, name := range cases(t) {
		inputs[name] = read(t, name)
		want[name] = inputs[name].generate(t)
	}
	t.Chdir(t.TempDir())
	for _, processors := range []int{1, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		for name, in := range inputs {
			shuffled := input{config: in.config, files: slices.Clone(in.files)}
			slices.Reverse(shuffled.files)
			for i := range shuffled.files {
				shuffled.files[i].Name = `some\where/else/` + shuffled.files[i].Name
			}
			got := shuffled.generate(t)
			if !slices.EqualFunc(got, want[name], func(a, b gen.File) bool { return a.Path == b.Path && string(a.Data) == string(b.Data) }) {
				t.Errorf("%s differs with GOMAXPROCS=%d, in another directory, from files in another order", name, processors)
			}
		}
	}
}

func TestSecondRunTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range cases(t) {
		out := filepath.Join(dir, name)
		files := read(t, name).generate(t)
		if first, err := gen.Write(out, files); err != nil || len(first) != len(files) {
			t.Fatalf("%s: %d of %d files are new, %v", name, len(first), len(files), err)
		}
		before := times(t, out)
		if second, err := gen.Write(out, files); err != nil || len(second) > 0 {
			t.Errorf("%s: the second run changes %d files, %v", name, len(second), err)
		}
		if after := times(t, out); !slices.Equal(before, after) {
			t.Errorf("%s: the second run touches files:\n%v\n%v", name, before, after)
		}
	}
}

// times lists all files and directories with their modification times.
func times(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !e.IsDir() {
			list = append(list, p+" "+info.ModTime().String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Formatting what comes out changes nothing: the generator formats while it
// prints, not by the function that users and editors call.
func TestOutputIsFormatted(t *testing.T) {
	for _, name := range cases(t) {
		for _, f := range read(t, name).generate(t) {
			formatted, err := format.Source(f.Data)
			if err != nil {
				t.Errorf("%s: %s: %v", name, f.Path, err)
			} else if d := cmp.Diff(string(f.Data), string(formatted)); d != "" {
				t.Errorf("%s: gofmt changes %s (-generated +formatted):\n%s", name, f.Path, d)
			}
		}
	}
}

// No name of a schema makes a file that some build ignores or that another
// file system takes for one of its own.
func TestFileNamesAreNeutral(t *testing.T) {
	for _, name := range cases(t) {
		seen := map[string]bool{}
		for _, f := range read(t, name).generate(t) {
			base := f.Path[strings.LastIndex(f.Path, "/")+1:]
			if !strings.HasSuffix(base, "_gen.go") || strings.Trim(base, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" || strings.Count(base, ".") != 1 || len(base) > 200 {
				t.Errorf("%s: file name %q", name, f.Path)
			}
			if seen[strings.ToLower(f.Path)] {
				t.Errorf("%s: file %q twice", name, f.Path)
			}
			seen[strings.ToLower(f.Path)] = true
		}
	}
}
