package storagetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func batchChecks() []check {
	return []check{
		{"batch/empty", checkEmptyBatch},
		{"batch/independent outcomes", checkBatchOutcomes},
		{"batch/one failure among many", checkBatchFailure},
		{"batch/groups are all or nothing", checkBatchGroups},
		{"batch/beyond the atomicity unit", checkBatchUnits},
		{"batch/record named twice", checkBatchTwice},
		{"batch/invalid group", checkBatchInvalid},
		{"batch/unknown table", checkBatchUnknownTable},
		{"batch/many groups", checkLargeBatch},
		{"batch/each of many inserts wins once", checkBatchRace},
		{"batch/cancellation", checkBatchCancellation},
		{"batch/close", checkBatchClose},
		{"batch/same as groups on memory", checkBatchSameAsMemory},
	}
}

// batcher is the storage's other face; without it the check ends.
func (h *harness) batcher(s storage.Storage) storage.Batcher {
	h.Helper()
	if !h.info.Batch {
		h.skip("many groups in one round trip", "the storage runs no batches (Info.Batch)")
	}
	b, ok := s.(storage.Batcher)
	if !ok {
		h.Fatalf("Info.Batch is true, but %T is no storage.Batcher", s)
	}
	return b
}

// batch applies the groups, again those that met a conflict, and returns the
// error of each.
func (h *harness) batch(groups ...[]storage.Mutation) []error {
	h.Helper()
	b := h.batcher(h.storage)
	outcomes := make([]error, len(groups))
	open := make([]int, len(groups))
	for i := range groups {
		open[i] = i
	}
	for range maxConflicts {
		var sent [][]storage.Mutation
		for _, i := range open {
			sent = append(sent, groups[i])
		}
		errs := b.MutateBatch(background, sent)
		if len(errs) != len(sent) {
			h.Fatalf("batch of %d groups: %d outcomes", len(sent), len(errs))
		}
		for n, i := range open {
			outcomes[i] = errs[n]
		}
		open = slices.DeleteFunc(open, func(i int) bool { return !errors.Is(outcomes[i], storage.ErrConflict) })
		if len(open) == 0 {
			break
		}
	}
	return outcomes
}

// wantBatch applies the groups and checks the class of each outcome, nil where
// the group must be applied.
func (h *harness) wantBatch(groups [][]storage.Mutation, want []error) {
	h.Helper()
	for i, err := range h.batch(groups...) {
		if want[i] == nil {
			if err != nil {
				h.Errorf("batch of %d groups, group %d: %v\n%s", len(groups), i, err, formatGroup(groups[i]))
			}
			continue
		}
		h.wantError(fmt.Sprintf("batch of %d groups, group %d", len(groups), i), err, want[i])
		if err != nil && !storage.NotApplied(err) {
			h.Errorf("batch, group %d: %v does not promise that nothing was applied", i, err)
		}
	}
}

func checkEmptyBatch(h *harness) {
	if errs := h.batch(); len(errs) != 0 {
		h.Errorf("a batch of nothing: %v", errs)
	}
	t := h.create(PartitionKey("p", storage.Int))
	one := storage.IntValue(1)
	h.wantBatch([][]storage.Mutation{nil, {put(t, key(one))}, {}}, []error{nil, nil, nil})
	h.wantRow(t, row(t, is("p", one)), one)
}

