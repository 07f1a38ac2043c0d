package lab

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/scalargen/scalargen/internal/history"
)

// categories is more than any category of a scenario. What a history tells of an
// item is one number, of which the category is the residue.
const categories = 10

// writeHistory writes what the clients did and saw as a history, which tells
// nothing of what the storage knows. Time is counted in choices. It ends with a
// read of everything.
func (r *run) writeHistory(out io.Writer) error {
	type event struct {
		at    int64
		write func()
	}
	var events []event
	now := int64(0)
	w := history.NewWriter(out, func() int64 { return now })
	start := w.Process()
	start.Invoke(initial)
	var first []history.Op
	keys := map[Key]bool{}
	for k, v := range r.first() {
		first = append(first, history.Write(historyKey(k), v.number()))
		keys[k] = true
	}
	start.Commit(first...)
	for _, c := range r.clients {
		p := w.Process()
		for _, tx := range c.txs {
			// Of an end and a beginning between the same two choices neither is known to
			// be the first.
			events = append(events, event{2*int64(tx.began) + 1, func() { p.Invoke(tx.id) }}, event{2*int64(max(tx.began, tx.met)) + 2, func() {
				switch tx.end {
				case Committed:
					p.Commit(r.historyOps(tx)...)
				case Failed:
					p.Fail(tx.attempted()...)
				default:
					p.Unknown(tx.attempted()...)
				}
			}})
			for _, o := range tx.ops {
				keys[o.key] = keys[o.key] || o.kind != scan
			}
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for _, e := range events {
		now = e.at
		e.write()
	}
	var last []history.Op
	for k := range keys {
		if keys[k] {
			last = append(last, history.Get(historyKey(k), r.final.result(k)))
		}
	}
	now++
	start.Invoke("everything")
	start.Commit(last...)
	return w.Err()
}

func (v value) number() int64 { return int64(v.v*categories + v.cat) }

// result is what a read of an item returns.
func (s state) result(k Key) history.Result {
	v, found := s[k]
	if !found {
		return history.None
	}
	return history.Number(v.number())
}

// attempted are the writes that a transaction may have made.
func (tx *Tx) attempted() []history.Op {
	var ops []history.Op
	for _, o := range tx.ops {
		switch o.kind {
		case remove:
			ops = append(ops, history.Delete(historyKey(o.key)))
		case put, insert, update:
			ops = append(ops, history.Write(historyKey(o.key), value{o.v, o.cat}.number()))
		}
	}
	return ops
}

// historyOps are the operations of a committed transaction with their results.
func (r *run) historyOps(tx *Tx) []history.Op {
	var ops []history.Op
	for _, o := range tx.ops {
		key := historyKey(o.key)
		switch o.kind {
		case get:
			result := history.None
			if o.got != nil {
				result = history.Number(o.got.number())
			}
			ops = append(ops, history.Get(key, result))
		case scan:
			ops = append(ops, o.historyScan())
		case remove:
			ops = append(ops, history.Delete(key))
		case update:
			// One that has found nothing has written nothing.
			if slices.Contains(r.ledger.writers[o.key], tx.id) {
				ops = append(ops, history.Write(key, value{o.v, o.cat}.number()))
			} else {
				ops = append(ops, history.Get(key, history.None))
			}
		default:
			ops = append(ops, history.Write(key, value{o.v, o.cat}.number()))
		}
	}
	return ops
}

// historyScan writes the range of an index scan otherwise than that of one of the
// whole table, as that of a simulation does.
func (o *op) historyScan() history.Op {
	r := history.Range{Prefix: "item", Order: history.AnyOrder, Limit: o.of.Limit}
	switch {
	case o.of.Partition != nil:
		r.Prefix, r.Order = fmt.Sprintf("item/%d/", *o.of.Partition), history.Ascending
	case o.of.Category != nil:
		r.Prefix = "item/"
		r.Where = history.Congruence{Mod: categories, Rem: int64(*o.of.Category)}
	}
	rows := []history.Row{}
	for k, v := range o.rows {
		rows = append(rows, history.Row{Key: historyKey(k), Result: history.Number(v.number())})
	}
	slices.SortFunc(rows, func(a, b history.Row) int { return cmp.Compare(a.Key, b.Key) })
	return history.Scan(r, rows)
}
