//go:build linux

package soak

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/internal/history"
)

// Config says how long and how hard a soak is.
type Config struct {
	Seed         uint64
	Clients      int             // processes
	Workers      int             // of each, transactions at a time
	Transactions int             // that are checked, at least
	Duration     time.Duration   // after which it ends all the same, 0 for never
	Epoch        int             // transactions of an epoch, about
	Levels       []history.Level // of the epochs, in turn
	Modes        []string        // of the clients, in turn
	Faults       time.Duration   // between two faults, on average; 0 for none
	Crashes      time.Duration   // between two crashes of the server, on average; 0 for none
	Speed        int64           // of the clock
	Timeout      time.Duration   // of a transaction
	Dir          string          // where histories are written, and kept if something is wrong
	Progress     io.Writer       // nil for none
	Sabotage     string          // what storages of clients do wrong, "" for nothing
}

// Result is what a soak has done.
type Result struct {
	Committed, Failed, Unknown int // transactions whose histories were checked
	Epochs                     int
	Elapsed                    time.Duration
	Checking                   time.Duration // spent in the checker
	Longest                    time.Duration // check of one epoch
	Killed                     map[Point]int // clients, at the points of the protocol
	KilledAnywhere             int
	Crashes                    int // of the server
	DiskFull                   int
	Connections                int64 // faults of connections
	Reasons                    map[string]int
	Samples                    map[string]int
}

// Checked is the number of transactions whose histories were checked.
func (r *Result) Checked() int { return r.Committed + r.Failed + r.Unknown }

// Rate is the number of them per second.
func (r *Result) Rate() float64 { return float64(r.Checked()) / r.Elapsed.Seconds() }

// String tells all in lines.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d transactions checked in %d epochs: %d committed, %d failed, %d of unknown outcome\n", r.Checked(), r.Epochs, r.Committed, r.Failed, r.Unknown)
	fmt.Fprintf(&b, "%s, %.0f transactions a second; the checker took %s, %s for the longest epoch\n",
		r.Elapsed.Round(time.Second), r.Rate(), r.Checking.Round(time.Millisecond), r.Longest.Round(time.Millisecond))
	fmt.Fprintf(&b, "faults: %d of connections, %d crashes of the server, %d times a full disk, clients killed anywhere: %d\n", r.Connections, r.Crashes, r.DiskFull, r.KilledAnywhere)
	b.WriteString("clients killed at points:")
	for _, p := range Points() {
		fmt.Fprintf(&b, " %s %d,", p, r.Killed[p])
	}
	b.WriteString("\nnot committed because of:")
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Fprintf(&b, " %s %d,", reason, r.Reasons[reason])
	}
	b.WriteString("\ncauses of failures of the storage:\n")
	for _, text := range slices.Sorted(maps.Keys(r.Samples)) {
		fmt.Fprintf(&b, "  %d %s\n", r.Samples[text], text)
	}
	return b.String()
}

// Missed lists the points at which no client was killed.
func (r *Result) Missed() (missed []Point) {
	for _, p := range Points() {
		if r.Killed[p] == 0 {
			missed = append(missed, p)
		}
	}
	return missed
}
