package lab

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// writeHistory writes what the clients did and saw as a history, which tells
// nothing of what the storage knows. It ends with a read of everything.
func (s *simulation) writeHistory(out io.Writer) error {
	type event struct {
		at    time.Duration
		write func()
	}
	var events []event
	now := time.Duration(0)
	w := history.NewWriter(out, func() int64 { return int64(now) })
	add := func(at time.Duration, write func()) { events = append(events, event{at + 1, write}) }
	processes := map[byte]*history.Process{}
	start := w.Process()
	var first, last []history.Op
	for k := range simKeys() {
		if v := s.plan.records[k]; v != 0 {
			first = append(first, history.Write(historyKey(k), int64(v)))
		}
		last = append(last, history.Get(historyKey(k), historyNumber(s.final[k])))
	}
	add(-1, func() { start.Invoke(initial) })
	add(-1, func() { start.Commit(first...) })
	for _, tx := range s.txs {
		client := tx.plan.id[0]
		p := processes[client]
		if p == nil {
			p = w.Process()
			processes[client] = p
		}
		add(tx.began, func() { p.Invoke(tx.id) })
		add(tx.met, func() {
			switch tx.end {
			case Committed:
				p.Commit(s.historyOps(tx)...)
			case Failed:
				p.Fail(s.attempted(tx)...)
			default:
				p.Unknown(s.attempted(tx)...)
			}
		})
	}
	add(s.net.now(), func() { start.Invoke("everything") })
	add(s.net.now(), func() { start.Commit(last...) })
	slices.SortStableFunc(events, func(a, b event) int { return int(a.at - b.at) })
	for _, e := range events {
		now = e.at
		e.write()
	}
	return w.Err()
}

// historyLevel is the level that the whole history must keep: the weakest of its
// transactions.
func (s *simulation) historyLevel() history.Level {
	level := history.StrictSerializable
	for _, tx := range s.txs {
		switch tx.plan.isolation {
		case commit.ReadCommitted:
			return history.ReadCommitted
		case commit.Snapshot:
			level = history.Snapshot
		}
	}
	return level
}

func historyKey(k Key) string { return fmt.Sprintf("item/%d/%d", k.P, k.C) }

func historyNumber(v int) history.Result {
	if v == 0 {
		return history.None
	}
	return history.Number(int64(v))
}

// attempted are the writes that a transaction may have made.
func (s *simulation) attempted(tx *simTx) []history.Op {
	return slices.DeleteFunc(s.historyOps(tx), func(o history.Op) bool { return !o.Kind.IsWrite() })
}

// historyOps are the operations of a transaction with their results. A history
// has no word for an insert, which replaces nothing: where reads do not repeat, one
// of a record that the transaction has seen would look as if it replaced that. So
// those reads are left out.
func (s *simulation) historyOps(tx *simTx) []history.Op {
	var ops []history.Op
	own := map[Key]simOwn{}
	for i := range tx.done {
		d := &tx.done[i]
		key := historyKey(d.key)
		before, written := own[d.key]
		d.own(own)
		switch d.kind {
		case get:
			v := 0
			if len(d.rows) > 0 {
				v = d.rows[0].v
			}
			if tx.insertsLater(i, d.rows) {
				continue
			}
			ops = append(ops, history.Get(key, historyNumber(v)))
		case put, insert:
			ops = append(ops, history.Write(key, int64(d.v)))
		case remove:
			ops = append(ops, history.Delete(key))
		case update:
			hit, known := before.v != 0, written && !before.perhaps
			if !known {
				hit, known = s.hit(tx, i)
			}
			switch {
			case known && !hit:
				ops = append(ops, history.Get(key, history.None))
			default:
				// Where it is not known the transaction went on to replace the record, and
				// no scan in between could show this version. Without it the absence there
				// would look as if it were the work of others.
				ops = append(ops, history.Write(key, int64(d.v)))
			}
		case scan:
			if !tx.insertsLater(i, d.rows) {
				ops = append(ops, d.historyScan())
			}
		}
	}
	return ops
}

// insertsLater reports whether the transaction inserts one of the records after its
// i-th operation, if reads need not repeat.
func (tx *simTx) insertsLater(i int, rows []simRecordRead) bool {
	return tx.plan.isolation == commit.ReadCommitted && slices.ContainsFunc(tx.done[i+1:], func(later simDone) bool {
		return later.kind == insert && slices.ContainsFunc(rows, func(r simRecordRead) bool { return r.key == later.key })
	})
}

// hit reports whether an update has found a record that the transaction had not
// written, if that can be known: by what the transaction saw of it afterwards, or
// by what it left there. All updates until another write of the record find the
// same, for the first version that they read counts.
func (s *simulation) hit(tx *simTx, i int) (hit, known bool) {
	d := &tx.done[i]
	own := simRecordRead{d.key, d.v}
	for j := i; j < len(tx.done); j++ {
		later := &tx.done[j]
		switch {
		case later.kind == scan:
			if _, shows := later.scan.selects(own.key, own.v); shows && later.scan.reached(own.key, later.rows) || slices.Contains(later.rows, own) {
				return slices.Contains(later.rows, own), true
			}
		case later.key != d.key:
		case later.kind == get:
			return slices.Contains(later.rows, own), true
		case later.kind == update && later.when >= 0:
			return true, true // one that does not find it fails
		case later.kind == update:
			own.v = later.v
		default:
			return false, false
		}
	}
	return slices.ContainsFunc(s.net.ledger.writes[d.key], func(w simWrite) bool { return w.by == tx.id }), true
}

// historyScan is a scan in the words of a history. An index scan and one of the
// whole table may ask for the same records, but what they find may differ below
// SERIALIZABLE: only a scan that reads the same way repeats. So their ranges are
// written in different ways.
func (d *simDone) historyScan() history.Op {
	r := history.Range{Prefix: "item", Order: history.AnyOrder}
	switch d.scan.kind {
	case storage.IndexScan:
		r.Prefix = "item/"
	case storage.PartitionScan:
		r = history.Range{
			Prefix: fmt.Sprintf("item/%d/", d.scan.partition), From: fmt.Sprint(d.scan.from), To: fmt.Sprint(d.scan.to), Limit: d.scan.limit,
		}
		if d.scan.backward {
			r.Order = history.Descending
		}
	}
	if d.scan.category >= 0 {
		r.Where = history.Congruence{Mod: simCategories, Rem: int64(d.scan.category)}
	}
	rows := []history.Row{}
	for _, row := range d.rows {
		rows = append(rows, history.Row{Key: historyKey(row.key), Result: historyNumber(row.v)})
	}
	return history.Scan(r, rows)
}
