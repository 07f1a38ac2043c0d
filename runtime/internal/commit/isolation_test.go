package commit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// prepared stores item(1,1) as transaction T1 prepared it over a committed
// version with v=1, in the state given.
func (w *world) prepared(state State, at int64, owner string, more ...any) {
	w.t.Helper()
	w.write(itemName, []storage.Value{intValue(1), intValue(1)}, append([]any{
		"v", 2, "tx_id", owner, "tx_state", state, "tx_version", 2, "tx_prepared_at", int(at), "tx_committed_at", 20,
		"before_v", 1, "before_tx_id", "T0", "before_tx_state", Committed, "before_tx_version", 1, "before_tx_prepared_at", 10, "before_tx_committed_at", 20,
	}, more...)...)
}

// The table of spec 4: what a read of a record in flight returns, and what is
// stored and decided afterwards.
func TestReadOfAPreparedRecord(t *testing.T) {
	t.Parallel()
	const (
		old, fresh  = "p=1 c=1 v=1", "p=1 c=1 v=2"
		oldRow      = "v=1 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20"
		forwardRow  = "v=2 tx_id=T1 tx_state=3 tx_version=2 tx_prepared_at=%d tx_committed_at=77"
		untouched   = "untouched"
		noDecision  = "absent"
		abortedNow  = "tx_state=4 tx_created_at=1000000"
		committed77 = "tx_state=3 tx_created_at=77"
		aborted77   = "tx_state=4 tx_created_at=77"
	)
	for _, tt := range []struct {
		name                 string
		state                State
		decision             State // 0: none
		expired              bool
		isolation            Isolation
		readOnly             bool
		read, stored, decide string
	}{
		{name: "committed", state: Prepared, decision: Committed, read: fresh, stored: forwardRow, decide: committed77},
		{name: "committed", state: Prepared, decision: Committed, readOnly: true, read: fresh, stored: forwardRow, decide: committed77},
		{name: "committed", state: Prepared, decision: Committed, isolation: Serializable, read: fresh, stored: forwardRow, decide: committed77},
		{name: "committed", state: Prepared, decision: Committed, isolation: ReadCommitted, read: old, stored: forwardRow, decide: committed77},
		{name: "committed", state: Prepared, decision: Committed, isolation: ReadCommitted, readOnly: true, read: old, stored: untouched, decide: committed77},
		{name: "committed delete", state: Deleted, decision: Committed, read: "absent", stored: "absent", decide: committed77},
		{name: "committed delete", state: Deleted, decision: Committed, isolation: ReadCommitted, read: old, stored: "absent", decide: committed77},
		{name: "aborted", state: Prepared, decision: Aborted, read: old, stored: oldRow, decide: aborted77},
		{name: "aborted", state: Prepared, decision: Aborted, isolation: Serializable, readOnly: true, read: old, stored: oldRow, decide: aborted77},
		{name: "aborted", state: Prepared, decision: Aborted, isolation: ReadCommitted, read: old, stored: oldRow, decide: aborted77},
		{name: "aborted", state: Prepared, decision: Aborted, isolation: ReadCommitted, readOnly: true, read: old, stored: untouched, decide: aborted77},
		{name: "aborted delete", state: Deleted, decision: Aborted, read: old, stored: oldRow, decide: aborted77},
		{name: "in flight", state: Prepared, read: "uncommitted", stored: untouched, decide: noDecision},
		{name: "in flight", state: Prepared, isolation: Serializable, readOnly: true, read: "uncommitted", stored: untouched, decide: noDecision},
		{name: "in flight", state: Prepared, isolation: ReadCommitted, read: old, stored: untouched, decide: noDecision},
		{name: "in flight", state: Prepared, isolation: ReadCommitted, readOnly: true, read: old, stored: untouched, decide: noDecision},
		{name: "in flight delete", state: Deleted, read: "uncommitted", stored: untouched, decide: noDecision},
		{name: "expired", state: Prepared, expired: true, read: old, stored: oldRow, decide: abortedNow},
		{name: "expired", state: Prepared, expired: true, isolation: Serializable, readOnly: true, read: old, stored: oldRow, decide: abortedNow},
		{name: "expired", state: Prepared, expired: true, isolation: ReadCommitted, read: old, stored: oldRow, decide: abortedNow},
		{name: "expired", state: Prepared, expired: true, isolation: ReadCommitted, readOnly: true, read: old, stored: untouched, decide: noDecision},
		{name: "expired delete", state: Deleted, expired: true, read: old, stored: oldRow, decide: abortedNow},
	} {
		paths := []string{"get", "partition", "table", "index"}
		if tt.isolation == ReadCommitted {
			// The before-image index recovers in every level (spec 3.9): TestIndexReads.
			paths = paths[:3]
		}
		for _, access := range paths {
			t.Run(fmt.Sprintf("%s %v readOnly=%v %s", tt.name, tt.isolation, tt.readOnly, access), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				w := newWorld(t)
				preparedAt := w.now.Load() - lifetime.Milliseconds()
				if tt.expired {
					preparedAt--
				}
				w.prepared(tt.state, preparedAt, "T1", "cat", 7, "before_cat", 7)
				before := w.storedItem(1, 1)
				if tt.decision != 0 {
					w.decide("T1", tt.decision, 77)
				}
				e := w.engine(nil)
				tx := begin(t, e, tt.isolation, func(o *BeginOptions) { o.ReadOnly = tt.readOnly })
				got := read(t, tx, item(t, e, 1, 1), access)
				wanted := tt.read
				if wanted == old || wanted == fresh {
					wanted += " cat=7"
				}
				want(t, "read", got, wanted)
				ok(t, e.Close(ctx)) // waits for recovery in the background
				switch stored := w.storedItem(1, 1); tt.stored {
				case untouched:
					want(t, "stored", stored, before)
				case forwardRow:
					want(t, "stored", stored, "v=2 cat=7"+fmt.Sprintf(forwardRow, preparedAt)[3:])
				case oldRow:
					want(t, "stored", stored, "v=1 cat=7"+oldRow[3:])
				default:
					want(t, "stored", stored, tt.stored)
				}
				want(t, "decision", w.stored(stateName, storage.TextValue("T1")), tt.decide)
			})
		}
	}
}

