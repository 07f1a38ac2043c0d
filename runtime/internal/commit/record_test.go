package commit

import (
	"context"
	"errors"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// step is one transaction of the life of account a, with the stored row after
// prepare and at the end (spec 1.11).
type step struct {
	name                string
	prepareAt, decideAt int64
	run                 func(ctx context.Context, tx *Tx, ref Ref) error
	fail                bool // somebody has aborted it when it decides
	prepared, after     string
}

func balance(ref Ref, n int) Changes { return set(ref.Table, "bal", n) }

func TestLifeOfARecord(t *testing.T) {
	t.Parallel()
	const committedT1 = "bal=100 tx_id=T1 tx_state=3 tx_version=1 tx_prepared_at=1000 tx_committed_at=1005"
	const committedT3 = "bal=60 tx_id=T3 tx_state=3 tx_version=2 tx_prepared_at=3000 tx_committed_at=3004"
	const beforeT1 = " before_tx_id=T1 before_tx_state=3 before_tx_version=1 before_tx_prepared_at=1000 before_tx_committed_at=1005 before_bal=100"
	const beforeT3 = " before_tx_id=T3 before_tx_state=3 before_tx_version=2 before_tx_prepared_at=3000 before_tx_committed_at=3004 before_bal=60"
	w := newWorld(t)
	runSteps(t, w, "a", []step{
		{
			name: "T1", prepareAt: 1000, decideAt: 1005,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Insert(ctx, ref, balance(ref, 100)) },
			prepared: "bal=100 tx_id=T1 tx_state=1 tx_version=1 tx_prepared_at=1000",
			after:    committedT1,
		},
		{
			name: "T2", prepareAt: 2000, decideAt: 2005, fail: true,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Update(ctx, ref, balance(ref, 70), nil) },
			prepared: "bal=70 tx_id=T2 tx_state=1 tx_version=2 tx_prepared_at=2000 tx_committed_at=1005" + beforeT1,
			after:    committedT1,
		},
		{
			name: "T3", prepareAt: 3000, decideAt: 3004,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Upsert(ctx, ref, balance(ref, 60)) },
			prepared: "bal=60 tx_id=T3 tx_state=1 tx_version=2 tx_prepared_at=3000 tx_committed_at=1005" + beforeT1,
			after:    committedT3,
		},
		{
			name: "T3b", prepareAt: 3500, decideAt: 3501, fail: true,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) },
			prepared: "bal=60 tx_id=T3b tx_state=2 tx_version=3 tx_prepared_at=3500 tx_committed_at=3004" + beforeT3,
			after:    committedT3,
		},
		{
			name: "T4", prepareAt: 4000, decideAt: 4001,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) },
			prepared: "bal=60 tx_id=T4 tx_state=2 tx_version=3 tx_prepared_at=4000 tx_committed_at=3004" + beforeT3,
			after:    "absent",
		},
		{
			name: "T5", prepareAt: 5000, decideAt: 5001, fail: true,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Insert(ctx, ref, balance(ref, 1)) },
			prepared: "bal=1 tx_id=T5 tx_state=1 tx_version=1 tx_prepared_at=5000",
			after:    "absent",
		},
		{
			name: "T6", prepareAt: 6000, decideAt: 6001,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) },
			prepared: "tx_id=T6 tx_state=2 tx_version=1 tx_prepared_at=6000",
			after:    "absent",
		},
		{
			name: "T7", prepareAt: 7000, decideAt: 7001, // an own insert is deleted
			run: func(ctx context.Context, tx *Tx, ref Ref) error {
				return errors.Join(tx.Insert(ctx, ref, balance(ref, 1)), tx.Delete(ctx, ref, nil))
			},
			prepared: "tx_id=T7 tx_state=2 tx_version=1 tx_prepared_at=7000",
			after:    "absent",
		},
	})
}

// A record without metadata is taken as committed. Version 0 marks it in the
// before image (spec 1.4).
func TestLifeOfAnImportedRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(acctName, []storage.Value{storage.TextValue("a")}, "bal", 5)
	runSteps(t, w, "a", []step{
		{
			name: "T1", prepareAt: 1000, decideAt: 1001, fail: true,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Update(ctx, ref, balance(ref, 6), nil) },
			prepared: "bal=6 tx_id=T1 tx_state=1 tx_version=1 tx_prepared_at=1000 before_tx_version=0 before_bal=5",
			after:    "bal=5",
		},
		{
			name: "T2", prepareAt: 2000, decideAt: 2001, fail: true,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) },
			prepared: "bal=5 tx_id=T2 tx_state=2 tx_version=1 tx_prepared_at=2000 before_tx_version=0 before_bal=5",
			after:    "bal=5",
		},
		{
			name: "T3", prepareAt: 3000, decideAt: 3001,
			run:      func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Update(ctx, ref, balance(ref, 7), nil) },
			prepared: "bal=7 tx_id=T3 tx_state=1 tx_version=1 tx_prepared_at=3000 before_tx_version=0 before_bal=5",
			after:    "bal=7 tx_id=T3 tx_state=3 tx_version=1 tx_prepared_at=3000 tx_committed_at=3001",
		},
	})
}

