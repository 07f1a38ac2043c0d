package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports keeps the weight of the command down: as a "go tool" it is built
// in every user's module.
func TestImports(t *testing.T) {
	t.Parallel()
	unwanted := map[string]string{
		modulePath + "/runtime": "tool and library meet only in the text of the generated files",
		modulePath + "/storage": "the generator talks to no storage",
		modulePath + "/admin":   "creating tables is scalarctl's work",
		modulePath + "/server":  "the generator serves nothing",
		"database/sql":          "the generator talks to no database",
		"modernc.org":           "the generator links no driver",
		"net/http":              "the generator needs no network",
	}
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for prefix, why := range unwanted {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				t.Errorf("the command imports %s: %s", path, why)
			}
		}
	}
}
