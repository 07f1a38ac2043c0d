package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected output in golden/reject")

// TestRefusedInput runs the cases of golden/reject: a directory of files, a
// command line, and what the command must say about them. Nothing may be
// written.
//
// A case is a txtar archive. Its comment says what is wrong and ends with the
// command line; the files exit and stderr are what is expected.
func TestRefusedInput(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join("..", "..", "golden", "reject", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	const atLeast = 80
	if len(cases) < atLeast {
		t.Fatalf("%d cases, want at least %d", len(cases), atLeast)
	}
	for i, name := range cases {
		if cases[i], err = filepath.Abs(name); err != nil {
			t.Fatal(err)
		}
	}
	if *update && os.Getenv("CI") == "true" {
		t.Fatal("-update is for people: CI compares")
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testRefused(t, name) })
	}
}

func testRefused(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := strings.Cut(string(archive.Comment), "\n$ scalargen ")
	if !ok {
		t.Fatal("the comment has no line $ scalargen …")
	}
	var want []txtar.File
	inputs := slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool {
		if f.Name == "exit" || f.Name == "stderr" {
			want = append(want, f)
			return true
		}
		return false
	})
	dir := t.TempDir()
	writeFiles(t, dir, inputs)
	before := readTree(t, dir)

	t.Chdir(dir)
	var stdout, stderr bytes.Buffer
	code := run(strings.Fields(line), strings.NewReader(""), &stdout, &stderr)
	got := []txtar.File{{Name: "exit", Data: fmt.Appendln(nil, code)}, {Name: "stderr", Data: stderr.Bytes()}}

	if diff := cmp.Diff(before, readTree(t, dir)); diff != "" {
		t.Errorf("a refused run changed the directory (-before +after):\n%s", diff)
	}
	if stdout.Len() > 0 {
		t.Errorf("a refused run printed to standard output: %s", stdout.Bytes())
	}
	if code == exitOK {
		t.Error("the input is not refused")
	}
	if *update {
		archive.Files = append(inputs, got...)
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got), -update if it is meant so:\n%s", diff)
	}
}

// writeFiles writes the files of an archive below dir.
func writeFiles(t *testing.T, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// readTree returns the content of each file below dir.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		relative, _ := filepath.Rel(dir, name)
		tree[filepath.ToSlash(relative)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
