package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const (
	// maxPushedPredicates bounds the filters that become SQL: SQLite limits
	// the depth of expressions, and longer ones are no use to its planner.
	maxPushedPredicates = 100
	// maxExamined bounds the rows that one page looks at when it filters them
	// here, since the read transaction lasts as long as the page.
	maxExamined = 10_000
)

// A cursor is where a page ended: the clustering columns that are not fixed by
// the bounds for a partition scan, the rowid for the others.
//
// Rowids never change but by VACUUM, and a record keeps its own through all
// updates. One that is deleted and written again meanwhile may be seen twice or
// not at all, as the contract has it.
type cursor struct {
	position []storage.Value
	rowid    int64
}

// Scan reads one page with one statement, which has ended when it returns.
func (s *Storage) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	const op = "scan"
	if err := storage.CheckScan(scan); err != nil {
		return nil, err
	}
	p, err := s.plan(scan)
	if err != nil {
		return nil, err
	}
	var page *storage.Page
	err = s.read(ctx, op, scan.Table.TableName, func(ses *session) (err error) {
		page, err = ses.scan(ctx, p)
		return err
	})
	return page, err
}

// A scanPlan is a scan with what follows from it and its table.
type scanPlan struct {
	*storage.Scan
	after  *cursor
	order  []sqlstore.Sort // the clustering columns that are not fixed by the bounds, in page order
	rowid  string          // the name of the rowid; "" for a partition scan
	limit  int             // rows in this page
	pushed bool            // the filter is part of the statement
	filter storage.Filter  // what remains to be filtered here
}

func (s *Storage) plan(scan *storage.Scan) (*scanPlan, error) {
	p := &scanPlan{Scan: scan, limit: s.config.pageSize}
	if scan.Limit > 0 {
		p.limit = min(p.limit, scan.Limit)
	}
	if scan.After != nil {
		after, ours := scan.After.(*cursor)
		if !ours {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "the cursor does not come from this storage")
		}
		p.after = after
	}
	if scan.Kind == storage.PartitionScan {
		for _, c := range scan.Table.Clustering[p.fixed():] {
			p.order = append(p.order, sqlstore.Sort{Column: c.Column, Desc: (c.Order == storage.Desc) != scan.Backward})
		}
		if p.after != nil && len(p.after.position) != len(p.order) {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "the cursor does not come from this scan")
		}
	} else if p.rowid = rowidName(scan.Table); p.rowid == "" {
		return nil, storage.Invalidf("scan", scan.Table.TableName, "columns hide all names of SQLite's rowid: rename one of rowid, oid and _rowid_")
	}
	if p.pushed = pushable(scan.Where); !p.pushed {
		p.filter = normalized(scan.Where)
	}
	return p, nil
}

// fixed returns how many clustering columns the bounds fix to one value: all
// but the last of a bound.
func (p *scanPlan) fixed() int {
	return max(0, max(len(p.Start.Values), len(p.End.Values))-1)
}

// pushable reports whether SQLite evaluates the filter as the contract has it.
// Its LIKE ignores the case of ASCII letters.
func pushable(filter storage.Filter) bool {
	predicates := 0
	for _, conjunction := range filter {
		predicates += len(conjunction)
		for i := range conjunction {
			if op := conjunction[i].Operator; op == storage.Like || op == storage.NotLike {
				return false
			}
		}
	}
	return predicates <= maxPushedPredicates
}

// normalized returns the filter with −0.0 replaced by the 0.0 that SQLite holds.
func normalized(filter storage.Filter) storage.Filter {
	out := make(storage.Filter, len(filter))
	for i, conjunction := range filter {
		out[i] = slices.Clone(conjunction)
		for j := range out[i] {
			p := &out[i][j]
			switch p.Value.Type() {
			case storage.Float:
				p.Value = storage.FloatValue(p.Value.Float32() + 0)
			case storage.Double:
				p.Value = storage.DoubleValue(p.Value.Float64() + 0)
			}
		}
	}
	return out
}

// rowidName returns a name of the rowid that no column hides, "" if there is
// none.
func rowidName(table *storage.Table) string {
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if !slices.ContainsFunc(table.Columns, func(c storage.Column) bool { return strings.EqualFold(c.Name, name) }) {
			return name
		}
	}
	return ""
}

func (s *session) scan(ctx context.Context, p *scanPlan) (page *storage.Page, err error) {
	st, err := s.prepareScan(p)
	if err != nil {
		return nil, err
	}
	if err := s.bindScan(p); err != nil {
		return nil, err
	}
	rows, err := st.prepared.QueryContext(ctx, s.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()

	width := len(st.selected.columns)
	if p.rowid != "" {
		width++
	}
	page = &storage.Page{}
	examined := 0
	for len(page.Rows) < p.limit && rows.Next() {
		examined++
		if err := rows.Scan(s.destinations(width)...); err != nil {
			return nil, err
		}
		if err := s.addRow(p, st, page); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	// A partition with all clustering columns fixed, or without any, is one record.
	single := p.rowid == "" && len(p.order) == 0
	if !single && (len(page.Rows) == p.limit || examined == p.statementLimit()) {
		page.Next, err = s.cursor(p, st)
	}
	return page, err
}

// statementLimit is the LIMIT of the statement.
func (p *scanPlan) statementLimit() int {
	if p.pushed {
		return p.limit
	}
	return maxExamined
}

// addRow adds the current row to the page if it passes what remains of the
// filter.
func (s *session) addRow(p *scanPlan, st *statement, page *storage.Page) error {
	key := func() string { return s.describeKey(p.Table, &st.selected) }
	if len(p.filter) > 0 {
		all := make(storage.Row, len(p.Table.Columns))
		for _, conjunction := range p.filter {
			for i := range conjunction {
				column := conjunction[i].Column
				v, err := s.value(p.Table, &st.selected, st.selected.cell(column), key)
				if err != nil {
					return err
				}
				all[column] = v
			}
		}
		if !p.filter.Matches(all) {
			return nil
		}
	}
	row, err := s.row(p.Table, &st.selected, key)
	if err != nil {
		return err
	}
	page.Rows = append(page.Rows, row)
	return nil
}

// cursor returns the place of the current row.
func (s *session) cursor(p *scanPlan, st *statement) (*cursor, error) {
	if p.rowid != "" {
		rowid, isInteger := s.cells[len(st.selected.columns)].stored.(int64)
		if !isInteger {
			return nil, fmt.Errorf("rowid is %T", s.cells[len(st.selected.columns)].stored)
		}
		return &cursor{rowid: rowid}, nil
	}
	at := &cursor{position: make([]storage.Value, len(p.order))}
	for i, o := range p.order {
		v, err := s.value(p.Table, &st.selected, st.selected.cell(o.Column), func() string { return s.describeKey(p.Table, &st.selected) })
		if err != nil {
			return nil, err
		}
		at.position[i] = v
	}
	return at, nil
}

// describeKey names the current row by its key as far as that can be read.
func (s *session) describeKey(table *storage.Table, selected *selection) string {
	var key []storage.Value
	for _, c := range table.PrimaryKey() {
		v, err := s.cells[selected.cell(c)].decode(table.Columns[c].Type)
		if err != nil {
			v = storage.Null(table.Columns[c].Type)
		}
		key = append(key, v)
	}
	return table.FormatKey(key)
}
