package native

import (
	"context"
	"iter"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// scan is one iteration over a scan.
type scan struct {
	request  storage.Scan // of the next page; Limit is of all that are left
	complete bool         // there are no more pages
	rows     []storage.Row
}

// Scan iterates over the records in the scan's order, as they are when the
// iteration begins, own writes included. request.Limit is that of the whole scan,
// 0 for none. Rows have all columns of the deployed table. The caller may use the
// transaction between two records. At most one error is yielded, last.
func (tx *Tx) Scan(ctx context.Context, request storage.Scan) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		tx.scanning.Add(1)
		defer tx.scanning.Add(-1)
		s := &scan{request: request}
		tx.iterate(s)
		defer tx.forget(s)
		for {
			row, err := tx.next(ctx, s)
			if err != nil {
				yield(nil, err)
				return
			}
			if row == nil || !yield(row, nil) {
				return
			}
		}
	}
}

func (tx *Tx) iterate(s *scan) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.scans[s] = struct{}{}
}

func (tx *Tx) forget(s *scan) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	delete(tx.scans, s)
}

// next returns the next row, nil if there is none.
func (tx *Tx) next(ctx context.Context, s *scan) (storage.Row, error) {
	if err := tx.enter(); err != nil {
		return nil, err
	}
	defer tx.leave()
	for {
		row, complete := tx.pop(s)
		if row != nil || complete {
			return row, nil
		}
		if err := tx.nextPage(ctx, s); err != nil {
			return nil, err
		}
	}
}

// pop takes a row that was read.
func (tx *Tx) pop(s *scan) (row storage.Row, complete bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if len(s.rows) == 0 {
		return nil, s.complete
	}
	row, s.rows[0] = s.rows[0], nil
	s.rows = s.rows[1:]
	return row, false
}

func (tx *Tx) nextPage(ctx context.Context, s *scan) error {
	about := subject{table: s.request.Table}
	if tx.oneOperation {
		page, err := tx.manager.storage.Scan(ctx, &s.request)
		if err != nil {
			return tx.fail(about.failed(err))
		}
		tx.push(s, page)
		return nil
	}
	return tx.use(ctx, about, func(below storage.Transaction) error { return tx.readPage(ctx, below, s) })
}

func (tx *Tx) readPage(ctx context.Context, below storage.Transaction, s *scan) error {
	page, err := below.Scan(ctx, &s.request)
	if err == nil {
		tx.push(s, page)
	}
	return err
}

func (tx *Tx) push(s *scan, page *storage.Page) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	// The page is the storage's.
	s.rows = append(s.rows, page.Rows...)
	s.complete = page.Next == nil
	s.request.After = page.Next
	if s.request.Limit > 0 {
		s.request.Limit -= len(page.Rows)
		s.complete = s.complete || s.request.Limit == 0
	}
}

// finishScans reads what is left of the scans that a write of the record would
// show up in. The caller has the transaction for itself.
func (tx *Tx) finishScans(ctx context.Context, below storage.Transaction, m *storage.Mutation) error {
	for _, s := range tx.affected(m) {
		for !s.complete {
			if err := tx.readPage(ctx, below, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) affected(m *storage.Mutation) (scans []*scan) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for s := range tx.scans {
		q := &s.request
		if q.Table.TableName != m.Table.TableName || s.complete {
			continue
		}
		if q.Kind == storage.PartitionScan && !slices.Equal(q.Partition, m.Key[:len(q.Partition)]) {
			continue
		}
		scans = append(scans, s)
	}
	return scans
}
