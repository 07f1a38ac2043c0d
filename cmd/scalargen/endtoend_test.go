package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestInUsersModule is the life of a user's repository: init, go generate,
// build, an unchanged second run, check, and check after a change of the
// schema. It runs the command as "go tool scalargen", without network.
func TestInUsersModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module with the Go command")
	}
	t.Parallel()
	u := newUser(t)

	u.scalargen("init", "--module", "example.com/shop", u.dir)
	u.getTool()

	first := u.run("go", "generate", "./...")
	for _, name := range []string{"items_gen.go", "orders_gen.go", "schema_gen.go"} {
		if !strings.Contains(first, filepath.Join("shop", name)) {
			t.Errorf("go generate does not report %s:\n%s", name, first)
		}
	}
	u.run("go", "build", "-o", os.DevNull, "./...")
	u.run("go", "vet", "./...")
	u.run("go", "test", "./...")

	before := u.generated()
	if again := u.run("go", "generate", "./..."); again != "" {
		t.Errorf("a second go generate is not quiet:\n%s", again)
	}
	if !maps.Equal(before, u.generated()) {
		t.Error("a second go generate touched files")
	}
	if out := u.run("go", "tool", "scalargen", "check"); out != "" {
		t.Errorf("check of what was just generated is not quiet:\n%s", out)
	}

	u.replace("schema.json", `"name": "TEXT"`, `"name": "TEXT", "color": "TEXT"`)
	out, code := u.try("go", "tool", "scalargen", "check")
	if code != exitNo || !strings.Contains(out, "+	Color") {
		t.Errorf("check after a change of the schema: exit %d, output\n%s", code, out)
	}
	if !maps.Equal(before, u.generated()) {
		t.Error("check wrote files")
	}
	if out := u.run("go", "generate", "./..."); strings.Contains(out, "orders_gen.go") || !strings.Contains(out, "items_gen.go") {
		t.Errorf("a change of one table changes other files:\n%s", out)
	}
	u.run("go", "build", "-o", os.DevNull, "./...")
}

// user is somebody with a module of their own.
type user struct {
	t          *testing.T
	dir        string
	repository string // ours
}

func newUser(t *testing.T) *user {
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return &user{t: t, dir: t.TempDir(), repository: repository}
}

// getTool does what "go get -tool" would do, with this repository for a
// released version.
func (u *user) getTool() {
	u.t.Helper()
	data, err := os.ReadFile(filepath.Join(u.repository, "go.mod"))
	if err != nil {
		u.t.Fatal(err)
	}
	args := []string{"mod", "edit", "-require=" + modulePath + "@v0.0.0", "-replace=" + modulePath + "=" + u.repository, "-tool=" + modulePath + "/cmd/scalargen"}
	for _, require := range regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/\S+) (v\S+)`).FindAllStringSubmatch(string(data), -1) {
		args = append(args, "-require="+require[1]+"@"+require[2])
	}
	u.run("go", args...)
	sums, err := os.ReadFile(filepath.Join(u.repository, "go.sum"))
	if err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(u.dir, "go.sum"), sums, 0o666); err != nil {
		u.t.Fatal(err)
	}
}

// scalargen runs the command in this process.
func (u *user) scalargen(args ...string) string {
	u.t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(args, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		u.t.Fatalf("scalargen %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.String()
}

// try runs a program in the user's directory, with the module cache and
// without network. It returns what the program printed and its exit code.
func (u *user) try(program string, args ...string) (string, int) {
	u.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOPROXY=off", "GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off", "PWD="+u.dir)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		u.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (u *user) run(program string, args ...string) string {
	u.t.Helper()
	out, code := u.try(program, args...)
	if code != 0 {
		u.t.Fatalf("%s %s: exit %d\n%s", program, strings.Join(args, " "), code, out)
	}
	return out
}

// generated returns when each generated file was written.
func (u *user) generated() map[string]time.Time {
	u.t.Helper()
	names, err := filepath.Glob(filepath.Join(u.dir, "*", "*_gen.go"))
	if err != nil {
		u.t.Fatal(err)
	}
	files := map[string]time.Time{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			u.t.Fatal(err)
		}
		files[name] = info.ModTime()
	}
	return files
}

func (u *user) replace(name, old, with string) {
	u.t.Helper()
	name = filepath.Join(u.dir, name)
	data, err := os.ReadFile(name)
	if err != nil {
		u.t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		u.t.Fatalf("%s has no %s", name, old)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(data, []byte(old), []byte(with)), 0o666); err != nil {
		u.t.Fatal(err)
	}
}
