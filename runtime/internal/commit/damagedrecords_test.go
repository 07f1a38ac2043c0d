package commit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// A record that the protocol does not know is shown to nobody and changed by
// nobody, in whichever way a transaction commits; the transaction that meets it
// gets an error.
func TestDamagedRecordsInEveryVariant(t *testing.T) {
	t.Parallel()
	damages := []struct {
		name    string
		columns []any
	}{
		{"state 0", []any{"tx_id", "gone", "tx_state", 0, "tx_version", 2, "tx_prepared_at", 1}},
		{"aborted", []any{"tx_id", "gone", "tx_state", Aborted, "tx_version", 2, "tx_prepared_at", 1}},
		{"state 5", []any{"tx_id", "gone", "tx_state", 5, "tx_version", 2, "tx_prepared_at", 1}},
		{"state -1", []any{"tx_id", "gone", "tx_state", -1, "tx_version", 2, "tx_prepared_at", 1}},
		{"prepared by nobody", []any{"tx_state", Prepared, "tx_version", 2, "tx_prepared_at", 1}},
		{"prepared at no time", []any{"tx_id", "gone", "tx_state", Prepared, "tx_version", 2}},
		{"deleted at no time", []any{"tx_id", "gone", "tx_state", Deleted, "tx_version", 2}},
	}
	engines := map[string][]func(*Options){
		"plain":     nil,
		"one phase": {onePhase},
		"async":     {asynchronous},
		"groups":    {inGroups, withWriteSets},
		"patient":   {waiting(time.Second)},
		"serialized": {func(o *Options) {
			o.SerialPrepare, o.SerialValidate, o.SerialCommit, o.SerialRollback = true, true, true, true
		}},
	}
	type try struct {
		name string
		do   func(ctx context.Context, tx *Tx, ref Ref) error
		want string
	}
	accesses := []try{
		{"get", func(ctx context.Context, tx *Tx, ref Ref) error { _, err := tx.Get(ctx, ref); return err }, "storage"},
		{"scan", func(ctx context.Context, tx *Tx, ref Ref) error { return drain(ctx, tx, partition(ref.Table, 1)) }, "storage"},
		{"index scan", func(ctx context.Context, tx *Tx, ref Ref) error { return drain(ctx, tx, byCat(ref.Table, 1)) }, "storage"},
		{"full scan", func(ctx context.Context, tx *Tx, ref Ref) error {
			return drain(ctx, tx, Scan{Table: ref.Table, Kind: storage.FullScan})
		}, "storage"},
		{"update", func(ctx context.Context, tx *Tx, ref Ref) error { return update(ctx, tx, ref, 9) }, "storage"},
		{"upsert", func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Upsert(ctx, ref, set(ref.Table, "v", 9)) }, "storage"},
		{"delete", func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) }, "storage"},
		{"insert", func(ctx context.Context, tx *Tx, ref Ref) error { return insert(ctx, tx, ref, 9) }, "conflict"},
		{"insert and another", func(ctx context.Context, tx *Tx, ref Ref) error {
			other := Ref{Table: ref.Table, Key: []storage.Value{intValue(8), intValue(8)}}
			if err := insert(ctx, tx, other, 1); err != nil {
				return err
			}
			return insert(ctx, tx, ref, 9)
		}, "conflict"},
	}
	for _, d := range damages {
		for engine, configure := range engines {
			t.Run(d.name+", "+engine, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					w := newWorld(t)
					w.now.Store(0)
					w.grouped()
					w.write(itemName, []storage.Value{intValue(1), intValue(1)}, append([]any{"v", 1, "cat", 1, "before_v", 7, "before_cat", 1}, d.columns...)...)
					before := w.storedItem(1, 1)
					for _, decision := range []State{0, Committed, Aborted} {
						if decision != 0 {
							w.decide("gone", decision, 5)
						}
						e := w.engine(nil, configure...)
						ref := item(t, e, 1, 1)
						for _, isolation := range isolations {
							for _, a := range accesses {
								tx := begin(t, e, isolation)
								err := a.do(ctx, tx, ref)
								if err == nil {
									err = tx.Commit(ctx)
								}
								tx.Rollback()
								what := fmt.Sprintf("%s, %v, decision %v", a.name, isolation, decision)
								want(t, what, outcome(err), a.want)
								time.Sleep(30 * time.Second)
								want(t, what, w.storedItem(1, 1), before)
								want(t, what, w.storedItem(8, 8), "absent")
							}
						}
						_, err := e.RecoverRecord(ctx, ref)
						want(t, "RecoverRecord", outcome(err), "storage")
					}
				})
			})
		}
	}
}