// read reads one record by the access path named.
func read(t *testing.T, tx *Tx, ref Ref, access string) string {
	t.Helper()
	var scan Scan
	switch access {
	case "get":
		return get(t, tx, ref)
	case "partition":
		scan = partition(ref.Table, int(ref.Key[0].Int64()))
	case "table":
		scan = Scan{Table: ref.Table, Kind: storage.FullScan}
	case "index":
		scan = Scan{Table: ref.Table, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(7)}
	}
	for row, err := range tx.Scan(t.Context(), scan) {
		if err != nil {
			return outcome(err)
		}
		return user(ref.Table, row)
	}
	return "absent"
}

// What another transaction commits between two equal reads (spec 10.2, A06-A14).
func TestRepeatedReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		isolation Isolation
		readOnly  bool
		second    string // repeats or sees
		commit    string
	}{
		{Snapshot, false, "repeats", "ok"},
		{Snapshot, true, "repeats", "ok"},
		{Serializable, false, "repeats", "conflict"},
		{Serializable, true, "repeats", "conflict"},
		{ReadCommitted, false, "sees", "ok"},
		{ReadCommitted, true, "sees", "ok"},
	} {
		for _, change := range []string{"update", "insert", "delete"} {
			for _, access := range []string{"get", "partition", "limit", "table", "index"} {
				if change == "insert" && access == "get" {
					continue
				}
				t.Run(fmt.Sprintf("%v readOnly=%v %s %s", tt.isolation, tt.readOnly, change, access), func(t *testing.T) {
					t.Parallel()
					ctx := t.Context()
					w := newWorld(t)
					w.item(1, 1, "t0", "v", 1, "cat", 7)
					w.item(1, 3, "t0", "v", 3, "cat", 7)
					e := w.engine(nil)
					readAll := func(tx *Tx) string {
						ref := item(t, e, 1, 1)
						if access == "get" {
							return get(t, tx, ref)
						}
						scan := map[string]Scan{
							"partition": partition(ref.Table, 1),
							"limit":     {Table: ref.Table, Kind: storage.PartitionScan, Partition: ref.Key[:1], Limit: 2},
							"table":     {Table: ref.Table, Kind: storage.FullScan},
							"index":     {Table: ref.Table, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(7)},
						}[access]
						rows := ""
						for row, err := range tx.Scan(ctx, scan) {
							ok(t, err)
							rows += user(ref.Table, row) + "; "
						}
						return rows
					}
					tx := begin(t, e, tt.isolation, func(o *BeginOptions) { o.ReadOnly = tt.readOnly })
					first := readAll(tx)
					other := begin(t, e, Snapshot)
					ref := item(t, e, 1, 1)
					switch change {
					case "update":
						ok(t, other.Update(ctx, ref, set(ref.Table, "v", 100), nil))
					case "insert":
						ok(t, other.Insert(ctx, item(t, e, 1, 2), set(ref.Table, "v", 2, "cat", 7)))
					case "delete":
						ok(t, other.Delete(ctx, ref, nil))
					}
					ok(t, other.Commit(ctx))
					second := readAll(tx)
					if (first == second) != (tt.second == "repeats") {
						t.Errorf("first %q, then %q, want that it %s", first, second, tt.second)
					}
					want(t, "commit", outcome(tx.Commit(ctx)), tt.commit)
				})
			}
		}
	}
}

