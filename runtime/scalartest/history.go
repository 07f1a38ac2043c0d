package scalartest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// Event is what one call to the storage did with one record, or with the
// records of a page.
type Event struct {
	Call   int // calls are numbered from 1; the events of one call share its number
	Op     Op
	Tx     string // the transaction; "" for reads, which do not say for whom they are
	Table  scalar.TableName
	Key    string // of the record, or what is scanned, rendered for people
	Detail string // what was written, or how it was decided
	Err    error  // what the caller got
}

// String renders the event as one line. A group commit decides the transactions
// that it names.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", e.Call, e.Op)
	if e.Tx != "" {
		b.WriteString(" " + e.Tx)
	}
	if e.Op != Decide && e.Op != Status {
		b.WriteString(" " + e.Table.String() + e.Key)
	}
	if e.Detail != "" {
		b.WriteString(" " + e.Detail)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Events is a history, oldest first.
type Events []Event

// String renders the events, one per line.
func (es Events) String() string {
	var b strings.Builder
	for _, e := range es {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// Of returns the events of the given operations.
func (es Events) Of(ops ...Op) Events {
	var chosen Events
	for _, e := range es {
		if slices.Contains(ops, e.Op) {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

// Calls returns in how many calls the events happened: the round trips of a
// storage that makes one for each.
func (es Events) Calls() int {
	calls := map[int]bool{}
	for _, e := range es {
		calls[e.Call] = true
	}
	return len(calls)
}

// History returns what has been read and written since db was opened, or since
// [ResetHistory]. Calls that are under way have no Err yet.
func History(db *scalar.DB) Events {
	var events Events
	calls := 0
	for _, call := range storeOf(db).Calls() {
		parts := []faulty.Call{call.Call}
		if call.Op == faulty.MutateBatch {
			parts = groupsOf(&call.Call)
		} else if stepOf(&call.Call).op == "" {
			continue
		}
		calls++
		for i := range parts {
			step := stepOf(&parts[i])
			events = append(events, eventsOf(Event{Call: calls, Op: step.op, Tx: step.tx, Table: parts[i].Tables[0], Err: errorOf(call.Err, i)}, &parts[i])...)
		}
	}
	return events
}

// errorOf returns what the group at i got of the error of a batch; of another
// call, the error.
func errorOf(err error, i int) error {
	var batch *faulty.BatchError
	if errors.As(err, &batch) {
		return batch.Groups[i]
	}
	return err
}

// ResetHistory empties the history, after a test has filled its tables.
func ResetHistory(db *scalar.DB) { storeOf(db).ResetCalls() }

// eventsOf returns event once for each record that the call concerns.
func eventsOf(event Event, call *faulty.Call) Events {
	if event.Op == Scan {
		event.Key = scanned(call.Scan)
		return Events{event}
	}
	var events Events
	for _, g := range call.Gets {
		event.Table, event.Key = g.Table.TableName, g.Table.FormatKey(g.Key)
		events = append(events, event)
	}
	for i := range call.Mutations {
		m := &call.Mutations[i]
		event.Table, event.Key = m.Table.TableName, m.Table.FormatKey(m.Key)
		event.Detail = detail(m)
		events = append(events, event)
	}
	return events
}

func scanned(scan *storage.Scan) string {
	switch scan.Kind {
	case storage.IndexScan:
		return fmt.Sprintf(" where %s = %s", scan.Table.Columns[scan.Index].Name, scan.IndexValue)
	case storage.PartitionScan:
		return scan.Table.FormatKey(scan.Partition)
	default:
		return ""
	}
}

func detail(m *storage.Mutation) string {
	s := stepOfMutation(m)
	switch {
	case s.op == Decide && m.Op == storage.Delete:
		return "removed" // after all records have been completed
	case len(s.members) > 0:
		return s.state.String() + " of " + strings.Join(s.members, ", ")
	case s.op == Decide || s.op == Complete:
		return s.state.String()
	case m.Op == storage.Check:
		return "check"
	case s.state == commit.Deleted || m.Op == storage.Delete:
		return "delete"
	}
	var columns []string
	for i, c := range m.Columns {
		if name := m.Table.Columns[c].Name; s.op == Write || !internal(m.Table, name) {
			columns = append(columns, name+"="+m.Values[i].String())
		}
	}
	return strings.Join(columns, ", ")
}

// internal reports whether a column outside the key belongs to the transaction
// engine: every other one has a before image.
func internal(t *storage.Table, column string) bool {
	if t.Column("before_"+column) < 0 {
		return true
	}
	return slices.Contains([]string{"tx_id", "tx_state", "tx_version", "tx_prepared_at", "tx_committed_at"}, column)
}
