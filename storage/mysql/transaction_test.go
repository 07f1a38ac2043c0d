package mysql

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

func begin(t testing.TB, s *Storage, options storage.TransactionOptions) storage.Transaction {
	t.Helper()
	tx, err := s.Begin(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

func valueIn(t testing.TB, tx storage.Transaction, table *storage.Table, k int32) int32 {
	t.Helper()
	rows, err := tx.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(k)}}})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0] == nil {
		return -1
	}
	return int32(rows[0][columnV].Int64())
}

func change(t testing.TB, tx storage.Transaction, m storage.Mutation, want error) {
	t.Helper()
	if err := tx.Mutate(t.Context(), &m); !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Errorf("mutate: %v, want %v", err, want)
	}
}

func TestTransaction(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		table := counters(t, s, server.Prefix+"ns")
		mutate(t, s, insert(table, 1, 1))
		tx := begin(t, s, storage.TransactionOptions{})
		if got, err := tx.Table(t.Context(), table.TableName); err != nil || !got.Equal(table) {
			t.Errorf("table: %v, %v", got, err)
		}
		if _, err := tx.Table(t.Context(), storage.TableName{Namespace: table.Namespace, Name: "none"}); !errors.Is(err, storage.ErrTableNotFound) {
			t.Errorf("table: %v", err)
		}
		change(t, tx, insert(table, 2, 5), nil)
		change(t, tx, insert(table, 1, 5), storage.ErrCondition) // leaves the transaction as it is
		change(t, tx, increment(table, 1, 9), storage.ErrCondition)
		change(t, tx, increment(table, 1, 1), nil)
		if got := [2]int32{valueIn(t, tx, table, 1), valueIn(t, tx, table, 2)}; got != [2]int32{2, 5} {
			t.Errorf("within: %v", got)
		}
		page, err := tx.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
		if err != nil || len(page.Rows) != 2 {
			t.Errorf("scan within: %v, %v", page, err)
		}
		if got := [2]int32{value(t, s, table, 1), value(t, s, table, 2)}; got != [2]int32{1, -1} {
			t.Errorf("from outside before the commit: %v", got)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := [2]int32{value(t, s, table, 1), value(t, s, table, 2)}; got != [2]int32{2, 5} {
			t.Errorf("after the commit: %v", got)
		}
		if err := tx.Commit(t.Context()); err == nil {
			t.Error("the transaction had ended")
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTransactionRollsBack(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server, WithPoolSize(1))
		table := counters(t, s, server.Prefix+"ns")
		tx := begin(t, s, storage.TransactionOptions{})
		change(t, tx, insert(table, 1, 1), nil)
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
		if got := value(t, s, table, 1); got != -1 {
			t.Errorf("record is %d", got)
		}
		// An invalid request costs the transaction.
		tx = begin(t, s, storage.TransactionOptions{})
		change(t, tx, insert(table, 1, 1), nil)
		change(t, tx, storage.Mutation{Table: table}, storage.ErrInvalid)
		if err := tx.Commit(t.Context()); err == nil || !storage.NotApplied(err) {
			t.Errorf("commit after a failure: %v", err)
		}
		if got := value(t, s, table, 1); got != -1 {
			t.Errorf("record is %d", got)
		}
		tx = begin(t, s, storage.TransactionOptions{ReadOnly: true})
		change(t, tx, insert(table, 1, 1), storage.ErrInvalid)
	})
}

func TestTransactionsHaveTheIsolationAskedFor(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		table := counters(t, openServer(t, server), server.Prefix+"ns")
		for level, want := range map[string]int32{"READ_COMMITTED": 2, "REPEATABLE_READ": 1, "": 1} {
			s := openServer(t, server, WithIsolation(level))
			mutate(t, s, putOne(table, 1, columnV, storage.IntValue(1)))
			tx := begin(t, s, storage.TransactionOptions{})
			valueIn(t, tx, table, 1)
			mutate(t, s, putOne(table, 1, columnV, storage.IntValue(2)))
			if got := valueIn(t, tx, table, 1); got != want {
				t.Errorf("%q: read %d after another has committed 2, want %d", level, got, want)
			}
		}
	})
}

// TestCheckHoldsUntilTheTransactionEnds has another client write what was
// checked.
func TestCheckHoldsUntilTheTransactionEnds(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		impatient := *server
		impatient.DSN += "?innodb_lock_wait_timeout=1"
		s := openServer(t, &impatient)
		table := counters(t, s, server.Prefix+"ns")
		mutate(t, s, insert(table, 1, 0))
		tx := begin(t, s, storage.TransactionOptions{})
		check := storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(1)}, Condition: storage.IfExists}
		change(t, tx, check, nil)
		if err := s.Mutate(t.Context(), []storage.Mutation{increment(table, 1, 0)}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a write of what is checked: %v, want %v", err, storage.ErrConflict)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		mutate(t, s, increment(table, 1, 0))
	})
}

// TestDeadlockOfTransactionsIsAConflict has two transactions wait for each other.
func TestDeadlockOfTransactionsIsAConflict(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server)
		table := counters(t, s, server.Prefix+"ns")
		mutate(t, s, insert(table, 1, 0))
		mutate(t, s, insert(table, 2, 0))
		first, second := begin(t, s, storage.TransactionOptions{}), begin(t, s, storage.TransactionOptions{})
		change(t, first, increment(table, 1, 0), nil)
		change(t, second, increment(table, 2, 0), nil)
		waiting := make(chan error, 1)
		go func() {
			m := increment(table, 2, 0)
			waiting <- first.Mutate(context.Background(), &m)
		}()
		waitForLock(t, server)
		m := increment(table, 1, 0)
		errs := []error{second.Mutate(t.Context(), &m)}
		if errs[0] != nil {
			if err := second.Commit(t.Context()); err == nil || !storage.NotApplied(err) {
				t.Errorf("commit of the victim: %v", err)
			}
		}
		if errs = append(errs, <-waiting); errs[0] == nil && errs[1] != nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		if !errors.Is(errs[0], storage.ErrConflict) {
			t.Errorf("errors %v, want a conflict", errs)
		}
	})
}

func TestLostCommitIsUnknown(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t)
	for i, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutAfter} {
		tx := begin(t, s, storage.TransactionOptions{})
		change(t, tx, insert(table, int32(i), 1), nil)
		proxy.Nth(1, fault)
		if err := tx.Commit(t.Context()); !errors.Is(err, storage.ErrUnknown) {
			t.Errorf("%v: %v", fault, err)
		}
		want := int32(-1)
		if fault.Applied() {
			want = 1
		}
		if got := value(t, s, table, int32(i)); got != want {
			t.Errorf("%v: record is %d, want %d", fault, got, want)
		}
	}
	// A statement that is lost is not unknown: nothing was committed.
	tx := begin(t, s, storage.TransactionOptions{})
	proxy.Nth(1, testserver.CutAfter)
	m := insert(table, 9, 1)
	if err := tx.Mutate(t.Context(), &m); err == nil || !storage.NotApplied(err) {
		t.Errorf("mutate: %v", err)
	}
	if err := tx.Commit(t.Context()); err == nil || !storage.NotApplied(err) {
		t.Errorf("commit: %v", err)
	}
}

func TestBeginWaitsForAConnection(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		s := openServer(t, server, WithPoolSize(1), WithConnectionTimeout(2*time.Second))
		tx := begin(t, s, storage.TransactionOptions{})
		if _, err := s.Begin(t.Context(), storage.TransactionOptions{}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("error %v, want %v", err, storage.ErrConflict)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
		begin(t, s, storage.TransactionOptions{})
	})
}
