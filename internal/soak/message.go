//go:build linux

package soak

import (
	"fmt"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/storage"
)

// assignment is what a client is started with.
type assignment struct {
	Number      int // of the process; never used twice
	Seed        uint64
	Workers     int
	Dir         string // of its histories
	Properties  storage.Properties
	Namespace   string
	Coordinator string
	Mode        string
	Clock       clock
	Timeout     time.Duration // of a transaction
	Losses      float64       // part of the calls of the storage that lose request or reply
	Sabotage    string
}

// order is a line that the controller writes to a client.
type order struct {
	Epoch *epochOrder `json:",omitempty"` // go on to this epoch
	Die   *Point      `json:",omitempty"` // at the next call that is this point
	// FileSize limits the size of files that the process writes; 0 ends the limit.
	FileSize *uint64 `json:",omitempty"`
	Stop     bool    `json:",omitempty"`
}

type epochOrder struct {
	Number int
	Level  history.Level
}

// notice is a line that a client writes to the controller.
type notice struct {
	Epoch                      int            // that the numbers are about
	Committed, Failed, Unknown int            `json:",omitempty"` // so far
	Left                       bool           `json:",omitempty"` // nobody works in the epoch any more
	Problem                    string         `json:",omitempty"` // what must not happen whatever fails
	Reasons                    map[string]int `json:",omitempty"` // of failures so far
	Samples                    map[string]int `json:",omitempty"` // of causes of storage errors
}

// journal is the name of a client's history of an epoch.
func journal(epoch, client int) string { return fileName(epoch, "client", client) }

func fileName(epoch int, role string, number int) string {
	return fmt.Sprintf("epoch-%05d-%s-%05d.jsonl", epoch, role, number)
}
