package scalartest

import (
	"slices"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// Op is what a call to the storage is for. A transaction that writes goes
// through Get or Scan, Prepare, Decide and Complete, in this order, or, with
// [scalar.OnePhaseCommit] and where the storage can, through Get or Scan and
// OnePhase.
type Op string

// The operations.
const (
	Get      Op = "get"       // reads records by key
	Scan     Op = "scan"      // reads a page of records
	Prepare  Op = "prepare"   // writes the records of a transaction that is not decided
	Decide   Op = "decide"    // decides a transaction, or those of a group commit: COMMITTED or ABORTED, once and for all
	Complete Op = "complete"  // makes prepared records follow the decision
	OnePhase Op = "one-phase" // writes the records of a transaction as COMMITTED, which decides it
	Status   Op = "status"    // reads how a transaction was decided
	Write    Op = "write"     // writes a record of a table without transactions
)

// step is one request in terms of the commit protocol.
type step struct {
	op      Op
	tx      string       // the transaction it belongs to, or the group that it decides, "" if the request does not say
	members []string     // the transactions of the group
	state   commit.State // of Prepare, Decide and OnePhase: the state written; of Complete: how the transaction was decided
}

// transactions returns whom the step decides or belongs to, as far as it says.
func (s *step) transactions() []string {
	switch {
	case len(s.members) > 0:
		return s.members
	case s.tx != "":
		return []string{s.tx}
	default:
		return nil
	}
}

// stepOf tells what a call is for; the op is "" for one that reads or changes
// definitions. All mutations of a call are of the same step, except those of a
// batch, each group of which has its own: see groupsOf.
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
		return stepOfGroup(c.Mutations)
	default:
		return step{}
	}
}

// groupsOf returns what the groups of a batch would be as calls of their own:
// the batch is one round trip, and no more than that.
func groupsOf(c *faulty.Call) []faulty.Call {
	if c.Op != faulty.MutateBatch {
		return nil
	}
	calls := make([]faulty.Call, len(c.Groups))
	for i, group := range c.Groups {
		calls[i] = faulty.Call{Seq: c.Seq, Op: faulty.Mutate, Mutations: group}
		for _, m := range group {
			if !slices.Contains(calls[i].Tables, m.Table.TableName) {
				calls[i].Tables = append(calls[i].Tables, m.Table.TableName)
			}
		}
	}
	return calls
}

// stepOfGroup asks the first mutation that says which transaction it belongs to:
// in one phase, deletes and checks do not.
func stepOfGroup(group []storage.Mutation) step {
	first := stepOfMutation(&group[0])
	for i := 1; i < len(group) && first.op == OnePhase && first.tx == ""; i++ {
		first = stepOfMutation(&group[i])
	}
	return first
}

func stepOfMutation(m *storage.Mutation) step {
	state := commit.State(written(m, "tx_state").Int64())
	id := written(m, "tx_id").Text()
	switch {
	case isCoordinator(m.Table):
		return decision(m, state)
	case m.Table.Column("before_tx_id") < 0:
		return step{op: Write}
	case state == commit.Prepared || state == commit.Deleted:
		return step{op: Prepare, tx: id, state: state}
	}
	// What is left of a transaction's writes is guarded by its id and the state
	// in which it holds the record.
	held := commit.State(required(m, "tx_state").Int64())
	if held == 0 || held == commit.Committed { // whichever version it replaces
		return step{op: OnePhase, tx: id, state: commit.Committed}
	}
	decided := commit.Aborted
	if state == commit.Committed && id == "" || m.Op == storage.Delete && held == commit.Deleted {
		decided = commit.Committed
	}
	return step{op: Complete, tx: required(m, "tx_id").Text(), state: decided}
}

// decision is the step of a coordinator row. That of a group lists its members
// without the group's id.
func decision(m *storage.Mutation, state commit.State) step {
	s := step{op: Decide, tx: m.Key[0].Text(), state: state}
	if children := written(m, "tx_child_ids").Text(); children != "" {
		for child := range strings.SplitSeq(children, ",") {
			s.members = append(s.members, s.tx+"$"+child)
		}
	}
	return s
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
