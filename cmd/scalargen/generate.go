package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/gen"
)

func newGenerate() *cobra.Command {
	var flags inputFlags
	var verbose bool
	cmd := &cobra.Command{
		Use:   "generate [schema.json …]",
		Short: "Write the Go code for a schema",
		Long: `generate writes the Go code for a schema, and removes generated files whose
table is gone. Files that are up to date are not touched. What differs is written
completely or, if anything fails, not at all.

` + inputHelp + `

It prints a line for each file that is new, changed or removed, and nothing if
there is none; -v tells why. Warnings about storages that cannot serve a table go
to standard error; "storages:" in scalargen.yaml says which ones matter to you.`,
		Example: `  scalargen generate
  scalargen generate -v
  scalargen generate -o internal/db schema.json billing.json
  //go:generate go tool scalargen generate`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return generate(cmd, args, &flags, verbose)
		},
	}
	flags.addConfig(cmd)
	flags.addOut(cmd, "write below `DIR` instead of the directory that scalargen.yaml names")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell why each file is written, and how long it took")
	return cmd
}

func generate(cmd *cobra.Command, args []string, flags *inputFlags, verbose bool) error {
	watch := newStopwatch()
	in, err := flags.read(cmd, args)
	if err != nil {
		return err
	}
	watch.lap("read")
	files, err := gen.Generate(in.plan)
	if err != nil {
		return err
	}
	watch.lap("generated")
	changes, err := gen.Write(in.out, files)
	watch.lap("written")
	out := cmd.OutOrStdout()
	r := newReport(in)
	for _, c := range changes {
		r.print(out, c, verbose)
	}
	if verbose {
		fmt.Fprintf(out, "%s; %s\n", r.summary(changes, files), strings.Join(watch.laps, ", "))
	}
	return err
}

// stopwatch tells how long the parts of a run took.
type stopwatch struct {
	last time.Time
	laps []string
}

func newStopwatch() *stopwatch { return &stopwatch{last: time.Now()} }

// lap ends a part.
func (w *stopwatch) lap(name string) {
	now := time.Now()
	w.laps = append(w.laps, fmt.Sprintf("%s in %s", name, now.Sub(w.last).Round(10*time.Microsecond)))
	w.last = now
}
