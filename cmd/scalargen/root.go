package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK    = 0
	exitNo    = 1 // stale output, refused input, a file that cannot be read or written
	exitUsage = 2 // a command line that means nothing
)

const rootHelp = `scalargen turns a ScalarDB schema into typed Go code: per namespace a package,
per table a file with record, key, columns and a repository, whose methods run
in ACID transactions over any mix of databases.

To start a repository:

  go mod init example.com/app
  go get -tool github.com/scalargen/scalargen/cmd/scalargen
  go tool scalargen init

To generate after the schema has changed, "go generate ./..." runs the line

  //go:generate go tool scalargen generate

and "go tool scalargen check" in CI fails if somebody forgot.

What the schema cannot say (package and Go names, required columns, custom
types, enums, doc comments) is in scalargen.yaml. Everything in it is optional,
and so is the file; "go doc github.com/scalargen/scalargen/gen/config" describes
it, and https://github.com/scalargen/scalargen has the documentation.

Exit codes: 0 fine, 1 stale output or refused input, 2 wrong use.`

// run is the program, without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteC()
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitNo
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "scalargen: %v\nRun '%s --help' for usage.\n", err, command.CommandPath())
		return exitUsage
	default:
		fmt.Fprintf(stderr, "scalargen: %v\n", err)
		return exitNo
	}
}

// usageError is a command line that means nothing.
type usageError struct{ error }

// errReported ends a command that has said why on its own.
var errReported = errors.New("already reported")

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:                        "scalargen",
		Short:                      "Generate typed, transactional Go data access from a ScalarDB schema",
		Long:                       rootHelp,
		Args:                       knownCommand,
		RunE:                       noCommand,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newGenerate(), newCheck(), newDescribe(), newInit(), newVersion(), newCompletion())
	return root
}

// knownCommand refuses the name of a command that does not exist.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = ": did you mean " + strings.Join(near, " or ") + "?"
	} else if strings.HasSuffix(args[0], ".json") {
		hint = fmt.Sprintf(": did you mean 'scalargen generate %s'?", args[0])
	}
	return usageError{fmt.Errorf("unknown command %q%s", args[0], hint)}
}

// noCommand shows the help where it is seen, and fails, so that a go:generate
// line without a command does not pass for success.
func noCommand(root *cobra.Command, _ []string) error {
	root.SetOut(root.ErrOrStderr())
	if err := root.Help(); err != nil {
		return err
	}
	return usageError{errors.New("which command? To generate, write 'scalargen generate'")}
}

// usage makes errors of an argument check wrong use.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// noArgs refuses arguments.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}
