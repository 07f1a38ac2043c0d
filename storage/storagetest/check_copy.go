package storagetest

import (
	"math"

	"github.com/scalargen/scalargen/storage"
)

func copyChecks() []check {
	return []check{
		{"copy/every type", checkCopiedTypes},
		{"copy/what was there before", checkCopiesOfTheStateBefore},
		{"copy/of no record", checkCopyOfNoRecord},
		{"copy/refused", checkRefusedCopies},
	}
}

// needCopies leaves the check out if the storage copies nothing, and makes sure
// that it says so.
func (h *harness) needCopies(t *storage.Table, copies ...storage.Copy) {
	if h.info.Copies {
		return
	}
	k := storage.IntValue(1)
	h.apply(put(t, key(k)))
	m := when(put(t, key(k)), storage.IfExists)
	m.Copies = copies
	h.fails(storage.ErrInvalid, m)
	h.skip("all of it", "the storage copies no columns (Info.Copies is false)")
}

// checkCopiedTypes copies extreme values and NULL of every type.
func checkCopiedTypes(h *harness) {
	k := storage.IntValue(1)
	for typ := storage.Boolean; typ <= storage.TimestampTZ; typ++ {
		t := h.create(PartitionKey("p", storage.Int), Column("a", typ), Column("b", typ))
		a, b := t.Column("a"), t.Column("b")
		h.needCopies(t, storage.Copy{To: b, From: a})
		for _, v := range append(h.extremes(AsValue, typ), storage.Null(typ)) {
			h.apply(remove(t, k))
			h.apply(put(t, key(k), is("a", v)))
			m := when(put(t, key(k)), storage.IfExists)
			m.Copies = []storage.Copy{{To: b, From: a}}
			h.apply(m)
			h.wantRow(t, row(t, is("p", k), is("a", h.fold(v)), is("b", h.fold(v))), k)
		}
	}
}

// checkCopiesOfTheStateBefore overwrites what it copies, and counts up, as the
// engine keeps an image of the version before.
func checkCopiesOfTheStateBefore(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Indexed("v", storage.Int), Column("n", storage.Int), Column("w", storage.Text), Column("before_v", storage.Int), Column("before_n", storage.Int), Column("before_w", storage.Text))
	i, k := storage.IntValue, storage.IntValue(1)
	at := t.Column
	copies := []storage.Copy{{To: at("before_w"), From: at("w")}, {To: at("before_v"), From: at("v")}, {To: at("before_n"), From: at("n")}, {To: at("n"), From: at("n"), Plus: 1}}
	h.needCopies(t, copies...)
	write := func(v storage.Value, where ...storage.Predicate) storage.Mutation {
		m := when(put(t, key(k), is("v", v), is("w", storage.TextValue("new"))), storage.If, where...)
		m.Copies = copies
		return m
	}
	h.apply(put(t, key(k), is("v", i(5)), is("n", i(7)), is("w", storage.TextValue("old"))))
	stored := row(t, is("p", k), is("v", i(5)), is("n", i(7)), is("w", storage.TextValue("old")))
	h.fails(storage.ErrCondition, write(i(6), predicate(t, "v", storage.Ne, i(5))))
	h.wantRow(t, stored, k)
	h.apply(write(i(6), predicate(t, "v", storage.Eq, i(5))))
	h.wantRow(t, row(t, is("p", k), is("v", i(6)), is("n", i(8)), is("w", storage.TextValue("new")),
		is("before_v", i(5)), is("before_n", i(7)), is("before_w", storage.TextValue("old"))), k)
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: at("v"), IndexValue: i(6)}, []storage.Row{h.get(t, k)})

	// NULL stays NULL, also where something is added; within a group as alone.
	other := i(2)
	h.apply(put(t, key(k), is("v", i(1)), is("n", storage.Null(storage.Int)), is("w", storage.Null(storage.Text))))
	group := []storage.Mutation{write(i(2), predicate(t, "v", storage.Eq, i(1)))}
	if h.info.Atomicity >= storage.AtomicTable {
		group = append(group, put(t, key(other), is("v", i(1))))
	}
	h.apply(group...)
	h.wantRow(t, row(t, is("p", k), is("v", i(2)), is("w", storage.TextValue("new")), is("before_v", i(1))), k)
}

func checkCopyOfNoRecord(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("a", storage.Int), Column("b", storage.Int))
	c := storage.Copy{To: t.Column("b"), From: t.Column("a")}
	h.needCopies(t, c)
	k := storage.IntValue(1)
	m := when(put(t, key(k)), storage.IfExists)
	m.Copies = []storage.Copy{c}
	h.fails(storage.ErrCondition, m)
	h.wantRow(t, nil, k)
}

// checkRefusedCopies asks for what cannot be meant, and for a sum that does not
// fit. Nothing is changed.
func checkRefusedCopies(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("a", storage.Int), Column("b", storage.Int), Column("c", storage.BigInt))
	p, a, b, c := t.Column("p"), t.Column("a"), t.Column("b"), t.Column("c")
	h.needCopies(t, storage.Copy{To: b, From: a})
	k := storage.IntValue(1)
	full := row(t, is("p", k), is("a", storage.IntValue(math.MaxInt32)), is("c", storage.BigIntValue(3)))
	h.apply(putRow(t, full))
	copying := func(condition storage.Precondition, copies ...storage.Copy) storage.Mutation {
		m := when(put(t, key(k)), condition)
		m.Copies = copies
		return m
	}
	both := copying(storage.IfExists, storage.Copy{To: b, From: a})
	both.Columns, both.Values = []int{b}, []storage.Value{storage.IntValue(1)}
	removing := copying(storage.IfExists, storage.Copy{To: b, From: a})
	removing.Op = storage.Delete
	for what, m := range map[string]storage.Mutation{
		"always":             copying(storage.Always, storage.Copy{To: b, From: a}),
		"if not exists":      copying(storage.IfNotExists, storage.Copy{To: b, From: a}),
		"a delete":           removing,
		"to the key":         copying(storage.IfExists, storage.Copy{To: p, From: a}),
		"of another type":    copying(storage.IfExists, storage.Copy{To: b, From: c}),
		"plus, but no INT":   copying(storage.IfExists, storage.Copy{To: c, From: c, Plus: 1}),
		"from nowhere":       copying(storage.IfExists, storage.Copy{To: b, From: 9}),
		"to nowhere":         copying(storage.IfExists, storage.Copy{To: -1, From: a}),
		"twice":              copying(storage.IfExists, storage.Copy{To: b, From: a}, storage.Copy{To: b, From: a}),
		"of what was copied": copying(storage.IfExists, storage.Copy{To: b, From: a}, storage.Copy{To: a, From: b}),
		"and written":        both,
	} {
		h.fails(storage.ErrInvalid, m)
		if h.Failed() {
			h.Errorf("… copying %s", what)
		}
	}
	if err := h.try(copying(storage.IfExists, storage.Copy{To: a, From: a, Plus: 1})); err == nil || !storage.NotApplied(err) {
		h.Errorf("a sum that is out of range: %v, want an error that says that nothing was applied", err)
	}
	h.wantRow(t, full, k)
}
