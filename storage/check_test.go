package storage_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// Single rules of the Check functions are tested through the conformance suite;
// here are those that no storage shows.

func TestAtomicityUnits(t *testing.T) {
	t.Parallel()
	table := func(namespace, name string) *storage.Table {
		return storagetest.Table(namespace, name, storagetest.PartitionKey("p", storage.Int), storagetest.ClusteringKey("c", storage.Int, storage.Asc))
	}
	check := func(t *storage.Table, p, c int32) storage.Mutation {
		return storage.Mutation{Table: t, Op: storage.Delete, Key: []storage.Value{storage.IntValue(p), storage.IntValue(c)}}
	}
	first := check(table("n", "t"), 1, 1)
	for _, c := range []struct {
		other    storage.Mutation
		smallest storage.Atomicity // that spans both
	}{
		{check(table("n", "t"), 1, 2), storage.AtomicPartition},
		{check(table("n", "t"), 2, 1), storage.AtomicTable},
		{check(table("n", "t2"), 1, 1), storage.AtomicNamespace},
		{check(table("n2", "t"), 1, 1), storage.AtomicStorage},
	} {
		for unit := storage.AtomicRecord; unit <= storage.AtomicStorage; unit++ {
			err := storage.CheckGroup(storage.Info{Atomicity: unit}, []storage.Mutation{first, c.other})
			if (err == nil) != (unit >= c.smallest) {
				t.Errorf("unit %d, %s%v: %v", unit, c.other.Table.TableName, c.other.Key, err)
			}
			if err != nil && !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("%v is not ErrInvalid", err)
			}
		}
	}
}

func TestMaxMutations(t *testing.T) {
	t.Parallel()
	table := storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int))
	group := make([]storage.Mutation, 101)
	for i := range group {
		group[i] = storage.Mutation{Table: table, Op: storage.Delete, Key: []storage.Value{storage.IntValue(int32(i))}}
	}
	info := storage.Info{Atomicity: storage.AtomicStorage, MaxMutations: 100}
	if err := storage.CheckGroup(info, group[:100]); err != nil {
		t.Errorf("100 mutations: %v", err)
	}
	if err := storage.CheckGroup(info, group); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("101 mutations: %v", err)
	}
}

// TestRepeatedRecordIsFound in groups small and large, wherever the two
// mutations stand, and through different definitions of one table.
func TestRepeatedRecordIsFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	table := func() *storage.Table {
		return storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int), storagetest.ClusteringKey("c", storage.Text, storage.Desc))
	}
	info := storage.Info{Atomicity: storage.AtomicStorage}
	for size := 2; size < 40; size++ {
		group := make([]storage.Mutation, size)
		for i := range group {
			group[i] = storage.Mutation{Table: table(), Op: storage.Delete, Key: []storage.Value{storage.IntValue(int32(i / 3)), storage.TextValue(string(rune('a' + i%3)))}}
		}
		random.Shuffle(size, func(i, j int) { group[i], group[j] = group[j], group[i] })
		if err := storage.CheckGroup(info, group); err != nil {
			t.Fatalf("%d different records: %v", size, err)
		}
		from := random.IntN(size)
		group[(from+1+random.IntN(size-1))%size].Key = group[from].Key
		if err := storage.CheckGroup(info, group); !errors.Is(err, storage.ErrInvalid) {
			t.Fatalf("%d records, one of them twice: %v", size, err)
		}
	}
}
