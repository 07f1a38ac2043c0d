package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newVerify() *cobra.Command {
	var flags schemaFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that programs find the tables as they need them",
		Long: `verify checks that programs find the tables of the schema as they need them, and
changes nothing. It prints a line for each: "ok", or "bad" and why. It is for CI
and for what starts a program.

A table is ok if its definition is that of the schema, as "schema diff" compares
them, and if the database agrees with its own metadata: its tables have the
columns, types, primary keys and indexes that the metadata name, as "schema
repair" would create them. Tables that the schema does not have do not matter.

Exit codes: 0 all tables are ok, 1 one is not, 2 trouble.`,
		Example: `  scalarctl schema verify --config scalar.properties --schema-file schema.json --coordinator
  scalarctl schema verify -c scalar.properties -f schema.json && exec shop`,
		Args: cobra.NoArgs,
		RunE: comparison(func(cmd *cobra.Command) error {
			return flags.with(cmd, parseSchema, func(in *input, a *admin.Admin, out *printer) error {
				reports, err := a.Verify(cmd.Context(), in.schema, in.coordinator)
				if err != nil {
					return err
				}
				printVerdicts(out, reports)
				return differing(reports)
			})
		}),
	}
	flags.add(cmd)
	flags.addCoordinator(cmd)
	return cmd
}

func printVerdicts(p *printer, reports []admin.TableReport) {
	for _, r := range reports {
		if len(r.Differences) == 0 {
			p.printf("ok   %s\n", r.Name)
			continue
		}
		var why []string
		for _, d := range r.Differences {
			why = append(why, d.String())
		}
		p.printf("bad  %s: %s\n", r.Name, strings.Join(why, "; "))
	}
}
