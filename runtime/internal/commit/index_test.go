package commit

import (
	"context"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

func byCat(t *Table, cat int) Scan {
	return Scan{Table: t, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(cat)}
}

// Reads by the index while a transaction moves item(1,1) from category 10 to 20
// (spec 3.9; 10.2, H). item(1,2) is a committed neighbour of category 10.
func TestIndexReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		state     State
		decision  State
		expired   bool
		isolation Isolation
		cat       int
		want      string
	}{
		{"H02", Prepared, Committed, false, Snapshot, 10, "2"},
		{"H02", Prepared, Committed, false, Serializable, 10, "2"},
		{"H02", Prepared, Committed, false, ReadCommitted, 10, "2"},
		{"committed, new value", Prepared, Committed, false, Snapshot, 20, "1"},
		{"committed, new value", Prepared, Committed, false, Serializable, 20, "1"},
		{"committed, new value", Prepared, Committed, false, ReadCommitted, 20, ""},
		{"H03", Prepared, Aborted, false, Snapshot, 10, "1 2"},
		{"H03", Prepared, Aborted, false, Serializable, 10, "1 2"},
		{"H03", Prepared, Aborted, false, ReadCommitted, 10, "1 2"},
		{"H04 expired", Prepared, 0, true, Snapshot, 10, "1 2"},
		{"H04 expired", Prepared, 0, true, ReadCommitted, 10, "1 2"},
		{"H04 in flight", Prepared, 0, false, Snapshot, 10, "uncommitted"},
		{"H04 in flight", Prepared, 0, false, Serializable, 10, "uncommitted"},
		{"H04 in flight", Prepared, 0, false, ReadCommitted, 10, "uncommitted"},
		{"H06", Prepared, Aborted, false, Snapshot, 20, ""},
		{"H06", Prepared, Aborted, false, ReadCommitted, 20, ""},
		{"H05 committed", Deleted, Committed, false, Snapshot, 10, "2"},
		{"H05 aborted", Deleted, Aborted, false, Snapshot, 10, "1 2"},
		{"H05 aborted", Deleted, Aborted, false, ReadCommitted, 10, "1 2"},
	} {
		for _, ro := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", tt.isolation, " readOnly=", ro), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				w := newWorld(t)
				w.item(1, 2, "t0", "cat", 10)
				preparedAt := w.now.Load()
				if tt.expired {
					preparedAt -= lifetime.Milliseconds() + 1
				}
				cat := 20
				if tt.state == Deleted {
					cat = 10
				}
				w.prepared(tt.state, preparedAt, "T1", "cat", cat, "before_cat", 10)
				if tt.decision != 0 {
					w.decide("T1", tt.decision, 77)
				}
				e := w.engine(nil)
				tx := begin(t, e, tt.isolation, func(o *BeginOptions) { o.ReadOnly = ro })
				table := e.must(t, itemName)
				want(t, "index", keysOf(tx, byCat(table, tt.cat)), tt.want)
				if tt.want != "uncommitted" {
					want(t, "commit", outcome(tx.Commit(ctx)), "ok")
				}
			})
		}
	}
}

// A record that is rolled back between the look into the index and the one into
// the before-image index must not be missed.
func TestIndexReadDuringARollback(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		ctx := t.Context()
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1", "cat", 20, "before_cat", 10)
		var once bool
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			err := send(ctx)
			if phase(c) == "read decision" && !once {
				once = true
				other := w.engine(nil)
				done, err := other.RecoverRecord(ctx, item(t, other, 1, 1))
				ok(t, err)
				if !done {
					t.Error("not recovered")
				}
			}
			return err
		})
		tx := begin(t, e, isolation)
		want(t, "index", keysOf(tx, byCat(e.must(t, itemName), 10)), "1")
		want(t, "commit", outcome(tx.Commit(ctx)), "ok")
	}
}

