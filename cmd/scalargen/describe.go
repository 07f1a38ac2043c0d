package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/gen/describe"
	"github.com/scalargen/scalargen/templates"
)

func newDescribe() *cobra.Command {
	var flags inputFlags
	var format string
	cmd := &cobra.Command{
		Use:   "describe [schema.json …]",
		Short: "Print how the records of each table can be reached, and what storages cannot serve",
		Long: `describe prints, for each table, the ways to its records with the Go calls to
make, cheapest first: by key, by ranges in clustering order, by secondary index,
through the whole table. Below them is what each storage cannot serve, or only
the storages that scalargen.yaml names.

` + inputHelp + `

The format markdown is a page for the repository; mermaid is an entity diagram
of tables and keys. A ScalarDB schema declares no relations, so it shows none.`,
		Example: `  scalargen describe
  scalargen describe --format markdown > TABLES.md
  scalargen describe --format mermaid schema.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(templates.Formats(), format) {
				return usageError{fmt.Errorf("there is no format %q: it may be %s", format, strings.Join(templates.Formats(), ", "))}
			}
			in, err := flags.read(cmd, args)
			if err != nil {
				return err
			}
			var page bytes.Buffer
			if err := templates.Describe(&page, format, describe.Tables(in.plan, in.config)); err != nil {
				return err
			}
			_, err = page.WriteTo(cmd.OutOrStdout())
			return err
		},
	}
	flags.addConfig(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the output: "+strings.Join(templates.Formats(), ", "))
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(templates.Formats(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
