package commit

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// What may and may not happen to a scanned range before the commit (spec 4.1;
// 10.2, I05-I10). The stored records are 1 and 9 unless stored says otherwise.
func TestValidationOfScans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		stored   []int
		before   func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) // own writes before the scan
		limit    int
		stop     int // break after so many rows; 0: never
		backward bool
		returned string
		after    func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) // own writes after it
		others   func(w *world)
		want     string
	}{
		{name: "nothing", returned: "1 9", want: "ok"},
		{name: "update of the first", returned: "1 9", others: func(w *world) { w.item(1, 1, "t1") }, want: "conflict"},
		{name: "update of the last", returned: "1 9", others: func(w *world) { w.item(1, 9, "t1") }, want: "conflict"},
		{name: "delete of the first", returned: "1 9", others: func(w *world) { w.remove(1, 1) }, want: "conflict"},
		{name: "delete of the last", returned: "1 9", others: func(w *world) { w.remove(1, 9) }, want: "conflict"},
		{name: "phantom before", returned: "1 9", others: func(w *world) { w.item(1, 0, "t1") }, want: "conflict"},
		{name: "phantom within", returned: "1 9", others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "phantom behind", returned: "1 9", others: func(w *world) { w.item(1, 10, "t1") }, want: "conflict"},
		{name: "several phantoms", returned: "1 9", others: func(w *world) { w.item(1, 10, "t1"); w.item(1, 11, "t1") }, want: "conflict"},
		{name: "prepared phantom", returned: "1 9", others: func(w *world) {
			w.write(itemName, []storage.Value{intValue(1), intValue(5)}, "tx_id", "t1", "tx_state", Prepared, "tx_version", 1, "tx_prepared_at", 1)
		}, want: "conflict"},
		{name: "other partition", returned: "1 9", others: func(w *world) { w.item(2, 5, "t1") }, want: "ok"},
		{name: "limit not reached, phantom behind", limit: 3, returned: "1 9", others: func(w *world) { w.item(1, 10, "t1") }, want: "conflict"},
		{name: "limit reached, phantom behind", limit: 2, returned: "1 9", others: func(w *world) { w.item(1, 10, "t1") }, want: "ok"},
		{name: "limit reached, phantom within", limit: 2, returned: "1 9", others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "limit reached, record behind deleted", limit: 1, returned: "1", others: func(w *world) { w.remove(1, 9) }, want: "ok"},
		{name: "limit reached backward, phantom behind", limit: 1, backward: true, returned: "9", others: func(w *world) { w.item(1, 5, "t1") }, want: "ok"},
		{name: "limit reached backward, phantom before", limit: 1, backward: true, returned: "9", others: func(w *world) { w.item(1, 10, "t1") }, want: "conflict"},
		{name: "broken off, phantom behind", stop: 1, returned: "1", others: func(w *world) { w.item(1, 5, "t1") }, want: "ok"},
		{name: "broken off, phantom before", stop: 1, returned: "1", others: func(w *world) { w.item(1, 0, "t1") }, want: "conflict"},
		{name: "broken off, read row updated", stop: 1, returned: "1", others: func(w *world) { w.item(1, 1, "t1") }, want: "conflict"},
		{name: "broken off, unread row updated", stop: 1, returned: "1", others: func(w *world) { w.item(1, 9, "t1") }, want: "ok"},
		{name: "own insert in the limit, phantom before it", before: ownInsert(5), limit: 2, returned: "1 5", others: func(w *world) { w.item(1, 3, "t1") }, want: "conflict"},
		{name: "own insert in the limit, phantom behind it", before: ownInsert(5), limit: 2, returned: "1 5", others: func(w *world) { w.item(1, 7, "t1") }, want: "ok"},
		{name: "own insert in the limit, row behind it updated", before: ownInsert(5), limit: 2, returned: "1 5", others: func(w *world) { w.item(1, 9, "t1") }, want: "ok"},
		{name: "own insert first", returned: "1 9", after: ownInsert(0), want: "ok"},
		{name: "own insert last", returned: "1 9", after: ownInsert(10), want: "ok"},
		{name: "own inserts, several", returned: "1 9", after: ownInsert(0, 4, 5, 10), want: "ok"},
		{name: "own insert and phantom", returned: "1 9", after: ownInsert(5), others: func(w *world) { w.item(1, 6, "t1") }, want: "conflict"},
		{name: "own update", returned: "1 9", after: ownUpdate(1), want: "ok"},
		{name: "own update of both", returned: "1 9", after: ownUpdate(1, 9), want: "ok"},
		{name: "own delete", returned: "1 9", after: ownDelete(1), want: "ok"},
		{name: "own delete and phantom", returned: "1 9", after: ownDelete(1), others: func(w *world) { w.item(1, 2, "t1") }, want: "conflict"},
		{name: "own delete before the scan", before: ownDelete(1), returned: "9", want: "ok"},
		{name: "own delete before a limited scan, phantom", before: ownDelete(1), limit: 1, returned: "9", others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "own update of the last of a limit, phantom before it", limit: 2, returned: "1 9", after: ownUpdate(9), others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "phantom overwritten unseen", returned: "1 9", after: ownUpsert(5), others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "phantom deleted unseen", returned: "1 9", after: ownDelete(5), others: func(w *world) { w.item(1, 5, "t1") }, want: "conflict"},
		{name: "phantom behind the limit overwritten unseen", limit: 2, returned: "1 9", after: ownUpsert(10), others: func(w *world) { w.item(1, 10, "t1") }, want: "ok"},
		{name: "empty range, phantom", stored: []int{}, returned: "", others: func(w *world) { w.item(1, 1, "t1") }, want: "conflict"},
		{name: "empty range", stored: []int{}, returned: "", after: ownInsert(1), want: "ok"},
	} {
		for _, comparator := range []bool{true, false} {
			if !comparator && tt.before != nil {
				continue // refused, see TestOwnWritesWithoutAComparator
			}
			for _, pageSize := range []int{1, 1000} {
				t.Run(fmt.Sprintf("%s comparator=%v page=%d", tt.name, comparator, pageSize), func(t *testing.T) {
					t.Parallel()
					ctx := t.Context()
					options := []memory.Option{memory.WithPageSize(pageSize)}
					if !comparator {
						options = append(options, memory.WithoutComparator())
					}
					w := newWorld(t, options...)
					stored := []int{1, 9}
					if tt.stored != nil {
						stored = tt.stored
					}
					for _, c := range stored {
						w.item(1, c, "t0")
					}
					e := w.engine(nil)
					tx := begin(t, e, Serializable)
					if tt.before != nil {
						tt.before(ctx, t, e, tx)
					}
					scan := partition(e.must(t, itemName), 1)
					scan.Limit, scan.Backward = tt.limit, tt.backward
					returned := ""
					count := 0
					for row, err := range tx.Scan(ctx, scan) {
						ok(t, err)
						returned += fmt.Sprint(" ", row[colC].Int64())
						if count++; count == tt.stop {
							break
						}
					}
					want(t, "returned", returned, prefixed(" ", tt.returned))
					if tt.after != nil {
						tt.after(ctx, t, e, tx)
					}
					if tt.others != nil {
						tt.others(w)
					}
					want(t, "commit", outcome(tx.Commit(ctx)), tt.want)
				})
			}
		}
	}
}

