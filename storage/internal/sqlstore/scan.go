package sqlstore

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// ScanRules say how a database scans.
type ScanRules struct {
	// PageSize is the number of rows that a page holds at most.
	PageSize int
	// LiteralLimit says that the LIMIT of a full page is part of the text, so that
	// the database knows it when it plans a statement for all parameters.
	LiteralLimit bool
	// Pushable reports whether the database evaluates a filter as the contract
	// has it. Nil is always.
	Pushable func(storage.Filter) bool
	// MaxExamined is how many rows a page looks at to find those that pass a
	// filter that is not pushable.
	MaxExamined int
	// Normalize returns a filter that is not pushable with the values in the
	// form in which the database gives them back. Nil changes nothing.
	Normalize func(storage.Filter) storage.Filter
	// RowID returns the expression by which index and full scans of a table
	// find their place, "" if there is none, which refuses them. Nil stands for
	// the primary key.
	RowID func(*storage.Table) string
}

// A Plan is a scan with what follows from it and its table.
//
// Pages continue after a position: the values of the columns that the page is
// ordered by in the last row that the page before looked at. So nothing is open
// between two pages, and a page costs the same wherever it begins.
type Plan struct {
	*storage.Scan
	Order  []Sort // the columns that pages are ordered by: all of the clustering or primary key that the scan does not fix
	RowID  string // takes the place of Order
	Limit  int    // rows in this page
	Pushed bool   // the filter is part of the statement

	after     *cursor
	filter    storage.Filter // what remains to be filtered here
	statement int            // the LIMIT of the statement
	literal   bool           // which is part of its text
}

// A cursor is where a page ended.
type cursor struct {
	position []storage.Value
}

// Plan plans a page. It refuses cursors that belong to another storage or
// scan.
func (r *ScanRules) Plan(scan *storage.Scan) (*Plan, error) {
	p := &Plan{Scan: scan, Limit: r.PageSize}
	if scan.Limit > 0 {
		p.Limit = min(p.Limit, scan.Limit)
	}
	positions := 1
	switch {
	case scan.Kind == storage.PartitionScan:
		for _, c := range scan.Table.Clustering[p.fixed():] {
			p.Order = append(p.Order, Sort{Column: c.Column, Desc: (c.Order == storage.Desc) != scan.Backward})
		}
		positions = len(p.Order)
	case r.RowID == nil:
		for _, c := range scan.Table.PrimaryKey() {
			p.Order = append(p.Order, Sort{Column: c})
		}
		positions = len(p.Order)
	default:
		if p.RowID = r.RowID(scan.Table); p.RowID == "" {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "columns hide all names of the rowid, by which scans find their place: rename one of them")
		}
	}
	if scan.After != nil {
		after, ours := scan.After.(*cursor)
		if !ours {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "the cursor does not come from this storage")
		}
		if len(after.position) != positions {
			return nil, storage.Invalidf("scan", scan.Table.TableName, "the cursor does not come from this scan")
		}
		p.after = after
	}
	p.statement = p.Limit
	if p.Pushed = r.Pushable == nil || r.Pushable(scan.Where); !p.Pushed {
		p.statement = r.MaxExamined
		p.filter = scan.Where
		if r.Normalize != nil {
			p.filter = r.Normalize(scan.Where)
		}
	}
	p.literal = r.LiteralLimit && p.statement == r.PageSize
	return p, nil
}

// fixed returns how many clustering columns the bounds fix to one value: all
// but the last of a bound.
func (p *Plan) fixed() int {
	return max(0, max(len(p.Start.Values), len(p.End.Values))-1)
}

// Select returns the columns that the statement selects: those asked for, the
// key, which cursors and messages need, and those of a filter that is not
// pushed. The rowid, if there is one, comes after them.
func (p *Plan) Select() Selection {
	others := p.Table.PrimaryKey()
	for _, conjunction := range p.filter {
		for i := range conjunction {
			others = append(others, conjunction[i].Column)
		}
	}
	return Select(p.Table, p.Columns, others...)
}

// Passes reports whether a row passes what remains of the filter. value returns
// the row's value of a column.
func (p *Plan) Passes(value func(column int) (storage.Value, error)) (bool, error) {
	if len(p.filter) == 0 {
		return true, nil
	}
	row := make(storage.Row, len(p.Table.Columns))
	for _, conjunction := range p.filter {
		for i := range conjunction {
			column := conjunction[i].Column
			v, err := value(column)
			if err != nil {
				return false, err
			}
			row[column] = v
		}
	}
	return p.filter.Matches(row), nil
}

// More reports whether a page may follow the one that has so many rows after
// the statement returned so many.
func (p *Plan) More(rows, examined int) bool {
	// A partition with all clustering columns fixed, or without any, is one record.
	single := p.RowID == "" && len(p.Order) == 0
	return !single && (rows == p.Limit || examined == p.statement)
}

// Cursor returns the cursor of the page after a row, given its values of the
// columns of Order or its rowid.
func (p *Plan) Cursor(position ...storage.Value) storage.Cursor {
	return &cursor{slices.Clone(position)}
}
