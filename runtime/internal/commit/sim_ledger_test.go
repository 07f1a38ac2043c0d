package commit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// ledger is the truth about the transactions of a simulation: what the requests
// that the storage has applied decided, whatever was removed since.
type ledger struct {
	decided map[string]State // the first decision on each transaction
	removed map[string]bool  // coordinator rows that somebody has removed
	alone   map[string]bool  // committed in one phase, which asks no coordinator
	problem string
	reached map[string]int // how often what came about
}

// note enters what a request of transaction id, answered with err, has applied.
func (l *ledger) note(id string, c faulty.Call, err error) {
	switch c.Op {
	case faulty.Mutate:
		if err == nil {
			l.applied(id, c.Mutations)
		}
	case faulty.MutateBatch:
		var batch *faulty.BatchError
		if err != nil && !errors.As(err, &batch) {
			return
		}
		l.init()
		l.reached["batch"]++
		for i, group := range c.Groups {
			if batch == nil || batch.Groups[i] == nil {
				l.applied("", group)
			}
		}
	}
}

func (l *ledger) applied(id string, group []storage.Mutation) {
	first := group[0]
	if first.Table.TableName == stateName {
		l.coordinatorRow(first)
		return
	}
	// In one phase a record is written with no condition on its tx_state.
	if phase(faulty.Call{Op: faulty.Mutate, Mutations: group}) != "prepare" {
		return
	}
	for _, m := range group {
		state := columnOf(m, "tx_state")
		if m.Op == storage.Delete || m.Op == storage.Put && state.Int64() == int64(Committed) {
			l.init()
			l.reached["one phase"]++
			l.decided[id], l.alone[id] = Committed, true
			return
		}
	}
}

func (l *ledger) init() {
	if l.decided == nil {
		l.decided, l.removed, l.alone, l.reached = map[string]State{}, map[string]bool{}, map[string]bool{}, map[string]int{}
	}
}

func (l *ledger) coordinatorRow(m storage.Mutation) {
	l.init()
	id := m.Key[0].Text()
	if m.Op == storage.Delete {
		l.reached["finished"]++
		l.removed[id] = true
		return
	}
	state := State(columnOf(m, "tx_state").Int64())
	if children := columnOf(m, "tx_child_ids"); !children.IsZero() {
		if strings.Contains(children.Text(), ",") {
			l.reached["group"]++
		}
		for child := range strings.SplitSeq(children.Text(), ",") {
			l.decide(id+"$"+child, state)
		}
		return
	}
	if isFullID(id) && state == Committed {
		l.reached["delayed member"]++
	}
	l.decide(id, state)
}

// decide enters a decision. A second one must agree with it, except for the
// ABORTED row of a reader who does not know that the transaction was finished.
func (l *ledger) decide(id string, state State) {
	before, known := l.decided[id]
	switch {
	case !known:
		l.decided[id] = state
	case before == state, l.alone[id]:
	case before == Committed && (l.removed[id] || isFullID(id) && l.removed[id[:parentIDLength]]):
		l.reached["aborted after it was finished"]++
	default:
		l.problem = fmt.Sprintf("%s was decided %v and then %v", id, before, state)
	}
}

// columnOf returns what a mutation writes to a column, the zero Value if nothing.
func columnOf(m storage.Mutation, name string) storage.Value {
	for i, c := range m.Columns {
		if m.Table.Columns[c].Name == name {
			return m.Values[i]
		}
	}
	return storage.Value{}
}