func (w *world) remove(p, c int) {
	w.t.Helper()
	meta, err := w.store.Table(context.Background(), itemName)
	ok(w.t, err)
	ok(w.t, w.store.Mutate(context.Background(), []storage.Mutation{{Table: meta, Op: storage.Delete, Key: []storage.Value{intValue(p), intValue(c)}}}))
}

func ownWrite(keys []int, write func(ctx context.Context, tx *Tx, ref Ref) error) func(context.Context, *testing.T, *Engine, *Tx) {
	return func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
		t.Helper()
		for _, c := range keys {
			ok(t, write(ctx, tx, item(t, e, 1, c)))
		}
	}
}

func ownInsert(keys ...int) func(context.Context, *testing.T, *Engine, *Tx) {
	return ownWrite(keys, func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Insert(ctx, ref, Changes{}) })
}

func ownUpsert(keys ...int) func(context.Context, *testing.T, *Engine, *Tx) {
	return ownWrite(keys, func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Upsert(ctx, ref, set(ref.Table, "v", 1)) })
}

func ownUpdate(keys ...int) func(context.Context, *testing.T, *Engine, *Tx) {
	return ownWrite(keys, func(ctx context.Context, tx *Tx, ref Ref) error {
		return tx.Update(ctx, ref, set(ref.Table, "v", 1), nil)
	})
}

