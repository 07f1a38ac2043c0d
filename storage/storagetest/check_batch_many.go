package storagetest

import (
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// checkLargeBatch inserts many records, every third of which is there.
func checkLargeBatch(h *harness) {
	h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	i := storage.IntValue
	const size = 1000
	insert := func(n, v int32) []storage.Mutation {
		return []storage.Mutation{when(put(t, key(i(n)), is("v", i(v))), storage.IfNotExists)}
	}
	var third, all [][]storage.Mutation
	var want []error
	var rows []storage.Row
	for n := range int32(size) {
		var class error
		v := i(2)
		if n%3 == 0 {
			third = append(third, insert(n, 1))
			class, v = storage.ErrCondition, i(1)
		}
		all = append(all, insert(n, 2))
		want, rows = append(want, class), append(rows, row(t, is("p", i(n)), is("v", v)))
	}
	h.wantBatch(third, make([]error, len(third)))
	h.wantBatch(all, want)
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, rows)
}

// checkBatchRace lets workers insert the same records by batches, each some of
// them in an order of its own, and by single mutations beside them.
func checkBatchRace(h *harness) {
	b := h.batcher(h.storage)
	t := h.create(PartitionKey("p", storage.Int), Column("winner", storage.Int))
	i := storage.IntValue
	const workers, records, rounds = 8, 40, 4
	for round := range int32(rounds) {
		var told [workers]map[int]error // by record
		parallel(workers, func(worker int) {
			order := rand.New(rand.NewPCG(h.seed, uint64(worker))).Perm(records)[:records*3/4]
			var groups [][]storage.Mutation
			for _, n := range order {
				m := put(t, key(i(round*records+int32(n))), is("winner", i(int32(worker))))
				groups = append(groups, []storage.Mutation{when(m, storage.IfNotExists)})
			}
			var errs []error
			if worker == 0 {
				for _, group := range groups {
					errs = append(errs, h.storage.Mutate(background, group))
				}
			} else if errs = b.MutateBatch(background, groups); len(errs) != len(groups) {
				h.Errorf("batch of %d groups: %d outcomes", len(groups), len(errs))
				return
			}
			told[worker] = map[int]error{}
			for n, err := range errs {
				told[worker][order[n]] = err
				if err != nil && !errors.Is(err, storage.ErrCondition) && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrUnknown) {
					h.Errorf("batch: %v", err)
				}
			}
		})
		for n := range records {
			stored := h.get(t, i(round*records+int32(n)))
			var winners, unknown int
			for worker := range workers {
				switch err, tried := told[worker][n]; {
				case !tried:
				case err == nil:
					winners++
					if stored == nil || stored[t.Column("winner")].Int64() != int64(worker) {
						h.Errorf("worker %d was told that it inserted the record, but it is %s", worker, formatRow(stored))
					}
				case errors.Is(err, storage.ErrUnknown):
					unknown++
				}
			}
			if winners > 1 || winners == 0 && unknown == 0 && stored != nil {
				h.Errorf("%d of %d inserts of one record succeeded, it is %s", winners, workers, formatRow(stored))
			}
		}
	}
}

// checkBatchSameAsMemory compares random batches with their groups applied one
// by one to the reference model, which must come to the same.
func checkBatchSameAsMemory(h *harness) {
	h.batcher(h.storage)
	d := h.newDifferential()
	const batches = 60
	for n := range batches {
		d.operation = n
		var groups [][]storage.Mutation
		var all []storage.Mutation
		for range 1 + d.random.IntN(12) {
			group := d.group()
			if together := slices.Concat(all, group); storage.CheckGroup(storage.Info{Atomicity: storage.AtomicStorage}, together) == nil {
				groups, all = append(groups, group), together
			}
		}
		var want []error
		for _, group := range groups {
			err := d.model.Mutate(background, group)
			for _, class := range []error{storage.ErrCondition, storage.ErrInvalid} {
				if errors.Is(err, class) {
					err = class
				}
			}
			want = append(want, err)
		}
		h.wantBatch(groups, want)
		for i := range all {
			d.compareGets([]storage.Get{{Table: all[i].Table, Key: all[i].Key}})
		}
		if h.Failed() {
			h.Fatalf("first difference at batch %d with seed %d", n, h.seed)
		}
	}
	for _, t := range d.tables {
		d.compareScans(storage.Scan{Table: t, Kind: storage.FullScan})
	}
}
