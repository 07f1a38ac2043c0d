package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// scripted is a storage whose transactions fail as script says: with what it
// returns for a call, instead of the call; "lost" is asked after a commit.
type scripted struct {
	*memory.Storage
	script func(call string) error

	mu    sync.Mutex
	calls []string
}

func (s *scripted) did(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return s.script(call)
}

func (s *scripted) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	if err := s.did("begin"); err != nil {
		return nil, err
	}
	tx, err := s.Storage.Begin(ctx, options)
	return &scriptedTransaction{tx, s}, err
}

type scriptedTransaction struct {
	storage.Transaction
	s *scripted
}

func (tx *scriptedTransaction) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	if err := tx.s.did("table"); err != nil {
		return nil, err
	}
	return tx.Transaction.Table(ctx, name)
}

func (tx *scriptedTransaction) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	if err := tx.s.did("get"); err != nil {
		return nil, err
	}
	return tx.Transaction.Get(ctx, gets)
}

func (tx *scriptedTransaction) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	if err := tx.s.did("scan"); err != nil {
		return nil, err
	}
	return tx.Transaction.Scan(ctx, scan)
}

func (tx *scriptedTransaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	if err := tx.s.did("mutate"); err != nil {
		return err
	}
	return tx.Transaction.Mutate(ctx, m)
}

func (tx *scriptedTransaction) Commit(ctx context.Context) error {
	if err := tx.s.did("commit"); err != nil {
		return err
	}
	if err := tx.Transaction.Commit(ctx); err != nil {
		return err
	}
	return tx.s.script("lost")
}

func (tx *scriptedTransaction) Rollback(ctx context.Context) error {
	err := tx.s.did("rollback")
	return errors.Join(err, tx.Transaction.Rollback(ctx))
}

func failed(class error) error {
	return &storage.Error{Op: "test", Class: class, Err: errors.New("as scripted")}
}

// newScripted returns a DB whose script is set after its tables were created.
func newScripted(t *testing.T, script func(call string) error, options ...scalar.Option) (*scalar.DB, *scripted) {
	t.Helper()
	s := &scripted{Storage: memory.New(), script: script}
	return newTransactor(t, s, options...), s
}

// once fails the first call of the name.
func once(call string, err error) func(string) error {
	var mu sync.Mutex
	return func(now string) error {
		mu.Lock()
		defer mu.Unlock()
		if now != call || err == nil {
			return nil
		}
		result := err
		err = nil
		return result
	}
}

// A transaction that the database has given up is tried again, even if the
// function has ignored the error.
func TestDatabaseConflictsAreRetriedWhereverTheyCome(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"begin", "get", "scan", "mutate", "commit", "table"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			db, s := newScripted(t, once(call, failed(storage.ErrConflict)))
			must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				errs := []error{
					second(orders.GetAll(ctx, tx, []OrderKey{keyOfOrder(first)})),
					orders.Upsert(ctx, tx, Order{CustomerID: 1, Timestamp: int64(tx.Attempt())}),
					second(scalar.Collect(orders.Scan(ctx, tx, allOrders()))),
					second(kinds.GetAll(ctx, tx, []KindsKey{{"k"}})), // a table that is new
				}
				i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
				if failing := i >= 0; failing != (tx.Attempt() == 1 && call != "commit") {
					t.Errorf("attempt %d: errors %v", tx.Attempt(), errs)
				}
				for _, err := range errs[max(i, 0):] {
					if i >= 0 {
						wantError(t, err, scalar.ErrConflict, tx.ID())
					}
				}
				return nil
			}))
			all, err := scalar.Collect(orders.Scan(t.Context(), db, allOrders()))
			if must(t, err); len(all) != 1 || all[0].Timestamp != 2 {
				t.Errorf("records %+v, want that of the second attempt", all)
			}
			if n := count(s.calls, "begin"); n != 2 {
				t.Errorf("%d transactions, want 2", n)
			}
		})
	}
}

func count(calls []string, call string) (n int) {
	for _, c := range calls {
		if c == call {
			n++
		}
	}
	return n
}

func TestDatabaseCommitWithAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{"classified": failed(storage.ErrUnknown), "by a driver": errors.New("broken pipe")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, s := newScripted(t, once("lost", lost))
			attempts := 0
			err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				attempts++
				return orders.Insert(ctx, tx, first)
			})
			wantError(t, err, scalar.ErrUnknownStatus, "the commit was sent, but whether it was made is not known", "transaction ")
			wantError(t, err, lost)
			if attempts != 1 || count(s.calls, "rollback") != 0 {
				t.Errorf("%d attempts, calls %v", attempts, s.calls)
			}
			must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
		})
	}
	t.Run("of a transaction that only read", func(t *testing.T) {
		t.Parallel()
		db, _ := newScripted(t, once("lost", failed(storage.ErrUnknown)))
		wantError(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error { return scanAll(ctx, tx) }), scalar.ErrStorage)
	})
}

