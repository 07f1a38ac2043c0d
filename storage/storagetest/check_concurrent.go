package storagetest

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

func concurrencyChecks() []check {
	return []check{
		{"concurrency/counter by compare-and-set", checkCounter},
		{"concurrency/one of many inserts wins", checkInsertRace},
		{"concurrency/unconditional puts of whole rows", checkNoTornRows},
		{"concurrency/transfers keep the sum", checkTransfers},
		{"concurrency/a group becomes visible at once", checkGroupVisibility},
		{"concurrency/a checked record cannot change", checkWriteSkew},
		{"concurrency/readers and writers of many records", checkManyWriters},
	}
}

// parallel runs n goroutines to their end.
func parallel(n int, run func(worker int)) {
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() { run(worker) })
	}
	wg.Wait()
}

// outcome counts what became of writes. Those with an unknown outcome may have
// been applied.
type outcome struct{ applied, unknown atomic.Int64 }

// try applies the group once and reports whether it is known to be applied.
// A conflict and a false condition are fair; any other error is not.
func (o *outcome) try(h *harness, group ...storage.Mutation) bool {
	err := h.storage.Mutate(background, group)
	switch {
	case err == nil:
		o.applied.Add(1)
		return true
	case errors.Is(err, storage.ErrUnknown):
		o.unknown.Add(1)
	case !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrCondition):
		h.Errorf("mutate: %v", err)
	}
	return false
}

// letOthersIn opens the window between a read and the write that depends on it,
// also on a storage whose calls never wait, and not in lockstep.
func letOthersIn(worker, n int) {
	for range 1 + (worker*7+n*3)%11 {
		runtime.Gosched()
	}
}

// read is get for goroutines, where Fatalf is not allowed.
func (h *harness) read(t *storage.Table, key ...storage.Value) storage.Row {
	rows, err := h.storage.Get(background, []storage.Get{{Table: t, Key: key}})
	if err != nil || len(rows) != 1 {
		h.Errorf("get: %d rows, %v", len(rows), err)
		return nil
	}
	return rows[0]
}

func checkCounter(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("n", storage.Int))
	k, column := storage.IntValue(1), t.Column("n")
	h.apply(put(t, key(k), is("n", storage.IntValue(0))))
	const workers, attempts = 8, 25
	var done outcome
	parallel(workers, func(worker int) {
		for n := range attempts {
			stored := h.read(t, k)
			if stored == nil {
				return
			}
			letOthersIn(worker, n)
			next := storage.IntValue(int32(stored[column].Int64()) + 1)
			done.try(h, when(put(t, key(k), is("n", next)), storage.If, predicate(t, "n", storage.Eq, stored[column])))
		}
	})
	got := h.get(t, k)[column].Int64()
	if low, high := done.applied.Load(), done.applied.Load()+done.unknown.Load(); got < low || got > high {
		h.Errorf("the counter is %d after %d acknowledged and %d unknown increments", got, low, done.unknown.Load())
	}
	if got == 0 {
		h.Errorf("no increment at all came through")
	}
}

func checkInsertRace(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("winner", storage.Int))
	const workers, rounds = 8, 12
	for round := range int32(rounds) {
		k := storage.IntValue(round)
		var done outcome
		var winner atomic.Int32
		parallel(workers, func(worker int) {
			if done.try(h, when(put(t, key(k), is("winner", storage.IntValue(int32(worker)))), storage.IfNotExists)) {
				winner.Store(int32(worker))
			}
		})
		stored := h.get(t, k)
		switch applied := done.applied.Load(); {
		case applied > 1:
			h.Errorf("%d of %d inserts of one record succeeded", applied, workers)
		case applied == 1 && (stored == nil || stored[t.Column("winner")].Int64() != int64(winner.Load())):
			h.Errorf("worker %d inserted the record, but it is %s", winner.Load(), formatRow(stored))
		case applied == 0 && done.unknown.Load() == 0 && stored != nil:
			h.Errorf("no insert succeeded, but the record is %s", formatRow(stored))
		}
	}
}

// checkNoTornRows looks for a row that mixes two puts.
func checkNoTornRows(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("a", storage.Int), Column("b", storage.Int), Column("d", storage.Int))
	one := storage.IntValue(1)
	whole := func(v storage.Value) storage.Row {
		return row(t, is("p", one), is("c", one), is("a", v), is("b", v), is("d", v))
	}
	h.apply(putRow(t, whole(storage.IntValue(0))))
	look := func(rows ...storage.Row) {
		for _, r := range rows {
			if r == nil || r[t.Column("a")] != r[t.Column("b")] || r[t.Column("b")] != r[t.Column("d")] {
				h.Errorf("a torn row: %s", formatRow(r))
			}
		}
	}
	const workers, writes = 6, 25
	var done outcome
	parallel(workers, func(worker int) {
		for n := range writes {
			if worker%2 == 0 {
				done.try(h, putRow(t, whole(storage.IntValue(int32(worker*writes+n)))))
				continue
			}
			look(h.read(t, one, one))
			page, err := h.storage.Scan(background, &storage.Scan{Table: t, Partition: key(one)})
			if err != nil {
				h.Errorf("scan: %v", err)
				continue
			}
			look(page.Rows...)
		}
	})
}

