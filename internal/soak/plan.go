//go:build linux

package soak

import (
	"fmt"
	"slices"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
)

// inUse is how many partitions of lists are in use at a time. Lists are inserted
// there only, and deleted from the partition before only: a list dies once.
const inUse = 2

// plan makes up a transaction.
func (w *worker) plan() plan {
	w.advance()
	switch n := w.random.IntN(1000); {
	case n < 400:
		return w.planLists()
	case n < 550:
		return w.planScan()
	case n < 620:
		return w.planIndex()
	case n < 800:
		return w.planRegisters()
	case n < 900:
		return w.planTransfer()
	case n < 930:
		return w.planDelete()
	case n < 996:
		return w.planReads()
	default:
		return w.planAll()
	}
}

// advance goes on to the next partition when most lists of the oldest one are
// long.
func (w *worker) advance() {
	long := 0
	for k := range w.full {
		if k.partition == listPartition(w.epoch.Number, w.base+1) {
			long++
		}
	}
	if long > columns/2 {
		w.base++
	}
}

// avoided reports whether somebody has left the record prepared, as it seems; now
// and then it is taken all the same.
func (w *worker) avoided(k key) bool {
	until, known := w.blocked[k]
	if !known {
		return false
	}
	if time.Now().After(until) {
		delete(w.blocked, k)
		return false
	}
	return w.random.IntN(10) > 0
}

// pick returns a record that none of taken is. Small numbers come more often.
func (w *worker) pick(partition func() (int, string), taken []key) (k key, number int) {
	for range 20 {
		number, k.partition = partition()
		k.column = int32(min(w.random.IntN(columns), w.random.IntN(columns)))
		if !slices.Contains(taken, k) && !w.full[k] && !w.avoided(k) {
			break
		}
	}
	return k, number
}

func (w *worker) anyList() (int, string) {
	k := w.base + 1 + w.random.IntN(inUse)
	if w.base >= 0 && w.random.IntN(10) == 0 {
		k = w.base
	}
	return k, listPartition(w.epoch.Number, k)
}

func (w *worker) anyRegister() (int, string) {
	const partitions = 3
	k := w.random.IntN(partitions)
	return k, registerPartition(w.epoch.Number, k)
}

// appending plans to append to a list, reading it before if read, and perhaps
// after.
func (w *worker) appending(p plan, k key, partition int, read bool) plan {
	t := &w.tables.lists
	if read {
		p = append(p, readList(t, k))
	}
	p = append(p, appendTo(t, k, w.epoch.Number, partition, w.next(), partition > w.base))
	if w.random.IntN(4) == 0 {
		p = append(p, readList(t, k))
	}
	return p
}

// planLists reads and appends to several lists.
func (w *worker) planLists() plan {
	var p plan
	var taken []key
	for range 1 + w.random.IntN(3) {
		k, partition := w.pick(w.anyList, taken)
		if slices.Contains(taken, k) {
			continue
		}
		taken = append(taken, k)
		if w.random.IntN(3) == 0 {
			p = append(p, readList(&w.tables.lists, k))
			continue
		}
		p = w.appending(p, k, partition, true)
	}
	return p
}

// planScan scans partitions and appends to lists in them, seen or not.
func (w *worker) planScan() plan {
	var p plan
	for range 1 + w.random.IntN(2) {
		_, partition := w.anyList()
		p = append(p, w.partitionScan(partition))
	}
	if w.random.IntN(4) > 0 {
		k, partition := w.pick(w.anyList, nil)
		p = w.appending(p, k, partition, true)
		if w.random.IntN(4) == 0 {
			p = append(p, w.partitionScan(k.partition))
		}
	}
	return p
}

// partitionScan is a scan of a partition with random bounds, order and limit.
func (w *worker) partitionScan(partition string) step {
	t := &w.tables.lists
	of := scalar.RangeOf[list](scalar.TextValue(partition))
	selects := history.Range{Prefix: t.prefix(partition)}
	if w.random.IntN(3) == 0 {
		from := w.random.Int32N(columns)
		of, selects.From = scalar.RangeStart(of, scalar.IntValue(from), true), fmt.Sprintf("%02d", from)
	}
	if w.random.IntN(3) == 0 {
		to := w.random.Int32N(columns)
		if selects.From == "" || fmt.Sprintf("%02d", to) >= selects.From {
			of, selects.To = scalar.RangeEnd(of, scalar.IntValue(to), true), fmt.Sprintf("%02d", to)
		}
	}
	if w.random.IntN(3) == 0 {
		of, selects.Order = of.Reverse(), history.Descending
	}
	if w.random.IntN(4) == 0 {
		selects.Limit = 1 + w.random.IntN(3)
		of = of.Limit(selects.Limit)
	}
	return scanOf(t, of, selects)
}

