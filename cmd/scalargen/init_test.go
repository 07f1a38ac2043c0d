package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInitKeepsWhatExists(t *testing.T) {
	got := runIn(t, "-- go.mod --\n// ours\nmodule \"example.org/Mine\" // really\n-- README.md --\nmine\n", "init")
	if got.code != exitOK || !strings.Contains(got.stdout, "kept  README.md\n") || !strings.Contains(got.stdout, "kept  go.mod\n") || !strings.Contains(got.stdout, "wrote main.go\n") {
		t.Fatalf("%+v", got)
	}
	if readme, err := os.ReadFile("README.md"); err != nil || string(readme) != "mine\n" {
		t.Errorf("README.md is %q, %v", readme, err)
	}
	main, err := os.ReadFile("main.go")
	if err != nil || !strings.Contains(string(main), `"example.org/Mine/shop"`) {
		t.Errorf("main.go does not import the package of its module: %v", err)
	}
	if again := runHere("init"); again.code != exitOK || strings.Contains(again.stdout, "wrote") {
		t.Errorf("a second init: %+v", again)
	}
}

func TestInitMakesTheDirectory(t *testing.T) {
	got := runIn(t, "", "init", filepath.Join("new", "My App!"))
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	mod, err := os.ReadFile(filepath.Join("new", "My App!", "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module example.com/my-app\n") {
		t.Errorf("go.mod is %q, %v", mod, err)
	}
}

func TestInitRefusesWhatItCannotUse(t *testing.T) {
	for _, test := range []struct {
		name, files string
		args        []string
		code        int
		want        string
	}{
		{"another module", "-- go.mod --\nmodule example.com/a\n", []string{"init", "--module", "example.com/b"}, exitUsage, "names the module example.com/a: leave out --module"},
		{"go.mod without module", "-- go.mod --\ngo 1.26\n", []string{"init"}, exitNo, "go.mod declares no module"},
		{"a file in the place of the directory", "-- app --\n", []string{"init", "app"}, exitNo, "app"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := runIn(t, test.files, test.args...)
			if got.code != test.code || !strings.Contains(got.stderr, test.want) || got.stdout != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}
