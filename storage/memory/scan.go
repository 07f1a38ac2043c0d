package memory

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// cursor is the key of the last row that a page looked at, so that a scan goes
// on behind it whatever was written meanwhile.
type cursor []storage.Value

// Scan reads one page: at most scan.Limit rows, and of those that the access
// path leads to no more than the page size.
func (s *Storage) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	var name storage.TableName
	if scan.Table != nil {
		name = scan.Table.TableName
	}
	if err := s.ready(ctx, "scan", name); err != nil {
		return nil, err
	}
	if err := storage.CheckScan(scan); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	t, v, err := s.db.view("scan", scan.Table)
	if err != nil {
		return nil, err
	}
	if scan.Kind == storage.IndexScan && !t.definition.Indexed(v.position(scan.Index)) {
		return nil, storage.Invalidf("scan", scan.Table.TableName, "the deployed table has no index on column %s", scan.Table.Columns[scan.Index].Name)
	}
	set, from, to := t.path(v, scan)
	if scan.After != nil {
		after, ours := scan.After.(cursor)
		if !ours || len(after) != len(set.descending) {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "the cursor does not come from this scan")
		}
		if scan.Backward {
			to = set.seek(after, false)
		} else {
			from = set.seek(after, true)
		}
	}
	page := &storage.Page{}
	var last storage.Row
	seen := 0
	for row := range set.between(from, to, scan.Backward) {
		if seen == s.pageSize || scan.Limit > 0 && len(page.Rows) == scan.Limit {
			page.Next = cursor(last[:len(set.descending)])
			break
		}
		last = row
		seen++
		if scan.Kind == storage.IndexScan {
			row = t.rows.get(row[1:])
		}
		if len(scan.Where) == 0 || scan.Where.Matches(v.project(row, nil)) {
			page.Rows = append(page.Rows, v.project(row, scan.Columns))
		}
	}
	return page, nil
}

// path returns the set that the scan's access path leads through, rows or
// entries of an index, and the part of it that it covers.
func (t *table) path(v *view, scan *storage.Scan) (set *rowSet, from, to position) {
	switch scan.Kind {
	case storage.IndexScan:
		set = t.indexes[slices.Index(t.definition.Indexes, v.position(scan.Index))].entries
		value := []storage.Value{scan.IndexValue}
		return set, set.seek(value, false), set.seek(value, true)
	case storage.FullScan:
		return t.rows, position{}, position{chunk: len(t.rows.chunks)}
	}
	low, high := scan.Start, scan.End
	bounded := max(len(low.Values), len(high.Values)) - 1 // the clustering column at which the bounds lie
	if bounded >= 0 && t.definition.Clustering[bounded].Order == storage.Desc {
		low, high = high, low
	}
	// A side without a bound ends where the fixed part of the other's bound does.
	fixed := slices.Clone(scan.Partition)
	if bounded > 0 {
		fixed = append(fixed, longer(low.Values, high.Values)[:bounded]...)
	}
	probe := func(b storage.Bound) []storage.Value {
		if len(b.Values) == 0 {
			return fixed
		}
		return append(slices.Clone(fixed), b.Values[bounded])
	}
	from = t.rows.seek(probe(low), len(low.Values) > 0 && !low.Inclusive)
	to = t.rows.seek(probe(high), len(high.Values) == 0 || high.Inclusive)
	return t.rows, from, to
}

func longer(a, b []storage.Value) []storage.Value {
	if len(a) > len(b) {
		return a
	}
	return b
}
