package memory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// TestTransactionsAreSerializable lets a transaction read and then write, and
// another request come between.
func TestTransactionsAreSerializable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	table := storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int), storagetest.ClusteringKey("c", storage.Int, storage.Asc), storagetest.Indexed("v", storage.Int))
	key := func(c int32) []storage.Value { return []storage.Value{storage.IntValue(1), storage.IntValue(c)} }
	put := func(c, v int32, condition storage.Precondition) storage.Mutation {
		return storage.Mutation{Table: table, Key: key(c), Columns: []int{2}, Values: []storage.Value{storage.IntValue(v)}, Condition: condition}
	}
	get := func(c int32) func(storage.Transaction) error {
		return func(tx storage.Transaction) error {
			_, err := tx.Get(ctx, []storage.Get{{Table: table, Key: key(c)}})
			return err
		}
	}
	scan := func(scan storage.Scan) func(storage.Transaction) error {
		scan.Table = table
		return func(tx storage.Transaction) error {
			_, err := tx.Scan(ctx, &scan)
			return err
		}
	}
	write := func(m storage.Mutation) func(storage.Transaction) error {
		return func(tx storage.Transaction) error {
			if err := tx.Mutate(ctx, &m); !errors.Is(err, storage.ErrCondition) {
				return err
			}
			return nil
		}
	}
	upsert := func(c, v int32) []storage.Mutation { return []storage.Mutation{put(c, v, storage.Always)} }
	partition := storage.Scan{Partition: key(1)[:1]}
	byValue := storage.Scan{Kind: storage.IndexScan, Index: 2, IndexValue: storage.IntValue(7)}
	for name, c := range map[string]struct {
		read     func(storage.Transaction) error
		between  []storage.Mutation
		conflict bool
	}{
		"record, changed":            {get(1), upsert(1, 8), true},
		"record, as it was":          {get(1), upsert(1, 7), false},
		"record, another changed":    {get(1), upsert(2, 8), false},
		"absence, inserted":          {get(3), upsert(3, 1), true},
		"partition, inserted":        {scan(partition), upsert(3, 1), true},
		"partition, removed":         {scan(partition), []storage.Mutation{{Table: table, Op: storage.Delete, Key: key(2)}}, true},
		"index, inserted":            {scan(byValue), upsert(3, 7), true},
		"index, moved away":          {scan(byValue), upsert(1, 8), true},
		"index, another value":       {scan(byValue), upsert(3, 8), false},
		"false condition, now true":  {write(put(3, 9, storage.IfExists)), upsert(3, 1), true},
		"true condition, now false":  {write(put(3, 9, storage.IfNotExists)), upsert(3, 1), true},
		"write without a condition":  {write(put(1, 9, storage.Always)), upsert(1, 1), false},
		"first page, beyond changed": {scan(storage.Scan{Partition: key(1)[:1], Limit: 1}), upsert(2, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := memory.New()
			if err := errors.Join(s.CreateNamespace(ctx, "n", nil), s.CreateTable(ctx, table, nil), s.Mutate(ctx, append(upsert(1, 7), upsert(2, 8)...))); err != nil {
				t.Fatal(err)
			}
			tx, err := s.Begin(ctx, storage.TransactionOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.read(tx), tx.Mutate(ctx, &upsert(9, 9)[0]), s.Mutate(ctx, c.between)); err != nil {
				t.Fatal(err)
			}
			err = tx.Commit(ctx)
			if conflict := errors.Is(err, storage.ErrConflict); conflict != c.conflict || !conflict && err != nil {
				t.Errorf("commit: %v, want a conflict: %t", err, c.conflict)
			}
			rows, err := s.Get(ctx, []storage.Get{{Table: table, Key: key(9)}})
			if err != nil || (rows[0] == nil) != c.conflict {
				t.Errorf("what the transaction wrote is %v, %v", rows, err)
			}
		})
	}
}

// All reads of a transaction are of the moment in which it began.
func TestTransactionSeesOneMoment(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), memory.New()
	a := storagetest.Table("n", "a", storagetest.PartitionKey("p", storage.Int))
	b := storagetest.Table("n", "b", storagetest.PartitionKey("p", storage.Int))
	if err := errors.Join(s.CreateNamespace(ctx, "n", nil), s.CreateTable(ctx, a, nil), s.CreateTable(ctx, b, nil)); err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(ctx, storage.TransactionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	key := []storage.Value{storage.IntValue(1)}
	if err := s.Mutate(ctx, []storage.Mutation{{Table: a, Key: key}, {Table: b, Key: key}}); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Get(ctx, []storage.Get{{Table: a, Key: key}, {Table: b, Key: key}})
	if err != nil || rows[0] != nil || rows[1] != nil {
		t.Errorf("the transaction sees %v, %v, which came later", rows, err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Error(err)
	}
}

// A table that is changed under a transaction costs it the commit.
func TestTransactionOverAChangeOfTheTable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, change := range map[string]func(s *memory.Storage) error{
		"drop":   func(s *memory.Storage) error { return s.DropTable(ctx, items.TableName) },
		"column": func(s *memory.Storage) error { return s.DropColumn(ctx, items.TableName, "n") },
	} {
		s := memory.New()
		if err := errors.Join(s.CreateNamespace(ctx, items.Namespace, nil), s.CreateTable(ctx, items, nil)); err != nil {
			t.Fatal(err)
		}
		tx, err := s.Begin(ctx, storage.TransactionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m := storage.Mutation{Table: items, Key: []storage.Value{storage.IntValue(1), storage.IntValue(1)}}
		if err := errors.Join(tx.Mutate(ctx, &m), change(s)); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(ctx); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
