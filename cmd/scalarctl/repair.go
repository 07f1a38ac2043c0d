package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newRepair() *cobra.Command {
	var flags schemaFlags
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Create what is missing of the tables",
		Long: `repair creates what is missing of the namespaces and tables of the schema, and of
the coordinator table if asked for: whole tables, columns with their before
images, indexes and those of before images, metadata. It is for tables whose
creation was cut off or that an older version has made.

It never removes anything, and records stay. A table that contradicts the schema
is kept as it is, and a warning says how it differs: a column of another type,
another primary key, transactions where the schema has none or the other way
round.`,
		Example: `  scalarctl schema repair --config scalar.properties --schema-file schema.json --coordinator
  scalarctl schema repair -c scalar.properties -f schema.json --dry-run`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			return flags.change(cmd, parseSchema, func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error) {
				return a.PlanRepair(ctx, in.schema, in.coordinator)
			})
		}),
	}
	flags.add(cmd)
	flags.addCoordinator(cmd)
	flags.addDryRun(cmd)
	return cmd
}
