package commit

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// A record whose owner has expired is read once more before the abort. If that
// fails, nobody knows whether anything is left to recover, and nothing is decided.
func TestRecoverRecordCannotReadBeforeTheAbort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepared(Prepared, w.now.Load()-lifetime.Milliseconds()-1, "T1")
	a := nthCall{phase: "get", nth: 2, happen: func(context.Context, faulty.Call, func(context.Context) error) error { return failPlain() }}
	e := w.engine(a.around)
	before := w.storedItem(1, 1)
	done, err := e.RecoverRecord(t.Context(), item(t, e, 1, 1))
	want(t, "outcome", fmt.Sprint(outcome(err), " ", done), "storage false")
	want(t, "record", w.storedItem(1, 1), before)
	want(t, "decision", w.stored(stateName, storage.TextValue("T1")), "absent")
}

// That the record to insert exists is told if it is why the insert failed, not if
// the insert failed for a reason of its own.
func TestInsertOfAnExistingRecordThatFailsOtherwise(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fail func() error
		want string
	}{
		{"condition", failUnmet, "exists"},
		{"plain", failPlain, "storage"},
		{"invalid", failInvalid, "invalid"},
		{"unknown", failUnknown, "storage"},
	} {
		w := newWorld(t)
		w.item(1, 1, "t0")
		e := w.engine(failing("prepare", tt.fail, false))
		tx := begin(t, e, Snapshot)
		ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
		want(t, tt.name, outcome(tx.Commit(t.Context())), tt.want)
	}
}

// A participant whose storage panics while it prepares does not know what it has
// left, can do nothing but roll back, and that takes everything back.
func TestRollbackAfterAPanicInPrepare(t *testing.T) {
	t.Parallel()
	for _, f := range panics {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t)
			w.item(1, 1, "t0", "v", 1)
			before := w.storedItem(1, 1)
			a := nthCall{phase: "prepare", nth: 1, happen: f.happen}
			e := w.engine(a.around)
			tx := begin(t, e, Snapshot)
			ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
			ok(t, insert(ctx, tx, item(t, e, 1, 2), 2))
			want(t, "prepare", outcome(recovered(func() error { return tx.Prepare(ctx) })), "unknown")
			want(t, "commit", outcome(tx.Commit(ctx)), "closed")
			want(t, "rollback", outcome(tx.RollbackPrepared(ctx)), "ok")
			want(t, "updated record", w.storedItem(1, 1), before)
			want(t, "inserted record", w.storedItem(1, 2), "absent")
			want(t, "decision", w.stored(stateName, storage.TextValue(tx.ID())), fmt.Sprint("tx_state=4 tx_created_at=", w.now.Load()))
			want(t, "rollback again", outcome(tx.RollbackPrepared(ctx)), "ok")
		})
	}
}

// endings is an Observer that notes how transactions end.
type endings struct{ told []error }

func (o *endings) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	return ctx, func(err error) {
		if e.Phase == observe.Transaction {
			o.told = append(o.told, err)
		}
	}
}

// The observer is told one end, whatever is called afterwards.
func TestObserverIsToldOneEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(ctx context.Context, tx *Tx)
		want string
	}{
		{"commit", func(ctx context.Context, tx *Tx) { _ = tx.Commit(ctx) }, "ok"},
		{"rollback", func(_ context.Context, tx *Tx) { tx.RollbackFor(&Error{Kind: ErrInvalid}) }, "invalid"},
		{"rollback of a branch", func(ctx context.Context, tx *Tx) { _, _ = tx.Prepare(ctx), tx.RollbackPrepared(ctx) }, "unnamed error: rolled back"},
		{"commit of a branch", func(ctx context.Context, tx *Tx) { _, _ = tx.Prepare(ctx), tx.Commit(ctx) }, "ok"},
		{"expiry", func(_ context.Context, tx *Tx) { tx.Expire("tested") }, "unnamed error: rolled back"},
	} {
		w := newWorld(t)
		var o endings
		e := w.engine(nil, func(options *Options) { options.Observer = &o })
		tx := begin(t, e, Snapshot)
		ctx := tx.Observe(t.Context(), 0)
		ok(t, insert(ctx, tx, item(t, e, 1, 1), 1))
		tt.end(ctx, tx)
		tx.Rollback()
		_ = tx.Commit(ctx)
		_ = tx.RollbackPrepared(ctx)
		tx.Expire("tested")
		tx.Rollback()
		var told []string
		for _, err := range o.told {
			told = append(told, outcome(err))
		}
		if diff := cmp.Diff([]string{tt.want}, told); diff != "" {
			t.Errorf("%s: ends (-want +got):\n%s", tt.name, diff)
		}
	}
}