func ownDelete(keys ...int) func(context.Context, *testing.T, *Engine, *Tx) {
	return ownWrite(keys, func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) })
}

// Scans without an order, with a filter: what was selected must still be, and
// nothing else. A record moved off the value of an index by an own write is no
// change, one moved onto it by another transaction is.
func TestValidationOfUnorderedScans(t *testing.T) {
	t.Parallel()
	is7 := func(w *world, c int, id string, more ...any) { w.item(1, c, id, append(more, "cat", 7)...) }
	for _, tt := range []struct {
		name   string
		after  func(ctx context.Context, t *testing.T, e *Engine, tx *Tx)
		others func(w *world)
		want   string
	}{
		{name: "nothing", want: "ok"},
		{name: "update", others: func(w *world) { is7(w, 1, "t1") }, want: "conflict"},
		{name: "moved away", others: func(w *world) { w.item(1, 1, "t1", "cat", 8) }, want: "conflict"},
		{name: "moved here", others: func(w *world) { is7(w, 2, "t1") }, want: "conflict"},
		{name: "insert", others: func(w *world) { is7(w, 5, "t1") }, want: "conflict"},
		{name: "insert elsewhere", others: func(w *world) { w.item(1, 5, "t1", "cat", 8) }, want: "ok"},
		{name: "delete", others: func(w *world) { w.remove(1, 1) }, want: "conflict"},
		{name: "own update", after: ownUpdate(1), want: "ok"},
		{name: "own move away", after: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
			ref := item(t, e, 1, 1)
			ok(t, tx.Update(ctx, ref, set(ref.Table, "cat", 8), nil))
		}, want: "ok"},
		{name: "own move here", after: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
			ref := item(t, e, 1, 2)
			ok(t, tx.Update(ctx, ref, set(ref.Table, "cat", 7), nil))
		}, want: "ok"},
		{name: "own delete", after: ownDelete(1), want: "ok"},
		{name: "moved here, deleted unseen", after: ownDelete(2), others: func(w *world) { is7(w, 2, "t1") }, want: "conflict"},
		{name: "inserted, moved away unseen", after: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
			ref := item(t, e, 1, 5)
			ok(t, tx.Upsert(ctx, ref, set(ref.Table, "cat", 8)))
		}, others: func(w *world) { is7(w, 5, "t1") }, want: "conflict"},
		{name: "moved here, being moved away by a third", others: func(w *world) {
			w.write(itemName, []storage.Value{intValue(1), intValue(2)}, "cat", 8, "tx_id", "t2", "tx_state", Prepared, "tx_version", 3, "tx_prepared_at", int(w.now.Load()),
				"before_cat", 7, "before_tx_id", "t1", "before_tx_state", Committed, "before_tx_version", 2)
		}, want: "conflict"},
		{name: "being moved elsewhere by another", others: func(w *world) {
			w.write(itemName, []storage.Value{intValue(1), intValue(2)}, "cat", 9, "tx_id", "t2", "tx_state", Prepared, "tx_version", 3, "tx_prepared_at", int(w.now.Load()),
				"before_cat", 8, "before_tx_id", "t0", "before_tx_state", Committed, "before_tx_version", 2)
		}, want: "ok"},
		{name: "leftover before image of a committed record", others: func(w *world) { w.item(1, 5, "t2", "cat", 9, "before_cat", 7, "before_tx_id", "t1") }, want: "ok"},
	} {
		for _, kind := range []storage.ScanKind{storage.PartitionScan, storage.IndexScan, storage.FullScan} {
			t.Run(fmt.Sprint(tt.name, " ", kind), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				w := newWorld(t)
				is7(w, 1, "t0")
				w.item(1, 2, "t0", "cat", 8)
				e := w.engine(nil)
				table := e.must(t, itemName)
				tx := begin(t, e, Serializable)
				scan := Scan{Table: table, Kind: kind, Index: colCat, IndexValue: intValue(7)}
				if kind != storage.IndexScan {
					scan.Where = storage.Filter{{where(table, "cat", storage.Eq, 7)}}
				}
				if kind == storage.PartitionScan {
					scan.Partition = []storage.Value{intValue(1)}
				}
				want(t, "scan", keysOf(tx, scan), "1")
				if tt.after != nil {
					tt.after(ctx, t, e, tx)
				}
				if tt.others != nil {
					tt.others(w)
				}
				want(t, "commit", outcome(tx.Commit(ctx)), tt.want)
			})
		}
	}
}

