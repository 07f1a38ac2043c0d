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

// historyOps are the operations of a transaction with their results.
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
			case hit:
				ops = append(ops, history.Write(key, int64(d.v)))
			case known:
				ops = append(ops, history.Get(key, history.None))
			}
		case scan:
			ops = append(ops, d.historyScan())
		}
	}
	return ops
}

// hit reports whether an update has found a record that the transaction had not
// written, if that is known: by what it read of it afterwards, or by what it left
// there.
func (s *simulation) hit(tx *simTx, i int) (hit, known bool) {
	d := &tx.done[i]
	for _, later := range tx.done[i+1:] {
		switch later.kind {
		case scan:
			if slices.Contains(later.rows, simRecordRead{d.key, d.v}) {
				return true, true
			}
		case get:
			if later.key == d.key {
				return len(later.rows) > 0 && later.rows[0].v == d.v, true
			}
		default:
			if later.key == d.key {
				return false, false
			}
		}
	}
	return slices.ContainsFunc(s.net.ledger.writes[d.key], func(w simWrite) bool { return w.by == tx.id }), true
}

func (d *simDone) historyScan() history.Op {
	r := history.Range{Prefix: "item/", Order: history.AnyOrder}
	if d.scan.kind == storage.PartitionScan {
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
