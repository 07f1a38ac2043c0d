package main

import (
	"context"
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
		Short: "Create, repair or drop tables",
		Long: `schema creates, repairs or drops the tables of a schema and the coordinator table.

All commands print what they will do before they do it, and may be repeated:
what is done already is skipped. A run that fails half-way leaves what it has
done; the same command does the rest.`,
	})
	cmd.AddCommand(newCreate(), newRepair(), newDrop())
	return cmd
}

// schemaFlags are the flags of the commands that work on the tables of a
// schema. Where Java's Schema Loader has them, they have its names.
type schemaFlags struct {
	config      string
	schemas     []string
	coordinator bool
	dryRun      bool
	verbose     bool
}

func (f *schemaFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "`FILE` with the scalar.db.* properties (required)")
	flags.StringArrayVarP(&f.schemas, "schema-file", "f", nil, "`FILE` with the schema; repeat it for a schema of several files")
	flags.BoolVar(&f.coordinator, "coordinator", false, "include the coordinator table")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and do nothing")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say more: what is read, times, warnings of other storages")
	must(cmd.MarkFlagRequired("config"))
	must(cmd.MarkFlagFilename("config", "properties"))
	must(cmd.MarkFlagFilename("schema-file", "json"))
}

// input is what a command works on.
type input struct {
	config scalar.Config
	schema *schema.Schema // nil without --schema-file
}

// read reads configuration and schema. What is wrong with either is reported at
// once; warnings go to the command's standard error.
func (f *schemaFlags) read(cmd *cobra.Command) (*input, error) {
	if len(f.schemas) == 0 && !f.coordinator {
		return nil, usageError{errors.New("there is nothing to do: give --schema-file, --coordinator or both")}
	}
	errOut := cmd.ErrOrStderr()
	c, configErr := scalar.LoadConfig(f.config)
	s, found, schemaErr := readSchema(f.schemas)
	if schemaErr == nil {
		schemaErr = found.Err()
	}
	if err := errors.Join(configErr, schemaErr); err != nil {
		return nil, err
	}
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
	return &input{config: c, schema: s}, nil
}

// readSchema reads the files as one schema, nil if there are none.
func readSchema(names []string) (*schema.Schema, schema.Diagnostics, error) {
	if len(names) == 0 {
		return nil, nil, nil
	}
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
	s, found := schema.Parse(files...)
	return s, found, errors.Join(unreadable...)
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
	return name
}

// job is a plan on an open storage.
type job struct {
	admin   *admin.Admin
	storage storage.Storage
	plan    *admin.Plan
	out     *printer
}

// planning is a Plan method of [admin.Admin].
type planning func(*admin.Admin, context.Context, *schema.Schema, bool) (*admin.Plan, error)

// planned opens the storage, plans, and prints the plan. The job must be closed.
func (f *schemaFlags) planned(cmd *cobra.Command, plan planning) (*job, error) {
	in, err := f.read(cmd)
	if err != nil {
		return nil, err
	}
	s, err := in.config.OpenStorage(cmd.Context())
	if err != nil {
		return nil, err
	}
	j := &job{storage: s, admin: admin.New(s, in.config), out: &printer{out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr(), verbose: f.verbose}}
	if j.plan, err = plan(j.admin, cmd.Context(), in.schema, f.coordinator); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	j.out.plan(j.plan)
	return j, nil
}

// apply does what was planned and closes the storage.
func (j *job) apply(cmd *cobra.Command) error {
	err := j.admin.Apply(cmd.Context(), j.plan, j.out.progress)
	if err != nil {
		j.out.interrupted()
	} else {
		j.out.summary()
	}
	return errors.Join(err, j.close())
}

// close closes the storage. It reports also if something could not be printed.
func (j *job) close() error { return errors.Join(j.out.err, j.storage.Close()) }