// A put over an own delete is a new record: it writes NULL into what it does not
// name, tx_committed_at included (spec 5.1).
func TestPutAfterDeleteIsANewRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.item(1, 1, "T0", "v", 1, "w", "old", "cat", 3)
	var prepared string
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "decide" {
			prepared = w.storedItem(1, 1)
		}
		return send(ctx)
	})
	ctx := t.Context()
	tx := begin(t, e, Snapshot, withID("T1"))
	ref := item(t, e, 1, 1)
	ok(t, tx.Delete(ctx, ref, nil))
	ok(t, tx.Insert(ctx, ref, set(ref.Table, "v", 2)))
	ok(t, tx.Commit(ctx))
	want(t, "prepared", prepared, "v=2 tx_id=T1 tx_state=1 tx_version=2 tx_prepared_at=1000000 before_tx_id=T0 before_tx_state=3 before_tx_version=1 "+
		"before_tx_prepared_at=10 before_tx_committed_at=20 before_v=1 before_w=old before_cat=3")
	want(t, "committed", w.storedItem(1, 1), "v=2 tx_id=T1 tx_state=3 tx_version=2 tx_prepared_at=1000000 tx_committed_at=1000000")
}

func runSteps(t *testing.T, w *world, id string, steps []step) {
	t.Helper()
	ctx := t.Context()
	key := storage.TextValue(id)
	for _, s := range steps {
		var prepared string
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "decide" && prepared == "" {
				prepared = w.stored(acctName, key)
				if s.fail {
					w.decide(s.name, Aborted, int(s.decideAt))
				}
			}
			err := send(ctx)
			if phase(c) == "prepare" {
				w.now.Store(s.decideAt)
			}
			return err
		})
		w.now.Store(s.prepareAt)
		tx := begin(t, e, Snapshot, withID(s.name))
		ok(t, s.run(ctx, tx, acct(t, e, id)))
		wantOutcome := "ok"
		if s.fail {
			wantOutcome = "conflict"
		}
		want(t, s.name, outcome(tx.Commit(ctx)), wantOutcome)
		want(t, s.name+" prepared", prepared, s.prepared)
		want(t, s.name+" ended", w.stored(acctName, key), s.after)
		wantRow := "tx_state=3 tx_created_at="
		if s.fail {
			wantRow = "tx_state=4 tx_created_at="
		}
		want(t, s.name+" decision", w.stored(stateName, storage.TextValue(s.name)), wantRow+storage.BigIntValue(s.decideAt).String())
	}
}

// Third parties complete a crashed transaction exactly as its owner would have
// (spec 5.3, 5.4): tx_committed_at is that of the decision.
func TestCompletionByAThirdParty(t *testing.T) {
	t.Parallel()
	before := []any{"before_v", 1, "before_w", "x", "before_tx_id", "T0", "before_tx_state", Committed, "before_tx_version", 4, "before_tx_prepared_at", 10, "before_tx_committed_at", 20}
	imported := []any{"before_v", 1, "before_tx_version", 0}
	after := func(state State, more ...any) []any {
		return append([]any{"v", 2, "tx_id", "T1", "tx_state", state, "tx_version", 5, "tx_prepared_at", 30, "tx_committed_at", 20}, more...)
	}
	for _, tt := range []struct {
		name     string
		row      []any
		decision State
		want     string
	}{
		{"update, committed", after(Prepared, before...), Committed, "v=2 tx_id=T1 tx_state=3 tx_version=5 tx_prepared_at=30 tx_committed_at=77"},
		{"update, aborted", after(Prepared, before...), Aborted, "v=1 w=x tx_id=T0 tx_state=3 tx_version=4 tx_prepared_at=10 tx_committed_at=20"},
		{"delete, committed", after(Deleted, before...), Committed, "absent"},
		{"delete, aborted", after(Deleted, before...), Aborted, "v=1 w=x tx_id=T0 tx_state=3 tx_version=4 tx_prepared_at=10 tx_committed_at=20"},
		{"insert, committed", after(Prepared), Committed, "v=2 tx_id=T1 tx_state=3 tx_version=5 tx_prepared_at=30 tx_committed_at=77"},
		{"insert, aborted", after(Prepared), Aborted, "absent"},
		{"tombstone, committed", after(Deleted), Committed, "absent"},
		{"tombstone, aborted", after(Deleted), Aborted, "absent"},
		{"imported, aborted", after(Prepared, imported...), Aborted, "v=1"},
		{"imported, deleted, aborted", after(Deleted, imported...), Aborted, "v=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(itemName, []storage.Value{intValue(1), intValue(1)}, tt.row...)
			w.decide("T1", tt.decision, 77)
			e := w.engine(nil)
			done, err := e.RecoverRecord(t.Context(), item(t, e, 1, 1))
			ok(t, err)
			if !done {
				t.Error("RecoverRecord reports that the transaction may still run")
			}
			want(t, "stored", w.storedItem(1, 1), tt.want)
		})
	}
}