// Records that are rolled back into the range again and again end in a conflict
// (spec 10.2, H11).
func TestIndexReadGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := 0
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if c.Op == faulty.Scan && c.Scan.Index == colCat {
			again++
			id := fmt.Sprint("T", again)
			w.prepared(Prepared, 1, id, "cat", 20, "before_cat", 10)
			w.decide(id, Aborted, 5)
		}
		return send(ctx)
	})
	want(t, "index", keysOf(begin(t, e, Snapshot), byCat(e.must(t, itemName), 10)), "conflict")
	want(t, "passes", fmt.Sprint(again), "3")
}

// The index of a table without before-image indexes cannot show changes in
// flight, so SERIALIZABLE refuses it; the whole table can be scanned, and the
// other levels may miss records (spec 3.2).
func TestIndexWithoutBeforeImageIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := storage.TableName{Namespace: "shop", Name: "old"}
	def := itemDefinition()
	def.TableName = name
	def.Indexes = []int{4, 1} // also one on a key column, which does not change
	w.create(TransactionTable(def, true))
	w.committed(name, []storage.Value{intValue(1), intValue(1)}, "t0", "cat", 10)
	e := w.engine(nil)
	table := e.must(t, name)
	onKey := Scan{Table: table, Kind: storage.IndexScan, Index: colC, IndexValue: intValue(1)}
	whole := Scan{Table: table, Kind: storage.FullScan, Where: storage.Filter{{where(table, "cat", storage.Eq, 10)}}}
	for _, tt := range []struct {
		isolation Isolation
		scan      Scan
		want      string
	}{
		{Serializable, byCat(table, 10), "invalid"},
		{Serializable, onKey, "1"},
		{Serializable, whole, "1"},
		{Snapshot, byCat(table, 10), "1"},
		{ReadCommitted, byCat(table, 10), "1"},
	} {
		tx := begin(t, e, tt.isolation)
		want(t, fmt.Sprint(tt.isolation, tt.scan.Kind), keysOf(tx, tt.scan), tt.want)
		want(t, "commit", outcome(tx.Commit(t.Context())), "ok")
	}
}

func TestEventuallyConsistentIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepared(Prepared, w.now.Load(), "T1", "cat", 20, "before_cat", 10)
	e := w.engine(nil, func(o *Options) { o.EventuallyConsistentIndexes = true })
	want(t, "no check", keysOf(begin(t, e, Snapshot), byCat(e.must(t, itemName), 10)), "")
}

// A prepared record is found through whichever image passes the filter, and
// returned if the version that counts does (spec 3.8; 10.2, F18).
func TestFiltersLookAtBeforeImages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		decision  State
		isolation Isolation
		v         int // asked for; 2 is new, 1 is old
		want      string
	}{
		{"committed, asked for the new", Committed, Snapshot, 2, "1"},
		{"committed, asked for the old", Committed, Snapshot, 1, ""},
		{"committed, asked for the new", Committed, ReadCommitted, 2, ""},
		{"committed, asked for the old", Committed, ReadCommitted, 1, "1"},
		{"aborted, asked for the new", Aborted, Serializable, 2, ""},
		{"aborted, asked for the old", Aborted, Serializable, 1, "1"},
		{"in flight, asked for the old", 0, Snapshot, 1, "uncommitted"},
		{"in flight, asked for the old", 0, ReadCommitted, 1, "1"},
	} {
		for _, kind := range []storage.ScanKind{storage.PartitionScan, storage.FullScan} {
			w := newWorld(t)
			w.prepared(Prepared, w.now.Load(), "T1")
			if tt.decision != 0 {
				w.decide("T1", tt.decision, 77)
			}
			w.item(1, 0, "t9", "v", 9, "before_v", tt.v, "before_tx_id", "t8") // as ScalarDB before 3.16 left it
			e := w.engine(nil)
			table := e.must(t, itemName)
			scan := Scan{Table: table, Kind: kind, Limit: 1, Where: storage.Filter{{where(table, "v", storage.Eq, tt.v), where(table, "c", storage.Ge, 0)}}}
			if kind == storage.PartitionScan {
				scan.Partition = []storage.Value{intValue(1)}
			}
			want(t, fmt.Sprint(tt.name, " ", tt.isolation, " ", kind), keysOf(begin(t, e, tt.isolation), scan), tt.want)
		}
	}
}
