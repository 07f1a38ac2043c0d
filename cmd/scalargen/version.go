package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `version prints the version of the module that this scalargen was built from,
which is the one in your go.mod if you run it as "go tool scalargen".

Generated files carry no version. Whether they fit the runtime they are compiled
with, the compiler finds out.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "scalargen", moduleVersion(info))
			return err
		},
	}
}

const modulePath = "github.com/scalargen/scalargen"

// moduleVersion returns the version of the module that the main package of a
// build belongs to, which is ours under "go tool", too.
func moduleVersion(info *debug.BuildInfo) string {
	switch {
	case info == nil:
		return "(unknown)"
	case info.Main.Replace != nil:
		return "(replaced by " + info.Main.Replace.Path + ")"
	case info.Main.Version == "":
		return "(devel)"
	}
	return info.Main.Version
}
