package native

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// slow is a storage whose transactions take a second for each request, and note
// what was called.
type slow struct {
	*memory.Storage
	mu     sync.Mutex
	calls  []string
	inside int
	panics string // the call that panics
}

func (s *slow) call(name string) {
	s.mu.Lock()
	s.calls = append(s.calls, name)
	s.inside++
	if s.inside > 1 {
		panic("two requests of a transaction at a time: " + strings.Join(s.calls, " "))
	}
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	if s.panics == name {
		panic("as told")
	}
}

func (s *slow) Begin(ctx context.Context, o storage.TransactionOptions) (storage.Transaction, error) {
	s.call("begin")
	tx, err := s.Storage.Begin(ctx, o)
	return &slowTx{tx, s}, err
}

type slowTx struct {
	storage.Transaction
	s *slow
}

func (tx *slowTx) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	tx.s.call("get")
	return tx.Transaction.Get(ctx, gets)
}

func (tx *slowTx) Mutate(ctx context.Context, m *storage.Mutation) error {
	tx.s.call("mutate")
	return tx.Transaction.Mutate(ctx, m)
}

func (tx *slowTx) Commit(ctx context.Context) error {
	time.Sleep(time.Second) // longer than a rollback
	tx.s.call("commit")
	return tx.Transaction.Commit(ctx)
}

func (tx *slowTx) Rollback(ctx context.Context) error {
	tx.s.call("rollback")
	return tx.Transaction.Rollback(ctx)
}

var table = &storage.Table{
	TableName: storage.TableName{Namespace: "n", Name: "t"},
	Columns:   []storage.Column{{Name: "k", Type: storage.Int}, {Name: "v", Type: storage.Int}},
	Partition: []int{0},
}

func key(k int32) []storage.Value { return []storage.Value{storage.IntValue(k)} }

func newManager(t *testing.T) (*Manager, *slow) {
	s := &slow{Storage: memory.New()}
	if err := errors.Join(s.CreateNamespace(t.Context(), "n", nil), s.CreateTable(t.Context(), table, nil)); err != nil {
		t.Fatal(err)
	}
	return New(s, s, Options{}), s
}

func begin(t *testing.T, m *Manager) *Tx {
	tx, err := m.Begin(commit.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func (tx *Tx) upsert(t *testing.T, k int32) error {
	return tx.Upsert(t.Context(), table, key(k), commit.Changes{})
}

func (s *slow) want(t *testing.T, calls string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.calls, " "); got != calls {
		t.Errorf("requests %s, want %s", got, calls)
	}
}

// A call that is under way when the transaction is ended goes on, and then lets go
// of the connection.
func TestEndDuringACall(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, m *Manager, tx *Tx) error{
		"rollback": func(_ *testing.T, _ *Manager, tx *Tx) error { tx.Rollback(); return nil },
		"close":    func(t *testing.T, m *Manager, _ *Tx) error { return m.Close(t.Context()) },
	} {
		for calls, call := range map[string]func(t *testing.T, tx *Tx) error{
			"begin mutate rollback": func(t *testing.T, tx *Tx) error { return tx.upsert(t, 1) },
			"begin get get rollback": func(t *testing.T, tx *Tx) error {
				other := make(chan error)
				go func() { other <- second(tx.Get(t.Context(), table, key(1))) }()
				err := second(tx.Get(t.Context(), table, key(2)))
				return errors.Join(err, <-other)
			},
		} {
			t.Run(name+" "+calls, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m, s := newManager(t)
					tx := begin(t, m)
					done := make(chan error, 1)
					go func() { done <- call(t, tx) }()
					time.Sleep(1500 * time.Millisecond) // in the first request after begin
					if err := end(t, m, tx); err != nil {
						t.Error(err)
					}
					err := <-done
					if strings.Contains(calls, "get get") && name == "rollback" {
						if !errors.Is(err, commit.ErrClosed) { // of the one whose turn had not come
							t.Errorf("reads: %v", err)
						}
						calls = "begin get rollback"
					} else if err != nil {
						t.Error(err)
					}
					s.want(t, calls)
					if err := tx.upsert(t, 2); !errors.Is(err, commit.ErrClosed) {
						t.Errorf("a write after the end: %v", err)
					}
					if err := m.Close(t.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Close waits for a commit that is under way, and for no longer than it may.
func TestCloseWaitsForCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newManager(t)
		tx, idle := begin(t, m), begin(t, m)
		if err := errors.Join(tx.upsert(t, 1), second(idle.Get(t.Context(), table, key(1)))); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- tx.Commit(t.Context()) }()
		synctest.Wait()
		s.mu.Lock()
		s.inside = -10 // two transactions
		s.mu.Unlock()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Close(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("close with a context that has ended: %v", err)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("Close has not waited for the commit")
		}
		if err := second(idle.Get(t.Context(), table, key(1))); !errors.Is(err, commit.ErrClosed) {
			t.Errorf("a read of a transaction that was open: %v", err)
		}
		if err := second(m.Begin(commit.BeginOptions{})); !errors.Is(err, commit.ErrClosed) {
			t.Errorf("begin: %v", err)
		}
		rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key(1)}})
		if err != nil || rows[0] == nil {
			t.Errorf("the record is %v, %v", rows, err)
		}
	})
}

