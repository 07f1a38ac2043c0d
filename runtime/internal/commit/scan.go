package commit

import (
	"context"
	"iter"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Scan asks for records of a table; see [storage.Scan] for the meaning of the
// fields. Columns are positions in the deployed table.
type Scan struct {
	Table      *Table
	Kind       storage.ScanKind
	Partition  []storage.Value
	Start, End storage.Bound
	Backward   bool
	Index      int
	IndexValue storage.Value
	Where      storage.Filter
	Limit      int // 0 for none
}

// scanned is what a scan has seen so far: what a repetition returns and what
// validation compares (spec 3.1, scan set and scanner set).
type scanned struct {
	scan Scan
	name string // that of the scan, "" where reads do not repeat
	rows []scannedRow
	// complete: the scan ran to the end of its range, not to its limit or to the
	// caller's break.
	complete bool
	// repeatable: rows are all that a repetition returns as long as the
	// transaction has no more than writes pending writes.
	repeatable bool
	writes     int
	// last is the last record that the caller got, own writes included.
	// Validation of an incomplete scan of a partition reaches to it.
	last storage.Row
	// wait is for all records that the scan meets.
	wait patience
	// paged: validation read more than one page, that is at several moments.
	paged bool
}

type scannedRow struct {
	key []storage.Value
	row storage.Row // the version that the transaction saw, without own writes
}

// Scan iterates over the records in the scan's order, a page at a time, with
// the transaction's own writes as of the start of the iteration merged in
// (spec 3.4, 3.5). Rows have all columns of the deployed table. The caller may
// use the transaction between two records. At most one error is yielded, last.
func (tx *Tx) Scan(ctx context.Context, scan Scan) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		tx.scanning.Add(1)
		defer tx.scanning.Add(-1)
		entry, stored, err := tx.openScan(ctx, &scan)
		if err != nil {
			yield(nil, tx.failed(err))
			return
		}
		defer tx.closeScan(entry)
		own, err := tx.ownRows(ctx, &scan)
		if err != nil {
			yield(nil, tx.failed(err))
			return
		}
		count := 0
		for row, err := range mergeOwn(&scan, stored, own) {
			if err != nil {
				yield(nil, tx.failed(err))
				return
			}
			if tx.isolation == Serializable {
				entry.last = row
			}
			count++
			if count == scan.Limit && own.written == nil {
				entry.repeatable = true
			}
			if !yield(row, nil) || count == scan.Limit {
				return
			}
		}
		entry.complete = true
	}
}

// openScan admits the scan and returns its note and the stored rows it selects:
// those seen before if the same scan has run to its end, or to its limit without
// own writes then or since, and reads repeat.
func (tx *Tx) openScan(ctx context.Context, scan *Scan) (*scanned, iter.Seq2[storage.Row, error], error) {
	if err := tx.enter(); err != nil {
		return nil, nil, err
	}
	defer tx.leave()
	entry, stored, err := tx.noteScan(scan)
	switch {
	case err != nil:
		return nil, nil, err
	case stored != nil:
		return entry, stored, nil
	case tx.engine.checksBeforeIndex(scan):
		stored, err = tx.scanByIndex(ctx, entry)
		return entry, stored, err
	default:
		return entry, tx.stream(ctx, entry, entry.name != "" || tx.isolation == Serializable, tx.enterAndSee), nil
	}
}

// noteScan makes the note of a scan, and returns the rows if they are known.
func (tx *Tx) noteScan(scan *Scan) (*scanned, iter.Seq2[storage.Row, error], error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if err := tx.admit(scan.Table); err != nil {
		return nil, nil, err
	}
	if err := tx.admitIndex(scan); err != nil {
		return nil, nil, err
	}
	entry := &scanned{scan: *scan, writes: len(tx.writes)}
	if tx.snapshotReads() {
		entry.name = scan.name()
		if earlier := tx.repeats[entry.name]; earlier != nil && (earlier.complete || earlier.writes == len(tx.writes)) {
			return &scanned{}, earlier.replay(), nil
		}
	}
	if tx.isolation == Serializable {
		tx.scans = append(tx.scans, entry)
	}
	return entry, nil, nil
}

