//go:build linux

package soak

import (
	"fmt"
	"maps"
	"slices"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
)

// modes are the ways in which clients commit. All share the tables.
var modes = map[string][]scalar.Option{
	"two phases":   {},
	"one phase":    {scalar.OnePhaseCommit(true)},
	"async":        {scalar.AsyncCommit(true), scalar.AsyncRollback(true)},
	"group commit": {scalar.GroupCommit(scalar.GroupCommitLimits{Capacity: 4, MaxWindow: 2 * time.Millisecond}), scalar.LogWriteSets(true)},
	"write sets":   {scalar.LogWriteSets(true), scalar.AsyncCommit(true), scalar.UncommittedWait(0)},
	"plain": {
		scalar.Without(scalar.KeepImages, scalar.CheckReads, scalar.BatchDecisions, scalar.BatchRecords),
		scalar.UncommittedWait(20 * time.Millisecond),
	},
	"one phase, async, group commit": {
		scalar.OnePhaseCommit(true), scalar.AsyncCommit(true), scalar.AsyncRollback(true),
		scalar.GroupCommit(scalar.GroupCommitLimits{}),
	},
}

// Modes lists the names of all modes.
func Modes() []string { return slices.Sorted(maps.Keys(modes)) }

func modeOptions(name string) ([]scalar.Option, error) {
	options, known := modes[name]
	if !known {
		return nil, fmt.Errorf("there is no mode %q", name)
	}
	return slices.Clone(options), nil
}
