package commit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// branches begins and prepares two participants of transaction "mine", which
// write item (1,1) and (2,1) through engines of their own.
func branches(t *testing.T, w *world, first, second *Engine) (a, b *Tx) {
	t.Helper()
	a, b = begin(t, first, Snapshot, withID("mine")), begin(t, second, Snapshot, withID("mine"))
	ok(t, insert(t.Context(), a, item(t, first, 1, 1), 1))
	ok(t, insert(t.Context(), b, item(t, second, 2, 1), 2))
	ok(t, a.Prepare(t.Context()))
	ok(t, b.Prepare(t.Context()))
	return a, b
}

// Once one participant has committed, the records of all are: another one that
// cannot decide must not take its own back.
func TestBranchThatCannotDecideAfterAnother(t *testing.T) {
	t.Parallel()
	for name, cancelled := range map[string]bool{"its writes of the decision fail": false, "its caller has gone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				failures := 0
				second := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if phase(c) == "decide" && !cancelled && failures < coordinatorAttempts {
						failures++
						return &storage.Error{Op: "mutate", Err: errors.New("server busy")}
					}
					return send(ctx)
				})
				a, b := branches(t, w, w.engine(nil), second)
				ok(t, a.Commit(t.Context()))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if cancelled {
					cancel()
				}
				err := b.Commit(ctx)
				if told := outcome(err); told != "ok" && told != "unknown" {
					t.Errorf("the transaction is committed, the second participant was told: %v", err)
				}
				e := w.engine(nil)
				want(t, "record of the first", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "p=1 c=1 v=1 cat=1")
				want(t, "record of the second", get(t, begin(t, e, Snapshot), item(t, e, 2, 1)), "p=2 c=1 v=2 cat=1")
			})
		})
	}
}

// A participant knows its own records only, so it must not leave a write set by
// which the decision would be removed before the others have followed it.
func TestBranchLeavesNoWriteSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.grouped()
	e := w.engine(nil, withWriteSets)
	a, _ := branches(t, w, e, e)
	ok(t, a.Commit(t.Context()))
	_, err := e.Finish(t.Context(), "mine") // before the second participant commits
	ok(t, err)
	w.now.Add(lifetime.Milliseconds() + 1)
	want(t, "record of the first", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "p=1 c=1 v=1 cat=1")
	want(t, "record of the second", get(t, begin(t, e, Snapshot), item(t, e, 2, 1)), "p=2 c=1 v=2 cat=1")
}
