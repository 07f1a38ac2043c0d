package commit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// The decision is written up to five times, and a row that is there already may
// be its own (spec 6.3, 6.4).
func TestDecision(t *testing.T) {
	t.Parallel()
	unknown := &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
	refused := &storage.Error{Op: "mutate", Err: errors.New("read-only")}
	type reply struct {
		apply bool
		err   error
	}
	lost, gone, no := reply{true, unknown}, reply{false, unknown}, reply{false, refused}
	fine := reply{apply: true}
	for _, tt := range []struct {
		name    string
		replies []reply // to the writes of the decision; the last one repeats
		there   State   // decided by somebody else before
		reading error   // fails all reads of the decision
		want    string
		writes  int
		waits   time.Duration
		row     string
		record  string
	}{
		{name: "at once", replies: []reply{fine}, want: "ok", writes: 1, row: "3", record: "committed"},
		{name: "lost reply, own row", replies: []reply{lost, fine}, want: "ok", writes: 2, waits: 50 * time.Millisecond, row: "3", record: "committed"},
		{name: "lost request", replies: []reply{gone, gone, gone, gone, fine}, want: "ok", writes: 5, waits: 750 * time.Millisecond, row: "3", record: "committed"},
		{name: "lost for ever", replies: []reply{gone}, want: "unknown", writes: 5, waits: 750 * time.Millisecond, row: "-", record: "prepared"},
		{name: "unclear, then refused", replies: []reply{gone, no}, want: "unknown", writes: 5, waits: 750 * time.Millisecond, row: "-", record: "prepared"},
		{name: "applied, then refused", replies: []reply{lost, no}, want: "unknown", writes: 5, waits: 750 * time.Millisecond, row: "3", record: "prepared"},
		{name: "refused, then accepted", replies: []reply{no, fine}, want: "ok", writes: 2, waits: 50 * time.Millisecond, row: "3", record: "committed"},
		{name: "refused for ever", replies: []reply{no}, want: "storage", writes: 10, waits: 1500 * time.Millisecond, row: "-", record: "prepared"},
		{name: "aborted by another", replies: []reply{fine}, there: Aborted, want: "conflict", writes: 1, row: "4", record: "absent"},
		{name: "own row unreadable", replies: []reply{lost, fine}, reading: refused, want: "unknown", writes: 2, waits: 800 * time.Millisecond, row: "3", record: "prepared"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				writes := 0
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					switch phase(c) {
					case "decide":
						r := tt.replies[min(writes, len(tt.replies)-1)]
						writes++
						if r.apply {
							if err := send(ctx); err != nil {
								return err
							}
						}
						return r.err
					case "read decision":
						if tt.reading != nil {
							return tt.reading
						}
					}
					return send(ctx)
				})
				tx := begin(t, e, Snapshot, withID("mine"))
				ok(t, tx.Insert(t.Context(), item(t, e, 1, 1), Changes{}))
				if tt.there != 0 {
					w.decide("mine", tt.there, 5)
				}
				began := time.Now()
				want(t, "commit", outcome(tx.Commit(t.Context())), tt.want)
				if waited := time.Since(began); waited != tt.waits {
					t.Errorf("waited %v, want %v", waited, tt.waits)
				}
				want(t, "writes", fmt.Sprint(writes), fmt.Sprint(tt.writes))
				state := "-"
				if row := w.stored(stateName, storage.TextValue("mine")); row != "absent" {
					state = row[len("tx_state="):][:1]
				}
				want(t, "decision", state, tt.row)
				table := e.must(t, itemName)
				row, err := w.engine(nil).readRecord(t.Context(), table, []storage.Value{intValue(1), intValue(1)})
				ok(t, err)
				record := "absent"
				if row != nil {
					record = map[State]string{Prepared: "prepared", Committed: "committed"}[table.stateOf(row)]
				}
				want(t, "record", record, tt.record)
			})
		})
	}
}

// The end of the caller's context aborts up to the decision and not from there.
func TestCancellation(t *testing.T) {
	t.Parallel()
	for at, wanted := range map[string]string{"prepare": "storage", "after prepare": "storage", "decide": "ok", "finish": "ok"} {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == at {
				cancel()
			}
			err := send(ctx)
			if "after "+phase(c) == at {
				cancel()
			}
			return err
		})
		tx := begin(t, e, Snapshot, withID("mine"))
		ok(t, tx.Insert(ctx, item(t, e, 1, 1), Changes{}))
		err := tx.Commit(ctx)
		want(t, at, outcome(err), wanted)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not say that the context was cancelled", at, err)
		}
		wantStored := "absent"
		if wanted == "ok" {
			wantStored = "tx_id=mine tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000"
		}
		want(t, at, w.storedItem(1, 1), wantStored)
	}
}

