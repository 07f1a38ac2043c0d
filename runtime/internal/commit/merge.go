package commit

import (
	"context"
	"iter"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// ownRows are the transaction's own writes that overlap a scan: what the scan
// must not take from the storage, and what it returns instead.
type ownRows struct {
	written map[string]bool // keys of overlapping records, deletes included
	rows    []storage.Row   // those that the scan selects, in its order
	compare func(a, b storage.Value) int
}

// ownRows collects the writes that overlap scan. The result of merging them is
// that of applying the writes and then scanning: a partial update is completed
// with the stored columns before the filter sees it. Java refuses such scans
// (spec 3.7).
func (tx *Tx) ownRows(ctx context.Context, scan *Scan) (ownRows, error) {
	own := ownRows{compare: tx.engine.storage.Info(scan.Table.meta.Namespace).Compare}
	if err := tx.enter(); err != nil {
		return own, err
	}
	defer tx.leave()
	var overlapping []*record
	for _, r := range tx.writes {
		if r.table == scan.Table && (scan.Kind != storage.PartitionScan || slices.Equal(r.key[:len(scan.Partition)], scan.Partition)) {
			overlapping = append(overlapping, r)
		}
	}
	if len(overlapping) == 0 {
		return own, nil
	}
	if scan.Kind == storage.PartitionScan && own.compare == nil {
		return own, &Error{Kind: ErrInvalid, Code: "DB-CORE-10106", Table: scan.Table.Name(),
			Message: "the scan overlaps writes of this transaction, and only the database knows in which order the records of this storage come: scan before you write, or scan another partition"}
	}
	var updates []*record
	for _, r := range overlapping {
		if r.op == putWrite && r.preRead && !r.replace {
			updates = append(updates, r)
		}
	}
	if err := tx.preRead(ctx, updates...); err != nil {
		return own, err
	}
	own.written = map[string]bool{}
	tx.mu.Lock() // a concurrent read may note what it has read
	defer tx.mu.Unlock()
	for _, r := range overlapping {
		own.written[string(appendRecordKey(nil, r.table.meta, r.key))] = true
		row := r.seen(r.prev)
		if row != nil && scan.selects(row) && scan.within(r.key, own.compare) {
			own.rows = append(own.rows, row)
		}
	}
	if scan.Kind == storage.PartitionScan {
		slices.SortFunc(own.rows, func(a, b storage.Row) int { return scan.order(a, b, own.compare) })
	}
	return own, nil
}

// within reports whether a key of the scan's partition lies between its bounds.
// A bound on a prefix of the clustering key compares that prefix only.
func (s *Scan) within(key []storage.Value, compare func(a, b storage.Value) int) bool {
	clustering := key[len(s.Table.meta.Partition):]
	side := func(bound storage.Bound, sign int) bool {
		if len(bound.Values) == 0 {
			return true
		}
		for i, v := range bound.Values {
			c := sign * compare(clustering[i], v)
			if i < len(bound.Values)-1 && c != 0 {
				return false // the leading columns of a bound are fixed
			}
			if i == len(bound.Values)-1 {
				return c > 0 || c == 0 && bound.Inclusive
			}
		}
		return true
	}
	return side(s.Start, 1) && side(s.End, -1)
}

// order compares two rows of one partition in the order of the scan.
func (s *Scan) order(a, b storage.Row, compare func(a, b storage.Value) int) int {
	for _, c := range s.Table.meta.Clustering {
		result := compare(a[c.Column], b[c.Column])
		if (c.Order == storage.Desc) != s.Backward {
			result = -result
		}
		if result != 0 {
			return result
		}
	}
	return 0
}

// mergeOwn yields the stored rows with own writes in their place: in order
// within a partition, at the end where there is no order.
func mergeOwn(scan *Scan, stored iter.Seq2[storage.Row, error], own ownRows) iter.Seq2[storage.Row, error] {
	if own.written == nil {
		return stored
	}
	return func(yield func(storage.Row, error) bool) {
		rest := own.rows
		for row, err := range stored {
			if err != nil {
				yield(nil, err)
				return
			}
			for scan.Kind == storage.PartitionScan && len(rest) > 0 && scan.order(rest[0], row, own.compare) < 0 {
				if !yield(rest[0], nil) {
					return
				}
				rest = rest[1:]
			}
			if own.written[string(appendRecordKey(nil, scan.Table.meta, scan.Table.meta.Key(row)))] {
				continue
			}
			if !yield(row, nil) {
				return
			}
		}
		for _, row := range rest {
			if !yield(row, nil) {
				return
			}
		}
	}
}
