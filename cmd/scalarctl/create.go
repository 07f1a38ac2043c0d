package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newCreate() *cobra.Command {
	var flags schemaFlags
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create the tables that do not exist",
		Long: `create creates namespaces and tables in the order of the schema, and then the
coordinator table if asked for. Tables with transactions get the columns and
indexes that transactions need.

A table that exists stays as it is. If it differs from the schema, a warning
says how.

Every application needs the coordinator table once, whatever number of schemas
it has. Its namespace is scalar.db.consensus_commit.coordinator.namespace. It gets
the columns of group commit and of write-set logging if the configuration has
them on; "schema repair" adds them later.

With scalar.db.transaction_manager = jdbc or single-crud-operation no table has
columns of transactions, and the coordinator table is left alone.`,
		Example: `  scalarctl schema create --config scalar.properties --schema-file schema.json --coordinator
  scalarctl schema create -c scalar.properties -f customer.json -f order.json --dry-run
  scalarctl schema create -c scalar.properties --coordinator`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			return flags.change(cmd, parseSchema, func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error) {
				return a.PlanCreate(ctx, in.schema, in.coordinator)
			})
		}),
	}
	flags.add(cmd)
	flags.addCoordinator(cmd)
	flags.addDryRun(cmd)
	return cmd
}