func TestValidationOfGets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		stored, later func(w *world)
		want          string
	}{
		{"unchanged", func(w *world) { w.item(1, 1, "t0") }, nil, "ok"},
		{"absent", nil, nil, "ok"},
		{"appeared", nil, func(w *world) { w.item(1, 1, "t1") }, "conflict"},
		{"disappeared", func(w *world) { w.item(1, 1, "t0") }, func(w *world) { w.remove(1, 1) }, "conflict"},
		{"changed", func(w *world) { w.item(1, 1, "t0") }, func(w *world) { w.item(1, 1, "t1") }, "conflict"},
		{"same id, other bytes", func(w *world) { w.item(1, 1, "t0", "v", 1) }, func(w *world) { w.item(1, 1, "t0", "v", 2) }, "ok"},
		{"imported, unchanged", func(w *world) { w.imported(1) }, nil, "ok"},
		{"imported, written", func(w *world) { w.imported(1) }, func(w *world) { w.item(1, 1, "t1", "v", 1) }, "conflict"},
		{"prepared by another", func(w *world) { w.item(1, 1, "T0", "v", 1) }, func(w *world) { w.prepared(Prepared, w.now.Load(), "T1") }, "conflict"},
	} {
		for _, ro := range []bool{false, true} {
			w := newWorld(t)
			if tt.stored != nil {
				tt.stored(w)
			}
			e := w.engine(nil)
			tx := begin(t, e, Serializable, func(o *BeginOptions) { o.ReadOnly = ro })
			get(t, tx, item(t, e, 1, 1))
			if tt.later != nil {
				tt.later(w)
			}
			want(t, fmt.Sprint(tt.name, " readOnly=", ro), outcome(tx.Commit(t.Context())), tt.want)
		}
	}
}

func (w *world) imported(v int) {
	w.t.Helper()
	w.write(itemName, []storage.Value{intValue(1), intValue(1)}, "v", v)
}

// All records are prepared before the first read is repeated, and absences are
// looked at before records: the one order excludes write skew, the other makes
// sure that there is a moment at which everything was true.
func TestOrderOfValidation(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, memory.WithAtomicity(storage.AtomicRecord, 1))
	w.item(1, 1, "t0")
	var phases []string
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if p := phase(c); p != "Table" {
			if len(c.Gets) > 0 {
				p += c.Gets[0].Table.FormatKey(c.Gets[0].Key)
			}
			phases = append(phases, p)
		}
		return send(ctx)
	}, func(o *Options) { o.SerialPrepare, o.SerialValidate, o.SerialCommit = true, true, true })
	tx := begin(t, e, Serializable)
	want(t, "scan", keysOf(tx, partition(e.must(t, itemName), 2)), "")
	get(t, tx, item(t, e, 1, 1))
	get(t, tx, item(t, e, 3, 3))
	ok(t, tx.Insert(ctx, item(t, e, 1, 5), Changes{}))
	ok(t, tx.Insert(ctx, item(t, e, 1, 6), Changes{}))
	phases = nil
	ok(t, tx.Commit(ctx))
	wanted := []string{"prepare", "prepare", "scan", "get(p=3, c=3)", "scan", "get(p=3, c=3)", "get(p=1, c=1)", "decide", "finish", "finish"}
	if !slices.Equal(phases, wanted) {
		t.Errorf("got  %q\nwant %q", phases, wanted)
	}
}
