package storagetest

import (
	"strings"

	"github.com/scalargen/scalargen/storage"
)

func valueChecks() []check {
	var all []check
	for _, t := range storage.Types() {
		all = append(all, check{"value/" + t.String(), func(h *harness) { h.checkValues(t) }})
	}
	return append(all, check{"value/big", checkBigValues}, check{"value/all types in one record", checkAllTypes})
}

// checkValues writes and reads every extreme value and NULL.
func (h *harness) checkValues(typ storage.Type) {
	h.need(AsValue, typ)
	t := h.create(PartitionKey("p", storage.Int), Column("v", typ), Column("w", typ))
	extremes := Extremes(typ)
	for i, v := range extremes {
		k := storage.IntValue(int32(i))
		if reason := h.refusedBecause(AsValue, v); reason != "" {
			h.leaveOut(v.String(), reason)
			h.fails(storage.ErrInvalid, put(t, key(k), is("v", v)))
			h.wantRow(t, nil, k)
			continue
		}
		if h.fold(v) != v {
			h.leaveOut(v.String()+" kept as "+h.fold(v).String(), h.foldReason)
		}
		h.apply(put(t, key(k), is("v", v)))
		stored := row(t, is("p", k), is("v", h.fold(v)))
		h.wantRow(t, stored, k)
		h.wantSet(storage.Scan{Table: t, Kind: storage.PartitionScan, Partition: key(k)}, []storage.Row{stored})
		h.apply(when(put(t, key(k), is("v", storage.Null(typ)), is("w", v)), storage.IfExists))
		h.wantRow(t, row(t, is("p", k), is("w", h.fold(v))), k)
	}
	h.checkNullIsNotEmpty(t, typ)
}

// checkNullIsNotEmpty keeps NULL and empty apart.
func (h *harness) checkNullIsNotEmpty(t *storage.Table, typ storage.Type) {
	if typ != storage.Text && typ != storage.Blob {
		return
	}
	empty := Extremes(typ)[0]
	if reason := h.refusedBecause(AsValue, empty); reason != "" {
		return
	}
	k := storage.IntValue(-1)
	h.apply(put(t, key(k), is("v", empty), is("w", storage.Null(typ))))
	for _, column := range []struct {
		name   string
		isNull bool
	}{{"v", false}, {"w", true}} {
		null := storage.Scan{Table: t, Kind: storage.PartitionScan, Partition: key(k), Where: storage.Filter{{predicate(t, column.name, storage.IsNull)}}}
		if got := len(h.scan(null)) == 1; got != column.isNull {
			h.Errorf("%s: IS NULL is %t for %s", typ, got, formatRow(h.get(t, k)))
		}
	}
	h.fails(storage.ErrCondition, when(put(t, key(k)), storage.If, predicate(t, "v", storage.IsNull)))
	h.fails(storage.ErrCondition, when(put(t, key(k)), storage.If, predicate(t, "w", storage.IsNotNull)))
}

func checkBigValues(h *harness) {
	size := 1 << 20
	if h.maxValue > 0 && h.maxValue < size {
		h.leaveOut("values of 1 MiB", h.maxValueReason)
		size = h.maxValue
	}
	text := storage.TextValue(strings.Repeat("0123456789abcdeé", size/17))
	blob := storage.BlobValue([]byte(strings.Repeat(string(allBytes()), size/256)))
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("s", storage.Text), Column("b", storage.Blob))
	p := storage.IntValue(1)
	var want []storage.Row
	for c := range int32(6) {
		r := row(t, is("p", p), is("c", storage.IntValue(c)))
		if c%2 == 0 {
			r[t.Column("s")] = text
		} else {
			r[t.Column("b")] = blob
		}
		want = append(want, r)
		h.apply(putRow(t, r))
	}
	h.wantRow(t, want[1], p, storage.IntValue(1))
	h.wantScan(storage.Scan{Table: t, Partition: key(p)}, want)
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, want)
	h.apply(when(put(t, key(p, storage.IntValue(0)), is("b", blob)), storage.If, predicate(t, "s", storage.Eq, text)))
	h.fails(storage.ErrCondition, when(put(t, key(p, storage.IntValue(2)), is("b", blob)), storage.If, predicate(t, "s", storage.Ne, text)))
}

// checkAllTypes finds values that get into a neighbour's column.
func checkAllTypes(h *harness) {
	parts := []Part{PartitionKey("p", storage.Int)}
	for _, typ := range storage.Types() {
		if reason := h.lacks(AsValue, typ); reason != "" {
			h.leaveOut(typ.String(), reason)
			continue
		}
		parts = append(parts, Column("v_"+strings.ToLower(typ.String()), typ))
	}
	t := h.create(parts...)
	const records = 20
	var want []storage.Row
	for i := range records {
		r := row(t, is("p", storage.IntValue(int32(i))))
		for c, column := range t.Columns {
			if t.InPrimaryKey(c) || i%7 == c%7 {
				continue
			}
			extremes := Extremes(column.Type)
			v := extremes[i%len(extremes)]
			if h.refusedBecause(AsValue, v) == "" {
				r[c] = h.fold(v)
			}
		}
		want = append(want, r)
		h.apply(putRow(t, r))
	}
	for _, r := range want {
		h.wantRow(t, r, t.Key(r)...)
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, want)
}
