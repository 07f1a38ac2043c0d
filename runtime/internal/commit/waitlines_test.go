package commit

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// Who waits for a record keeps its place if the record passes from one holder to
// the next.
func TestAPlaceInTheLineOutlastsTheHolder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.now.Store(0)
		prepared := func(owner string) {
			w.write(itemName, []storage.Value{intValue(1), intValue(1)}, "v", 2, "tx_id", owner, "tx_state", Prepared, "tx_version", 2, "tx_prepared_at", int(time.Now().UnixMilli()),
				"before_v", 1, "before_tx_id", "T0", "before_tx_state", Committed, "before_tx_version", 1, "before_tx_prepared_at", 10, "before_tx_committed_at", 20)
		}
		prepared("A")
		e := w.engine(nil, waiting(10*time.Second))
		ref := item(t, e, 1, 1)
		var mu sync.Mutex
		var order []string
		read := func(name string) {
			get(t, begin(t, e, Snapshot), ref)
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
		}
		go read("first")
		time.Sleep(time.Second)
		go read("second")
		time.Sleep(time.Second)
		prepared("B") // A's version was replaced by another prepared one
		time.Sleep(time.Second)
		w.item(1, 1, "B", "v", 3)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(order) != 2 || order[0] != "first" {
			t.Errorf("served in the order %v", order)
		}
	})
}

// The records that one call meets share its time.
func TestOneCallWaitsOnce(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(ctx context.Context, tx *Tx, refs []Ref) error{
		"get": func(ctx context.Context, tx *Tx, refs []Ref) error { _, err := tx.Get(ctx, refs...); return err },
		"scan": func(ctx context.Context, tx *Tx, refs []Ref) error {
			return drain(ctx, tx, Scan{Table: refs[0].Table, Kind: storage.FullScan})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				const records, patience = 5, time.Second
				for p := range records {
					w.write(itemName, []storage.Value{intValue(p), intValue(1)}, "v", 2, "tx_id", "A", "tx_state", Prepared, "tx_version", 1, "tx_prepared_at", int(time.Now().UnixMilli()))
				}
				e := w.engine(nil, waiting(patience))
				var refs []Ref
				for p := range records {
					refs = append(refs, item(t, e, p, 1))
				}
				go func() { // one after the other is decided, each too late for the next
					for p := range records {
						time.Sleep(patience * 6 / 10)
						w.item(p, 1, "A", "v", 2)
					}
				}()
				begun := time.Now()
				want(t, "outcome", outcome(read(t.Context(), begin(t, e, Snapshot), refs)), "uncommitted")
				if took := time.Since(begun); took > 2*patience {
					t.Errorf("waited for %v, want %v", took, patience)
				}
				time.Sleep(10 * patience)
			})
		})
	}
}

// A scan that is being iterated is in use, also between two of its rows.
func TestATransactionDoesNotExpireInsideAScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 1)
	e := w.engine(nil)
	tx := begin(t, e, Snapshot)
	for _, err := range tx.Scan(t.Context(), partition(e.must(t, itemName), 1)) {
		ok(t, err)
		if tx.Expire("tested") {
			t.Error("expired between two rows")
		}
	}
	if !tx.Expire("tested") {
		t.Error("did not expire afterwards")
	}
}

// What cannot succeed is not tried five times.
func TestHopelessDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var n counter
	e := w.engine(n.around)
	_, err := e.Abort(t.Context(), "")
	want(t, "outcome", outcome(err), "invalid")
	if got := n.take()["decide"]; got != 1 {
		t.Errorf("%d attempts", got)
	}
}