// Two transactions that each read what the other writes (spec 10.2, I01-I03).
func TestWriteSkew(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		for _, existing := range []bool{true, false} {
			for _, access := range []string{"get", "partition", "table", "index"} {
				t.Run(fmt.Sprintf("%v existing=%v %s", isolation, existing, access), func(t *testing.T) {
					t.Parallel()
					ctx := t.Context()
					w := newWorld(t)
					if existing {
						w.item(1, 1, "t0", "cat", 7)
						w.item(2, 1, "t0", "cat", 7)
					}
					e := w.engine(nil)
					one, two := item(t, e, 1, 1), item(t, e, 2, 1)
					a, b := begin(t, e, isolation), begin(t, e, isolation)
					read(t, a, two, access)
					read(t, b, one, access)
					ok(t, a.Upsert(ctx, one, set(one.Table, "v", 1, "cat", 7)))
					ok(t, b.Upsert(ctx, two, set(two.Table, "v", 1, "cat", 7)))
					ok(t, a.Commit(ctx))
					wanted := "ok"
					if isolation == Serializable {
						wanted = "conflict"
					}
					want(t, "second commit", outcome(b.Commit(ctx)), wanted)
				})
			}
		}
	}
}

// No level loses an update (spec 4).
func TestLostUpdate(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		for _, access := range []string{"get", "partition", "table", "index"} {
			ctx := t.Context()
			w := newWorld(t)
			w.item(1, 1, "t0", "v", 1, "cat", 7)
			e := w.engine(nil)
			ref := item(t, e, 1, 1)
			a, b := begin(t, e, isolation), begin(t, e, isolation)
			read(t, a, ref, access)
			read(t, b, ref, access)
			ok(t, a.Update(ctx, ref, set(ref.Table, "v", 2), nil))
			ok(t, a.Commit(ctx))
			read(t, b, ref, access) // must not replace the version that was read first
			ok(t, b.Update(ctx, ref, set(ref.Table, "v", 3), nil))
			want(t, fmt.Sprint(isolation, access), outcome(b.Commit(ctx)), "conflict")
			want(t, "stored", get(t, begin(t, e, Snapshot), ref), "p=1 c=1 v=2 cat=7")
		}
	}
}