// Without a coordinator table nothing is prepared: nobody could complete it.
func TestMissingCoordinatorTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok(t, w.store.DropTable(t.Context(), stateName))
	e := w.engine(nil)
	tx := begin(t, e, Snapshot)
	ok(t, tx.Insert(t.Context(), item(t, e, 1, 1), Changes{}))
	want(t, "commit", outcome(tx.Commit(t.Context())), "invalid")
	want(t, "stored", w.storedItem(1, 1), "absent")
}

// The optional columns of the coordinator table may be there or not (spec 1.9).
func TestCoordinatorColumns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.grouped()
	e := w.engine(nil)
	tx := begin(t, e, Snapshot, withID("mine"))
	ok(t, tx.Insert(ctx, item(t, e, 1, 1), Changes{}))
	ok(t, tx.Commit(ctx))
	want(t, "row", w.stored(stateName, storage.TextValue("mine")), "tx_state=3 tx_created_at=1000000")

	ok(t, w.store.DropTable(ctx, stateName))
	w.create(&storage.Table{TableName: stateName, Columns: []storage.Column{{Name: "tx_id", Type: storage.Text}, {Name: "tx_state", Type: storage.Int}}, Partition: []int{0}})
	e = w.engine(nil)
	tx = begin(t, e, Snapshot)
	ok(t, tx.Insert(ctx, item(t, e, 1, 2), Changes{}))
	want(t, "without tx_created_at", outcome(tx.Commit(ctx)), "invalid")
}

func TestStatusAndAbort(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	e := w.engine(nil)
	status := func(id string) string {
		s, err := e.Status(ctx, id)
		ok(t, err)
		return s.String()
	}
	want(t, "never heard of", status("x"), "UNKNOWN")
	tx := begin(t, e, Snapshot, withID("mine"))
	ok(t, tx.Insert(ctx, item(t, e, 1, 1), Changes{}))
	want(t, "running", status("mine"), "UNKNOWN")
	decided, err := e.Abort(ctx, "mine")
	ok(t, err)
	want(t, "Abort", decided.String(), "ABORTED")
	want(t, "commit", outcome(tx.Commit(ctx)), "conflict")
	want(t, "stored", w.storedItem(1, 1), "absent")
	want(t, "aborted", status("mine"), "ABORTED")

	tx = begin(t, e, Snapshot, withID("other"))
	ok(t, tx.Insert(ctx, item(t, e, 1, 1), Changes{}))
	ok(t, tx.Commit(ctx))
	decided, err = e.Abort(ctx, "other")
	ok(t, err)
	want(t, "Abort of a committed one", decided.String(), "COMMITTED")
	want(t, "committed", status("other"), "COMMITTED")
}

// Abort whose reply is lost recognises its own row; one that never gets through
// cannot tell.
func TestAbortWithFaults(t *testing.T) {
	t.Parallel()
	for _, lost := range []int{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			n := 0
			e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				if n++; c.Op == faulty.Mutate && n <= lost {
					if lost == 1 {
						_ = send(ctx)
					}
					return &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
				}
				return send(ctx)
			})
			_, err := e.StorageTable(t.Context(), stateName)
			ok(t, err)
			n = 0
			decided, err := e.Abort(t.Context(), "mine")
			if lost == 1 {
				ok(t, err)
				want(t, "own row", decided.String(), "ABORTED")
			} else {
				want(t, "no answer", outcome(err), "unknown")
			}
		})
	}
}

// A record that a third party has completed already fails the group it is in;
// the others are completed one by one.
func TestFinishBesideAThirdParty(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	first := true
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "finish" && first {
			first = false
			other := w.engine(nil)
			done, err := other.RecoverRecord(ctx, item(t, other, 1, 1))
			ok(t, err)
			if !done {
				t.Error("not completed")
			}
		}
		return send(ctx)
	})
	tx := begin(t, e, Snapshot, withID("mine"))
	ok(t, tx.Insert(ctx, item(t, e, 1, 1), Changes{}))
	ok(t, tx.Insert(ctx, item(t, e, 1, 2), Changes{}))
	ok(t, tx.Commit(ctx))
	for c := 1; c <= 2; c++ {
		want(t, fmt.Sprint("record ", c), w.storedItem(1, c), "tx_id=mine tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000")
	}
}

// All groups are waited for before anything is rolled back, so that no prepare
// arrives behind the rollback (spec 5.7).
func TestRollbackWaitsForAllPrepares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, perPartition...)
		w.item(1, 1, "other")
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "prepare" && c.Mutations[0].Key[0] == intValue(2) {
				time.Sleep(time.Second)
			}
			return send(ctx)
		})
		tx := begin(t, e, Snapshot)
		ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
		ok(t, insert(t.Context(), tx, item(t, e, 2, 1), 1))
		want(t, "commit", outcome(tx.Commit(t.Context())), "exists")
		want(t, "slow record", w.storedItem(2, 1), "absent")
	})
}
