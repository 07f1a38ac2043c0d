package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

func putInt(table *storage.Table, k, v int32) storage.Mutation {
	return storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{1}, Values: []storage.Value{storage.IntValue(v)}}
}

// writes are the shapes of a write: alone, in a group, in a batch, and DDL.
func writes(s *Storage, table *storage.Table) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"single": func(ctx context.Context) error {
			return s.Mutate(ctx, []storage.Mutation{putInt(table, 1, 1)})
		},
		"group": func(ctx context.Context) error {
			return s.Mutate(ctx, []storage.Mutation{putInt(table, 1, 1), putInt(table, 2, 2)})
		},
		"batch": func(ctx context.Context) error {
			return errors.Join(s.MutateBatch(ctx, [][]storage.Mutation{{putInt(table, 1, 1)}, {putInt(table, 2, 2), putInt(table, 3, 3)}})...)
		},
		"DDL": func(ctx context.Context) error { return s.TruncateTable(ctx, table.TableName) },
	}
}

func TestLockHeldTooLongIsAConflict(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithBusyTimeout(120*time.Millisecond))
	table := simpleTable("ns", "t")
	create(t, s, table)
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN IMMEDIATE")
	for name, write := range writes(s, table) {
		err := write(t.Context())
		if !errors.Is(err, storage.ErrConflict) || !storage.NotApplied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Readers do not care, and a check is a reader.
	if _, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1)}}}); err != nil {
		t.Error(err)
	}
	check := storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(1)}, Condition: storage.IfNotExists}
	if err := s.Mutate(t.Context(), []storage.Mutation{check}); err != nil {
		t.Error(err)
	}
	run(t, other, "ROLLBACK")
	for name, write := range writes(s, table) {
		if err := write(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenReportsALockedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "CREATE TABLE t(x)")
	run(t, other, "BEGIN EXCLUSIVE")
	if _, err := Open(t.Context(), path, WithBusyTimeout(100*time.Millisecond)); !errors.Is(err, storage.ErrConflict) {
		t.Error(err)
	}
	run(t, other, "ROLLBACK")
	openFile(t, path)
}

func TestContextEndsTheWaitForALock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithBusyTimeout(time.Hour))
	table := simpleTable("ns", "t")
	create(t, s, table)
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN IMMEDIATE")
	for name, write := range writes(s, table) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := write(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !storage.NotApplied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	run(t, other, "ROLLBACK")
	if rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1)}}}); err != nil || rows[0] != nil {
		t.Errorf("%v, %v: a write that was reported as not applied is there", rows, err)
	}
}

func TestContextEndsTheWaitForTheWriter(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	ses, err := s.writer.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range writes(s, table) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := write(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !storage.NotApplied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.writer.release(ses)
	for name, write := range writes(s, table) {
		if err := write(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteWaitsForALockUntilItIsReleased(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]Option{"WAL": WithPageSize(100), "rollback journal": WithRollbackJournal()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			s := openFile(t, path, option)
			table := simpleTable("ns", "t")
			create(t, s, table)
			other := raw(t, path)
			other.SetMaxOpenConns(1)
			for name, write := range writes(s, table) {
				run(t, other, "BEGIN EXCLUSIVE")
				done := make(chan error)
				go func() { done <- write(t.Context()) }()
				time.Sleep(3 * lockSlice) // long enough for several slices to end
				run(t, other, "ROLLBACK")
				if err := <-done; err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestReaderKeepsTheCommitBack is about rollback-journal mode, where COMMIT
// itself finds the database locked.
func TestReaderKeepsTheCommitBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithRollbackJournal(), WithBusyTimeout(120*time.Millisecond))
	table := simpleTable("ns", "t")
	create(t, s, table)
	if err := s.Mutate(t.Context(), []storage.Mutation{putInt(table, 9, 9)}); err != nil {
		t.Fatal(err)
	}
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN")
	results(t, other, `SELECT * FROM "ns$t"`)
	for name, write := range writes(s, table) {
		if err := write(t.Context()); !errors.Is(err, storage.ErrConflict) || !storage.NotApplied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	run(t, other, "ROLLBACK")
	if diff := results(t, other, `SELECT * FROM "ns$t"`); len(diff) != 1 || diff[0] != "9|9" {
		t.Errorf("records %v, want 9|9 alone", diff)
	}
	for name, write := range writes(s, table) {
		if err := write(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadWaitsForALockUntilItIsReleased is about rollback-journal mode, where
// a writer keeps readers out: one that has to connect first, and one that meets
// a table it has not heard of at a moment when it cannot look.
func TestReadWaitsForALockUntilItIsReleased(t *testing.T) {
	t.Parallel()
	for name, connected := range map[string]bool{"new connection": false, "new table": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			s := openFile(t, path, WithRollbackJournal(), WithReaders(1))
			known, fresh := simpleTable("ns", "known"), simpleTable("ns", "fresh")
			create(t, s, known)
			get := func(table *storage.Table) error {
				_, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1)}}})
				return err
			}
			if connected {
				if err := get(known); err != nil {
					t.Fatal(err)
				}
			}
			other := raw(t, path)
			other.SetMaxOpenConns(1)
			run(t, other, `CREATE TABLE "ns$fresh"("k" INT,"v" INT, PRIMARY KEY ("k"))`)
			run(t, other, "BEGIN EXCLUSIVE")
			done := make(chan error)
			go func() { done <- get(fresh) }()
			time.Sleep(2 * lockSlice)
			run(t, other, "ROLLBACK")
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