// A transaction that has not used the database yet is in nobody's way, and cannot
// be committed either.
func TestCommitOfNothingAfterClose(t *testing.T) {
	t.Parallel()
	m := New(memory.New(), memory.New(), Options{})
	tx := begin(t, m)
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, commit.ErrClosed) {
		t.Error(err)
	}
}

// A panic of the storage, or of what it calls, leaves nothing open behind.
func TestPanicOfTheStorage(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"mutate", "commit"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, s := newManager(t)
				s.panics = call
				tx := begin(t, m)
				func() {
					defer func() {
						if recover() == nil {
							t.Error("the panic was swallowed")
						}
					}()
					defer tx.Rollback()
					if err := tx.upsert(t, 1); err != nil {
						t.Error(err)
					}
					_ = tx.Commit(t.Context())
				}()
				if last := s.calls[len(s.calls)-1]; last != "rollback" {
					t.Errorf("requests %v, want a rollback at the end", s.calls)
				}
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A call beside one that needs the transaction for itself is refused.
func TestCallsBesideAWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newManager(t)
		tx := begin(t, m)
		done := make(chan error, 1)
		go func() { done <- tx.upsert(t, 1) }()
		synctest.Wait()
		for name, err := range map[string]error{
			"read": second(tx.Get(t.Context(), table, key(1))), "write": tx.upsert(t, 2), "commit": tx.Commit(t.Context()),
			"definition": second(Definitions(s).Table(Reading(t.Context(), tx), table.TableName)),
		} {
			if !errors.Is(err, commit.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if tx.Expire("it is idle") {
			t.Error("a transaction in use has expired")
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A read that waits for its turn waits no longer than its context lasts, and the
// transaction goes on.
func TestContextEndsTheWaitForTheTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := newManager(t)
		tx := begin(t, m)
		done := make(chan error, 1)
		go func() { done <- second(tx.Get(t.Context(), table, key(1))) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := second(tx.Get(ctx, table, key(2))); !errors.Is(err, commit.ErrStorage) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := errors.Join(<-done, tx.upsert(t, 1), tx.Commit(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// However a transaction ends, and whatever else tries to end it, that of the
// database is ended once.
func TestEveryTransactionOfTheDatabaseEnds(t *testing.T) {
	t.Parallel()
	s := &counting{Storage: memory.New()}
	if err := errors.Join(s.CreateNamespace(t.Context(), "n", nil), s.CreateTable(t.Context(), table, nil)); err != nil {
		t.Fatal(err)
	}
	m := New(s, s, Options{})
	var wg sync.WaitGroup
	for n := range 300 {
		tx, err := m.Begin(commit.BeginOptions{})
		if err != nil {
			break // closed
		}
		for _, call := range []func(){
			func() { _, _ = tx.Get(t.Context(), table, key(1), key(2)) },
			func() { _, _ = tx.Get(t.Context(), table, key(1)) },
			func() { _ = tx.upsert(t, int32(n)) },
			func() {
				for range tx.Scan(t.Context(), storage.Scan{Table: table, Kind: storage.FullScan}) {
					_ = tx.upsert(t, 1)
				}
			},
			func() { tx.Expire("it is idle") },
			[]func(){tx.Rollback, func() { _ = tx.Commit(t.Context()) }}[n%2],
		} {
			wg.Go(call)
		}
		if n == 200 {
			wg.Go(func() { _ = m.Close(t.Context()) })
		}
		wg.Go(tx.Rollback)
	}
	wg.Wait()
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if s.open != 0 || s.twice != 0 || s.begun == 0 {
		t.Errorf("%d transactions, %d are open, %d were ended twice", s.begun, s.open, s.twice)
	}
}

// counting counts transactions.
type counting struct {
	*memory.Storage
	mu                 sync.Mutex
	begun, open, twice int
}

func (s *counting) Begin(ctx context.Context, o storage.TransactionOptions) (storage.Transaction, error) {
	tx, err := s.Storage.Begin(ctx, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	s.open++
	return &countedTx{Transaction: tx, s: s}, err
}

type countedTx struct {
	storage.Transaction
	s     *counting
	ended bool
}

func (tx *countedTx) end() {
	tx.s.mu.Lock()
	defer tx.s.mu.Unlock()
	if tx.ended {
		tx.s.twice++
		return
	}
	tx.ended = true
	tx.s.open--
}

func (tx *countedTx) Commit(ctx context.Context) error {
	tx.end()
	return tx.Transaction.Commit(ctx)
}

func (tx *countedTx) Rollback(ctx context.Context) error {
	tx.end()
	return tx.Transaction.Rollback(ctx)
}

func TestATransactionWhoseScanIsIteratedIsNotIdle(t *testing.T) {
	t.Parallel()
	s := &counting{Storage: memory.New()}
	if err := errors.Join(s.CreateNamespace(t.Context(), "n", nil), s.CreateTable(t.Context(), table, nil)); err != nil {
		t.Fatal(err)
	}
	tx := begin(t, New(s, s, Options{}))
	if err := tx.upsert(t, 1); err != nil {
		t.Fatal(err)
	}
	for _, err := range tx.Scan(t.Context(), storage.Scan{Table: table, Kind: storage.FullScan}) {
		if err != nil || tx.Expire("it is idle") {
			t.Errorf("%v; or it has expired", err)
		}
	}
	if !tx.Expire("it is idle") || s.open != 0 {
		t.Error("it is idle, and has not expired")
	}
}