// After an error of the database a transaction holds no connection, and cannot be
// committed by ignoring it.
func TestDatabaseErrorsEndTheTransaction(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ err, kind error }{
		"plain":       {failed(nil), scalar.ErrStorage},
		"refused":     {failed(storage.ErrInvalid), scalar.ErrInvalid},
		"conflict":    {failed(storage.ErrConflict), scalar.ErrConflict},
		"unknown":     {failed(storage.ErrUnknown), scalar.ErrStorage}, // of what will not be committed
		"closed":      {failed(storage.ErrClosed), scalar.ErrClosed},
		"by a driver": {errors.New("broken pipe"), scalar.ErrStorage},
	} {
		for _, call := range []string{"get", "scan", "mutate"} {
			t.Run(name+" "+call, func(t *testing.T) {
				t.Parallel()
				db, s := newScripted(t, func(string) error { return nil })
				tx, ctx := begin(t, db), t.Context()
				must(t, orders.Insert(ctx, tx, first))
				s.script = once(call, test.err)
				operations := map[string]func() error{
					"get":    func() error { return second(orders.GetAll(ctx, tx, []OrderKey{keyOfOrder(first)})) },
					"scan":   func() error { return scanAll(ctx, tx) },
					"mutate": func() error { return orders.Upsert(ctx, tx, first) },
				}
				err := operations[call]()
				wantError(t, err, test.kind, "test.orders", tx.ID())
				wantError(t, err, test.err)
				if last := s.calls[len(s.calls)-1]; last != "rollback" {
					t.Errorf("calls %v, want a rollback at the end", s.calls)
				}
				done := len(s.calls)
				for _, operation := range operations {
					wantError(t, operation(), test.kind, "the transaction was rolled back when an earlier call failed", tx.ID())
				}
				wantError(t, tx.Commit(ctx), test.kind, "the transaction was rolled back when an earlier call failed")
				wantError(t, tx.Commit(ctx), scalar.ErrClosed)
				tx.Rollback(ctx)
				if more := s.calls[done:]; len(more) != 0 {
					t.Errorf("calls %v after the end", more)
				}
				wantUnlisted(t, db, tx.ID())
				wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound)
			})
		}
	}
}

func TestDatabaseRequestsOfATransaction(t *testing.T) {
	t.Parallel()
	db, s := newScripted(t, func(string) error { return nil })
	ctx := t.Context()
	for name, test := range map[string]struct {
		run  func() error
		want []string
	}{
		"nothing":    {func() error { return begin(t, db).Commit(ctx) }, nil},
		"rollback":   {func() error { begin(t, db).Rollback(ctx); return nil }, nil},
		"one get":    {func() error { return second(kinds.GetAll(ctx, db, []KindsKey{{"k"}})) }, nil}, // of the storage itself
		"one scan":   {func() error { return scanAll(ctx, db) }, nil},
		"two gets":   {func() error { return second(kinds.GetAll(ctx, db, []KindsKey{{"k"}, {"l"}})) }, []string{"begin", "get", "commit"}},
		"no get":     {func() error { return second(kinds.GetAll(ctx, db, nil)) }, nil},
		"one write":  {func() error { return orders.Upsert(ctx, db, first) }, []string{"begin", "mutate", "commit"}},
		"two writes": {func() error { return updateOrders(ctx, db, 2, 7) }, []string{"begin", "mutate", "mutate", "commit"}},
		"given up": {func() error {
			ended, cancel := context.WithCancel(ctx)
			tx := begin(t, db)
			must(t, orders.Upsert(ctx, tx, first))
			cancel()
			wantError(t, tx.Commit(ended), scalar.ErrStorage, "given up before it was committed")
			return nil
		}, []string{"begin", "mutate", "rollback"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.calls = nil
			must(t, test.run())
			if diff := cmp.Diff(test.want, s.calls); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDatabaseTransactionsAreObserved(t *testing.T) {
	t.Parallel()
	seen := &ends{}
	db, _ := newScripted(t, once("commit", failed(storage.ErrConflict)), scalar.WithObserver(seen))
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error { return orders.Insert(ctx, tx, first) }))
	wantError(t, orders.Insert(t.Context(), db, first), scalar.ErrAlreadyExists)
	begin(t, db).Rollback(t.Context())
	want := []string{
		"transaction DATABASE 1 conflict with another transaction", "retry  1 <nil>", "transaction DATABASE 2 <nil>", "transact DATABASE 0 <nil>",
		"transaction DATABASE 0 record exists already", "transaction DATABASE 0 rolled back",
	}
	if diff := cmp.Diff(want, seen.all); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// ends is an observer that keeps how things ended.
type ends struct{ all []string }

func (o *ends) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	return ctx, func(err error) { o.all = append(o.all, ended(e, err)) }
}

func ended(e observe.Event, err error) string {
	var known *scalar.Error
	kind := err
	if errors.As(err, &known) {
		kind = known.Kind
	}
	for _, class := range []error{scalar.ErrConflict, scalar.ErrAlreadyExists} {
		if errors.Is(err, class) {
			kind = class
		}
	}
	return fmt.Sprint(e.Phase, " ", e.Isolation, " ", e.Attempt, " ", kind)
}

// A write reads the rest of the scans that it would show up in, and of no others.
func TestDatabaseWritesDuringScans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		written Order
		want    []string
	}{
		"same partition":  {Order{CustomerID: 1, Seq: 7}, []string{"begin", "scan", "scan", "scan", "scan", "mutate"}},
		"other partition": {Order{CustomerID: 2}, []string{"begin", "scan", "mutate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{Storage: memory.New(memory.WithPageSize(1)), script: func(string) error { return nil }}
			db, ctx := newTransactor(t, s), t.Context()
			for seq := range int32(4) {
				must(t, orders.Insert(ctx, db, Order{CustomerID: 1, Seq: seq}))
			}
			s.calls = nil
			tx := begin(t, db)
			for _, err := range orders.Scan(ctx, tx, ordersOf(1)) {
				must(t, err)
				must(t, orders.Insert(ctx, tx, test.written))
				break
			}
			if diff := cmp.Diff(test.want, s.calls); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
