package scalartest

import (
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// Op is what a call to the storage is for. A transaction that writes goes
// through Get or Scan, Prepare, Decide and Complete, in this order.
type Op string

// The operations.
const (
	Get      Op = "get"      // reads records by key
	Scan     Op = "scan"     // reads a page of records
	Prepare  Op = "prepare"  // writes the records of a transaction that is not decided
	Decide   Op = "decide"   // decides a transaction: COMMITTED or ABORTED, once and for all
	Complete Op = "complete" // makes prepared records follow the decision
	Status   Op = "status"   // reads how a transaction was decided
	Write    Op = "write"    // writes a record of a table without transactions
)

// step is one request in terms of the commit protocol.
type step struct {
	op    Op
	tx    string       // the transaction it belongs to, "" if the request does not say
	state commit.State // of Prepare and Decide: the state written; of Complete: how the transaction was decided
}

// stepOf tells what a call is for; the op is "" for one that reads or changes
// definitions. All mutations of a call are of the same step.
func stepOf(c *faulty.Call) step {
	switch {
	case c.Op == faulty.Scan:
		return step{op: Scan}
	case c.Op == faulty.Get && len(c.Gets) > 0:
		if isCoordinator(c.Gets[0].Table) {
			return step{op: Status, tx: c.Gets[0].Key[0].Text()}
		}
		return step{op: Get}
	case c.Op == faulty.Mutate && len(c.Mutations) > 0:
		return stepOfMutation(&c.Mutations[0])
	default:
		return step{}
	}
}

func stepOfMutation(m *storage.Mutation) step {
	state := commit.State(written(m, "tx_state").Int64())
	switch id := written(m, "tx_id"); {
	case isCoordinator(m.Table):
		return step{op: Decide, tx: m.Key[0].Text(), state: state}
	case state == commit.Prepared || state == commit.Deleted:
		return step{op: Prepare, tx: id.Text(), state: state}
	}
	// What is left of a transaction's writes is guarded by its id and the state
	// in which it holds the record.
	held := commit.State(required(m, "tx_state").Int64())
	if held == 0 {
		return step{op: Write}
	}
	decided := commit.Aborted
	if state == commit.Committed && written(m, "tx_id").IsZero() || m.Op == storage.Delete && held == commit.Deleted {
		decided = commit.Committed
	}
	return step{op: Complete, tx: required(m, "tx_id").Text(), state: decided}
}

func isCoordinator(t *storage.Table) bool {
	return t.Namespace == coordinatorNamespace && t.Name == "state"
}

// written returns the value that m writes to the named column, the zero Value if
// it writes none.
func written(m *storage.Mutation, column string) storage.Value {
	for i, c := range m.Columns {
		if m.Table.Columns[c].Name == column {
			return m.Values[i]
		}
	}
	return storage.Value{}
}

// required returns the value that m needs the named column to have, the zero
// Value if it needs none.
func required(m *storage.Mutation, column string) storage.Value {
	for _, p := range m.Where {
		if p.Operator == storage.Eq && m.Table.Columns[p.Column].Name == column {
			return p.Value
		}
	}
	return storage.Value{}
}
