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

// plan plans a page. Rowids never change but by VACUUM, and a record keeps its
// own through all updates. One that is deleted and written again meanwhile may
// be seen twice or not at all, as the contract has it.
func (s *Storage) plan(scan *storage.Scan) (*sqlstore.Plan, error) {
	rules := sqlstore.ScanRules{PageSize: s.config.pageSize, Pushable: pushable, MaxExamined: maxExamined, Normalize: normalized, RowID: rowidName}
	return rules.Plan(scan)
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

func (s *session) scan(ctx context.Context, p *sqlstore.Plan) (page *storage.Page, err error) {
	st, err := s.prepareScan(p)
	if err != nil {
		return nil, err
	}
	s.args = s.args[:0]
	s.params = p.AppendParams(s.params[:0], dialect)
	if err := s.bind("scan", p.Table, s.params); err != nil {
		return nil, err
	}
	rows, err := st.prepared.QueryContext(ctx, s.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()

	width := len(st.selected.Columns)
	if p.RowID != "" {
		width++
	}
	page = &storage.Page{}
	examined := 0
	for len(page.Rows) < p.Limit && rows.Next() {
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
	if p.More(len(page.Rows), examined) {
		page.Next, err = s.cursor(p, st)
	}
	return page, err
}

// prepareScan returns the statement for the plan.
func (s *session) prepareScan(p *sqlstore.Plan) (*statement, error) {
	s.shape = p.AppendShape(s.shape[:0])
	if st := s.find(p.Table); st != nil {
		return st, nil
	}
	selected := p.Select()
	return s.prepare(p.Table, p.Text(dialect, &selected), selected)
}

// addRow adds the current row to the page if it passes what remains of the
// filter.
func (s *session) addRow(p *sqlstore.Plan, st *statement, page *storage.Page) error {
	key := func() string { return s.describeKey(p.Table, &st.selected) }
	passes, err := p.Passes(func(column int) (storage.Value, error) {
		return s.value(p.Table, &st.selected, st.selected.Cell(column), key)
	})
	if err != nil || !passes {
		return err
	}
	row, err := s.row(p.Table, &st.selected, key)
	if err != nil {
		return err
	}
	page.Rows = append(page.Rows, row)
	return nil
}

// cursor returns the place of the current row.
func (s *session) cursor(p *sqlstore.Plan, st *statement) (storage.Cursor, error) {
	if p.RowID != "" {
		rowid, isInteger := s.cells[len(st.selected.Columns)].stored.(int64)
		if !isInteger {
			return nil, fmt.Errorf("rowid is %T", s.cells[len(st.selected.Columns)].stored)
		}
		return p.Cursor(storage.BigIntValue(rowid)), nil
	}
	position := make([]storage.Value, len(p.Order))
	for i, o := range p.Order {
		v, err := s.value(p.Table, &st.selected, st.selected.Cell(o.Column), func() string { return s.describeKey(p.Table, &st.selected) })
		if err != nil {
			return nil, err
		}
		position[i] = v
	}
	return p.Cursor(position...), nil
}

// describeKey names the current row by its key as far as that can be read.
func (s *session) describeKey(table *storage.Table, selected *sqlstore.Selection) string {
	var key []storage.Value
	for _, c := range table.PrimaryKey() {
		v, err := s.cells[selected.Cell(c)].decode(table.Columns[c].Type)
		if err != nil {
			v = storage.Null(table.Columns[c].Type)
		}
		key = append(key, v)
	}
	return table.FormatKey(key)
}
