package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

func newDiff() *cobra.Command {
	var flags schemaFlags
	format := formatText
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Print how what is deployed differs from the schema",
		Long: `diff prints how what is deployed differs from the schema, and changes nothing:
tables that are missing, tables that the schema does not have in its namespaces,
columns, types, keys and their orders, indexes, what transactions need beside
them, and the coordinator table if asked for.

It is for people who are about to change something: "schema alter" makes what
differs as the schema says. It compares definitions, as the metadata in the
database give them. "schema verify" says yes or no, does not mind other tables,
and looks whether the database agrees with its metadata.

Exit codes: 0 no differences, 1 differences, 2 trouble.`,
		Example: `  scalarctl schema diff --config scalar.properties --schema-file schema.json --coordinator
  scalarctl schema diff -c scalar.properties -f schema.json --format json`,
		Args: cobra.NoArgs,
		RunE: comparison(func(cmd *cobra.Command) error {
			print, known := formats[format]
			if !known {
				return usageError{fmt.Errorf("--format %s: there are text and json", format)}
			}
			return flags.with(cmd, parseSchema, func(in *input, a *admin.Admin, out *printer) error {
				reports, err := a.Compare(cmd.Context(), in.schema, in.coordinator)
				if err != nil {
					return err
				}
				print(out, reports)
				return differing(reports)
			})
		}),
	}
	flags.add(cmd)
	flags.addCoordinator(cmd)
	cmd.Flags().StringVar(&format, "format", formatText, "`FORMAT` of the output: text or json")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]cobra.Completion{formatText, formatJSON}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

const (
	formatText = "text"
	formatJSON = "json"
)

var formats = map[string]func(*printer, []admin.TableReport){formatText: printDifferences, formatJSON: printJSON}

// differing returns errDifferent if a table differs.
func differing(reports []admin.TableReport) error {
	if countDifferent(reports) > 0 {
		return errDifferent
	}
	return nil
}

func countDifferent(reports []admin.TableReport) int {
	n := 0
	for _, r := range reports {
		if len(r.Differences) > 0 {
			n++
		}
	}
	return n
}

func printDifferences(p *printer, reports []admin.TableReport) {
	for _, r := range reports {
		if len(r.Differences) > 0 {
			p.printf("%s\n", r.Name)
		}
		for _, d := range r.Differences {
			p.printf("  %s\n", d)
		}
	}
	n := countDifferent(reports)
	if n == 0 {
		p.printf("No differences.\n")
		return
	}
	verb := "differ"
	if n == 1 {
		verb = "differs"
	}
	p.printf("Of %s, %d %s.\n", count(len(reports), "table"), n, verb)
}

// The JSON of diff. Fields may be added, and none goes or changes its meaning.
type (
	jsonReport struct {
		Different bool        `json:"different"`
		Tables    []jsonTable `json:"tables"`
	}
	jsonTable struct {
		Table       string           `json:"table"`
		Differences []jsonDifference `json:"differences"`
	}
	jsonDifference struct {
		Kind     admin.DifferenceKind `json:"kind"`
		Column   string               `json:"column,omitempty"`
		Deployed string               `json:"deployed,omitempty"`
		Schema   string               `json:"schema,omitempty"`
		Message  string               `json:"message"`
	}
)

func printJSON(p *printer, reports []admin.TableReport) {
	all := jsonReport{Different: countDifferent(reports) > 0, Tables: []jsonTable{}}
	for _, r := range reports {
		t := jsonTable{Table: r.Name.String(), Differences: []jsonDifference{}}
		for _, d := range r.Differences {
			t.Differences = append(t.Differences, jsonDifference{d.Kind, d.Column, d.Deployed, d.Schema, d.String()})
		}
		all.Tables = append(all.Tables, t)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	must(err) // strings and booleans alone
	p.printf("%s\n", text)
}
