package commit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

const (
	parent   = "abcdefghijklmnopqrstuvwx" // 24 characters
	fullID   = parent + "$child-1"
	sibling  = "child-2"
	newValue = "p=1 c=1 v=2"
	oldValue = "p=1 c=1 v=1"
)

// grouped gives the coordinator table the optional columns of ScalarDB.
func (w *world) grouped() {
	w.t.Helper()
	ok(w.t, w.store.DropTable(context.Background(), stateName))
	w.create(&storage.Table{
		TableName: stateName,
		Columns: []storage.Column{
			{Name: "tx_id", Type: storage.Text}, {Name: "tx_child_ids", Type: storage.Text}, {Name: "tx_write_set", Type: storage.Blob},
			{Name: "tx_state", Type: storage.Int}, {Name: "tx_created_at", Type: storage.BigInt},
		},
		Partition: []int{0},
	})
}

// The decision on a member of a group commit stands in the row of its group or
// in its own (spec 6.2, 6.5, 8.5).
func TestGroupCommitIDs(t *testing.T) {
	t.Parallel()
	children := func(list string) []any { return []any{"tx_child_ids", list} }
	for _, tt := range []struct {
		name          string
		parentRow     []any
		fullRow       []any
		expired       bool
		want          string
		parent, child string // states afterwards
		aborts        State  // what Abort says of the id; not called for 0
	}{
		{name: "group committed", parentRow: append(children("child-0,child-1"), "tx_state", Committed, "tx_created_at", 77), want: newValue, parent: "3", child: "-", aborts: Committed},
		{name: "group committed without it, decided late", parentRow: append(children("child-0,"+sibling), "tx_state", Committed, "tx_created_at", 77),
			fullRow: []any{"tx_state", Committed, "tx_created_at", 78}, want: newValue, parent: "3", child: "3", aborts: Committed},
		{name: "its id is a prefix of another's", parentRow: append(children("child-10,child-11"), "tx_state", Committed, "tx_created_at", 77), expired: true, want: oldValue, parent: "3", child: "4"},
		{name: "group committed without it, in flight", parentRow: append(children(sibling), "tx_state", Committed, "tx_created_at", 77), want: "uncommitted", parent: "3", child: "-", aborts: Aborted},
		{name: "group committed without it, expired", parentRow: append(children(sibling), "tx_state", Committed, "tx_created_at", 77), expired: true, want: oldValue, parent: "3", child: "4"},
		{name: "marker without it", parentRow: []any{"tx_state", Aborted, "tx_created_at", 77}, fullRow: []any{"tx_state", Aborted, "tx_created_at", 77}, want: oldValue, parent: "4", child: "4", aborts: Aborted},
		{name: "marker, in flight", parentRow: []any{"tx_state", Aborted, "tx_created_at", 77}, want: "uncommitted", parent: "4", child: "-", aborts: Aborted},
		{name: "undecided, in flight", want: "uncommitted", parent: "-", child: "-", aborts: Aborted},
		{name: "undecided, expired", expired: true, want: oldValue, parent: "4", child: "4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t)
			w.grouped()
			preparedAt := w.now.Load()
			if tt.expired {
				preparedAt -= lifetime.Milliseconds() + 1
			}
			w.prepared(Prepared, preparedAt, fullID)
			if tt.parentRow != nil {
				w.write(stateName, []storage.Value{storage.TextValue(parent)}, tt.parentRow...)
			}
			if tt.fullRow != nil {
				w.write(stateName, []storage.Value{storage.TextValue(fullID)}, tt.fullRow...)
			}
			e := w.engine(nil)
			want(t, "read", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), tt.want)
			state := func(id string) string {
				row := w.stored(stateName, storage.TextValue(id))
				if _, rest, found := strings.Cut(row, "tx_state="); found {
					return rest[:1]
				}
				return "-"
			}
			want(t, "group's row", state(parent), tt.parent)
			want(t, "own row", state(fullID), tt.child)
			if tt.aborts != 0 {
				decided, err := e.Abort(ctx, fullID)
				ok(t, err)
				want(t, "Abort", decided.String(), tt.aborts.String())
				decided, err = e.Status(ctx, fullID)
				ok(t, err)
				want(t, "Status", decided.String(), tt.aborts.String())
			}
		})
	}
}

