package scalar_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		must(t, orders.Insert(t.Context(), db, first))
		must(t, db.Close(t.Context()))
		must(t, db.Close(t.Context()))
		wantError(t, second(db.Begin(t.Context())), scalar.ErrClosed)
	})
}

func TestCloseRollsBackOpenTransactions(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]scalar.Option{
		"by themselves": nil,
		"with group commit, for which Close would wait": {scalar.GroupCommit(scalar.GroupCommitLimits{})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachStorage(t, func(t *testing.T, db *scalar.DB) {
				ctx := t.Context()
				tx, idle := begin(t, db), begin(t, db)
				must(t, orders.Insert(ctx, tx, first))
				must(t, db.Close(ctx))
				for _, tx := range []*scalar.Tx{tx, idle} {
					wantError(t, second(orders.Get(ctx, tx, keyOfOrder(first))), scalar.ErrClosed)
					wantError(t, tx.Commit(ctx), scalar.ErrClosed, closed, tx.ID())
					wantUnlisted(t, db, tx.ID())
					tx.Rollback(ctx)
				}
			}, options...)
		})
	}
}

// Close does not get in the way of a commit that is under way, and lets no other
// begin, except that of another member of the groups that it waits for.
func TestCloseWaitsForCommits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		slow   scalartest.Op
		option scalar.Option
		late   error // of the commit that begins after Close
	}{
		"that prepare":                {scalartest.Prepare, scalar.OnePhaseCommit(false), scalar.ErrClosed},
		"that decide":                 {scalartest.Decide, scalar.OnePhaseCommit(false), scalar.ErrClosed},
		"that complete their records": {scalartest.Complete, scalar.OnePhaseCommit(false), scalar.ErrClosed},
		"in one phase":                {scalartest.OnePhase, scalar.OnePhaseCommit(true), scalar.ErrClosed},
		"in a group":                  {scalartest.Prepare, scalar.GroupCommit(scalar.GroupCommitLimits{}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				db := openDB(t, scalartest.With(test.option), scalartest.Delay(test.slow, time.Second))
				tx := begin(t, db)
				must(t, orders.Insert(ctx, tx, first))
				release := make(chan struct{})
				committed, late, closed := make(chan error, 1), make(chan error, 1), make(chan error, 1)
				go func() { committed <- tx.Commit(ctx) }()
				go func() {
					late <- db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
						<-release
						return orders.Insert(ctx, tx, Order{CustomerID: 2})
					})
				}()
				synctest.Wait()
				go func() { closed <- db.Close(ctx) }()
				synctest.Wait()
				select {
				case err := <-closed:
					t.Fatalf("Close returns %v beside a commit", err)
				default:
				}
				close(release)
				if err := <-late; !errors.Is(err, test.late) {
					t.Errorf("the commit that comes after Close: %v, want %v", err, test.late)
				}
				wantError(t, second(db.Begin(ctx)), scalar.ErrClosed)
				must(t, <-committed)
				must(t, <-closed)
				for _, e := range scalartest.History(db) {
					if e.Err != nil {
						t.Errorf("%s: %v", e, e.Err)
					}
				}
			})
		})
	}
}

// A commit that is under way is not rolled back: its records are, or it is told.
func TestCloseWaitsForWhatRunsInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.AsyncCommit(true)), scalartest.Delay(scalartest.Complete, time.Second))
		must(t, orders.Insert(t.Context(), db, first))
		start := time.Now()
		must(t, db.Close(t.Context()))
		if took := time.Since(start); took != time.Second {
			t.Errorf("Close took %v, want the second of the completion", took)
		}
		if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 1 || done[0].Err != nil {
			t.Errorf("completed:\n%swant the record", done)
		}
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.AsyncCommit(true)), scalartest.Delay(scalartest.Complete, time.Minute))
		must(t, orders.Insert(t.Context(), db, first))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := db.Close(ctx)
		wantError(t, err, context.DeadlineExceeded)
		if took := time.Since(start); took != time.Second {
			t.Errorf("Close took %v, want the second that its context had", took)
		}
		if done := scalartest.History(db).Of(scalartest.Complete); len(done) != 1 || done[0].Err == nil {
			t.Errorf("completed:\n%swant the attempt cut off", done)
		}
		must(t, db.Close(t.Context()))
	})
}

func TestCloseWaitsForMembersOfGroupCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(scalar.GroupCommit(scalar.GroupCommitLimits{})), scalartest.Delay(scalartest.Decide, time.Second))
		done := make(chan error)
		go func() { done <- orders.Insert(t.Context(), db, first) }()
		synctest.Wait() // the decision is under way
		start := time.Now()
		must(t, db.Close(t.Context()))
		if took := time.Since(start); took != time.Second {
			t.Errorf("Close took %v, want the second of the decision", took)
		}
		must(t, <-done)
	})
}

// The transaction gets its id when it has begun and is not listed yet.
func TestBeginWhileTheDBIsClosed(t *testing.T) {
	t.Parallel()
	var db *scalar.DB
	db = openDB(t, scalartest.With(scalar.WithEnvironment(scalar.Environment{NewID: func() string {
		must(t, db.Close(t.Context()))
		return "late"
	}})))
	_, err := db.Begin(t.Context())
	wantError(t, err, scalar.ErrClosed, "the database handle is closed", "late")
	wantUnlisted(t, db, "late")
}

// brokenClose is a storage that does not close.
type brokenClose struct{ storage.Storage }

var errClose = errors.New("disk full")

func (brokenClose) Close() error { return errClose }

func TestCloseReportsAllThatWentWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := openDB(t, scalartest.Delay(scalartest.Complete, time.Minute))
		db := scalar.New(brokenClose{slow.Storage()}, scalar.AsyncCommit(true))
		must(t, orders.Insert(t.Context(), db, first))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := db.Close(ctx)
		wantError(t, err, context.DeadlineExceeded)
		wantError(t, err, errClose)
	})
}

// closeCounter is a storage that may be closed once.
type closeCounter struct {
	storage.Storage
	closed int
}

func (s *closeCounter) Close() error {
	s.closed++
	return s.Storage.Close()
}

func TestCloseClosesTheStorageOnce(t *testing.T) {
	t.Parallel()
	s := &closeCounter{Storage: memory.New()}
	db := scalar.New(s)
	for range 3 {
		must(t, db.Close(t.Context()))
	}
	if s.closed != 1 {
		t.Errorf("the storage was closed %d times", s.closed)
	}
}
