package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func keyChecks() []check {
	var all []check
	for _, typ := range storage.Types() {
		all = append(all,
			check{"partition key/" + typ.String(), func(h *harness) { h.checkPartitionKey(typ) }},
			check{"clustering key/" + typ.String() + " ASC", func(h *harness) { h.checkClusteringKey(typ, storage.Asc) }},
			check{"clustering key/" + typ.String() + " DESC", func(h *harness) { h.checkClusteringKey(typ, storage.Desc) }},
		)
	}
	return append(all, check{"partition key/many columns", checkCompositePartitionKey})
}

func (h *harness) checkPartitionKey(typ storage.Type) {
	h.need(AsPartitionKey, typ)
	t := h.create(PartitionKey("p", typ), Column("v", storage.Int))
	var want []storage.Row
	for i, p := range h.extremes(AsPartitionKey, typ) {
		h.wantRow(t, nil, p)
		r := row(t, is("p", p), is("v", storage.IntValue(int32(i))))
		want = append(want, r)
		h.apply(when(putRow(t, r), storage.IfNotExists))
	}
	for _, r := range want {
		p := r[t.Column("p")]
		h.wantRow(t, r, p)
		h.wantScan(storage.Scan{Table: t, Partition: key(p)}, []storage.Row{r})
		h.fails(storage.ErrCondition, when(putRow(t, r), storage.IfNotExists))
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, want)
	for i, r := range want {
		h.apply(when(remove(t, r[t.Column("p")]), storage.If, predicate(t, "v", storage.Eq, storage.IntValue(int32(i)))))
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
	h.checkRefusedKeys(AsPartitionKey, typ, func(v storage.Value) storage.Mutation { return put(t, key(v)) })
}

// checkClusteringKey writes the extreme values and reads every range of them.
func (h *harness) checkClusteringKey(typ storage.Type, order storage.Order) {
	h.need(AsClusteringKey, typ)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", typ, order), Column("v", storage.Int))
	p := storage.IntValue(1)
	extremes := h.extremes(AsClusteringKey, typ)
	var rows []storage.Row // by ascending value
	for i, c := range extremes {
		rows = append(rows, row(t, is("p", p), is("c", c), is("v", storage.IntValue(int32(i)))))
	}
	for i := range rows { // written in another order than that of the key
		r := rows[(i*7+3)%len(rows)]
		if len(rows)%7 == 0 {
			r = rows[len(rows)-1-i]
		}
		h.apply(when(putRow(t, r), storage.IfNotExists))
		h.apply(putRow(t, row(t, is("p", storage.IntValue(2)), is("c", r[t.Column("c")]))))
	}
	for _, r := range rows {
		h.wantRow(t, r, p, r[t.Column("c")])
	}
	h.checkRanges(t, p, rows, extremes, order)
	h.checkRefusedKeys(AsClusteringKey, typ, func(v storage.Value) storage.Mutation { return put(t, key(p, v)) })
}

// checkRanges reads every range between two of the values in both directions,
// with both kinds of bounds.
func (h *harness) checkRanges(t *storage.Table, p storage.Value, rows []storage.Row, bounds []storage.Value, order storage.Order) {
	h.Helper()
	read := func(start, end storage.Bound, backward bool) {
		var want []storage.Row
		for _, r := range rows {
			if h.within(r[t.Column("c")], start, end) {
				want = append(want, r)
			}
		}
		if (order == storage.Desc) != backward {
			slices.Reverse(want)
		}
		h.wantScan(storage.Scan{Table: t, Partition: key(p), Start: start, End: end, Backward: backward}, want)
	}
	read(storage.Bound{}, storage.Bound{}, false)
	read(storage.Bound{}, storage.Bound{}, true)
	for i, v := range bounds {
		inclusive, exclusive := storage.Bound{Values: key(v), Inclusive: true}, storage.Bound{Values: key(v)}
		for _, bound := range []storage.Bound{inclusive, exclusive} {
			read(bound, storage.Bound{}, i%2 == 0)
			read(storage.Bound{}, bound, i%2 == 1)
		}
		other := storage.Bound{Values: key(bounds[(i+2)%len(bounds)]), Inclusive: i%2 == 0}
		read(inclusive, other, i%2 == 0)
		read(exclusive, other, i%2 == 1)
		read(inclusive, inclusive, false)
		read(exclusive, inclusive, true)
	}
}

// within reports whether v lies between bounds of one value each.
func (h *harness) within(v storage.Value, start, end storage.Bound) bool {
	if len(start.Values) > 0 {
		if c := h.compare(v, start.Values[0]); c < 0 || c == 0 && !start.Inclusive {
			return false
		}
	}
	if len(end.Values) > 0 {
		if c := h.compare(v, end.Values[0]); c > 0 || c == 0 && !end.Inclusive {
			return false
		}
	}
	return true
}

// checkRefusedKeys checks that the values declared as refused are refused.
func (h *harness) checkRefusedKeys(use Use, typ storage.Type, write func(storage.Value) storage.Mutation) {
	h.Helper()
	for _, v := range Extremes(typ) {
		if h.refusedBecause(use, v) != "" {
			h.fails(storage.ErrInvalid, write(v))
		}
	}
}

// checkCompositePartitionKey finds keys that are glued together without a
// mark between their parts, and parts in the wrong order.
func checkCompositePartitionKey(h *harness) {
	h.need(AsPartitionKey, storage.Text)
	t := h.create(PartitionKey("p2", storage.Text), Column("v", storage.Int), PartitionKey("p1", storage.Text), PartitionKey("p3", storage.Int))
	texts := func(a, b string, c int32) []storage.Value {
		return key(storage.TextValue(a), storage.TextValue(b), storage.IntValue(c))
	}
	keys := [][]storage.Value{
		texts("a", "b", 1), texts("b", "a", 1), texts("ab", "c", 1), texts("a", "bc", 1), texts("a", "b", 11), texts("a", "b1", 1),
		texts("a:b", "c", 1), texts("a", "b:c", 1), texts("a", "b", -1),
	}
	var want []storage.Row
	for i, k := range keys {
		r := row(t, is("p2", k[0]), is("p1", k[1]), is("p3", k[2]), is("v", storage.IntValue(int32(i))))
		want = append(want, r)
		h.apply(when(putRow(t, r), storage.IfNotExists))
	}
	for i, k := range keys {
		h.wantRow(t, want[i], k...)
		h.wantScan(storage.Scan{Table: t, Partition: k}, want[i:i+1])
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, want)
}
