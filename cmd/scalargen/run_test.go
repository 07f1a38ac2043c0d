package main

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// result is what a run of the command did.
type result struct {
	code           int
	stdout, stderr string
}

// runIn runs the command in a new directory with the files of a txtar archive,
// and leaves the process there until the test ends.
func runIn(t *testing.T, archive string, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, txtar.Parse([]byte(archive)).Files)
	t.Chdir(dir)
	return runHere(args...)
}

func runHere(args ...string) result { return runWith("", args...) }

func runWith(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

const shopSchema = `-- schema.json --
{"shop.items": {"partition-key": ["id"], "columns": {"id": "INT", "name": "TEXT"}}}
`

func TestWithoutACommandTheHelpIsShownAndTheRunFails(t *testing.T) {
	got := runIn(t, shopSchema)
	if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, "go tool scalargen init") || !strings.Contains(got.stderr, "which command?") {
		t.Errorf("%+v", got)
	}
}

func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"help"}, {"generate", "--help"}, {"check", "-h"}, {"init", "-h"}, {"describe", "-h"}, {"version", "-h"}, {"completion", "-h"}} {
		got := runHere(args...)
		if got.code != exitOK || got.stderr != "" || !strings.Contains(got.stdout, "Usage:") {
			t.Errorf("%q: %+v", args, got)
		}
	}
	help := runHere("--help").stdout
	for _, want := range []string{"//go:generate go tool scalargen generate", "Exit codes: 0 fine, 1 stale output or refused input, 2 wrong use", "generate", "check", "init", "describe", "version", "completion"} {
		if !strings.Contains(help, want) {
			t.Errorf("the help does not say %q:\n%s", want, help)
		}
	}
	if !strings.Contains(runHere("generate", "--help").stdout, "Examples:") {
		t.Error("the help of generate has no examples")
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nothing"}, {"--nothing"}, {"generate", "--nothing"}, {"check", "-o"}, {"version", "now"}, {"init", "a", "b"},
		{"completion"}, {"completion", "csh"}, {"describe", "--format", "html"}, {"init", "--module", "no module"},
	} {
		got := runHere(args...)
		if got.code != exitUsage || got.stdout != "" || !strings.HasPrefix(got.stderr, "scalargen: ") || !strings.Contains(got.stderr, "--help' for usage.") {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

func TestVersionNamesTheModule(t *testing.T) {
	t.Parallel()
	if got := runHere("version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "scalargen ") {
		t.Errorf("%+v", got)
	}
}

func TestCompletionPrintsAScriptForEachShell(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := runHere("completion", shell); got.code != exitOK || !strings.Contains(got.stdout, "scalargen") {
			t.Errorf("%s: exit %d, %s", shell, got.code, got.stderr)
		}
	}
	if got := runHere("__complete", "describe", "--format", ""); !strings.Contains(got.stdout, "mermaid") {
		t.Errorf("formats are not completed: %+v", got)
	}
}