// What may happen between the moments of a recovery (spec 7.2; 10.2, F09-F15).
func TestRecoveryMeetsOthers(t *testing.T) {
	t.Parallel()
	committedBy := func(id string, v int) func(w *world) {
		return func(w *world) { w.committed(itemName, []storage.Value{intValue(1), intValue(1)}, id, "v", v) }
	}
	for _, tt := range []struct {
		name   string
		at     string // phase whose n-th call is preceded by happen
		nth    int
		happen func(w *world)
		want   string
		row    string // decision on T1 afterwards
	}{
		{"F09: commits just before our abort", "decide", 1, func(w *world) { w.decide("T1", Committed, 77) }, newValue, "tx_state=3 tx_created_at=77"},
		{"F10: completed and cleaned up before our abort", "get", 2, committedBy("T1", 2), newValue, "absent"},
		{"F10: deleted and cleaned up before our abort", "get", 2, func(w *world) { w.remove(1, 1) }, "absent", "absent"},
		{"F11: completed and cleaned up during our abort", "decide", 1, committedBy("T1", 2), newValue, "tx_state=4 tx_created_at=1000000"},
		{"F13: prepared by another before our abort", "get", 2, func(w *world) {
			w.prepared(Prepared, 1, "T2", "v", 4, "before_v", 3)
			w.decide("T2", Aborted, 5)
		}, "p=1 c=1 v=3", "absent"},
		{"F13: prepared by another during our abort", "decide", 1, func(w *world) {
			w.prepared(Prepared, 1, "T2", "v", 4, "before_v", 3)
			w.decide("T2", Committed, 5)
		}, "p=1 c=1 v=4", "tx_state=4 tx_created_at=1000000"},
		{"F15: prepared by one in flight during our abort", "decide", 1, func(w *world) { w.prepared(Prepared, w.now.Load(), "T2") }, "uncommitted", "tx_state=4 tx_created_at=1000000"},
		{"rolled back by another", "get", 2, committedBy("T0", 1), oldValue, "absent"},
		{"aborted by another", "decide", 1, func(w *world) { w.decide("T1", Aborted, 5) }, oldValue, "tx_state=4 tx_created_at=5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.prepared(Prepared, 1, "T1")
			calls := map[string]int{}
			e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				p := phase(c)
				if calls[p]++; p == tt.at && calls[p] == tt.nth {
					tt.happen(w)
				}
				return send(ctx)
			})
			tx := begin(t, e, Snapshot)
			want(t, "read", get(t, tx, item(t, e, 1, 1)), tt.want)
			ok(t, e.Close(t.Context()))
			want(t, "decision", w.stored(stateName, storage.TextValue("T1")), tt.row)
		})
	}
}

func TestRecoveryGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepared(Prepared, 1, "T0a")
	owners := 0
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "get" {
			owners++
			w.prepared(Prepared, 1, fmt.Sprint("T", owners))
		}
		return send(ctx)
	})
	want(t, "read", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "conflict")
}

// A storage that fails while a record is being resolved gives an error, never a
// guess (spec 10.2, F16).
func TestRecoveryFails(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"read decision", "get", "decide"} {
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1")
		first := true
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == at && (at != "get" || !first) {
				return &storage.Error{Op: "call", Err: errors.New("down")}
			}
			first = first && phase(c) != "get"
			return send(ctx)
		})
		synctest.Test(t, func(t *testing.T) { // the coordinator is tried several times
			want(t, at, get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "storage")
		})
		want(t, "untouched", w.storedItem(1, 1)[:len("v=2 tx_id=T1")], "v=2 tx_id=T1")
	}
}

// Damaged rows are errors, not verdicts (spec 1.9).
func TestDamagedCoordinatorRows(t *testing.T) {
	t.Parallel()
	for name, row := range map[string][]any{
		"no state":      {"tx_created_at", 5},
		"unknown state": {"tx_state", 9, "tx_created_at", 5},
		"prepared":      {"tx_state", Prepared, "tx_created_at", 5},
		"no time":       {"tx_state", Committed},
	} {
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1")
		w.write(stateName, []storage.Value{storage.TextValue("T1")}, row...)
		e := w.engine(nil)
		want(t, name, get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "storage")
		_, err := e.Status(t.Context(), "T1")
		want(t, name+" status", outcome(err), "storage")
	}
}

