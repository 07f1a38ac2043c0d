package lab

import (
	"fmt"
	"maps"
	"slices"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// judge looks at a finished simulation and says what is wrong with it.
func (s *simulation) judge() string {
	l := &s.net.ledger
	if s.plan.arriveAfter {
		if _, problem := s.settle("recovery"); problem != "" {
			return problem
		}
	}
	s.net.arriveLate()
	final, problem := s.settle("recovery")
	if problem != "" {
		return problem
	}
	s.final = final
	if l.problem != "" {
		return l.problem
	}
	for k := range simKeys() {
		versions := l.versions(k)
		if last := versions[len(versions)-1]; final[k] != last.v {
			return fmt.Sprintf("in the end %d/%d is %d, and the last committed write of it is %d, by %s", k.P, k.C, final[k], last.v, last.by)
		}
	}
	for _, tx := range s.txs {
		l.reached[tx.end.String()]++
		if problem := s.told(tx); problem != "" {
			return fmt.Sprintf("%s: %s", tx.plan.id, problem)
		}
	}
	return s.isolation()
}

// told compares what the client of a transaction was told with the truth.
func (s *simulation) told(tx *simTx) string {
	l := &s.net.ledger
	writes := tx.lastWrites()
	switch {
	case tx.end == Committed && writesForSure(writes) && !l.committed(tx.id):
		return "its client was told that it is committed, which it is not"
	case tx.end == Failed && l.committed(tx.id):
		return fmt.Sprintf("its client was told that it has failed (%v), but it is committed", tx.err)
	}
	if !l.committed(tx.id) {
		return ""
	}
	if len(tx.done) < len(tx.plan.ops) || tx.plan.rollback {
		return "it is committed, but its client has not asked for that"
	}
	for k, w := range writes {
		at := slices.IndexFunc(l.writes[k], func(w simWrite) bool { return w.by == tx.id })
		switch {
		case at < 0 && !w.perhaps:
			return fmt.Sprintf("it is committed without its write of %d/%d", k.P, k.C)
		case at >= 0 && l.writes[k][at].v != w.v:
			return fmt.Sprintf("it is committed with %d/%d = %d instead of %d", k.P, k.C, l.writes[k][at].v, w.v)
		}
	}
	for _, k := range l.keys() {
		if _, meant := writes[k]; !meant && slices.ContainsFunc(l.writes[k], func(w simWrite) bool { return w.by == tx.id }) {
			return fmt.Sprintf("it has written %d/%d, which it was not told to", k.P, k.C)
		}
	}
	return ""
}

// simOwn is what a transaction has made of a record: v, 0 for no record, or if
// perhaps is set, v if there was a record and nothing otherwise.
type simOwn struct {
	v       int
	perhaps bool
}

// own enters what an operation makes of its record.
func (d *simDone) own(writes map[Key]simOwn) {
	before, known := writes[d.key]
	switch d.kind {
	case put, insert:
		writes[d.key] = simOwn{v: d.v}
	case remove:
		writes[d.key] = simOwn{}
	case update:
		switch {
		case known && !before.perhaps && before.v == 0: // it has deleted the record
		case d.when >= 0: // an update that does not find it fails
			writes[d.key] = simOwn{v: d.v}
		default:
			writes[d.key] = simOwn{v: d.v, perhaps: !known || before.perhaps}
		}
	}
}

// lastWrites is what the operations of the transaction make of its records.
func (tx *simTx) lastWrites() map[Key]simOwn {
	writes := map[Key]simOwn{}
	for i := range tx.done {
		tx.done[i].own(writes)
	}
	return writes
}

// writesForSure reports whether a transaction with these writes has written
// something if it is committed.
func writesForSure(writes map[Key]simOwn) bool {
	for w := range maps.Values(writes) {
		if !w.perhaps {
			return true
		}
	}
	return false
}

// unrecovered says what the storage holds that nobody should have left there.
func (s *simulation) unrecovered() string {
	t := s.net.tables[itemName]
	request := &storage.Scan{Table: t, Kind: storage.FullScan}
	for {
		page, err := s.net.store.Scan(ctxNone, request)
		must(err)
		for _, row := range page.Rows {
			state := commit.State(row[t.Column("tx_state")].Int64())
			if problem := brokenRow(t, row); problem != "" || state != commit.Committed {
				return fmt.Sprintf("after the recovery there is %s %s", simRow(t, row), problem)
			}
		}
		if page.Next == nil {
			return ""
		}
		request.After = page.Next
	}
}

// simSettle reads everything with a new engine, and waits until that has
// completed what it met.
func simSettle(store *memory.Storage) (map[Key]int, string) {
	e := commit.New(store, commit.Options{MetadataTTL: -1, CoordinatorNamespace: coordinatorNamespace})
	t, err := e.Table(ctxNone, itemName)
	must(err)
	tx, err := e.Begin(commit.BeginOptions{})
	must(err)
	final := map[Key]int{}
	for row, err := range tx.Scan(ctxNone, commit.Scan{Table: t, Kind: storage.FullScan}) {
		if err != nil {
			return nil, "what is left cannot be read: " + err.Error()
		}
		r := simRecordOf(t.Meta(), row)
		final[r.key] = r.v
	}
	must(e.Close(ctxNone))
	return final, ""
}
