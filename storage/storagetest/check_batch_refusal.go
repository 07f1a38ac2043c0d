package storagetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/scalargen/scalargen/storage"
)

func checkBatchTwice(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int))
	i := storage.IntValue
	insert := func(c int32) storage.Mutation {
		return when(put(t, key(i(1), i(c)), is("v", i(c))), storage.IfNotExists)
	}
	invalid := storage.ErrInvalid
	h.wantBatch([][]storage.Mutation{{insert(1)}, {insert(2)}, {insert(1)}}, []error{invalid, invalid, invalid})
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
	var many [][]storage.Mutation
	for c := range int32(30) {
		many = append(many, []storage.Mutation{insert(c % 29)})
	}
	h.wantBatch(many, slices.Repeat([]error{invalid}, len(many)))
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
	// Within one group it is the fault of that group alone.
	h.wantBatch([][]storage.Mutation{{insert(1)}, {insert(2), insert(2)}, {insert(3)}}, []error{nil, invalid, nil})
	h.wantRow(t, nil, i(1), i(2))
	h.wantRow(t, row(t, is("p", i(1)), is("c", i(3)), is("v", i(3))), i(1), i(3))
}

func checkBatchInvalid(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int))
	i := storage.IntValue
	groups := map[string][]storage.Mutation{
		"no table":                  {{Op: storage.Delete, Key: key(i(1), i(1))}},
		"key too short":             {put(t, key(i(1)), is("v", i(1)))},
		"value of the wrong type":   {put(t, key(i(1), i(1)), is("v", storage.TextValue("x")))},
		"check without condition":   {verify(t, i(1), i(1))},
		"second mutation, no key":   {put(t, key(i(1), i(1)), is("v", i(1))), put(t, nil)},
		"predicate on a key column": {when(remove(t, i(1), i(1)), storage.If, predicate(t, "c", storage.Eq, i(1)))},
	}
	if limit := h.info.MaxMutations; limit > 0 {
		var beyond []storage.Mutation
		for c := range limit + 1 {
			beyond = append(beyond, put(t, key(i(1), i(int32(c)))))
		}
		groups["too many mutations"] = beyond
	}
	n := int32(1000)
	var want []storage.Row
	for name, group := range groups {
		rows := []storage.Row{row(t, is("p", i(n)), is("c", i(0)), is("v", i(0))), row(t, is("p", i(n)), is("c", i(1)), is("v", i(1)))}
		n++
		h.Logf("%s", name)
		h.wantBatch([][]storage.Mutation{{putRow(t, rows[0])}, group, {putRow(t, rows[1])}}, []error{nil, storage.ErrInvalid, nil})
		want = append(want, rows...)
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, want)
}

func checkBatchUnknownTable(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	name := h.newTableName()
	unknown := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), Column("v", storage.Int))
	i := storage.IntValue
	r := func(p int32) storage.Row { return row(t, is("p", i(p)), is("v", i(p))) }
	h.wantBatch([][]storage.Mutation{
		{putRow(t, r(1))}, {when(put(unknown, key(i(1)), is("v", i(1))), storage.IfNotExists)}, {putRow(t, r(2))},
	}, []error{nil, storage.ErrTableNotFound, nil})
	if h.info.Atomicity >= storage.AtomicNamespace && h.info.MaxMutations != 1 {
		h.wantBatch([][]storage.Mutation{{putRow(t, r(3))}, {putRow(t, r(4)), remove(unknown, i(1))}, {putRow(t, r(5))}}, []error{nil, storage.ErrTableNotFound, nil})
		h.wantRow(t, r(3), i(3))
		h.wantRow(t, nil, i(4))
		h.apply(remove(t, i(3)))
		h.apply(remove(t, i(5)))
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{r(1), r(2)})
}

func checkBatchCancellation(h *harness) {
	b := h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	i := storage.IntValue
	stored := row(t, is("p", i(0)), is("v", i(0)))
	h.apply(putRow(t, stored))
	cancelled, cancel := context.WithCancel(background)
	cancel()
	expired, cancel := context.WithDeadline(background, time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, expired} {
		errs := b.MutateBatch(ctx, [][]storage.Mutation{
			{when(put(t, key(i(1)), is("v", i(1))), storage.IfNotExists)}, {remove(t, i(0))}, {put(t, key(i(2)), is("v", i(2)))},
		})
		if len(errs) != 3 {
			h.Fatalf("batch of 3 groups: %d outcomes", len(errs))
		}
		for n, err := range errs {
			if !errors.Is(err, ctx.Err()) || errors.Is(err, storage.ErrCondition) || errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrInvalid) {
				h.Errorf("group %d with a context that is done: error %v, want %v", n, err, ctx.Err())
			}
		}
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{stored})
}

// checkBatchClose opens another storage and closes it.
func checkBatchClose(h *harness) {
	h.batcher(h.storage)
	s := h.open()
	name := h.newTableName()
	t := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int))
	if err := s.Close(); err != nil {
		h.Fatalf("close: %v", err)
	}
	errs := h.batcher(s).MutateBatch(background, [][]storage.Mutation{{put(t, key(storage.IntValue(1)))}, {put(t, key(storage.IntValue(2)))}})
	if len(errs) != 2 {
		h.Fatalf("batch of 2 groups: %d outcomes", len(errs))
	}
	for _, err := range errs {
		h.wantError("batch after close", err, storage.ErrClosed)
	}
}