// Guaranteed recovery of one record (spec 2.7, 7.4; 10.2, M07).
func TestRecoverRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		owner   string
		expired bool
		race    State // decided by the owner just before our abort
		done    bool
		read    string
		row     string
	}{
		{name: "not expired", owner: "T1", done: false, read: "uncommitted", row: "absent"},
		{name: "expired", owner: "T1", expired: true, done: true, read: oldValue, row: "tx_state=4 tx_created_at=1000000"},
		{name: "expired, but commits", owner: "T1", expired: true, race: Committed, done: true, read: newValue, row: "tx_state=3 tx_created_at=77"},
		{name: "group, not expired", owner: fullID, done: false, read: "uncommitted", row: "absent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t)
			preparedAt := w.now.Load()
			if tt.expired {
				preparedAt -= lifetime.Milliseconds() + 1
			}
			w.prepared(Prepared, preparedAt, tt.owner)
			e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				if phase(c) == "decide" && tt.race != 0 {
					w.decide(tt.owner, tt.race, 77)
				}
				return send(ctx)
			})
			done, err := e.RecoverRecord(ctx, item(t, e, 1, 1))
			ok(t, err)
			want(t, "done", fmt.Sprint(done), fmt.Sprint(tt.done))
			want(t, "decision", w.stored(stateName, storage.TextValue(tt.owner)), tt.row)
			want(t, "group's row", w.stored(stateName, storage.TextValue(parent)), "absent")
			want(t, "read", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), tt.read)
		})
	}
	w := newWorld(t)
	e := w.engine(nil)
	done, err := e.RecoverRecord(t.Context(), item(t, e, 1, 1))
	ok(t, err)
	want(t, "absent record", fmt.Sprint(done), "true")
}

// A transaction that writes what it has recovered waits until the recovery has
// landed (spec 7.6), and fails if it did not.
func TestCommitWaitsForRecovery(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		ctx := t.Context()
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1")
		w.decide("T1", Committed, 77)
		var order []string
		release := make(chan struct{})
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if p := phase(c); p == "finish" && len(order) == 0 {
				<-release
				order = append(order, p)
				if fails {
					return &storage.Error{Op: "mutate", Err: errors.New("down")}
				}
			} else if p == "prepare" {
				order = append(order, p)
			}
			return send(ctx)
		})
		ref := item(t, e, 1, 1)
		tx := begin(t, e, Snapshot)
		want(t, "read", get(t, tx, ref), newValue) // does not wait
		ok(t, tx.Update(ctx, ref, set(ref.Table, "v", 3), nil))
		go close(release)
		wanted, steps := "ok", "finish prepare"
		if fails {
			wanted, steps = "storage", "finish"
		}
		want(t, "commit", outcome(tx.Commit(ctx)), wanted)
		want(t, "order", strings.Join(order, " "), steps)
	}
}

// The version that a reader gets of a record in flight is the one that will be
// stored: what it writes on top keeps the true time of the commit (quirk Q16).
func TestWriteOverARecoveredVersion(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.prepared(Prepared, 1, "T1")
	w.decide("T1", Committed, 77)
	var prepared string
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "decide" {
			prepared = w.storedItem(1, 1)
		}
		return send(ctx)
	})
	tx := begin(t, e, Snapshot, withID("T2"))
	ref := item(t, e, 1, 1)
	ok(t, tx.Update(ctx, ref, set(ref.Table, "v", 3), nil))
	ok(t, tx.Commit(ctx))
	want(t, "prepared", prepared, "v=3 tx_id=T2 tx_state=1 tx_version=3 tx_prepared_at=1000000 tx_committed_at=77 "+
		"before_tx_id=T1 before_tx_state=3 before_tx_version=2 before_tx_prepared_at=1 before_tx_committed_at=77 before_v=2")
}

// A record in a state that the protocol does not know must not be rolled either
// way: without a before image that would remove it.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string][]any{
		"unknown state":   {"tx_id", "T1", "tx_state", 9, "tx_prepared_at", 1},
		"aborted":         {"tx_id", "T1", "tx_state", Aborted, "tx_prepared_at", 1},
		"no writer":       {"tx_state", Prepared, "tx_prepared_at", 1},
		"no time":         {"tx_id", "T1", "tx_state", Prepared},
		"delete, no time": {"tx_id", "T1", "tx_state", Deleted},
	} {
		for _, isolation := range []Isolation{Snapshot, Serializable, ReadCommitted} {
			w := newWorld(t)
			w.now.Store(lifetime.Milliseconds() * 10)
			w.write(itemName, []storage.Value{intValue(1), intValue(1)}, append([]any{"v", 1, "cat", 7}, columns...)...)
			before := w.storedItem(1, 1)
			e := w.engine(nil)
			for _, access := range []string{"get", "partition", "table", "index"} {
				want(t, name+" "+access, read(t, begin(t, e, isolation), item(t, e, 1, 1), access), "storage")
			}
			_, err := e.RecoverRecord(t.Context(), item(t, e, 1, 1))
			want(t, name+" recovery", outcome(err), "storage")
			ok(t, e.Close(t.Context()))
			want(t, name+" stored", w.storedItem(1, 1), before)
		}
	}
}
