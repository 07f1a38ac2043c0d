package lab

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// simLedger is the truth about a simulation: what the requests that the storage
// has applied did and decided, whatever was removed since.
type simLedger struct {
	sender string            // whose request is applied
	now    time.Duration     // and when
	ids    map[string]string // of transactions with that of their group, by their own; guarded by net.mu

	first   map[Key]int
	writes  map[Key][]simWrite // in the order in which they were prepared
	decided map[string]simDecision
	removed map[string]bool // coordinator rows that somebody has removed
	problem string          // the first thing that must not be
	reached map[string]int  // how often what came about
}

// simWrite is the version of a record that a transaction prepared, or wrote in one
// phase. v is 0 for a delete.
type simWrite struct {
	by       string
	v        int
	at, gone time.Duration // when it was prepared and rolled back
}

// simDecision is the first decision on a transaction.
type simDecision struct {
	state commit.State
	at    time.Duration
	alone bool // in one phase, which asks no coordinator
}

func (l *simLedger) begin(records map[Key]int) {
	*l = simLedger{ids: map[string]string{}, first: records, writes: map[Key][]simWrite{}, decided: map[string]simDecision{}, removed: map[string]bool{}, reached: map[string]int{}}
}

// wrong notes a problem.
func (l *simLedger) wrong(format string, args ...any) {
	if l.problem == "" {
		l.problem = fmt.Sprintf(format, args...)
	}
}

// applied enters a group that the storage has applied.
func (l *simLedger) applied(store *memory.Storage, group []storage.Mutation) {
	for i := range group {
		m := &group[i]
		phase := simPhase(m)
		switch phase {
		case "decide COMMITTED":
			l.decisionRow(m, commit.Committed)
		case "decide ABORTED":
			l.decisionRow(m, commit.Aborted)
		case "forget":
			l.reached["finished"]++
			l.removed[m.Key[0].Text()] = true
		default:
			l.record(m, phase)
			rows, err := store.Get(ctxNone, []storage.Get{{Table: m.Table, Key: m.Key}})
			must(err)
			if problem := brokenRow(m.Table, rows[0]); problem != "" {
				l.wrong("%s of record %s leaves it %s", phase, simRecord(m.Table, m.Key), problem)
			}
		}
	}
}

// record enters what a transaction did to a record.
func (l *simLedger) record(m *storage.Mutation, phase string) {
	k := Key{int(m.Key[0].Int64()), int(m.Key[1].Int64())}
	w := simWrite{by: simColumn(m, "tx_id").Text(), v: int(simColumn(m, "v").Int64()), at: l.now}
	switch phase {
	case "one phase":
		if m.Op == storage.Delete {
			w.by = l.ids[l.sender]
		}
		// Whatever a coordinator row says: an abort has no power over it.
		if !l.decided[w.by].alone {
			l.decided[w.by] = simDecision{commit.Committed, l.now, true}
			l.reached["one phase"]++
		}
	case "prepare delete":
		w.v = 0
	case "prepare":
	case "check":
		return
	default:
		id := conditionID(m)
		if at := slices.IndexFunc(l.writes[k], func(w simWrite) bool { return w.by == id }); phase == "roll back" && at >= 0 {
			l.writes[k][at].gone = l.now
		}
		if id != l.ids[l.sender] {
			l.reached[phase+" by others"]++
		}
		return
	}
	l.writes[k] = append(l.writes[k], w)
}

// conditionID is the transaction that must have prepared the record.
func conditionID(m *storage.Mutation) string {
	for _, p := range m.Where {
		if p.Column == m.Table.Column("tx_id") {
			return p.Value.Text()
		}
	}
	return ""
}

// decisionRow enters a coordinator row.
func (l *simLedger) decisionRow(m *storage.Mutation, state commit.State) {
	id := m.Key[0].Text()
	children := simColumn(m, "tx_child_ids")
	if children.IsZero() || children.IsNull() {
		if strings.Contains(id, "$") && state == commit.Committed {
			l.reached["delayed member"]++
		}
		l.decide(id, state)
		return
	}
	if strings.Contains(children.Text(), ",") {
		l.reached["group"]++
	}
	for child := range strings.SplitSeq(children.Text(), ",") {
		l.decide(id+"$"+child, state)
	}
}

// decide enters a decision. A second one must agree with it, except for the
// ABORTED row of a reader who does not know that the transaction was finished.
func (l *simLedger) decide(id string, state commit.State) {
	group, _, _ := strings.Cut(id, "$")
	before, known := l.decided[id]
	switch {
	case !known:
		l.decided[id] = simDecision{state: state, at: l.now}
		if state == commit.Aborted && id != l.ids[l.sender] {
			l.reached["abort by others"]++
		}
	case before.state == state, before.alone:
	case before.state == commit.Committed && (l.removed[id] || l.removed[group]):
		l.reached["aborted after it was finished"]++
	default:
		l.wrong("%s was decided %v and then %v", id, before.state, state)
	}
}

func (l *simLedger) committed(id string) bool { return l.decided[id].state == commit.Committed }

// simVersion is a committed version of a record, current from one moment to
// another.
type simVersion struct {
	by       string // "" for the first one
	v        int    // 0 for no record
	from, to time.Duration
}

// versions returns the committed versions of a record, in their order.
func (l *simLedger) versions(k Key) []simVersion {
	all := []simVersion{{v: l.first[k], from: math.MinInt64, to: math.MaxInt64}}
	for _, w := range l.writes[k] {
		d := l.decided[w.by]
		if d.state != commit.Committed {
			continue
		}
		all[len(all)-1].to = d.at
		all = append(all, simVersion{by: w.by, v: w.v, from: d.at, to: math.MaxInt64})
	}
	return all
}

// moved reports whether somebody who was aborted had the record prepared and has
// been rolled back in the given time.
func (l *simLedger) moved(k Key, from, to time.Duration) bool {
	return slices.ContainsFunc(l.writes[k], func(w simWrite) bool { return w.gone >= from && w.gone <= to })
}

// keys returns the keys of all records that ever were.
func (l *simLedger) keys() []Key {
	var keys []Key
	for k := range simKeys() {
		if l.first[k] != 0 || len(l.writes[k]) > 0 {
			keys = append(keys, k)
		}
	}
	return keys
}
