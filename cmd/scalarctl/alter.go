package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
	"github.com/scalargen/scalargen/storage"
)

func newAlter() *cobra.Command {
	var flags schemaFlags
	var columns, tables []string
	cmd := &cobra.Command{
		Use:   "alter",
		Short: "Change the tables to what the schema says",
		Long: `alter makes the deployed tables what the schema says: it adds columns and indexes,
drops those that the schema has no longer, changes types, and renames columns
and tables. In tables with transactions the before image of a column goes along
with it.

It compares definitions, and no difference shows a rename: without --rename, a
column of another name is one to drop and one to add. Repeat --rename and
--rename-table for each. The table in --rename is called as in the schema.

Columns and indexes may be added while programs run. What loses data or makes
running programs fail is marked with ! in the plan: stop the programs, and let
no transaction be in flight. alter asks before it begins then. Where nobody can
answer, as in scripts, --yes must say that it is meant.

What cannot be altered is an error that says what to do, and nothing is changed:
another primary key or clustering order, a table that does not exist, a table
that is to take part in transactions and does not, or the other way round. Types
change from INT to BIGINT, from FLOAT to DOUBLE and from any to TEXT, if the
database can do it (SQLite cannot) and the column has no index.

Tables that the schema does not have stay, and so does the coordinator table,
to which "schema repair --coordinator" adds columns.`,
		Example: `  scalarctl schema alter --config scalar.properties --schema-file schema.json --dry-run
  scalarctl schema alter -c scalar.properties -f schema.json --yes
  scalarctl schema alter -c scalar.properties -f schema.json --rename shop.items.descr=description
  scalarctl schema alter -c scalar.properties -f schema.json --rename-table shop.item=items`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			renames, err := parseRenames(tables, columns)
			if err != nil {
				return usageError{err}
			}
			return flags.change(cmd, parseSchema, func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error) {
				return a.PlanAlter(ctx, in.schema, renames)
			})
		}),
	}
	flags.add(cmd)
	flags.addDryRun(cmd)
	flags.addYes(cmd)
	cmd.Flags().StringArrayVar(&columns, "rename", nil, "rename the column `NAMESPACE.TABLE.OLD=NEW` (repeatable)")
	cmd.Flags().StringArrayVar(&tables, "rename-table", nil, "rename the table `NAMESPACE.OLD=NEW` (repeatable)")
	return cmd
}

// parseRenames reads the values of --rename-table and --rename. Only names of
// columns may contain dots.
func parseRenames(tables, columns []string) (renames admin.Renames, err error) {
	for _, text := range tables {
		from, to, hasNew := strings.Cut(text, "=")
		parts := strings.Split(from, ".")
		if !hasNew || to == "" || len(parts) != 2 || parts[0] == "" || parts[1] == "" {
			return renames, fmt.Errorf("--rename-table %q: write NAMESPACE.OLD=NEW", text)
		}
		renames.Tables = append(renames.Tables, admin.TableRename{From: storage.TableName{Namespace: parts[0], Name: parts[1]}, To: to})
	}
	for _, text := range columns {
		from, to, hasNew := strings.Cut(text, "=")
		parts := strings.SplitN(from, ".", 3)
		if !hasNew || to == "" || len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
			return renames, fmt.Errorf("--rename %q: write NAMESPACE.TABLE.OLD=NEW", text)
		}
		renames.Columns = append(renames.Columns, admin.ColumnRename{Table: storage.TableName{Namespace: parts[0], Name: parts[1]}, From: parts[2], To: to})
	}
	return renames, nil
}
