package lab

import (
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

// ledger is what the storage itself saw: who wrote each record in which order,
// and the first stored row that no protocol writes.
type ledger struct {
	writers map[Key][]string // ids, in the order in which they prepared
	broken  string
}

// Outcome is a finished execution.
type Outcome struct {
	Txs   []*Tx // of all clients that did not crash before they began
	Final map[Key]int
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

func (r *run) now() int64 { return time.Now().UnixMilli() }

// wrote notes a group that the storage has applied, and looks at what it left.
func (r *run) wrote(_ *site, group []storage.Mutation) {
	for _, m := range group {
		if m.Table.TableName != itemName {
			continue
		}
		if phase := phaseOf([]storage.Mutation{m}); phase == "prepare" || phase == "one phase" {
			r.noteWriter(m)
		}
		rows, err := r.store.Get(ctxNone, []storage.Get{{Table: m.Table, Key: m.Key}})
		must(err)
		if problem := brokenRow(m.Table, rows[0]); problem != "" && r.ledger.broken == "" {
			r.ledger.broken = fmt.Sprintf("record %s: %s", m.Table.FormatKey(m.Key), problem)
		}
	}
}

func (r *run) noteWriter(m storage.Mutation) {
	if r.ledger.writers == nil {
		r.ledger.writers = map[Key][]string{}
	}
	k := Key{int(m.Key[0].Int64()), int(m.Key[1].Int64())}
	if at := slices.Index(m.Columns, m.Table.Column("tx_id")); at >= 0 {
		r.ledger.writers[k] = append(r.ledger.writers[k], m.Values[at].Text())
	}
}

// brokenRow says what is wrong with a stored row (spec 1.2, 14), "" for nothing.
func brokenRow(t *storage.Table, row storage.Row) string {
	if row == nil {
		return ""
	}
	at := func(column string) storage.Value { return row[t.Column(column)] }
	state := commit.State(at("tx_state").Int64())
	hasBefore := !at("before_tx_id").IsNull() || !at("before_tx_version").IsNull()
	switch {
	case at("tx_id").IsNull() != at("tx_state").IsNull():
		return "only one of tx_id and tx_state is there"
	case at("tx_id").IsNull() && hasBefore:
		return "a before image without a transaction"
	case at("tx_id").IsNull():
		return ""
	case state == commit.Committed && hasBefore:
		return "committed, with a before image"
	case state == commit.Committed && at("tx_committed_at").IsNull():
		return "committed, without a time"
	case state != commit.Committed && state != commit.Prepared && state != commit.Deleted:
		return "state " + state.String()
	case state != commit.Committed && at("tx_prepared_at").IsNull():
		return "prepared, without a time"
	case hasBefore && at("tx_version").Int64() != at("before_tx_version").Int64()+1:
		return "the version does not follow the one before"
	}
	return ""
}

// judge looks at a finished execution: it lets a new client read everything, long
// after, and compares that with what the clients were told.
func (r *run) judge() string {
	if r.ledger.broken != "" {
		return r.ledger.broken
	}
	final, problem := r.settle()
	if problem != "" {
		return problem
	}
	var committed, perhaps []*Tx
	for _, tx := range r.transactions() {
		switch tx.end {
		case Committed:
			committed = append(committed, tx)
		case Unknown, Open:
			perhaps = append(perhaps, tx)
		}
	}
	first := state{}
	for _, rec := range r.scenario.Records {
		v, there := rec.committedValue()
		if there {
			first[rec.Key] = value{v, rec.Cat}
		}
	}
	explained := false
	subsets(perhaps, func(chosen []*Tx) bool {
		happened := slices.Concat(committed, chosen)
		if r.scenario.Isolation == commit.Serializable {
			explained = serial(first, final, happened)
		} else {
			explained = r.snapshot(first, final, happened)
		}
		return !explained
	})
	if explained {
		return ""
	}
	return fmt.Sprintf("no %v history explains this; in the end there is %v", r.scenario.Isolation, final)
}

// settle reads everything with a new engine when all that is prepared has
// expired.
func (r *run) settle() (state, string) {
	time.Sleep(2 * expired)
	e := commit.New(r.store, commit.Options{MetadataTTL: -1})
	defer func() { must(e.Close(ctxNone)) }()
	t, err := e.Table(ctxNone, itemName)
	must(err)
	tx, err := e.Begin(commit.BeginOptions{})
	must(err)
	final := state{}
	reader := &Tx{client: &Client{site: &site{engine: e}}}
	for row, err := range tx.Scan(ctxNone, commit.Scan{Table: t, Kind: storage.FullScan}) {
		if err != nil {
			return nil, "what is left cannot be read: " + err.Error()
		}
		k, v := reader.item(row)
		final[k] = v
	}
	return final, ""
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

// subsets calls try with every choice of list until it returns false.
func subsets(list []*Tx, try func([]*Tx) bool) bool {
	for mask := range 1 << len(list) {
		var chosen []*Tx
		for i, tx := range list {
			if mask>>i&1 == 1 {
				chosen = append(chosen, tx)
			}
		}
		if !try(chosen) {
			return false
		}
	}
	return true
}

// serial reports whether the transactions, run one after the other in some order
// that keeps that of real time, see what they saw and leave final.
func serial(now, final state, left []*Tx) bool {
	if len(left) == 0 {
		return maps.Equal(now, final)
	}
	for i, tx := range left {
		// tx comes next unless another one had ended before it began.
		if slices.ContainsFunc(left, func(other *Tx) bool { return other != tx && other.end == Committed && other.met < tx.began }) {
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
		if s.Partition != nil && k.P != *s.Partition || s.Category != nil && v.cat != *s.Category || s.Above != nil && v.v <= *s.Above {
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
	o := &Outcome{Txs: r.transactions(), Final: map[Key]int{}}
	var names []string
	for name, is := range r.scenario.Reach {
		if is(o) {
			names = append(names, name)
		}
	}
	return names
}
