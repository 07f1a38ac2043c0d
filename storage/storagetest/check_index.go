package storagetest

import "github.com/scalargen/scalargen/storage"

func indexChecks() []check {
	var all []check
	for _, typ := range storage.Types() {
		all = append(all, check{"index/" + typ.String(), func(h *harness) { h.checkIndex(typ) }})
	}
	return append(all, check{"index/follows writes", checkIndexFollowsWrites}, check{"index/several in one table", checkSeveralIndexes})
}

func (h *harness) checkIndex(typ storage.Type) {
	h.need(AsIndex, typ)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Indexed("x", typ))
	extremes := h.extremes(AsIndex, typ)
	found := map[storage.Value][]storage.Row{}
	for i, v := range extremes {
		for c := range int32(2) { // the same value in two partitions
			r := row(t, is("p", storage.IntValue(int32(i)+c)), is("c", storage.IntValue(int32(i))), is("x", v))
			found[v] = append(found[v], r)
			h.apply(putRow(t, r))
		}
	}
	h.apply(put(t, key(storage.IntValue(-1), storage.IntValue(0))))
	for _, v := range extremes {
		h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: v}, found[v])
	}
}

func checkIndexFollowsWrites(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Indexed("x", storage.Int), Column("v", storage.Int))
	one, two := storage.IntValue(1), storage.IntValue(2)
	k := storage.IntValue(7)
	by := func(v storage.Value) storage.Scan {
		return storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: v}
	}
	h.wantSet(by(one), nil)
	h.apply(put(t, key(k), is("v", two)))
	h.wantSet(by(one), nil)
	h.apply(put(t, key(k), is("x", one)))
	h.wantSet(by(one), []storage.Row{row(t, is("p", k), is("x", one), is("v", two))})
	h.apply(put(t, key(k), is("v", one)))
	h.wantSet(by(one), []storage.Row{row(t, is("p", k), is("x", one), is("v", one))})
	h.apply(put(t, key(k), is("x", two)))
	h.wantSet(by(one), nil)
	h.wantSet(by(two), []storage.Row{row(t, is("p", k), is("x", two), is("v", one))})
	h.apply(put(t, key(k), is("x", storage.Null(storage.Int))))
	h.wantSet(by(two), nil)
	h.apply(put(t, key(k), is("x", two)))
	h.apply(remove(t, k))
	h.wantSet(by(two), nil)
}

func checkSeveralIndexes(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Indexed("x", storage.Int), Indexed("y", storage.Text), Column("z", storage.Int))
	const records = 30
	var all []storage.Row
	for i := range int32(records) {
		r := row(t, is("p", storage.IntValue(i)), is("x", storage.IntValue(i%3)), is("y", plainTexts[i%5]), is("z", storage.IntValue(i%2)))
		all = append(all, r)
		h.apply(putRow(t, r))
	}
	for x := range int32(3) {
		v := storage.IntValue(x)
		scan := storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: v}
		h.wantSet(scan, having(all, t.Column("x"), v))
		scan.Where = storage.Filter{{predicate(t, "z", storage.Eq, storage.IntValue(1)), predicate(t, "y", storage.Ne, plainTexts[0])}}
		scan.Columns = []int{t.Column("y"), t.Column("p")}
		h.wantSet(scan, h.expect(&scan, having(all, t.Column("x"), v)))
	}
	for _, v := range plainTexts {
		h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("y"), IndexValue: v}, having(all, t.Column("y"), v))
	}
}

func having(rows []storage.Row, column int, v storage.Value) []storage.Row {
	var out []storage.Row
	for _, r := range rows {
		if r[column] == v {
			out = append(out, r)
		}
	}
	return out
}

// expect applies the scan's filter and projection to rows of all columns.
func (h *harness) expect(scan *storage.Scan, rows []storage.Row) []storage.Row {
	var out []storage.Row
	for _, r := range rows {
		if !h.passes(scan.Where, r) {
			continue
		}
		if scan.Columns != nil {
			r = project(r, scan.Columns)
		}
		out = append(out, r)
	}
	return out
}

func project(r storage.Row, columns []int) storage.Row {
	projected := make(storage.Row, len(columns))
	for i, c := range columns {
		projected[i] = r[c]
	}
	return projected
}