// checkBatchOutcomes sends every operation under a true and a false
// precondition in one batch, in different orders.
func checkBatchOutcomes(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	i := storage.IntValue
	present := func(p int32) storage.Row { return row(t, is("p", i(p)), is("v", i(1))) }
	isOne := predicate(t, "v", storage.Eq, i(1))
	isTwo := predicate(t, "v", storage.Eq, i(2))
	var all []storage.Mutation
	for _, shape := range []storage.Mutation{
		when(put(t, nil, is("v", i(9))), storage.Always),
		when(put(t, nil, is("v", i(9))), storage.IfNotExists),
		when(put(t, nil, is("v", i(9))), storage.IfExists),
		when(put(t, nil, is("v", i(9))), storage.If, isOne),
		when(put(t, nil, is("v", i(9))), storage.If, isTwo),
		when(remove(t), storage.Always),
		when(remove(t), storage.If, isOne),
		when(remove(t), storage.If, isTwo),
		when(verify(t), storage.IfNotExists),
		when(verify(t), storage.If, isOne),
	} {
		for range 2 { // of a record that is there, and of one that is not
			shape.Key = key(i(int32(len(all))))
			all = append(all, shape)
		}
	}
	random := rand.New(rand.NewPCG(h.seed, 3))
	for range 4 {
		var groups [][]storage.Mutation
		var want []error
		var rows []storage.Row
		for _, n := range random.Perm(len(all)) {
			m, p := all[n], int32(n)
			h.apply(remove(t, m.Key...))
			var before storage.Row
			if n%2 == 0 {
				before = present(p)
				h.apply(putRow(t, before))
			}
			groups = append(groups, []storage.Mutation{m})
			if h.satisfied(m, before) {
				want, rows = append(want, nil), append(rows, after(m, before))
			} else {
				want, rows = append(want, storage.ErrCondition), append(rows, before)
			}
		}
		h.wantBatch(groups, want)
		for n, group := range groups {
			h.wantRow(t, rows[n], group[0].Key...)
		}
	}
}

// checkBatchFailure lets one insert find its record, at the beginning, within
// and at the end of a batch.
func checkBatchFailure(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	i := storage.IntValue
	const size = 20
	for _, failing := range []int{0, size / 2, size - 1} {
		var groups [][]storage.Mutation
		var rows []storage.Row
		want := make([]error, size)
		for n := range int32(size) {
			h.apply(remove(t, i(n)))
			rows = append(rows, row(t, is("p", i(n)), is("v", i(n))))
			groups = append(groups, []storage.Mutation{when(putRow(t, rows[n]), storage.IfNotExists)})
		}
		rows[failing] = row(t, is("p", i(int32(failing))), is("v", i(-1)))
		h.apply(putRow(t, rows[failing]))
		want[failing] = storage.ErrCondition
		h.wantBatch(groups, want)
		for n := range groups {
			h.wantRow(t, rows[n], i(int32(n)))
		}
	}
}

// checkBatchGroups lets each mutation of the middle group fail in turn: what
// the others of that group wrote must be gone, what other groups wrote not.
func checkBatchGroups(h *harness) {
	h.batcher(h.storage)
	h.needUnit(storage.AtomicPartition, 3)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int))
	i := storage.IntValue
	const size = 3
	for failing := -1; failing < size; failing++ {
		var groups [][]storage.Mutation
		want := make([]error, 3)
		var rows []storage.Row
		for p := range int32(len(want)) {
			k := func(c int32) []storage.Value { return key(i(p), i(c)) }
			h.apply(put(t, k(0), is("v", i(0))))
			h.apply(put(t, k(1), is("v", i(1))))
			h.apply(remove(t, k(2)...))
			group := []storage.Mutation{
				when(put(t, k(0), is("v", i(10))), storage.If, predicate(t, "v", storage.Eq, i(0))),
				when(remove(t, k(1)...), storage.If, predicate(t, "v", storage.Eq, i(1))),
				when(put(t, k(2), is("v", i(12))), storage.IfNotExists),
			}
			if p == 1 && failing >= 0 {
				h.apply(put(t, k(int32(failing)), is("v", i(99))))
				want[p] = storage.ErrCondition
				for c := range int32(size) {
					if r := h.get(t, k(c)...); r != nil {
						rows = append(rows, r)
					}
				}
			} else {
				rows = append(rows, row(t, is("p", i(p)), is("c", i(0)), is("v", i(10))), row(t, is("p", i(p)), is("c", i(2)), is("v", i(12))))
			}
			groups = append(groups, group)
		}
		h.wantBatch(groups, want)
		h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, rows)
	}
}

// checkBatchUnits: the atomicity unit limits a group, not the batch.
func checkBatchUnits(h *harness) {
	h.batcher(h.storage)
	records := append(h.members(storage.AtomicTable), h.members(storage.AtomicNamespace)...)
	var groups [][]storage.Mutation
	for _, r := range records {
		groups = append(groups, []storage.Mutation{when(put(r.table, r.key, is("v", storage.IntValue(1))), storage.IfNotExists)})
	}
	h.wantBatch(groups, make([]error, len(groups)))
	for _, r := range records {
		h.wantRow(r.table, row(r.table, is("p", r.key[0]), is("c", r.key[1]), is("v", storage.IntValue(1))), r.key...)
	}
}
