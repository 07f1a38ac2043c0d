package storagetest

import (
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

func groupChecks() []check {
	return []check{
		{"group/empty", checkEmptyGroup},
		{"group/one partition, all or nothing", func(h *harness) { h.checkGroup(storage.AtomicPartition) }},
		{"group/one table, all or nothing", func(h *harness) { h.checkGroup(storage.AtomicTable) }},
		{"group/several tables, all or nothing", func(h *harness) { h.checkGroup(storage.AtomicNamespace) }},
		{"group/several namespaces, all or nothing", func(h *harness) { h.checkGroup(storage.AtomicStorage) }},
		{"group/sees the state before it", checkGroupSeesStateBefore},
		{"group/many mutations", checkLargeGroup},
		{"group/limits", checkGroupLimits},
	}
}

func checkEmptyGroup(h *harness) {
	if err := h.storage.Mutate(background, nil); err != nil {
		h.Errorf("mutate of nothing: %v", err)
	}
}

// member is one record of a group, with the mutations it can take part with.
type member struct {
	table *storage.Table
	key   []storage.Value
}

// members returns four records that lie as far apart as unit allows.
func (h *harness) members(unit storage.Atomicity) []member {
	parts := []Part{PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int), Column("w", storage.Int)}
	t := h.create(parts...)
	out := make([]member, 4)
	for i := range out {
		p := int32(0)
		switch {
		case unit == storage.AtomicTable:
			p = int32(i)
		case unit == storage.AtomicNamespace && i > 0:
			t = h.create(parts...)
		case unit == storage.AtomicStorage && i > 0:
			name := h.newTableName()
			name.Namespace = fmt.Sprintf("%s_%d", h.namespace, i)
			h.createNamespace(name.Namespace)
			t = h.createTable(Table(name.Namespace, name.Name, parts...))
		}
		out[i] = member{t, key(storage.IntValue(p), storage.IntValue(int32(i)))}
	}
	return out
}

// checkGroup lets each precondition of a group fail in turn, and looks that
// nothing at all was applied; then that everything is.
func (h *harness) checkGroup(unit storage.Atomicity) {
	h.needUnit(unit, 4)
	i := storage.IntValue
	for failing := -1; failing < 4; failing++ {
		records := h.members(unit)
		before := make([]storage.Row, len(records))
		for n, r := range records {
			if n == 1 {
				continue // the absent one
			}
			before[n] = row(r.table, is("p", r.key[0]), is("c", r.key[1]), is("v", i(int32(n))))
			h.apply(putRow(r.table, before[n]))
		}
		good := []storage.Mutation{
			when(put(records[0].table, records[0].key, is("v", i(10))), storage.If, predicate(records[0].table, "v", storage.Eq, i(0))),
			when(put(records[1].table, records[1].key, is("v", i(11)), is("w", i(1))), storage.IfNotExists),
			when(remove(records[2].table, records[2].key...), storage.If, predicate(records[2].table, "w", storage.IsNull)),
			when(verify(records[3].table, records[3].key...), storage.If, predicate(records[3].table, "v", storage.Eq, i(3))),
		}
		group := append([]storage.Mutation(nil), good...)
		want := append([]storage.Row(nil), before...)
		if failing >= 0 {
			m := &group[failing]
			if m.Condition == storage.IfNotExists {
				m.Condition = storage.IfExists
			} else {
				m.Where = []storage.Predicate{predicate(m.Table, "v", storage.Eq, i(99))}
			}
			h.fails(storage.ErrCondition, group...)
		} else {
			h.apply(group...)
			for n := range group {
				want[n] = after(group[n], before[n])
			}
		}
		for n, r := range records {
			if got := h.get(r.table, r.key...); !sameRow(got, want[n]) {
				h.Errorf("group with failing mutation %d: record %d is %s, want %s", failing, n, formatRow(got), formatRow(want[n]))
			}
		}
	}
}

// checkGroupSeesStateBefore: preconditions look at the state before the group,
// whatever the order of its mutations.
func checkGroupSeesStateBefore(h *harness) {
	h.needUnit(storage.AtomicPartition, 3)
	records := h.members(storage.AtomicPartition)
	t, i := records[0].table, storage.IntValue
	h.apply(put(t, records[0].key, is("v", i(1))))
	h.apply(put(t, records[1].key, is("v", i(2))))
	h.apply(
		when(verify(t, records[2].key...), storage.IfNotExists),
		when(put(t, records[0].key, is("v", i(2))), storage.If, predicate(t, "v", storage.Eq, i(1))),
		when(put(t, records[1].key, is("v", i(1))), storage.If, predicate(t, "v", storage.Eq, i(2))),
	)
	h.wantRow(t, row(t, is("p", i(0)), is("c", i(0)), is("v", i(2))), records[0].key...)
	h.wantRow(t, row(t, is("p", i(0)), is("c", i(1)), is("v", i(1))), records[1].key...)
	h.wantRow(t, nil, records[2].key...)
}

// checkLargeGroup writes a group as large as allowed, at most 300 mutations.
func checkLargeGroup(h *harness) {
	h.needUnit(storage.AtomicPartition, 2)
	size := int32(300)
	if limit := h.info.MaxMutations; limit > 0 && limit < int(size) {
		size = int32(limit)
	}
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int), Column("w", storage.Int))
	i := storage.IntValue
	var group []storage.Mutation
	var want []storage.Row
	for n := range size {
		r := row(t, is("p", i(1)), is("c", i(n)), is("v", i(n)), is("w", i(-n)))
		want = append(want, r)
		group = append(group, when(putRow(t, r), storage.IfNotExists))
	}
	h.apply(group...)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, want)
	for n := range group {
		group[n] = when(remove(t, group[n].Key...), storage.If, predicate(t, "v", storage.Eq, i(int32(n))))
	}
	group[size-1].Where[0].Value = i(-1)
	h.fails(storage.ErrCondition, group...)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, want)
	group[size-1].Where[0].Value = i(size - 1)
	h.apply(group...)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, nil)
}

// checkGroupLimits: what crosses the declared limits is refused, not split.
func checkGroupLimits(h *harness) {
	i := storage.IntValue
	if h.info.Atomicity < storage.AtomicStorage {
		beyond := h.info.Atomicity + 1
		records := h.members(beyond)
		var group []storage.Mutation
		for _, r := range records[:2] {
			group = append(group, put(r.table, r.key, is("v", i(1))))
		}
		h.fails(storage.ErrInvalid, group...)
		for _, r := range records[:2] {
			h.wantRow(r.table, nil, r.key...)
		}
	}
	if limit := h.info.MaxMutations; limit > 0 && h.info.Atomicity > storage.AtomicRecord {
		t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc))
		var group []storage.Mutation
		for n := range limit + 1 {
			group = append(group, put(t, key(i(1), i(int32(n)))))
		}
		h.fails(storage.ErrInvalid, group...)
		h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, nil)
	}
}
