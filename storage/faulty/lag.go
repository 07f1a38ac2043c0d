package faulty

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// images are the records that one Mutate or MutateBatch named, as they were before.
type images []image

type image struct {
	table *storage.Table
	key   []storage.Value
	row   storage.Row // nil if there was no record
}

// mutateWithHistory applies the group and remembers what it overwrote. With a
// concurrent Mutate of the same record the image may be older by one write.
func (s *Storage) mutateWithHistory(ctx context.Context, group []storage.Mutation) error {
	before, err := s.imagesBefore(ctx, group)
	if err != nil {
		return err
	}
	if err := s.inner.Mutate(ctx, group); err != nil {
		return err
	}
	s.remember(before)
	return nil
}

// imagesBefore reads the records of a group that is about to be applied.
func (s *Storage) imagesBefore(ctx context.Context, group []storage.Mutation) (images, error) {
	gets := make([]storage.Get, len(group))
	for i, m := range group {
		gets[i] = storage.Get{Table: m.Table, Key: m.Key}
	}
	rows, err := s.inner.Get(ctx, gets)
	if err != nil {
		return nil, err
	}
	var before images
	for i, m := range group {
		before = append(before, image{m.Table, slices.Clone(m.Key), rows[i]})
	}
	return before, nil
}

// remember appends the images of a Mutate that was applied to the history.
func (s *Storage) remember(before images) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mutates = append(s.mutates, before)
	if len(s.mutates) > s.history {
		s.mutates = slices.Delete(s.mutates, 0, len(s.mutates)-s.history)
	}
}

// lagged is the rest of a scan that lags behind.
type lagged struct{ rows []storage.Row }

func (l *lagged) page(limit int) *storage.Page {
	if limit == 0 || limit >= len(l.rows) {
		return &storage.Page{Rows: l.rows}
	}
	return &storage.Page{Rows: l.rows[:limit], Next: &lagged{l.rows[limit:]}}
}

// scanBehind reads the whole of an index scan or full scan and puts the
// records that the last n mutates wrote back to what they were.
func (s *Storage) scanBehind(ctx context.Context, scan *storage.Scan, n int) (*storage.Page, error) {
	whole := *scan
	whole.Columns, whole.Where, whole.Limit = nil, nil, 0
	var rows []storage.Row
	for {
		page, err := s.inner.Scan(ctx, &whole)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if page.Next == nil {
			break
		}
		whole.After = page.Next
	}
	t := scan.Table
	for _, old := range s.imagesOf(t.TableName, n) {
		rows = slices.DeleteFunc(rows, func(r storage.Row) bool { return slices.Equal(t.Key(r), old.key) })
		row := inOrderOf(t, old)
		if row != nil && (scan.Kind == storage.FullScan || row[scan.Index] == scan.IndexValue) {
			rows = append(rows, row)
		}
	}
	rest := &lagged{}
	for _, row := range rows {
		if !scan.Where.Matches(row) {
			continue
		}
		if scan.Columns != nil {
			projected := make(storage.Row, len(scan.Columns))
			for i, c := range scan.Columns {
				projected[i] = row[c]
			}
			row = projected
		}
		rest.rows = append(rest.rows, row)
	}
	return rest.page(scan.Limit), nil
}

// imagesOf returns what the last n mutates overwrote in the table, from the
// newest to the oldest, so that the oldest image of a record comes last.
func (s *Storage) imagesOf(name storage.TableName, n int) images {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found images
	for _, m := range slices.Backward(s.mutates[max(0, len(s.mutates)-n):]) {
		for _, old := range m {
			if old.table.TableName == name {
				found = append(found, old)
			}
		}
	}
	return found
}

// inOrderOf returns the image's row with the columns in the order of t.
func inOrderOf(t *storage.Table, old image) storage.Row {
	if old.row == nil || old.table == t {
		return old.row
	}
	row := make(storage.Row, len(t.Columns))
	for i, c := range t.Columns {
		if p := old.table.Column(c.Name); p >= 0 {
			row[i] = old.row[p]
		} else {
			row[i] = storage.Null(c.Type)
		}
	}
	return row
}