// planIndex reads by an index, and appends to a list.
func (w *worker) planIndex() plan {
	t := &w.tables.lists
	number, partition := w.anyList()
	residue := w.random.Int64N(residues)
	p := plan{scanOf(t, scalar.SelectIndex[list](listTag.Pos, scalar.IntValue(tagOf(w.epoch.Number, number, residue))),
		history.Range{Prefix: t.prefix(partition), Order: history.AnyOrder, Where: history.Congruence{Mod: residues, Rem: residue}})}
	if w.random.IntN(3) > 0 {
		k, number := w.pick(w.anyList, nil)
		p = w.appending(p, k, number, true)
	}
	return p
}

// planAll scans the whole table for the lists of the epoch.
func (w *worker) planAll() plan {
	t := &w.tables.lists
	from, _ := bounds(w.epoch.Number)
	return plan{scanOf(t, scalar.SelectAll[list]().Where(scalar.Like(listOf, from+"%")), history.Range{Prefix: t.letter + "/" + from, Order: history.AnyOrder})}
}

// planRegisters writes registers, mostly after having read them.
func (w *worker) planRegisters() plan {
	t := &w.tables.registers
	var keys []key
	numbers := map[key]int{}
	for range 1 + w.random.IntN(3) {
		k, number := w.pick(w.anyRegister, keys)
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
			numbers[k] = number
		}
	}
	blind := w.random.IntN(8) == 0
	var p plan
	if !blind {
		p = readRegisters(t, keys...)
	}
	for _, k := range keys {
		n := w.next()
		how := []writing{upsert, change, changeIf}[w.random.IntN(3)]
		switch {
		case blind && w.random.IntN(4) == 0:
			how = insertOnly
		case blind:
			how = upsert
		case w.random.IntN(4) == 0:
			continue // only read
		}
		p = append(p, writeRegister(t, k, n, tagOf(w.epoch.Number, numbers[k], n), how))
		if w.random.IntN(6) == 0 {
			p = append(p, readRegisters(t, k)...)
		}
	}
	return p
}

// planDelete deletes a register, or a list that is long enough.
func (w *worker) planDelete() plan {
	for k := range w.full {
		if w.base >= 0 && k.partition == listPartition(w.epoch.Number, w.base) && w.random.IntN(2) == 0 {
			return plan{readList(&w.tables.lists, k), deleteList(&w.tables.lists, k)}
		}
	}
	k, _ := w.pick(w.anyRegister, nil)
	return append(readRegisters(&w.tables.registers, k), deleteRegister(&w.tables.registers, k))
}

// planTransfer moves an amount between two accounts.
func (w *worker) planTransfer() plan {
	t := &w.tables.registers
	partition := accounts(w.epoch.Number)
	at := func() (int, string) { return 0, partition }
	from, _ := w.pick(at, nil)
	to, _ := w.pick(at, []key{from})
	if from == to {
		return plan{audit(t, partition)}
	}
	return append(readRegisters(t, from, to), transfer(t, from, to, 1+w.random.Int32N(20), [2]int64{w.next(), w.next()})...)
}

// planReads only reads.
func (w *worker) planReads() plan {
	p := plan{}
	if w.random.IntN(3) == 0 {
		p = append(p, audit(&w.tables.registers, accounts(w.epoch.Number)))
	}
	var taken []key
	for range 1 + w.random.IntN(3) {
		k, _ := w.pick(w.anyList, taken)
		if !slices.Contains(taken, k) {
			taken = append(taken, k)
			p = append(p, readList(&w.tables.lists, k))
		}
	}
	k, _ := w.pick(w.anyRegister, nil)
	return append(p, readRegisters(&w.tables.registers, k)...)
}