// closeScan lets the scan be repeated from its note, if that holds all of it.
func (tx *Tx) closeScan(entry *scanned) {
	if entry.name == "" || !entry.complete && !entry.repeatable {
		return
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if earlier := tx.repeats[entry.name]; earlier != nil && earlier.complete {
		return
	}
	if tx.repeats == nil {
		tx.repeats = map[string]*scanned{}
	}
	tx.repeats[entry.name] = entry
}

// replay yields the rows that the scan saw.
func (s *scanned) replay() iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for _, r := range s.rows {
			if !yield(r.row, nil) {
				return
			}
		}
	}
}

// seeFunc returns the version of a stored row that a scan may return, nil if
// there is none that it selects.
type seeFunc func(ctx context.Context, entry *scanned, key []storage.Value, stored storage.Row) (storage.Row, error)

// stream reads the stored rows a page at a time and yields what see makes of
// them, noting it if keep is set.
func (tx *Tx) stream(ctx context.Context, entry *scanned, keep bool, see seeFunc) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		// Outside a partition a record that is written meanwhile may turn up
		// twice. READ_COMMITTED shows it twice and holds no more than a page.
		unordered := entry.scan.Kind != storage.PartitionScan && tx.isolation != ReadCommitted
		seen := map[string]bool{}
		for page, err := range tx.pages(ctx, entry.scan.prepared()) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, stored := range page {
				key := entry.scan.Table.meta.Key(stored)
				if unordered {
					id := string(appendRecordKey(nil, entry.scan.Table.meta, key))
					if seen[id] {
						continue
					}
					seen[id] = true
				}
				row, err := see(ctx, entry, key, stored)
				if err != nil {
					yield(nil, err)
					return
				}
				if row == nil {
					continue
				}
				if keep {
					entry.rows = append(entry.rows, scannedRow{key, row})
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// enterAndSee is see for a stream that the caller consumes, between whose rows
// the transaction is free.
func (tx *Tx) enterAndSee(ctx context.Context, entry *scanned, key []storage.Value, stored storage.Row) (storage.Row, error) {
	if err := tx.enter(); err != nil {
		return nil, err
	}
	defer tx.leave()
	return tx.see(ctx, entry, key, stored)
}

// see is the seeFunc of the transaction. It enters what it returns into the
// read set.
func (tx *Tx) see(ctx context.Context, entry *scanned, key []storage.Value, stored storage.Row) (storage.Row, error) {
	scan := &entry.scan
	earlier, read := tx.readBefore(scan.Table, key)
	if read {
		stored = earlier
	} else {
		var err error
		if stored, err = tx.settle(ctx, scan.Table, key, stored, &entry.wait); err != nil {
			return nil, err
		}
	}
	switch {
	case stored == nil || !scan.selects(stored):
		return nil, nil
	case tx.readOnly || tx.oneOperation:
		return stored, nil
	case tx.isolation == ReadCommitted:
		tx.stamp(scan.Table, key, stored)
		return stored, nil
	}
	tx.mu.Lock()
	r := tx.records.at(scan.Table, key)
	tx.mu.Unlock()
	if stored = tx.enterRead(r, stored); stored == nil || !scan.selects(stored) {
		return nil, nil // a concurrent read was first and saw another version
	}
	return stored, nil
}

// stamp notes which version of a record a scan under READ_COMMITTED has returned.
// That is all it keeps of it, and enough to lose no update: a transaction that
// writes the record replaces that version or none (checkStamps).
func (tx *Tx) stamp(t *Table, key []storage.Value, row storage.Row) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if r := tx.records.find(t, key); r != nil && r.read {
		return // the first read counts
	}
	if tx.stamps == nil {
		tx.stamps = map[string]string{}
	}
	name := appendRecordKey(nil, t.meta, key)
	if _, stamped := tx.stamps[string(name)]; !stamped {
		tx.stamps[string(name)] = t.idOf(row)
	}
}

// checkStamps reports [ErrConflict] if a record that is to be written is not the
// version that a scan has returned.
func (tx *Tx) checkStamps() error {
	if len(tx.stamps) == 0 {
		return nil
	}
	for _, r := range tx.writes {
		stamp, stamped := tx.stamps[string(appendRecordKey(nil, r.table.meta, r.key))]
		if stamped && !r.insert && (r.prev == nil || r.table.idOf(r.prev) != stamp) {
			return &Error{Kind: ErrConflict, Code: "DB-CORE-20013", Table: r.table.Name(), Key: r.table.meta.FormatKey(r.key),
				Message: "another transaction has written the record since a scan returned it: retry"}
		}
	}
	return nil
}

// readBefore returns the version of a record that the transaction has read, if
// reads repeat.
func (tx *Tx) readBefore(t *Table, key []storage.Value) (row storage.Row, read bool) {
	if !tx.snapshotReads() {
		return nil, false
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	r := tx.records.find(t, key)
	if r == nil || !r.read {
		return nil, false
	}
	return r.prev, true
}

// pages reads a scan page by page.
func (tx *Tx) pages(ctx context.Context, request storage.Scan) iter.Seq2[[]storage.Row, error] {
	return func(yield func([]storage.Row, error) bool) {
		for {
			page, err := tx.page(ctx, &request)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page.Rows, nil) || page.Next == nil {
				return
			}
			request.After = page.Next
		}
	}
}

func (tx *Tx) page(ctx context.Context, request *storage.Scan) (*storage.Page, error) {
	page, err := tx.engine.storage.Scan(ctx, request)
	if err != nil {
		return nil, storageError("DB-CORE-30040", request.Table.TableName, "", "cannot scan", err)
	}
	return page, nil
}

// prepared returns the request to the storage: all columns, and the filter
// widened to before images (spec 3.8). The limit is that of a page only, since
// some of its rows may not count, or own writes take their place.
func (s *Scan) prepared() storage.Scan {
	return storage.Scan{
		Table: s.Table.meta, Kind: s.Kind, Partition: s.Partition, Start: s.Start, End: s.End,
		Backward: s.Backward, Index: s.Index, IndexValue: s.IndexValue, Where: s.widened(), Limit: s.Limit,
	}
}

// widened returns the filter C OR before(C): a prepared record whose new values
// fail the filter may be rolled back to values that pass it. Java leaves
// conditions on indexed columns as they are in a scan of the whole table and
// looks into the before-image index afterwards; both images in one filter leave
// no moment between.
func (s *Scan) widened() storage.Filter {
	if len(s.Where) == 0 {
		return nil
	}
	result := slices.Clone(s.Where)
	for _, conjunction := range s.Where {
		before := slices.Clone(conjunction)
		for i, p := range before {
			if twin := s.Table.beforeOf[p.Column]; twin >= 0 { // key columns have none
				before[i].Column = twin
			}
		}
		if !slices.Equal(before, conjunction) {
			result = append(result, before)
		}
	}
	return result
}

// selects reports whether a version passes the scan's filter and index value.
// The partition and its bounds need no test: keys do not change.
func (s *Scan) selects(row storage.Row) bool {
	if s.Kind == storage.IndexScan && storage.Compare(row[s.Index], s.IndexValue) != 0 {
		return false
	}
	return s.Where.Matches(row)
}

// name is equal for equal scans.
func (s *Scan) name() string {
	b := appendRecordKey(nil, s.Table.meta, s.Partition)
	b = append(b, byte(s.Kind), byte(s.Index), byte(s.Index>>8), byte(s.Index>>16))
	b = appendValue(b, s.IndexValue)
	for _, bound := range []storage.Bound{s.Start, s.End} {
		b = append(b, byte(len(bound.Values)), flag(bound.Inclusive))
		for _, v := range bound.Values {
			b = appendValue(b, v)
		}
	}
	b = append(b, flag(s.Backward))
	b = appendText(b, string(appendValue(nil, storage.BigIntValue(int64(s.Limit)))))
	for _, conjunction := range s.Where {
		b = append(b, '|')
		for _, p := range conjunction {
			b = append(b, '&', byte(p.Column), byte(p.Column>>8), byte(p.Operator))
			b = appendText(appendValue(b, p.Value), p.Escape)
		}
	}
	return string(b)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
