package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

func beginTransaction(t *testing.T, s *Storage, readOnly bool) storage.Transaction {
	t.Helper()
	tx, err := s.Begin(t.Context(), storage.TransactionOptions{ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

func write(t *testing.T, tx storage.Transaction, m storage.Mutation) {
	t.Helper()
	if err := tx.Mutate(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
}

func TestWritingTransactionsFollowEachOther(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	first := beginTransaction(t, s, false)
	began := make(chan error)
	go func() {
		second, err := s.Begin(t.Context(), storage.TransactionOptions{})
		if err == nil {
			err = errors.Join(second.Mutate(t.Context(), &storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(1)}, Columns: []int{1},
				Values: []storage.Value{storage.IntValue(2)}, Condition: storage.IfExists}), second.Commit(t.Context()))
		}
		began <- err
	}()
	write(t, first, putInt(table, 1, 1))
	select {
	case err := <-began:
		t.Fatalf("a second transaction that may write began beside the first: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-began; err != nil {
		t.Error(err)
	}
}

func TestBeginThatWaitsTooLongIsAConflict(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithBusyTimeout(120*time.Millisecond), WithReaders(1))
	create(t, s, simpleTable("ns", "t"))
	for name, readOnly := range map[string]bool{"for the writer": false, "for a reader": true} {
		tx := beginTransaction(t, s, readOnly)
		if _, err := s.Begin(t.Context(), storage.TransactionOptions{ReadOnly: readOnly}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN IMMEDIATE")
	if _, err := s.Begin(t.Context(), storage.TransactionOptions{}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("for another process: %v", err)
	}
	run(t, other, "ROLLBACK")
	beginTransaction(t, s, false) // the one that failed has kept nothing
}

func TestContextEndsTheWaitOfBegin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithBusyTimeout(time.Hour))
	create(t, s, simpleTable("ns", "t"))
	begin := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := s.Begin(ctx, storage.TransactionOptions{})
		return err
	}
	tx := beginTransaction(t, s, false)
	if err := begin(); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrConflict) {
		t.Errorf("for a transaction of this process: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN IMMEDIATE")
	if err := begin(); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrConflict) {
		t.Errorf("for another process: %v", err)
	}
	run(t, other, "ROLLBACK")
	beginTransaction(t, s, false)
}

func TestReadOnlyTransactionSeesOneMoment(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	reader := beginTransaction(t, s, true)
	count := func() int {
		page, err := reader.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Rows)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d records, want none", n)
	}
	writer := beginTransaction(t, s, false)
	write(t, writer, putInt(table, 1, 1))
	if err := writer.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d records, want none still", n)
	}
	if err := reader.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// In rollback-journal mode COMMIT itself may find the database locked, and the
// transaction is then still there to be rolled back.
func TestReaderKeepsTheCommitOfATransactionBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path, WithRollbackJournal(), WithBusyTimeout(120*time.Millisecond))
	table := simpleTable("ns", "t")
	create(t, s, table)
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	run(t, other, "BEGIN")
	results(t, other, `SELECT * FROM "ns$t"`)
	tx := beginTransaction(t, s, false)
	write(t, tx, putInt(table, 1, 1))
	if err := tx.Commit(t.Context()); !errors.Is(err, storage.ErrConflict) || !storage.NotApplied(err) {
		t.Errorf("commit beside a reader: %v", err)
	}
	run(t, other, "ROLLBACK")
	if rows := results(t, other, `SELECT * FROM "ns$t"`); len(rows) != 0 {
		t.Errorf("records %v, want none", rows)
	}
	again := beginTransaction(t, s, false)
	write(t, again, putInt(table, 1, 1))
	if err := again.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// After some failures SQLite has rolled the transaction back by itself, and would
// commit what follows at once.
func TestNothingFollowsAFullDiskInATransaction(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	tx := beginTransaction(t, s, false)
	write(t, tx, putInt(table, 1, 1))
	ses := tx.(*transaction).session
	if _, err := ses.conn.ExecContext(t.Context(), "PRAGMA max_page_count=1"); err != nil {
		t.Fatal(err)
	}
	large := storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(2)}, Columns: []int{2}, Values: []storage.Value{storage.TextValue(string(make([]byte, 1<<20)))}}
	if err := tx.Mutate(t.Context(), &large); err == nil || !storage.NotApplied(err) {
		t.Fatalf("a write on a full disk: %v", err)
	}
	small := putInt(table, 3, 3)
	for call, err := range map[string]error{"mutate": tx.Mutate(t.Context(), &small), "commit": tx.Commit(t.Context())} {
		if err == nil || !storage.NotApplied(err) {
			t.Errorf("%s after it: %v", call, err)
		}
	}
	page, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
	if err != nil || len(page.Rows) != 0 {
		t.Errorf("records %v, %v, want none", page, err)
	}
}

// Close waits for the transaction that is open, and ends the wait of others.
func TestCloseBesideTransactions(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	table := simpleTable("ns", "t")
	create(t, s, table)
	tx := beginTransaction(t, s, false)
	waiting, closed := make(chan error), make(chan error)
	go func() {
		_, err := s.Begin(t.Context(), storage.TransactionOptions{})
		waiting <- err
	}()
	go func() { closed <- s.Close() }()
	if err := <-waiting; !errors.Is(err, storage.ErrClosed) {
		t.Errorf("begin: %v", err)
	}
	write(t, tx, putInt(table, 1, 1))
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
