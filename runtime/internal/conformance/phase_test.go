package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// phaseOf names a call by its part in the protocol: get, scan, prepare,
// one phase, decide, read decision, delete decision, finish, roll back; write on
// tables without the columns of the protocol. It is empty for calls about
// definitions. Only decisions come in batches.
func (w *world) phaseOf(c faulty.Call) string {
	onCoordinator := c.Concerns(stateTable.Namespace, stateTable.Name)
	switch {
	case c.Op == faulty.Get && onCoordinator:
		return "read decision"
	case c.Op == faulty.Get:
		return "get"
	case c.Op == faulty.Scan:
		return "scan"
	case c.Op != faulty.Mutate && c.Op != faulty.MutateBatch:
		return ""
	case onCoordinator && c.Mutations[0].Op == storage.Delete:
		return "delete decision"
	case onCoordinator:
		return "decide"
	case c.Mutations[0].Table.Column("tx_id") < 0:
		return "write"
	}
	// One mutation of a group tells for all, but that first writes have checks
	// beside them.
	m := c.Mutations[0]
	guard := valueOf(m, "tx_state")
	if guard != nil && guard.Int64() == int64(commit.Committed) {
		guard = nil // a write over a version that nobody has read
	}
	switch {
	case guard == nil && slices.ContainsFunc(c.Mutations, commitsAtOnce):
		return "one phase"
	case guard == nil:
		return "prepare"
	case m.Op == storage.Put && slices.Contains(m.Columns, m.Table.Column("tx_id")),
		m.Op == storage.Delete && guard.Int64() == int64(commit.Prepared),
		m.Op == storage.Delete && !w.decidedCommitted(valueOf(m, "tx_id").Text()):
		return "roll back"
	default:
		return "finish"
	}
}

// commitsAtOnce reports whether a first write is one of a commit in one phase. A
// prepare puts what is not committed yet.
func commitsAtOnce(m storage.Mutation) bool {
	return m.Op == storage.Delete || stateIn(m) == commit.Committed
}

// valueOf returns the value that a mutation wants a column to have before, nil
// if it wants none.
func valueOf(m storage.Mutation, column string) *storage.Value {
	at := slices.IndexFunc(m.Where, func(p storage.Predicate) bool { return p.Column == m.Table.Column(column) })
	if at < 0 {
		return nil
	}
	return &m.Where[at].Value
}

// stateIn returns the state that a mutation writes.
func stateIn(m storage.Mutation) commit.State {
	at := slices.Index(m.Columns, m.Table.Column("tx_state"))
	if at < 0 {
		return 0
	}
	return commit.State(m.Values[at].Int64())
}

// decidedCommitted reports whether a row of the coordinator says that the
// transaction is committed. Only that tells the end of a delete from its
// rollback, where there was no record before: both remove the tombstone.
func (w *world) decidedCommitted(id string) bool {
	parent, child, _ := strings.Cut(id, "$")
	for _, row := range []string{id, parent} {
		values, err := w.readCoordinator(row)
		if err != nil {
			w.t.Error(err)
			return false
		}
		if values != nil && values["tx_state"].Int64() == int64(commit.Committed) &&
			(row == id || contains(values["tx_child_ids"].Text(), child)) {
			return true
		}
	}
	return false
}

func TestPhaseOfGroups(t *testing.T) {
	t.Parallel()
	var (
		user, decisions = newTables()[1], newTables()[0]
		state           = []int{user.Column("tx_state")}
		put             = func(s commit.State) storage.Mutation {
			return storage.Mutation{Table: user, Op: storage.Put, Columns: state, Values: []storage.Value{storage.IntValue(int32(s))}}
		}
		check  = storage.Mutation{Table: user, Op: storage.Check}
		remove = storage.Mutation{Table: user, Op: storage.Delete}
		row    = storage.Mutation{Table: decisions, Op: storage.Put}
	)
	for name, tt := range map[string]struct {
		op    faulty.Op
		group []storage.Mutation
		want  string
	}{
		"records prepared":              {faulty.Mutate, []storage.Mutation{put(commit.Prepared), put(commit.Deleted)}, "prepare"},
		"records committed at once":     {faulty.Mutate, []storage.Mutation{put(commit.Committed), remove}, "one phase"},
		"a check before what is put":    {faulty.Mutate, []storage.Mutation{check, put(commit.Committed)}, "one phase"},
		"a check before what is erased": {faulty.Mutate, []storage.Mutation{check, remove}, "one phase"},
		"decisions in a batch":          {faulty.MutateBatch, []storage.Mutation{row, row}, "decide"},
	} {
		call := faulty.Call{Op: tt.op, Mutations: tt.group, Tables: []storage.TableName{tt.group[0].Table.TableName}}
		if got := (&world{t: t}).phaseOf(call); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
