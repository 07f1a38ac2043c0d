package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// state is what a storage holds, as the clients see it.
type state map[Key]value

// Outcome is a finished execution.
type Outcome struct {
	Txs    []*Tx // of all clients, in their order
	Shared bool  // a request was made for several transactions
}

// Committed reports how many transactions were told to be committed.
func (o *Outcome) Committed() int {
	n := 0
	for _, tx := range o.Txs {
		if tx.end == Committed {
			n++
		}
	}
	return n
}

// judge looks at a finished execution: it lets a new client read everything, long
// after, and compares that with what the clients were told.
func (r *run) judge() string {
	final, problem := r.settle()
	r.final = final
	for _, problem := range []string{r.ledger.problem, problem, r.contradiction()} {
		if problem != "" {
			return problem
		}
	}
	first, happened := r.first(), r.happened()
	if r.scenario.Isolation == commit.Serializable {
		if !serial(first, final, happened) {
			return fmt.Sprintf("no serial order explains this: %s; in the end there is %v", r.anomaly(first, happened), final)
		}
		return ""
	}
	if !r.snapshot(first, final, happened) {
		return fmt.Sprintf("no %v history explains this: %s; in the end there is %v", r.scenario.Isolation, r.anomaly(first, happened), final)
	}
	return ""
}

// first is what was there at the start, once recovered.
func (r *run) first() state {
	first := state{}
	for i := range r.scenario.Records {
		rec := &r.scenario.Records[i]
		if v, there := rec.committedValue(); there {
			first[rec.Key] = value{v, rec.Cat}
		}
	}
	return first
}

// happened returns the committed transactions: those of which the storage says so,
// and those without writes of which their client was told so.
func (r *run) happened() []*Tx {
	var all []*Tx
	for _, tx := range r.transactions() {
		if tx.end == Committed || r.ledger.committed(tx.id) {
			all = append(all, tx)
		}
	}
	return all
}

// contradiction says which client was told what is not true.
func (r *run) contradiction() string {
	for _, tx := range r.transactions() {
		if tx.problem != "" {
			return tx.problem
		}
		committed := r.ledger.committed(tx.id)
		if tx.end == Failed && committed {
			return fmt.Sprintf("%s was reported as failed and is committed: %v", tx.id, tx.err)
		}
		if tx.end != Committed || committed {
			continue
		}
		for k, writers := range r.ledger.writers {
			if slices.Contains(writers, tx.id) {
				return fmt.Sprintf("%s, which wrote %v, was reported as committed and is not", tx.id, k)
			}
		}
	}
	return ""
}

// settle reads everything with a new engine when all that is prepared has
// expired. It leaves nothing prepared.
func (r *run) settle() (state, string) {
	time.Sleep(2 * expired)
	e := commit.New(audited{r.place.store, r}, commit.Options{MetadataTTL: -1})
	t, err := e.Table(ctxNone, itemName)
	must(err)
	tx, err := e.Begin(commit.BeginOptions{})
	must(err)
	final := state{}
	for row, err := range tx.Scan(ctxNone, commit.Scan{Table: t, Kind: storage.FullScan}) {
		if err != nil {
			return nil, "what is left cannot be read: " + err.Error()
		}
		final[keyOf(row[:2])] = valueOf(row)
	}
	tx.Rollback()
	must(e.Close(ctxNone))
	for _, row := range r.place.rows() {
		if held(row) {
			return nil, fmt.Sprintf("record %v is still prepared after its recovery", keyOf(row))
		}
	}
	return final, ""
}

// audited is a storage whose writes the ledger sees.
type audited struct {
	storage.Storage
	run *run
}

// Mutate applies the group and looks at what it has done.
func (a audited) Mutate(_ context.Context, group []storage.Mutation) error {
	return a.run.apply("the last reader", group)
}

func (r *run) transactions() []*Tx {
	var all []*Tx
	for _, c := range r.clients {
		all = append(all, c.txs...)
	}
	return all
}

// committedValue is the value of a record of the start once its writer, if it is
// prepared, has been completed.
func (rec *Record) committedValue() (v int, there bool) {
	switch {
	case rec.Prepared == 0:
		return rec.V, true
	case rec.Decision == commit.Committed:
		return rec.V, rec.Prepared == commit.Prepared
	case rec.Before != nil:
		return *rec.Before, true
	default:
		return 0, false
	}
}

// serial reports whether the transactions, run one after the other in some order
// that keeps that of real time, see what they saw and leave final.
func serial(now, final state, left []*Tx) bool {
	if len(left) == 0 {
		return maps.Equal(now, final)
	}
	for i, tx := range left {
		// tx comes next unless another one had ended before it began.
		if slices.ContainsFunc(left, func(other *Tx) bool { return other != tx && other.ended(tx.began) }) {
			continue
		}
		after := maps.Clone(now)
		if tx.replay(after) && serial(after, final, slices.Delete(slices.Clone(left), i, i+1)) {
			return true
		}
	}
	return false
}

// replay runs the operations on now and reports whether they see what they saw.
func (tx *Tx) replay(now state) bool {
	for _, o := range tx.ops {
		there, found := now[o.key]
		switch o.kind {
		case get:
			if found != (o.got != nil) || found && there != *o.got {
				return false
			}
		case scan:
			if !maps.Equal(o.of.of(now), o.rows) {
				return false
			}
		case put:
			now[o.key] = value{o.v, o.cat}
		case insert:
			if found {
				return false
			}
			now[o.key] = value{o.v, o.cat}
		case update:
			if found {
				now[o.key] = value{o.v, o.cat}
			}
		case remove:
			delete(now, o.key)
		}
	}
	return true
}

// of returns what the scan returns of a state.
func (s ScanOf) of(now state) map[Key]value {
	rows := map[Key]value{}
	keys := slices.SortedFunc(maps.Keys(now), func(a, b Key) int { return a.C - b.C })
	for _, k := range keys {
		v := now[k]
		if s.Partition != nil && k.P != *s.Partition || s.Category != nil && v.cat != *s.Category {
			continue
		}
		if s.Limit > 0 && len(rows) == s.Limit {
			break
		}
		rows[k] = v
	}
	return rows
}

// describe tells what the clients did and saw.
func (r *run) describe() string {
	var b strings.Builder
	for _, tx := range r.transactions() {
		fmt.Fprintln(&b, tx)
	}
	return b.String()
}

func (r *run) reached() []string {
	o := &Outcome{Txs: r.transactions(), Shared: r.shared}
	var names []string
	for name, is := range r.scenario.Reach {
		if is(o) {
			names = append(names, name)
		}
	}
	return names
}

// outcome is what the clients were told and saw.
func (r *run) outcome() string {
	var b strings.Builder
	for _, tx := range r.transactions() {
		fmt.Fprintln(&b, tx.id, tx.end, tx.history())
	}
	return b.String()
}
