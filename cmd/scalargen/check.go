package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/gen"
)

func newCheck() *cobra.Command {
	var flags inputFlags
	cmd := &cobra.Command{
		Use:   "check [schema.json …]",
		Short: "Fail if generate would change anything, and show what",
		Long: `check prints which files "generate" would write or remove, and the differences
as a unified diff, and exits with 1 if there are any. It writes nothing, and is
meant for CI.

` + inputHelp,
		Example: `  scalargen check
  scalargen check -o internal/db schema.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := flags.read(cmd, args)
			if err != nil {
				return err
			}
			files, err := gen.Generate(in.plan)
			if err != nil {
				return err
			}
			changes, err := gen.Compare(in.out, files)
			if err != nil || len(changes) == 0 {
				return err
			}
			r := newReport(in)
			var page bytes.Buffer
			for _, c := range changes {
				r.print(&page, c, false)
			}
			for _, c := range changes {
				page.WriteByte('\n')
				page.WriteString(r.diff(c))
			}
			if _, err := page.WriteTo(cmd.OutOrStdout()); err != nil {
				return err
			}
			return fmt.Errorf("the generated code is stale (%s): run 'go generate' or 'scalargen generate', and commit the result", r.summary(changes, files))
		},
	}
	flags.addConfig(cmd)
	flags.addOut(cmd, "compare with the files below `DIR` instead of the directory that scalargen.yaml names")
	return cmd
}