// checkTransfers moves amounts between records of one unit.
func checkTransfers(h *harness) {
	h.needUnit(storage.AtomicPartition, 2)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("amount", storage.Int))
	p, amount := storage.IntValue(1), t.Column("amount")
	const accounts, initial = 4, 100
	for c := range int32(accounts) {
		h.apply(put(t, key(p, storage.IntValue(c)), is("amount", storage.IntValue(initial))))
	}
	const workers, transfers = 6, 25
	var done outcome
	parallel(workers, func(worker int) {
		for n := range transfers {
			from, to := storage.IntValue(int32((worker+n)%accounts)), storage.IntValue(int32((worker+n+1+n%2)%accounts))
			a, b := h.read(t, p, from), h.read(t, p, to)
			if a == nil || b == nil {
				return
			}
			letOthersIn(worker, n)
			move := func(r storage.Row, by int64) storage.Mutation {
				m := put(t, t.Key(r), is("amount", storage.IntValue(int32(r[amount].Int64()+by))))
				return when(m, storage.If, predicate(t, "amount", storage.Eq, r[amount]))
			}
			done.try(h, move(a, -7), move(b, 7))
		}
	})
	sum := int64(0)
	for _, r := range h.scan(storage.Scan{Table: t, Partition: key(p)}) {
		sum += r[amount].Int64()
	}
	if sum != accounts*initial {
		h.Errorf("the sum is %d, want %d", sum, accounts*initial)
	}
	if done.applied.Load() == 0 {
		h.Errorf("no transfer at all came through")
	}
}

// checkGroupVisibility: who saw one record of a group must then find the other
// records of it, in whatever order they are read.
func checkGroupVisibility(h *harness) {
	h.needUnit(storage.AtomicPartition, 2)
	if !h.info.LinearizableGet {
		h.skip("reads during writes", "gets are not linearizable (Info.LinearizableGet)")
	}
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("n", storage.Int))
	p, n := storage.IntValue(1), t.Column("n")
	write := func(v int32) []storage.Mutation {
		return []storage.Mutation{
			put(t, key(p, storage.IntValue(0)), is("n", storage.IntValue(v))),
			put(t, key(p, storage.IntValue(1)), is("n", storage.IntValue(v))),
		}
	}
	h.apply(write(0)...)
	const readers, writes = 3, 80
	var stop atomic.Bool
	parallel(readers+1, func(worker int) {
		if worker == 0 {
			defer stop.Store(true)
			var done outcome
			for v := range int32(writes) {
				done.try(h, write(v+1)...)
			}
			return
		}
		first, second := storage.IntValue(int32(worker%2)), storage.IntValue(int32(1-worker%2))
		for !stop.Load() {
			a := h.read(t, p, first)
			b := h.read(t, p, second)
			if a == nil || b == nil {
				return
			}
			if a[n].Int64() > b[n].Int64() {
				h.Errorf("record %s shows group %s, then record %s still shows group %s", first, a[n], second, b[n])
				return
			}
		}
	})
}

// checkWriteSkew: two groups, each of which writes what the other one checks,
// cannot both be applied.
func checkWriteSkew(h *harness) {
	h.needUnit(storage.AtomicPartition, 2)
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("on", storage.Int))
	zero, one := storage.IntValue(0), storage.IntValue(1)
	const rounds = 30
	for round := range int32(rounds) {
		p := storage.IntValue(round)
		h.apply(put(t, key(p, zero), is("on", one)), put(t, key(p, one), is("on", one)))
		isOn := predicate(t, "on", storage.Eq, one)
		var done outcome
		parallel(2, func(worker int) {
			mine, other := storage.IntValue(int32(worker)), storage.IntValue(int32(1-worker))
			done.try(h, when(put(t, key(p, mine), is("on", zero)), storage.If, isOn), when(verify(t, p, other), storage.If, isOn))
		})
		if h.get(t, p, zero)[t.Column("on")] == zero && h.get(t, p, one)[t.Column("on")] == zero {
			h.Errorf("both records were switched off, each by a group that checked that the other is on (%d acknowledged)", done.applied.Load())
		}
	}
}

// checkManyWriters lets writers of their own records and scans run side by
// side; nobody may disturb the others' records.
func checkManyWriters(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("n", storage.Int), Indexed("owner", storage.Int))
	const workers, records = 6, 20
	rowOf := func(worker int, n int32) storage.Row {
		return row(t, is("p", storage.IntValue(n%3)), is("c", storage.IntValue(int32(worker)*records+n)), is("n", storage.IntValue(n)), is("owner", storage.IntValue(int32(worker))))
	}
	parallel(workers, func(worker int) {
		for n := range int32(records) {
			r := rowOf(worker, n)
			if err := h.try(putRow(t, r)); err != nil {
				h.Errorf("put: %v", err)
				continue
			}
			if got := h.read(t, t.Key(r)...); h.info.LinearizableGet && !sameRow(got, r) {
				h.Errorf("the record just written is %s, want %s", formatRow(got), formatRow(r))
			}
			if n%5 != 0 {
				continue
			}
			if _, err := h.storage.Scan(background, &storage.Scan{Table: t, Kind: storage.FullScan}); err != nil {
				h.Errorf("scan: %v", err)
			}
		}
	})
	var all []storage.Row
	for worker := range workers {
		var own []storage.Row
		for n := range int32(records) {
			own = append(own, rowOf(worker, n))
		}
		h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("owner"), IndexValue: storage.IntValue(int32(worker))}, own)
		all = append(all, own...)
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, all)
}
