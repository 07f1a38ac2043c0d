package conformance

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// axis is a set of things that a test varies.
type axis uint8

const (
	byIsolation axis = 1 << iota
	byMode
	byKind
	byAccess
)

// axes is one point of the space that a test covers. What it does not vary is
// zero: SNAPSHOT, read-write, plain, get.
type axes struct {
	Isolation commit.Isolation
	ReadOnly  bool
	Kind      kind
	Access    access
}

func (a axes) mode() string {
	if a.ReadOnly {
		return "ro"
	}
	return "rw"
}

// is reports whether the isolation level is one of these.
func (a axes) is(levels ...commit.Isolation) bool {
	for _, l := range levels {
		if a.Isolation == l {
			return true
		}
	}
	return false
}

// begin are the options of a transaction at this point.
func (a axes) begin(options ...func(*commit.BeginOptions)) []func(*commit.BeginOptions) {
	return append([]func(*commit.BeginOptions){func(o *commit.BeginOptions) { o.Isolation, o.ReadOnly = a.Isolation, a.ReadOnly }}, options...)
}

var (
	isolations = []commit.Isolation{commit.Snapshot, commit.Serializable, commit.ReadCommitted}
	kinds      = []kind{plainID, groupMember, delayedMember}
	accesses   = []access{byGet, byScan, byFirst, byTable, byIndex}
)

// each runs the test at every point of the given axes, each a subtest, in this
// order: isolation, mode, kind, access. All run in parallel. The variants other
// than the plain one, which are about writes, cover two ways of access.
func (s *suite) each(t *testing.T, vary axis, test func(t *testing.T, a axes)) {
	s.vary(t, vary, axes{}, test)
}

func (s *suite) vary(t *testing.T, vary axis, at axes, test func(t *testing.T, a axes)) {
	next := func(name string, rest axis, at axes) {
		run(t, name, func(t *testing.T) { s.vary(t, rest, at, test) })
	}
	switch {
	case vary&byIsolation != 0:
		for _, at.Isolation = range isolations {
			next(at.Isolation.String(), vary&^byIsolation, at)
		}
	case vary&byMode != 0:
		for _, at.ReadOnly = range []bool{false, true} {
			next(at.mode(), vary&^byMode, at)
		}
	case vary&byKind != 0:
		for _, at.Kind = range kinds {
			next(at.Kind.String(), vary&^byKind, at)
		}
	case vary&byAccess != 0:
		ways := accesses
		if s.variant.name != "plain" {
			ways = []access{byGet, byScan}
		}
		for _, at.Access = range ways {
			next(at.Access.String(), vary&^byAccess, at)
		}
	default:
		test(t, at)
	}
}

// access is the way to a record.
type access uint8

const (
	byGet   access = iota
	byScan         // of its partition
	byFirst        // of its partition, stopped after one record
	byTable        // a scan of the whole table
	byIndex        // a scan of the index on cat
)

func (a access) String() string {
	return [...]string{"get", "scan", "scan stopped early", "full scan", "index"}[a]
}

// kind is the way in which the other transaction commits: by itself, or as a
// member of a group commit. That shows in its id, and in where its decision
// stands (spec 8.5).
type kind uint8

const (
	plainID       kind = iota
	groupMember        // decided in the row of its group
	delayedMember      // left behind by its group, decided in a row of its own
)

func (k kind) String() string {
	return [...]string{"plain id", "group member", "delayed member"}[k]
}

// The parts of the ids of group commits.
const (
	parentID = "abcdefghijklmnopqrstuvwx" // 24 characters
	sibling  = "another"
)

// id returns the id that the transaction called name has.
func (k kind) id(name string) string {
	if k == plainID {
		return name
	}
	return parentID + "$" + name
}

// decide writes the rows that decide the transaction called name.
func (w *world) decide(k kind, name string, state commit.State, at int64) {
	w.t.Helper()
	switch {
	case k == groupMember && state == commit.Committed:
		w.coordinatorRow(parentID, "tx_child_ids", sibling+","+name, "tx_state", state, "tx_created_at", at)
		return
	case k == delayedMember:
		w.coordinatorRow(parentID, "tx_child_ids", sibling, "tx_state", commit.Committed, "tx_created_at", at-1)
	}
	w.coordinatorRow(k.id(name), "tx_state", state, "tx_created_at", at)
}

// decision returns how the transaction called name is decided: none, or its
// state and the time, as in "COMMITTED 77".
func (w *world) decision(k kind, name string) string {
	w.t.Helper()
	row := w.coordinatorValues(k.id(name))
	if k != plainID {
		if parent := w.coordinatorValues(parentID); parent != nil && contains(parent["tx_child_ids"].Text(), name) {
			row = parent
		}
	}
	if row == nil {
		return "none"
	}
	return fmt.Sprint(commit.State(row["tx_state"].Int64()), " ", row["tx_created_at"].Int64())
}