// Writing over a record in flight (spec 10.2, G).
func TestWriteOverAPreparedRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		state     State
		decision  State
		expired   bool
		isolation Isolation
		op        string
		call      string
		commit    string
		stored    string
	}{
		{"G01", Prepared, Committed, false, Snapshot, "update", "ok", "ok", "w=own v=2"},
		{"G01", Prepared, Committed, false, Serializable, "update", "ok", "ok", "w=own v=2"},
		{"G01", Prepared, Committed, false, ReadCommitted, "update", "ok", "conflict", "v=2"},
		{"G02", Prepared, Aborted, false, Snapshot, "update", "ok", "ok", "w=own v=1"},
		{"G02", Prepared, Aborted, false, ReadCommitted, "update", "ok", "ok", "w=own v=1"},
		{"G03", Prepared, 0, false, Snapshot, "update", "uncommitted", "", ""},
		{"G03", Prepared, 0, false, ReadCommitted, "update", "ok", "uncommitted", ""},
		{"G04", Prepared, 0, true, Snapshot, "update", "ok", "ok", "w=own v=1"},
		{"G04", Prepared, 0, true, ReadCommitted, "update", "ok", "ok", "w=own v=1"},
		{"G05", Deleted, Committed, false, Snapshot, "insert", "ok", "ok", "w=own"},
		{"G05", Deleted, Committed, false, Serializable, "insert", "ok", "ok", "w=own"},
		{"G05", Deleted, Committed, false, ReadCommitted, "insert", "ok", "ok", "w=own"},
		{"G06", Deleted, Aborted, false, Serializable, "update", "ok", "ok", "w=own v=1"},
		{"G07", Deleted, 0, false, Snapshot, "upsert", "ok", "uncommitted", ""},
		{"G08", Deleted, 0, true, ReadCommitted, "upsert", "ok", "ok", "w=own v=1"},
	} {
		t.Run(fmt.Sprintf("%s %v %v", tt.name, tt.isolation, tt.state), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t)
			preparedAt := w.now.Load()
			if tt.expired {
				preparedAt -= lifetime.Milliseconds() + 1
			}
			w.prepared(tt.state, preparedAt, "T1")
			if tt.decision != 0 {
				w.decide("T1", tt.decision, 77)
			}
			e := w.engine(nil)
			ref := item(t, e, 1, 1)
			tx := begin(t, e, tt.isolation)
			changes := set(ref.Table, "w", "own")
			var err error
			switch tt.op {
			case "update":
				err = tx.Update(ctx, ref, changes, nil)
			case "insert":
				get(t, tx, ref)
				err = tx.Insert(ctx, ref, changes)
			case "upsert":
				err = tx.Upsert(ctx, ref, changes)
			}
			want(t, tt.op, outcome(err), tt.call)
			if err != nil {
				return
			}
			want(t, "commit", outcome(tx.Commit(ctx)), tt.commit)
			ok(t, e.Close(ctx))
			if tt.stored == "" {
				want(t, "undisturbed", w.storedItem(1, 1)[:len("v=2 tx_id=T1")], "v=2 tx_id=T1")
				return
			}
			wanted := map[string]string{"w=own v=2": "p=1 c=1 v=2 w=own", "w=own v=1": "p=1 c=1 v=1 w=own", "v=2": "p=1 c=1 v=2", "w=own": "p=1 c=1 w=own"}[tt.stored]
			want(t, "stored", get(t, begin(t, w.engine(nil), Snapshot), ref), wanted)
		})
	}
}

// A transaction becomes free to abort when it is more than 15000 ms old.
func TestExpiryBoundary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		age  int64
		want string
	}{{14_999, "uncommitted"}, {15_000, "uncommitted"}, {15_001, "p=1 c=1 v=1"}} {
		w := newWorld(t)
		w.prepared(Prepared, w.now.Load()-tt.age, "T1")
		e := w.engine(nil)
		want(t, fmt.Sprint(tt.age, " ms"), get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), tt.want)
	}
}

// One-operation transactions need no repeatable reads, and still lose nothing.
func TestOneOperation(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			w := newWorld(t, memory.WithPageSize(1))
			w.now.Store(0)
			e := w.engine(nil)
			for c := range 3 {
				w.item(1, c, "t0", "v", c)
			}
			one := func(run func(ctx context.Context, tx *Tx) error) {
				t.Helper()
				tx := begin(t, e, isolation, func(o *BeginOptions) { o.OneOperation = true })
				ok(t, run(ctx, tx))
				ok(t, tx.Commit(ctx))
			}
			ref := item(t, e, 1, 1)
			one(func(ctx context.Context, tx *Tx) error { return tx.Update(ctx, ref, set(ref.Table, "v", 5), nil) })
			one(func(ctx context.Context, tx *Tx) error { return tx.Delete(ctx, item(t, e, 1, 0), nil) })
			one(func(ctx context.Context, tx *Tx) error { return tx.Insert(ctx, item(t, e, 1, 7), Changes{}) })
			one(func(ctx context.Context, tx *Tx) error {
				want(t, "scan", keysOf(tx, partition(ref.Table, 1)), "1 2 7")
				return nil
			})
			one(func(ctx context.Context, tx *Tx) error {
				want(t, "get", get(t, tx, ref), "p=1 c=1 v=5")
				return nil
			})
			time.Sleep(time.Second)
		})
	}
}
