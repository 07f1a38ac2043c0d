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
		Args:  cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "scalarctl", moduleVersion(info))
			return err
		}),
	}
}

const modulePath = "github.com/scalargen/scalargen"

// moduleVersion finds our module in a build: the main one of an installed
// binary, a dependency of a user's module under "go tool".
func moduleVersion(info *debug.BuildInfo) string {
	if info == nil {
		return "(unknown)"
	}
	if info.Main.Path == modulePath && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, dependency := range info.Deps {
		if dependency.Path != modulePath {
			continue
		}
		if dependency.Replace != nil {
			return "(replaced by " + dependency.Replace.Path + ")"
		}
		return dependency.Version
	}
	return "(devel)"
}
