package commit

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// states are what a write that has read nothing may find. The record is item(1,1).
var unseenStates = map[string]func(w *world){
	"nothing":                      func(*world) {},
	"a committed record":           func(w *world) { w.item(1, 1, "T0", "v", 1, "w", "a", "cat", 7) },
	"an imported record":           func(w *world) { w.write(itemName, []storage.Value{intValue(1), intValue(1)}, "v", 1, "w", "a") },
	"a record in flight":           func(w *world) { w.prepared(Prepared, w.now.Load(), "T1", "w", "a", "before_w", "b") },
	"a record of a crashed writer": func(w *world) { w.prepared(Prepared, 1, "T1", "w", "a", "before_w", "b") },
	"a delete of a crashed writer": func(w *world) { w.prepared(Deleted, 1, "T1", "w", "a", "before_w", "b") },
	"a record to be rolled forward": func(w *world) {
		w.prepared(Prepared, 1, "T1", "w", "a", "before_w", "b")
		w.decide("T1", Committed, 77)
	},
	"a record to be removed": func(w *world) { w.prepared(Deleted, 1, "T1", "w", "a", "before_w", "b"); w.decide("T1", Committed, 77) },
}

// A version that the storage keeps is kept as one that was read, in every way to
// commit and to give up.
func TestUnseenVersionsAreKept(t *testing.T) {
	t.Parallel()
	upsert := func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Upsert(ctx, ref, set(ref.Table, "v", 2)) }
	remove := func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) }
	writes := map[string]func(ctx context.Context, tx *Tx, ref Ref) error{
		"upsert": upsert,
		"delete": remove,
		"upsert after a delete": func(ctx context.Context, tx *Tx, ref Ref) error {
			if err := remove(ctx, tx, ref); err != nil {
				return err
			}
			return upsert(ctx, tx, ref)
		},
	}
	commits := map[string]func(ctx context.Context, tx *Tx) error{
		"committed":             func(ctx context.Context, tx *Tx) error { return tx.Commit(ctx) },
		"prepared, and no more": func(ctx context.Context, tx *Tx) error { return tx.Prepare(ctx) },
		"rolled back": func(ctx context.Context, tx *Tx) error {
			err := tx.Prepare(ctx)
			tx.RollbackPrepared(ctx)
			return err
		},
	}
	gets := 0
	for state, store := range unseenStates {
		for write, do := range writes {
			for commit, end := range commits {
				for _, isolation := range isolations {
					for _, phases := range []int{1, 2} {
						run := func(preReads bool) string {
							w := newWorld(t)
							store(w)
							var n counter
							e := w.engine(n.around, func(o *Options) { o.PreReads, o.OnePhase = preReads, phases == 1 })
							tx := begin(t, e, isolation)
							// A neighbour shares the fate of the record.
							neighbour := item(t, e, 9, 1)
							ok(t, insert(t.Context(), tx, neighbour, 3))
							err := do(t.Context(), tx, item(t, e, 1, 1))
							if err == nil {
								err = end(t.Context(), tx)
							}
							ok(t, e.Close(t.Context()))
							if !preReads {
								gets += n.take()["get"]
							}
							return fmt.Sprintf("%s: %s; %s", outcome(err), w.storedItem(1, 1), w.storedItem(9, 1))
						}
						want(t, fmt.Sprintf("%s over %s, %s, %v, %d phases", write, state, commit, isolation, phases), run(false), run(true))
					}
				}
			}
		}
	}
	if gets == 0 {
		t.Error("no write has read the record after all")
	}
}

// The write that has been given up by a lost request is taken back to the version
// that nobody here has seen.
func TestUnseenVersionsAreRestored(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		w := newWorld(t)
		w.item(1, 1, "T0", "v", 1, "w", "a", "cat", 7)
		before := w.storedItem(1, 1)
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) != "prepare" {
				return send(ctx)
			}
			if applied {
				ok(t, send(ctx))
			}
			return &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
		})
		tx := begin(t, e, Snapshot)
		ref := item(t, e, 1, 1)
		ok(t, tx.Upsert(t.Context(), ref, set(ref.Table, "v", 2)))
		want(t, "commit", outcome(tx.Commit(t.Context())), "storage")
		want(t, "stored", w.storedItem(1, 1), before)
	}
}

// Of several groups one may have to look at its record after the others are
// prepared. Then it must not wait.
func TestNobodyWaitsWithRecordsPrepared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		units storage.Atomicity
		want  string
		waits bool
	}{
		{units: storage.AtomicStorage, waits: true},
		{units: storage.AtomicRecord},
	} {
		w := newWorld(t, memory.WithAtomicity(tt.units, 0))
		w.item(2, 1, "T0", "v", 1)
		w.prepared(Prepared, w.now.Load(), "T1")
		var n counter
		e := w.engine(n.around, func(o *Options) { o.Wait = lastLook })
		tx := begin(t, e, Snapshot)
		for p := 1; p <= 2; p++ {
			ref := item(t, e, p, 1)
			ok(t, tx.Upsert(t.Context(), ref, set(ref.Table, "v", 2)))
		}
		want(t, "commit", outcome(tx.Commit(t.Context())), "uncommitted")
		if stored := w.storedItem(2, 1); !strings.Contains(stored, "tx_id=T0") {
			t.Errorf("the other record is left as %s", stored)
		}
		if looks := n.take()["get"]; (looks > 3) != tt.waits {
			t.Errorf("%v: %d looks", tt.units, looks)
		}
	}
}
