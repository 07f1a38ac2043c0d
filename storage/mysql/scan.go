package mysql

import (
	"context"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Scan reads one page with one statement, which has ended when it returns.
func (s *Storage) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	const op = "scan"
	p, err := s.plan(scan)
	if err != nil {
		return nil, err
	}
	var page *storage.Page
	err = s.sessions.do(ctx, true, func(ses *session) (err error) {
		page, err = ses.scan(ctx, p)
		return err
	})
	if err != nil {
		return nil, s.server.failure(op, scan.Table.TableName, err)
	}
	return page, nil
}

func (s *Storage) plan(scan *storage.Scan) (*sqlstore.Plan, error) {
	if err := storage.CheckScan(scan); err != nil {
		return nil, err
	}
	if where := escaped(scan.Where); len(where) > 0 && &where[0] != &scan.Where[0] {
		changed := *scan
		changed.Where = where
		scan = &changed
	}
	rules := sqlstore.ScanRules{PageSize: s.config.pageSize}
	return rules.Plan(scan)
}

func (s *session) scan(ctx context.Context, p *sqlstore.Plan) (*storage.Page, error) {
	s.shape = p.AppendShape(s.shape[:0])
	st, err := s.statement(ctx, p.Table, func() (string, sqlstore.Selection) {
		selected := p.Select()
		return p.Text(dialect, &selected), selected
	})
	if err != nil {
		return nil, err
	}
	s.values = p.AppendParams(s.values[:0], dialect)
	if err := s.bind("scan", p.Table.TableName); err != nil {
		return nil, err
	}
	page := &storage.Page{}
	key := func() string { return s.describeKey(p.Table, &st.selected) }
	var position []storage.Value
	err = s.query(ctx, st, func() error {
		row, err := s.row(p.Table, &st.selected, s.cells, key)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
		if !p.More(len(page.Rows), len(page.Rows)) {
			return nil
		}
		for _, o := range p.Order {
			v, err := s.value(p.Table, &st.selected, s.cells, st.selected.Cell(o.Column), key)
			if err != nil {
				return err
			}
			position = append(position, v)
		}
		page.Next = p.Cursor(position...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// describeKey names the current row by its key as far as that can be read.
func (s *session) describeKey(table *storage.Table, selected *sqlstore.Selection) string {
	var key []storage.Value
	for _, c := range table.PrimaryKey() {
		v, err := decode(table.Columns[c].Type, s.cells[selected.Cell(c)])
		if err != nil {
			v = storage.Null(table.Columns[c].Type)
		}
		key = append(key, v)
	}
	return table.FormatKey(key)
}
