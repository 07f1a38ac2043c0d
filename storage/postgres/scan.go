package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

const opScan = "scan"

// Scan reads one page with one statement, which has ended when it returns. Pages
// of a partition go by the clustering key, those of an index and of a table by
// the primary key.
func (s *Storage) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	p, err := s.plan(scan)
	if err != nil {
		return nil, err
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		return nil, s.failure(opScan, scan.Table.TableName, err)
	}
	defer s.release(ses)
	page, err := ses.scan(ctx, p)
	if err != nil {
		return nil, s.failure(opScan, scan.Table.TableName, err)
	}
	return page, nil
}

// plan plans a page. PostgreSQL evaluates every filter as the contract has it.
func (s *Storage) plan(scan *storage.Scan) (*sqlstore.Plan, error) {
	if err := storage.CheckScan(scan); err != nil {
		return nil, err
	}
	rules := sqlstore.ScanRules{PageSize: s.config.pageSize, LiteralLimit: true}
	return rules.Plan(scan)
}

func (s *session) scan(ctx context.Context, p *sqlstore.Plan) (page *storage.Page, err error) {
	err = s.attempt(func() (ran bool, err error) {
		st := s.scanStatement(p)
		if err := errors.Join(s.prepare(ctx), st.err); err != nil {
			return false, err
		}
		s.unbind()
		s.params = p.AppendParams(s.params[:0], dialect)
		if err := s.bind(opScan, st, s.params); err != nil {
			return false, err
		}
		result := s.run(ctx, st)
		page = &storage.Page{}
		var last [][]byte
		for err == nil && result.NextRow() {
			last = result.Values()
			var row storage.Row
			if row, err = st.row(last); err != nil {
				break
			}
			page.Rows = append(page.Rows, row)
			if len(page.Rows) == p.Limit && p.More(len(page.Rows), len(page.Rows)) {
				page.Next, err = st.cursor(p, last)
			}
		}
		if err != nil {
			err = &storage.Error{Op: "read", Table: p.Table.TableName, Err: fmt.Errorf("record %s: %w", st.describeKey(last), err)}
		}
		_, closeErr := result.Close()
		return true, errors.Join(closeErr, err)
	})
	return page, err
}

func (s *session) scanStatement(p *sqlstore.Plan) *statement {
	s.shape = p.AppendShape(s.shape[:0])
	if st := s.find(p.Table); st != nil {
		return st
	}
	selected := p.Select()
	return s.add(p.Table, p.Text(dialect, &selected), selected)
}

// cursor returns the place of a row.
func (st *statement) cursor(p *sqlstore.Plan, fields [][]byte) (storage.Cursor, error) {
	position := make([]storage.Value, len(p.Order))
	for i, o := range p.Order {
		v, err := st.value(fields, st.selected.Cell(o.Column))
		if err != nil {
			return nil, err
		}
		position[i] = v
	}
	return p.Cursor(position...), nil
}

// describeKey names a row by its key as far as that can be read.
func (st *statement) describeKey(fields [][]byte) string {
	var key []storage.Value
	for _, c := range st.table.PrimaryKey() {
		v, err := st.value(fields, st.selected.Cell(c))
		if err != nil {
			v = storage.Null(st.table.Columns[c].Type)
		}
		key = append(key, v)
	}
	return st.table.FormatKey(key)
}
