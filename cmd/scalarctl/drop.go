package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newDrop() *cobra.Command {
	var flags schemaFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "drop",
		Short: "Drop the tables with all their records",
		Long: `drop drops the tables of the schema with all their records, then the namespaces
that are empty without them, and then the coordinator table if asked for. It
cannot be undone. Namespaces with other tables stay.

It asks before it begins. Where nobody can answer, as in scripts, --yes must say
that it is meant.

Without the coordinator table, transactions that a crash has interrupted cannot
be completed: drop it together with the last tables that use it.`,
		Example: `  scalarctl schema drop --config scalar.properties --schema-file schema.json --dry-run
  scalarctl schema drop -c scalar.properties -f schema.json --coordinator --yes`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			j, err := flags.planned(cmd, (*admin.Admin).PlanDrop)
			if err != nil {
				return err
			}
			if flags.dryRun || j.out.err != nil {
				return j.close()
			}
			if !yes && j.plan.Changes() > 0 {
				if err := confirm(cmd, j.plan); err != nil {
					return errors.Join(err, j.close())
				}
			}
			return j.apply(cmd)
		}),
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirm returns an error unless a person says that the plan is meant.
func confirm(cmd *cobra.Command, plan *admin.Plan) error {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !isatty.IsTerminal(in.Fd()) && !isatty.IsCygwinTerminal(in.Fd()) {
		return usageError{errors.New("drop asks before it begins, and standard input is not a terminal: nothing was dropped; add --yes if it is meant")}
	}
	question := fmt.Sprintf("This deletes %s with all records. Type yes to go on: ", count(plan.Count(admin.DropTable), "table"))
	return ask(cmd.Context(), in, cmd.ErrOrStderr(), question)
}

// ask returns an error unless the answer is yes. The goroutine that waits for
// the answer stays behind if ctx ends first; the program ends then.
func ask(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() {
		// An end of input is an answer, and not a yes.
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if strings.TrimSpace(line) != "yes" {
			return errors.New("the answer was not yes: nothing was dropped")
		}
		return nil
	case <-ctx.Done():
		fmt.Fprintln(out)
		return errors.New("interrupted: nothing was dropped")
	}
}
