package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
)

// The exit codes.
const (
	exitOK    = 0
	exitNo    = 1 // refused or failed; of diff and verify: there are differences
	exitUsage = 2 // a command line that means nothing; of diff and verify also what has failed
)

const rootHelp = `scalarctl creates, compares, changes and drops the tables of a ScalarDB schema on the
storages that a configuration names. Java ScalarDB and Go programs find the same
tables.

To create the tables of an application and the coordinator table, in which the
decisions on transactions stand:

  scalarctl schema create -c scalar.properties -f schema.json --coordinator

The configuration is a Java .properties file with ScalarDB's own keys:

  scalar.db.storage        = sqlite
  scalar.db.contact_points = shop.db

Exit codes: 0 fine, 1 refused or failed, 2 wrong use. As of diff(1), those of
"schema diff" and "schema verify" are 0 no differences, 1 differences, 2 trouble.`

// run is the program, without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	var failed failure
	switch {
	case err == nil:
		return exitOK
	case err == errDifferent:
		return exitNo
	case errors.As(err, &failed):
		failed.print(stderr)
		return failed.code
	default:
		fmt.Fprintf(stderr, "scalarctl: %v\nRun '%s --help' for usage.\n", err, command.CommandPath())
		return exitUsage
	}
}

// failure is an error of a command line that was right. All other errors are
// wrong use: most come from cobra itself.
type failure struct {
	error
	code int
}

// errDifferent is the outcome of a comparison that found differences, which it
// has printed.
var errDifferent = errors.New("there are differences")

// print writes what is wrong. Lines that begin with a position stay as they
// are, so that editors and terminals find it.
func (f failure) print(w io.Writer) {
	var config *scalar.ConfigError
	var diagnostics schema.Diagnostics
	if errors.As(f.error, &config) || errors.As(f.error, &diagnostics) {
		fmt.Fprintln(w, f.error)
		return
	}
	fmt.Fprintf(w, "scalarctl: %v\n", f.error)
	if errors.Is(f.error, context.Canceled) {
		fmt.Fprintln(w, "scalarctl: interrupted; run the same command again to do the rest")
	}
}

// action makes the errors of a command's work failures, unless they are marked
// as wrong use.
func action(work func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return failing(exitNo, work)
}

// comparison is like action for a command whose exit code 1 says that there are
// differences. errDifferent must be the only error then.
func comparison(work func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return failing(exitUsage, work)
}

func failing(code int, work func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		err := work(cmd)
		var wrong usageError
		if err == nil || err == errDifferent || errors.As(err, &wrong) {
			return err
		}
		return failure{err, code}
	}
}

// usageError is wrong use that only the command itself can see.
type usageError struct{ error }

func newRoot() *cobra.Command {
	root := group(&cobra.Command{
		Use:           "scalarctl",
		Short:         "Create, compare, change and drop the tables of a ScalarDB schema",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.AddCommand(newSchema(), newVersion())
	return root
}

// group makes cmd a command that has only commands below it. Alone it shows its
// help where it is seen, and fails.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = ": did you mean " + strings.Join(near, " or ") + "?"
		}
		return fmt.Errorf("unknown command %q%s", args[0], hint)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(cmd.ErrOrStderr())
		if err := cmd.Help(); err != nil {
			return err
		}
		return errors.New("which command?")
	}
	return cmd
}

// must is for mistakes in the definition of a command.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
