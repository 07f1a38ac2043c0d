package storage_test

import (
	"errors"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func TestCheckBatch(t *testing.T) {
	t.Parallel()
	table := storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int))
	other := storagetest.Table("n", "u", storagetest.PartitionKey("p", storage.Int))
	of := func(t *storage.Table, keys ...int32) (group []storage.Mutation) {
		for _, k := range keys {
			group = append(group, storage.Mutation{Table: t, Op: storage.Delete, Key: []storage.Value{storage.IntValue(k)}})
		}
		return group
	}
	keyless := []storage.Mutation{{Table: table, Op: storage.Delete}}
	var many [][]storage.Mutation
	const size = 1000
	for k := range int32(size) {
		many = append(many, of(table, size-k))
	}
	groups := func(positions ...int) map[int]bool {
		set := map[int]bool{}
		for _, p := range positions {
			set[p] = true
		}
		return set
	}
	all := map[int]bool{}
	for i := range size + 1 {
		all[i] = true
	}
	info := storage.Info{Atomicity: storage.AtomicTable, MaxMutations: 2, Batch: true}
	for _, c := range []struct {
		name    string
		info    storage.Info
		groups  [][]storage.Mutation
		invalid map[int]bool
	}{
		{"nothing", info, nil, nil},
		{"empty groups", info, [][]storage.Mutation{nil, {}, nil}, nil},
		{"distinct records", info, [][]storage.Mutation{of(table, 1, 2), of(table, 3), of(other, 1)}, nil},
		{"many groups", info, many, nil},
		{"limits hold for each group", info, [][]storage.Mutation{of(table, 1, 2, 3), of(table, 4), append(of(table, 5), of(other, 5)...)}, groups(0, 2)},
		{"record in two groups", info, [][]storage.Mutation{of(table, 1), of(table, 2), of(table, 3, 1)}, groups(0, 1, 2)},
		{"record in two of many groups", info, append(many[:len(many):len(many)], of(table, 500)), all},
		{"record twice in one group", info, [][]storage.Mutation{of(table, 1), of(table, 2, 2)}, groups(1)},
		{"record also in a group that is invalid", info, [][]storage.Mutation{of(table, 1), append(of(table, 1), keyless...)}, groups(1)},
		{"no batches", storage.Info{Atomicity: storage.AtomicTable}, [][]storage.Mutation{of(table, 1), nil, {{}}}, groups(0, 1, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			errs := storage.CheckBatch(c.info, c.groups)
			if len(errs) != len(c.groups) {
				t.Fatalf("%d outcomes for %d groups", len(errs), len(c.groups))
			}
			for i, err := range errs {
				if (err != nil) != c.invalid[i] || err != nil && !errors.Is(err, storage.ErrInvalid) {
					t.Errorf("group %d: %v", i, err)
				}
			}
		})
	}
}
