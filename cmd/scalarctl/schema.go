package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
	"github.com/scalargen/scalargen/gen/config"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

func newSchema() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "schema",
		Short: "Create, compare, change and drop tables",
		Long: `schema creates, compares, changes and drops the tables of a schema and the
coordinator table.

  create  the tables that do not exist
  diff    what is deployed with the schema: how does it differ?
  verify  what is deployed: do programs find what they need?
  alter   the tables to what the schema says
  repair  tables: create what is missing of them
  import  tables that another program has created
  drop    the tables with all their records

The commands that change something print what they will do before they do it,
and ask before what loses data or makes running programs fail. They may be
repeated: what is done already is skipped. A run that fails half-way leaves what
it has done; the same command does the rest. With --dry-run they do nothing, and
also print the statements that the database would execute.`,
	})
	cmd.AddCommand(newCreate(), newDiff(), newVerify(), newAlter(), newRepair(), newImport(), newDrop())
	return cmd
}

// schemaFlags are the flags of the commands that work on the tables of a
// schema. Where Java's Schema Loader has them, they have its names.
type schemaFlags struct {
	config      string
	schemas     []string
	coordinator bool
	dryRun      bool
	yes         bool
	verbose     bool
}

// add adds the flags of all commands.
func (f *schemaFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "`FILE` with the scalar.db.* properties (required)")
	flags.StringArrayVarP(&f.schemas, "schema-file", "f", nil, "`FILE` with the schema, or with a part of it (repeatable)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say more: what is read, times, warnings of other storages")
	must(cmd.MarkFlagRequired("config"))
	must(cmd.MarkFlagFilename("config", "properties"))
	must(cmd.MarkFlagFilename("schema-file", "json"))
}

// addCoordinator is for the commands that work on the coordinator table too. The
// others need a schema.
func (f *schemaFlags) addCoordinator(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.coordinator, "coordinator", false, "include the coordinator table")
}

func (f *schemaFlags) addDryRun(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the plan with its statements, and do nothing")
}

func (f *schemaFlags) addYes(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
}

// input is what a command works on.
type input struct {
	config      scalar.Config
	schema      *schema.Schema // nil without --schema-file
	imports     []admin.Import // of import, in place of the schema
	coordinator bool
}

// parser reads files into an input.
type parser func(in *input, files []schema.File) schema.Diagnostics

func parseSchema(in *input, files []schema.File) (found schema.Diagnostics) {
	if len(files) > 0 {
		in.schema, found = schema.Parse(files...)
	}
	return found
}

func parseImports(in *input, files []schema.File) (found schema.Diagnostics) {
	in.imports, found = admin.ParseImports(files...)
	return found
}

// read reads configuration and schema. What is wrong with either is reported at
// once; warnings go to the command's standard error.
func (f *schemaFlags) read(cmd *cobra.Command, parse parser) (*input, error) {
	if len(f.schemas) == 0 && !f.coordinator {
		give := "--schema-file"
		if cmd.Flags().Lookup("coordinator") != nil {
			give += ", --coordinator or both"
		}
		return nil, usageError{errors.New("there is nothing to do: give " + give)}
	}
	errOut := cmd.ErrOrStderr()
	in := &input{coordinator: f.coordinator}
	c, configErr := scalar.LoadConfig(f.config)
	files, schemaErr := readFiles(f.schemas)
	found := parse(in, files)
	if schemaErr == nil {
		schemaErr = found.Err()
	}
	if err := errors.Join(configErr, schemaErr); err != nil {
		return nil, err
	}
	in.config = c
	for _, w := range c.Warnings {
		fmt.Fprintln(errOut, "scalarctl: warning:", w)
	}
	name := storageName(c.Properties)
	if name == "memory" {
		return nil, errors.New("the storage memory exists only inside the program that opens it: scalarctl cannot reach it")
	}
	if !f.verbose && slices.Contains(config.Storages(), name) {
		found = (&config.Config{Storages: []string{name}}).Relevant(found)
	}
	for _, d := range found {
		fmt.Fprintln(errOut, d)
	}
	if f.verbose {
		fmt.Fprintf(errOut, "scalarctl: configuration %s, storage %s, schema %s\n", f.config, name, strings.Join(f.schemas, ", "))
	}
	return in, nil
}

// readFiles reads files, and reports all that cannot be read.
func readFiles(names []string) ([]schema.File, error) {
	var files []schema.File
	var unreadable []error
	for _, name := range names {
		data, err := readFile(name)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		files = append(files, schema.File{Name: name, Data: data})
	}
	return files, errors.Join(unreadable...)
}

// maxSchema is more than a schema has, and less than endless devices give.
const maxSchema = 64 << 20

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSchema+1))
	if err == nil && len(data) > maxSchema {
		err = fmt.Errorf("%s has more than %d MiB: this is no schema", name, maxSchema>>20)
	}
	return data, err
}

// storageName returns the name of the storage, for JDBC that of the database.
func storageName(p storage.Properties) string {
	name := p.String("scalar.db.storage", "cassandra")
	if points := p.List("scalar.db.contact_points"); name == "jdbc" && len(points) > 0 {
		if _, rest, isURL := strings.Cut(points[0], "jdbc:"); isURL {
			name, _, _ = strings.Cut(rest, ":")
		}
	}
	if name == "postgresql" {
		return "postgres" // as the storage is called without JDBC
	}
	return name
}
