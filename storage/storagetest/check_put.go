package storagetest

import "github.com/scalargen/scalargen/storage"

func putChecks() []check {
	return []check{
		{"put/partial", checkPartialPut},
		{"put/no columns", checkPutWithoutColumns},
		{"put/replaces nothing else", checkPutTouchesOneRecord},
		{"delete/one record", checkDelete},
	}
}

// checkPartialPut writes some columns and leaves the others as they are.
func checkPartialPut(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("a", storage.Int), Column("b", storage.Text), Indexed("x", storage.Int))
	i, k := storage.IntValue, storage.IntValue(1)
	conditions := []storage.Mutation{{Condition: storage.Always}, {Condition: storage.IfExists},
		{Condition: storage.If, Where: []storage.Predicate{predicate(t, "x", storage.Eq, i(9))}}}
	for _, c := range conditions {
		full := row(t, is("p", k), is("a", i(1)), is("b", storage.TextValue("b")), is("x", i(9)))
		h.apply(putRow(t, full))
		h.apply(when(put(t, key(k), is("a", i(2))), c.Condition, c.Where...))
		full[t.Column("a")] = i(2)
		h.wantRow(t, full, k)
		h.apply(when(put(t, key(k), is("b", storage.Null(storage.Text)), is("a", i(3))), c.Condition, c.Where...))
		full[t.Column("a")], full[t.Column("b")] = i(3), storage.Null(storage.Text)
		h.wantRow(t, full, k)
	}
	h.apply(put(t, key(i(2)), is("b", storage.TextValue("new"))))
	h.wantRow(t, row(t, is("p", i(2)), is("b", storage.TextValue("new"))), i(2))
	h.apply(when(put(t, key(i(3)), is("a", i(1))), storage.IfNotExists))
	h.wantRow(t, row(t, is("p", i(3)), is("a", i(1))), i(3))
}

func checkPutWithoutColumns(h *harness) {
	tables := []*storage.Table{
		h.create(PartitionKey("p", storage.Int), Column("v", storage.Int)),
		h.create(PartitionKey("p", storage.Int)),
	}
	for _, t := range tables {
		k := storage.IntValue(1)
		h.fails(storage.ErrCondition, when(put(t, key(k)), storage.IfExists))
		h.apply(put(t, key(k)))
		h.wantRow(t, row(t, is("p", k)), k)
		h.apply(put(t, key(k)))
		h.apply(when(put(t, key(k)), storage.IfExists))
		h.wantRow(t, row(t, is("p", k)), k)
		h.fails(storage.ErrCondition, when(put(t, key(k)), storage.IfNotExists))
		h.apply(when(put(t, key(storage.IntValue(2))), storage.IfNotExists))
		h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{row(t, is("p", k)), row(t, is("p", storage.IntValue(2)))})
	}
	t, k := tables[0], storage.IntValue(1)
	v := storage.IntValue(5)
	h.apply(put(t, key(k), is("v", v)))
	h.apply(put(t, key(k)))
	h.wantRow(t, row(t, is("p", k), is("v", v)), k)
	h.apply(when(put(t, key(k)), storage.If, predicate(t, "v", storage.Eq, v)))
	h.fails(storage.ErrCondition, when(put(t, key(k)), storage.If, predicate(t, "v", storage.Ne, v)))
}

// neighbours are records that differ in one part of the key.
func (h *harness) neighbours() (t *storage.Table, rows []storage.Row) {
	t = h.create(PartitionKey("p", storage.Int), PartitionKey("q", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), ClusteringKey("d", storage.Int, storage.Desc), Column("v", storage.Int))
	for n := range int32(16) {
		bit := func(b int32) storage.Value { return storage.IntValue(n >> b & 1) }
		r := row(t, is("p", bit(0)), is("q", bit(1)), is("c", bit(2)), is("d", bit(3)), is("v", storage.IntValue(n)))
		rows = append(rows, r)
		h.apply(putRow(t, r))
	}
	return t, rows
}

func checkPutTouchesOneRecord(h *harness) {
	t, rows := h.neighbours()
	rows[5] = append(storage.Row(nil), rows[5]...)
	rows[5][t.Column("v")] = storage.IntValue(100)
	h.apply(when(putRow(t, rows[5]), storage.If, predicate(t, "v", storage.Eq, storage.IntValue(5))))
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, rows)
}

func checkDelete(h *harness) {
	t, rows := h.neighbours()
	h.apply(remove(t, t.Key(rows[6])...))
	h.apply(when(remove(t, t.Key(rows[7])...), storage.IfExists))
	h.apply(when(remove(t, t.Key(rows[8])...), storage.If, predicate(t, "v", storage.Eq, storage.IntValue(8))))
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, append(rows[:6:6], rows[9:]...))
	h.apply(remove(t, t.Key(rows[6])...)) // of an absent record
	h.wantRow(t, nil, t.Key(rows[6])...)
	// A record that comes back has none of its old values.
	h.apply(put(t, t.Key(rows[6])))
	back := append(storage.Row(nil), rows[6]...)
	back[t.Column("v")] = storage.Null(storage.Int)
	h.wantRow(t, back, t.Key(rows[6])...)
}
