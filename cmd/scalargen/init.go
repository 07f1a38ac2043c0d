package main

import (
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/templates"
)

func newInit() *cobra.Command {
	var module string
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Start a repository: schema, configuration, a program, a CI job",
		Long: `init writes a small application that stocks items and takes orders for them on
SQLite: schema.json, scalargen.yaml, a file with the go:generate line, a program,
the properties for scalarctl, a CI job that runs "scalargen check", a README, and
go.mod if there is none.

A file that exists is kept as it is, and said so. DIR is the current directory
by default, and is made if it does not exist.`,
		Example: `  scalargen init
  scalargen init --module github.com/acme/shop shop`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			app, err := newApp(dir, module)
			if err != nil {
				return err
			}
			files, err := templates.Scaffold(app)
			if err != nil {
				return err
			}
			return scaffold(cmd, dir, files)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	cmd.Flags().StringVar(&module, "module", "", "`PATH` of the Go module, if there is no go.mod yet (default example.com/ and the directory's name)")
	return cmd
}

// newApp names the application after the module in dir, or the one to be made.
func newApp(dir, module string) (templates.App, error) {
	existing, err := moduleOf(filepath.Join(dir, "go.mod"))
	switch {
	case err != nil:
		return templates.App{}, err
	case existing != "" && module != "" && existing != module:
		return templates.App{}, usageError{fmt.Errorf("%s is there and names the module %s: leave out --module", filepath.Join(dir, "go.mod"), existing)}
	case existing != "":
		module = existing
	case module == "":
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return templates.App{}, err
		}
		module = "example.com/" + wordOf(filepath.Base(absolute))
	case !isModulePath(module):
		return templates.App{}, usageError{fmt.Errorf("%q is not the path of a Go module: write one such as github.com/acme/shop", module)}
	}
	return templates.App{Module: module, Name: wordOf(module[strings.LastIndexByte(module, '/')+1:]), Go: goVersion()}, nil
}

// moduleOf returns the module that a go.mod declares, "" if there is no such
// file.
func moduleOf(name string) (string, error) {
	data, err := readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "//")
		if words := strings.Fields(line); len(words) == 2 && words[0] == "module" {
			if module := strings.Trim(words[1], "\"`"); isModulePath(module) {
				return module, nil
			}
		}
	}
	return "", fmt.Errorf("%s declares no module: write a line such as 'module github.com/acme/shop' into it", name)
}

// isModulePath reports whether path may be imported and written into Go code.
func isModulePath(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		if strings.Trim(element, ".") == "" || strings.ContainsFunc(element, func(r rune) bool { return !isPathRune(r) }) {
			return false
		}
	}
	return true
}

func isPathRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~", r)
}

// wordOf turns the name of a directory into an element of a module path.
func wordOf(name string) string {
	word := strings.Trim(strings.Map(func(r rune) rune {
		if isPathRune(r) {
			return r
		}
		return '-'
	}, strings.ToLower(name)), ".-~")
	if word == "" {
		return "app"
	}
	return word
}

// goVersion returns the version for a go line: the first release of the Go that
// built this command, which is new enough for the runtime.
func goVersion() string {
	return strings.TrimPrefix(version.Lang(runtime.Version()), "go") + ".0"
}

// scaffold writes the files that do not exist, and says what it did and what
// comes next.
func scaffold(cmd *cobra.Command, dir string, files []templates.File) error {
	out := cmd.OutOrStdout()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		err := writeNew(name, f.Data)
		switch {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintln(out, "kept ", name)
		case err != nil:
			return err
		default:
			fmt.Fprintln(out, "wrote", name)
		}
	}
	in := ""
	if dir != "." {
		in = " in " + dir
	}
	_, err := fmt.Fprintf(out, `
Next%s:
  go get -tool %[2]s/cmd/scalargen %[2]s/cmd/scalarctl
  go generate ./... && go mod tidy
README.md says how to create the tables and run it.
`, in, modulePath)
	return err
}

// writeNew writes a file that does not exist, or none.
func writeNew(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
