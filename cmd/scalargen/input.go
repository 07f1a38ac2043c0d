package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/gen"
	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

const inputHelp = `Without arguments, the schema files are those that scalargen.yaml in the current
directory names, by default schema.json beside it. Directories above are not
searched. With arguments these are the schema, read as one, - being standard
input; scalargen.yaml applies all the same if it is there.`

// maxInput is more than the schema or configuration may have, and less than
// endless devices would give.
const maxInput = 64 << 20

// inputFlags are the flags of the commands that read a schema.
type inputFlags struct {
	config string
	out    string
}

func (f *inputFlags) addConfig(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "read `FILE` instead of scalargen.yaml")
	must(cmd.MarkFlagFilename("config", "yaml", "yml"))
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt)
}

func (f *inputFlags) addOut(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVarP(&f.out, "out", "o", "", usage)
	must(cmd.MarkFlagDirname("out"))
}

// must is for mistakes in the definition of a command.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// input is what a command works on, free of errors.
type input struct {
	config *config.Config
	schema *schema.Schema
	plan   *gen.Plan
	out    string // directory
}

// read reads configuration and schema, checks them, and plans. Whatever is
// wrong with them goes to the command's standard error, all of it at once.
func (f *inputFlags) read(cmd *cobra.Command, args []string) (*input, error) {
	r := &reader{stdin: cmd.InOrStdin()}
	in, err := r.read(f, args)
	if err != nil {
		return nil, err
	}
	return in, r.print(cmd.ErrOrStderr(), in.config)
}

// reader reads the input of one command.
type reader struct {
	stdin    io.Reader
	files    []string           // in the order in which their diagnostics are shown
	found    schema.Diagnostics // by position
	problems []error            // without a position
}

func (r *reader) read(f *inputFlags, args []string) (*input, error) {
	name, err := f.configFile(args)
	if err != nil {
		return nil, err
	}
	in := &input{config: &config.Config{}}
	if name != "" {
		r.loadConfig(name, in)
	}
	if len(r.problems) > 0 {
		return in, nil // which schema files, it would have said
	}
	in.out = f.out
	if in.out == "" {
		in.out = filepath.Join(filepath.Dir(name), filepath.FromSlash(in.config.Out))
	}
	names := args
	if len(names) == 0 {
		var found schema.Diagnostics
		names, found = in.config.Files(filepath.Dir(name))
		r.found = append(r.found, found...)
	}
	loaded := !r.refused()
	if !r.parse(names, in) {
		return in, nil // what the configuration refers to might be there
	}
	r.found = append(r.found, config.Check(in.config, in.schema)...)
	if !loaded {
		return in, nil // what names it gives is not known
	}
	var found schema.Diagnostics
	in.plan, found = gen.NewPlan(in.schema, in.config)
	r.found = append(r.found, found...)
	return in, nil
}

// configFile returns the configuration to use, "" for none.
func (f *inputFlags) configFile(args []string) (string, error) {
	if f.config != "" {
		return f.config, nil
	}
	if _, err := os.Stat(config.FileName); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return config.FileName, nil
	}
	if len(args) > 0 {
		return "", nil
	}
	const misnamed = "scalargen.yml"
	if _, err := os.Stat(misnamed); err == nil {
		return "", usageError{fmt.Errorf("there is no %s here, only %s: rename it, or add -c %s", config.FileName, misnamed, misnamed)}
	}
	return "", usageError{fmt.Errorf("there is no %s here, and no schema file is named: name one, or run 'scalargen init' to start a repository", config.FileName)}
}

func (r *reader) loadConfig(name string, in *input) {
	r.files = append(r.files, name)
	data, err := readFile(name)
	if err != nil {
		r.problems = append(r.problems, err)
		return
	}
	var found schema.Diagnostics
	in.config, found = config.Load(name, data)
	r.found = append(r.found, found...)
}

// parse reads the schema. It reports whether it is all there and right.
func (r *reader) parse(names []string, in *input) bool {
	var files []schema.File
	for _, name := range names {
		var data []byte
		var err error
		if name == "-" {
			name = "stdin"
			data, err = readAll(r.stdin, name)
		} else {
			data, err = readFile(name)
		}
		if err != nil {
			r.problems = append(r.problems, err)
			continue
		}
		r.files = append(r.files, name)
		files = append(files, schema.File{Name: name, Data: data})
	}
	var found schema.Diagnostics
	in.schema, found = schema.Config{LegacyTransactionDefault: in.config.LegacyTransactionDefault}.Parse(files...)
	r.found = append(r.found, in.config.Relevant(found)...)
	return len(r.problems) == 0 && found.Err() == nil
}

func (r *reader) refused() bool { return len(r.problems) > 0 || r.found.Err() != nil }

// print writes what was found, and returns errReported if that refuses the
// input.
func (r *reader) print(w io.Writer, c *config.Config) error {
	slices.SortStableFunc(r.found, func(a, b schema.Diagnostic) int {
		return cmp.Or(cmp.Compare(slices.Index(r.files, a.Pos.File), slices.Index(r.files, b.Pos.File)), cmp.Compare(a.Pos.Offset, b.Pos.Offset))
	})
	for _, err := range r.problems {
		fmt.Fprintln(w, "scalargen:", err)
	}
	for _, d := range r.found {
		fmt.Fprintln(w, d)
	}
	if r.refused() {
		return errReported
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, name)
}

func readAll(from io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("%s has more than %d MiB: this is no schema and no configuration", name, maxInput>>20)
	}
	return data, nil
}
