package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newDrop() *cobra.Command {
	var flags schemaFlags
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
			return flags.change(cmd, parseSchema, func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error) {
				return a.PlanDrop(ctx, in.schema, in.coordinator)
			})
		}),
	}
	flags.add(cmd)
	flags.addCoordinator(cmd)
	flags.addDryRun(cmd)
	flags.addYes(cmd)
	return cmd
}
