package scalar_test

import (
	"context"
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
