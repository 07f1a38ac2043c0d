package commit

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// slowGets lets other calls overtake the replies to gets, without a lock that
// would order them for the race detector.
type slowGets struct{ storage.Storage }

func (s slowGets) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	rows, err := s.Storage.Get(ctx, gets)
	time.Sleep(time.Millisecond)
	return rows, err
}

// Reads of one transaction may run at the same time, also over its own writes;
// the race detector watches.
func TestConcurrentReadsOverOwnWrites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, isolation := range isolations {
		w := newWorld(t)
		for c := range 8 {
			w.item(1, c, "t0", "v", c, "cat", 1)
		}
		e := w.engine(nil)
		e.storage = slowGets{w.store}
		for range 20 {
			tx := begin(t, e, isolation)
			for c := range 4 {
				ok(t, tx.Delete(ctx, item(t, e, 1, c), nil)) // blind: not read yet
			}
			ok(t, tx.Insert(ctx, item(t, e, 1, 3), Changes{})) // replaces
			ok(t, tx.Upsert(ctx, item(t, e, 1, 4), Changes{}))
			ok(t, tx.Insert(ctx, item(t, e, 1, 9), Changes{}))
			refs := make([]Ref, 10)
			for c := range refs {
				refs[c] = item(t, e, 1, c)
			}
			table := refs[0].Table
			var wait sync.WaitGroup
			for range 3 {
				wait.Go(func() {
					if _, err := tx.Get(ctx, refs...); err != nil {
						t.Error(err)
					}
				})
				for _, scan := range []Scan{partition(table, 1), byCat(table, 1)} {
					wait.Go(func() {
						if err := drain(ctx, tx, scan); err != nil {
							t.Error(err)
						}
					})
				}
			}
			wait.Wait()
			tx.Rollback()
		}
	}
}

// Writes beside reads are refused or not, but nothing is torn.
func TestWritesBesideReads(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	for c := range 8 {
		w.item(1, c, "t0", "v", c, "cat", 1)
	}
	e := w.engine(nil)
	for _, isolation := range isolations {
		for range 50 {
			tx := begin(t, e, isolation)
			ref := item(t, e, 1, 1)
			var wait sync.WaitGroup
			check := func(err error) {
				if o := outcome(err); o != "ok" && o != "invalid" && o != "closed" && o != "exists" && o != "conflict" {
					t.Error(err)
				}
			}
			wait.Go(func() { check(drain(ctx, tx, partition(ref.Table, 1))) })
			wait.Go(func() { check(drain(ctx, tx, byCat(ref.Table, 1))) })
			wait.Go(func() { _, err := tx.Get(ctx, ref); check(err) })
			wait.Go(func() { check(update(ctx, tx, ref, 5)) })
			wait.Go(func() { check(insert(ctx, tx, item(t, e, 1, 20), 5)) })
			wait.Go(func() { check(tx.Commit(ctx)) })
			wait.Go(func() { tx.Rollback() })
			wait.Go(func() { tx.Expire("tested") })
			wait.Wait()
			tx.Rollback()
		}
	}
}
