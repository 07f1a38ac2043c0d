package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newImport() *cobra.Command {
	var flags schemaFlags
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Import tables that another program has created",
		Long: `import makes tables that are in the database already tables of ScalarDB: it writes
their metadata and, for those that are to take part in transactions, adds the
columns that transactions need. The records that are there count as committed.

The file is an import file of Java's Schema Loader, in JSON without comments: an
object of tables, each with

  "transaction"            false for a table without transactions; the default is
                           true
  "override-columns-type"  an object of columns and types, for columns whose
                           database type may be read as several

Keys, columns and their types are those of the database: the members of a schema
are ignored. All columns of the primary key become the partition key, and indexes
are not taken over.

No program may write an imported table otherwise than through transactions from
then on. Programs that insert without naming the columns fail.

The coordinator table is created by "schema create --coordinator".`,
		Example: `  scalarctl schema import --config scalar.properties --schema-file import.json --dry-run
  scalarctl schema import -c scalar.properties -f import.json

  import.json:
  {
    "shop.legacy": {"override-columns-type": {"created": "TIMESTAMPTZ"}},
    "shop.log": {"transaction": false}
  }`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			return flags.change(cmd, parseImports, func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error) {
				return a.PlanImports(ctx, in.imports)
			})
		}),
	}
	flags.add(cmd)
	cmd.Flags().Lookup("schema-file").Usage = "import `FILE` (repeatable)"
	flags.addDryRun(cmd)
	return cmd
}
