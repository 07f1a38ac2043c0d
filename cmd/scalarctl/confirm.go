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

// confirm returns an error unless a person says that the plan is meant.
func confirm(cmd *cobra.Command, plan *admin.Plan) error {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !isatty.IsTerminal(in.Fd()) && !isatty.IsCygwinTerminal(in.Fd()) {
		return usageError{fmt.Errorf("%s asks before it does what is marked with !, and standard input is not a terminal: nothing was changed; add --yes if it is meant", cmd.Name())}
	}
	return ask(cmd.Context(), in, cmd.ErrOrStderr(), question(plan))
}

func question(plan *admin.Plan) string {
	if tables := plan.Count(admin.DropTable); tables > 0 {
		return fmt.Sprintf("This deletes %s with all records. Go on? [y/N] ", count(tables, "table"))
	}
	verb := "lose data or make running programs fail"
	if plan.Dangers() == 1 {
		verb = "loses data or makes running programs fail"
	}
	return fmt.Sprintf("Of %s, %d %s, as marked with !. Go on? [y/N] ", count(plan.Changes(), "change"), plan.Dangers(), verb)
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
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return errors.New("the answer was not yes: nothing was changed")
	case <-ctx.Done():
		fmt.Fprintln(out)
		return errors.New("interrupted: nothing was changed")
	}
}
