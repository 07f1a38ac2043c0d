package commit

import (
	"context"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// A transaction under READ_COMMITTED keeps little of what it scans, and still
// replaces the version that the scan returned or none.
func TestNoUpdateIsLostAfterAScanUnderReadCommitted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		other  bool // another transaction updates the record after the scan
		before bool // the transaction has read the record before the scan
		after  bool // and again after it
		write  func(ctx context.Context, tx *Tx, ref Ref) error
		want   string
	}{
		{name: "update", write: update5, want: "ok"},
		{name: "update of a changed record", other: true, write: update5, want: "conflict"},
		{name: "update of a changed record that is read again", other: true, after: true, write: update5, want: "conflict"},
		{name: "update of a record that was read first", before: true, write: update5, want: "ok"},
		{name: "update of a changed record that was read first", other: true, before: true, write: update5, want: "conflict"},
		{name: "upsert of a changed record", other: true, write: func(ctx context.Context, tx *Tx, ref Ref) error {
			return tx.Upsert(ctx, ref, set(ref.Table, "v", 5))
		}, want: "conflict"},
		{name: "delete of a changed record", other: true, write: func(ctx context.Context, tx *Tx, ref Ref) error { return tx.Delete(ctx, ref, nil) }, want: "conflict"},
		{name: "another record", other: true, write: func(ctx context.Context, tx *Tx, ref Ref) error {
			return update(ctx, tx, Ref{Table: ref.Table, Key: []storage.Value{intValue(1), intValue(2)}}, 5)
		}, want: "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t, memory.WithPageSize(1))
			w.item(1, 1, "t0", "v", 1)
			w.item(1, 2, "t0", "v", 2)
			e := w.engine(nil)
			ref := item(t, e, 1, 1)
			tx := begin(t, e, ReadCommitted)
			if tt.before {
				get(t, tx, ref)
			}
			ok(t, drain(ctx, tx, partition(ref.Table, 1)))
			if tt.other {
				other := begin(t, e, ReadCommitted)
				ok(t, update(ctx, other, ref, 9))
				ok(t, other.Commit(ctx))
			}
			if tt.after {
				get(t, tx, ref)
			}
			ok(t, tt.write(ctx, tx, ref))
			want(t, "commit", outcome(tx.Commit(ctx)), tt.want)
		})
	}
}

func update5(ctx context.Context, tx *Tx, ref Ref) error { return update(ctx, tx, ref, 5) }

// repeating is a storage whose pages repeat the last row of the page before, as
// they may where a record is written while it is scanned.
type repeating struct{ *memory.Storage }

func (s repeating) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	page, err := s.Storage.Scan(ctx, scan)
	if err == nil && scan.Kind != storage.PartitionScan {
		page.Rows = append(page.Rows, page.Rows...)
	}
	return page, err
}

// Outside a partition a record that is written meanwhile may turn up twice.
func TestARecordIsScannedOnce(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, memory.WithPageSize(2))
			for c := range 3 {
				w.item(1, c, "t0", "v", c, "cat", 7)
			}
			e := New(repeating{w.store}, Options{MetadataTTL: -1})
			table := e.must(t, itemName)
			for name, scan := range map[string]Scan{
				"table": {Table: table, Kind: storage.FullScan},
				"index": {Table: table, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(7)},
			} {
				wanted := "0 1 2"
				if isolation == ReadCommitted && name == "table" {
					wanted = "0 1 0 1 2 2" // holds no more than a page
				}
				if isolation == ReadCommitted && name == "index" {
					continue // read at once, with its before-image index
				}
				want(t, name, keysOf(begin(t, e, isolation), scan), wanted)
			}
			ok(t, e.Close(t.Context()))
		})
	}
}

// What READ_COMMITTED keeps of a scanned record that the transaction may write is
// the version's name.
func TestReadCommittedScanKeepsNamesOfVersions(t *testing.T) {
	const records, most = 50_000, 400
	e := New(endless{newWorld(t).store, records}, Options{MetadataTTL: -1})
	tx := begin(t, e, ReadCommitted)
	before := heap()
	ok(t, drain(t.Context(), tx, partition(e.must(t, itemName), 1)))
	each := (heap() - min(before, heap())) / records
	t.Logf("%d bytes a record", each)
	if each > most && !raceEnabled {
		t.Errorf("%d bytes are kept of a record, want %d at most", each, most)
	}
	tx.Rollback()
}
