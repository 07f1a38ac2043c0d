package storagetest

import (
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

func filterChecks() []check {
	var all []check
	for _, typ := range storage.Types() {
		all = append(all, check{"filter/" + typ.String(), func(h *harness) { h.checkFilters(typ) }})
	}
	return append(all, check{"filter/DNF", checkDisjunctions}, check{"filter/key columns", checkFilterOnKeys})
}

// checkFilters applies every operator to every extreme value and NULL.
func (h *harness) checkFilters(typ storage.Type) {
	h.need(AsValue, typ)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", typ))
	extremes := h.extremes(AsValue, typ)
	p := storage.IntValue(1)
	var rows []storage.Row
	for i, v := range append([]storage.Value{storage.Null(typ)}, extremes...) {
		r := row(t, is("p", p), is("c", storage.IntValue(int32(i))), is("v", v))
		rows = append(rows, r)
		h.apply(putRow(t, r))
	}
	filter := func(where storage.Predicate) {
		h.Helper()
		scan := storage.Scan{Table: t, Partition: key(p), Where: storage.Filter{{where}}}
		want := h.expect(&scan, rows)
		h.wantScan(scan, want)
		scan.Kind, scan.Partition = storage.FullScan, nil
		h.wantSet(scan, want)
	}
	filter(predicate(t, "v", storage.IsNull))
	filter(predicate(t, "v", storage.IsNotNull))
	for _, operator := range comparisons {
		if reason := h.lacks(AsOrdered, typ); reason != "" && operator != storage.Eq && operator != storage.Ne {
			h.leaveOut(fmt.Sprintf("%s %s", typ, operator), reason)
			continue
		}
		for _, operand := range extremes {
			filter(predicate(t, "v", operator, operand))
		}
	}
}

// checkDisjunctions holds filters in disjunctive normal form against rows with
// and without NULLs, on every access path.
func checkDisjunctions(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("a", storage.Int), Column("b", storage.Text), Indexed("x", storage.Int))
	i := storage.IntValue
	var rows []storage.Row
	for n := range int32(48) {
		r := row(t, is("p", i(n%2)), is("c", i(-n)), is("x", i(n%3)))
		if n%4 > 0 {
			r[t.Column("a")] = i(n % 4)
		}
		if n%5 > 0 {
			r[t.Column("b")] = plainTexts[n%5]
		}
		rows = append(rows, r)
		h.apply(putRow(t, r))
	}
	a := func(o storage.Operator, v ...storage.Value) storage.Predicate { return predicate(t, "a", o, v...) }
	b := func(o storage.Operator, v ...storage.Value) storage.Predicate { return predicate(t, "b", o, v...) }
	filters := []storage.Filter{
		{},
		{{a(storage.Eq, i(1))}, {a(storage.Eq, i(2))}},
		{{a(storage.Eq, i(1)), b(storage.Ne, plainTexts[2])}, {a(storage.IsNull)}},
		{{a(storage.Ne, i(1))}, {b(storage.Ne, plainTexts[1])}},
		{{a(storage.Ge, i(2)), a(storage.Le, i(2))}},
		{{a(storage.IsNull), b(storage.IsNull)}, {a(storage.Gt, i(2)), b(storage.Lt, plainTexts[3])}, {a(storage.Eq, i(1)), b(storage.Eq, plainTexts[1])}},
		{{a(storage.Eq, i(1)), a(storage.Eq, i(2))}},
		{{a(storage.IsNull)}, {a(storage.IsNotNull)}},
		{{b(storage.Like, storage.TextValue("a%"))}, {a(storage.Lt, i(2)), b(storage.NotLike, storage.TextValue("%a"))}},
		{{a(storage.Eq, i(1))}, {a(storage.Eq, i(1))}},
	}
	for _, f := range filters {
		full := storage.Scan{Table: t, Kind: storage.FullScan, Where: f}
		h.wantSet(full, h.expect(&full, rows))
		partition := storage.Scan{Table: t, Partition: key(i(1)), Where: f, Start: storage.Bound{Values: key(i(-40)), Inclusive: true}, Columns: []int{t.Column("c"), t.Column("x")}}
		var within []storage.Row
		for _, r := range having(rows, t.Column("p"), i(1)) {
			if r[t.Column("c")].Int64() >= -40 {
				within = append(within, r)
			}
		}
		h.wantScan(partition, h.expect(&partition, within))
		index := storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: i(2), Where: f}
		h.wantSet(index, h.expect(&index, having(rows, t.Column("x"), i(2))))
	}
}

func checkFilterOnKeys(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("v", storage.Int))
	i := storage.IntValue
	var rows []storage.Row
	for n := range int32(20) {
		r := row(t, is("p", i(n/10)), is("c", i(9-n%10)), is("v", i(n%3)))
		rows = append(rows, r)
		h.apply(putRow(t, r))
	}
	for _, f := range []storage.Filter{
		{{predicate(t, "c", storage.Ge, i(3)), predicate(t, "c", storage.Ne, i(5))}},
		{{predicate(t, "p", storage.Eq, i(1)), predicate(t, "c", storage.Lt, i(4))}, {predicate(t, "c", storage.Eq, i(9)), predicate(t, "v", storage.Eq, i(0))}},
		{{predicate(t, "c", storage.IsNull)}, {predicate(t, "p", storage.IsNotNull), predicate(t, "v", storage.Eq, i(2))}},
	} {
		full := storage.Scan{Table: t, Kind: storage.FullScan, Where: f}
		h.wantSet(full, h.expect(&full, rows))
		partition := storage.Scan{Table: t, Partition: key(i(1)), Where: f}
		h.wantScan(partition, h.expect(&partition, having(rows, t.Column("p"), i(1))))
	}
}
