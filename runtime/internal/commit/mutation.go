package commit

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// arena holds the slices of several mutations in few allocations.
type arena struct {
	columns []int
	values  []storage.Value
	where   []storage.Predicate
}

// newArena returns an arena for the mutations of the pending writes.
func newArena(writes []*record) *arena {
	columns := 0
	for _, r := range writes {
		columns += len(r.columns) + len(transactionColumns) + len(r.table.before)
		if r.replace {
			columns += len(r.table.data)
		}
	}
	return &arena{
		columns: make([]int, 0, columns),
		values:  make([]storage.Value, 0, columns),
		where:   make([]storage.Predicate, 0, len(writes)),
	}
}

// draft is a mutation that is being put together in an arena.
type draft struct {
	arena *arena
	at    int // where its columns begin
	m     storage.Mutation
}

func (a *arena) draft(t *Table, op storage.Op, key []storage.Value) draft {
	return draft{arena: a, at: len(a.columns), m: storage.Mutation{Table: t.meta, Op: op, Key: key}}
}

func (d *draft) set(column int, v storage.Value) {
	d.arena.columns = append(d.arena.columns, column)
	d.arena.values = append(d.arena.values, v)
}

func (d *draft) setAll(columns []int, values []storage.Value) {
	d.arena.columns = append(d.arena.columns, columns...)
	d.arena.values = append(d.arena.values, values...)
}

// provided makes the mutation depend on the version that the record has: prev,
// or none if prev is nil. tx_id alone tells versions apart, since ids never
// repeat; an imported record has none (spec 1.4, 5.1).
func (d *draft) provided(t *Table, prev storage.Row) {
	if prev == nil {
		d.m.Condition = storage.IfNotExists
		return
	}
	p := storage.Predicate{Column: t.txID, Operator: storage.Eq, Value: prev[t.txID]}
	if p.Value.IsNull() {
		p = storage.Predicate{Column: t.txID, Operator: storage.IsNull}
	}
	d.arena.where = append(d.arena.where, p)
	n := len(d.arena.where)
	d.m.Condition, d.m.Where = storage.If, d.arena.where[n-1:n:n]
}

// providedCommitted makes the mutation depend on that there is a committed version,
// whichever that is, and keeps of it what copies say. A record without metadata is
// none, since its version is no number to count up.
func (d *draft) providedCommitted(t *Table, copies []storage.Copy) {
	d.arena.where = append(d.arena.where, storage.Predicate{Column: t.state, Operator: storage.Eq, Value: storage.IntValue(int32(Committed))})
	n := len(d.arena.where)
	d.m.Condition, d.m.Where, d.m.Copies = storage.If, d.arena.where[n-1:n:n], copies
}

// put adds the columns of the pending write of r.
func (d *draft) put(r *record) {
	d.setAll(r.columns, r.values)
	if !r.replace {
		return
	}
	t := r.table
	for _, c := range t.data {
		if !slices.Contains(r.columns, c) {
			d.set(c, storage.Null(t.meta.Columns[c].Type))
		}
	}
}

func (d *draft) mutation() storage.Mutation {
	if n := len(d.arena.columns); n > d.at {
		d.m.Columns, d.m.Values = d.arena.columns[d.at:n:n], d.arena.values[d.at:n:n]
	}
	return d.m
}
