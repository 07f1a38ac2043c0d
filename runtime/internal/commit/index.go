package commit

import (
	"context"
	"iter"

	"github.com/scalargen/scalargen/storage"
)

// admitIndex refuses, under SERIALIZABLE, a scan by an index whose in-flight
// changes cannot be seen: one on a column without a before-image index
// (spec 3.2). A scan of the whole table needs no such index, because its filter
// looks at both images of each record at once.
func (tx *Tx) admitIndex(scan *Scan) error {
	if tx.isolation != Serializable || scan.Kind != storage.IndexScan || scan.Table.safeIndex(scan.Index) {
		return nil
	}
	return &Error{Kind: ErrInvalid, Code: "DB-CORE-10261", Table: scan.Table.Name(),
		Message: "SERIALIZABLE needs an index on the before image of column " + scan.Table.meta.Columns[scan.Index].Name +
			": repair the table's indexes, or use another isolation level"}
}

// safeIndex reports whether reads by the index of column see in-flight changes:
// key columns do not change, others need a before-image index.
func (t *Table) safeIndex(column int) bool {
	return t.meta.InPrimaryKey(column) || t.beforeIndexed(column)
}

// checksBeforeIndex reports whether the scan may miss a record because a
// transaction in flight moved its indexed column away from the value asked for,
// and can find it through the before-image index (spec 3.9).
func (e *Engine) checksBeforeIndex(scan *Scan) bool {
	return scan.Kind == storage.IndexScan && !e.options.EventuallyConsistentIndexes && scan.Table.beforeIndexed(scan.Index)
}

// beforeIndexScan is the scan of before images that belongs to an index scan
// (spec 3.9).
func (s *Scan) beforeIndexScan() storage.Scan {
	return storage.Scan{Table: s.Table.meta, Kind: storage.IndexScan, Index: s.Table.beforeOf[s.Index], IndexValue: s.IndexValue}
}

// scanByIndex reads a scan that needs the check of its before-image index. The
// check comes after the rows: one that was moved away before they were read is
// still there to be found. If it rolls records back, they belong to the result,
// and the scan starts over.
func (tx *Tx) scanByIndex(ctx context.Context, entry *scanned) (iter.Seq2[storage.Row, error], error) {
	enough := 0 // rows to fill the limit even if own writes replace some
	if entry.scan.Limit > 0 {
		enough = entry.scan.Limit + len(tx.writes)
	}
	for range beforeIndexPasses {
		entry.rows = nil
		for _, err := range tx.stream(ctx, entry, true, tx.see) {
			if err != nil {
				return nil, err
			}
			if len(entry.rows) == enough {
				break
			}
		}
		rolledBack, err := tx.checkBeforeIndex(ctx, entry)
		if err != nil {
			return nil, err
		}
		if !rolledBack {
			return entry.replay(), nil
		}
	}
	return nil, &Error{Kind: ErrConflict, Code: "DB-CORE-20028", Table: entry.scan.Table.Name(),
		Message: "records were rolled back into the index again and again while it was read"}
}

// checkBeforeIndex completes the transactions that have moved a record away from
// what the scan asks for, and reports whether one of them was rolled back.
func (tx *Tx) checkBeforeIndex(ctx context.Context, entry *scanned) (rolledBack bool, err error) {
	scan := &entry.scan
	var restored []*recovery
	for page, err := range tx.pages(ctx, scan.beforeIndexScan()) {
		if err != nil {
			return false, err
		}
		for _, row := range page {
			if scan.Table.isCommitted(row) {
				continue
			}
			_, r, err := tx.recoverLatest(ctx, scan.Table, scan.Table.meta.Key(row), row, &entry.wait)
			if err != nil {
				return false, err
			}
			if r.rolledBack {
				restored = append(restored, r)
			}
		}
	}
	for _, r := range restored {
		if err := r.wait(ctx); err != nil {
			return false, err
		}
	}
	return len(restored) > 0, nil
}
