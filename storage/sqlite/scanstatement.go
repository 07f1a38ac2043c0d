package sqlite

import (
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// prepareScan returns the statement for the plan.
func (s *session) prepareScan(p *scanPlan) (*statement, error) {
	shape := append(s.shape[:0], shapeScan, byte(p.Kind))
	shape = appendColumns(shape, p.Columns)
	shape = appendFlag(shape, p.Backward)
	shape = appendFlag(shape, p.after != nil)
	shape = appendBound(shape, p.Start)
	shape = appendBound(shape, p.End)
	shape = append(shape, byte(p.Index), byte(p.Index>>8))
	shape = appendFlag(shape, p.pushed)
	s.shape = appendFilter(shape, p.Where)
	if st := s.find(p.Table); st != nil {
		return st, nil
	}
	// The key is needed for the cursor, and to name a record in errors.
	others := p.Table.PrimaryKey()
	for _, conjunction := range p.filter {
		for i := range conjunction {
			others = append(others, conjunction[i].Column)
		}
	}
	selected := selectColumns(p.Table, p.Columns, others...)
	return s.prepare(p.Table, p.text(&selected), selected)
}

// text returns the statement; bindScan binds its parameters in the same order.
func (p *scanPlan) text(selected *selection) string {
	t := p.Table
	b := dialect.New().Text("SELECT ").Columns(t, selected.columns)
	if p.rowid != "" {
		b.Text(",").Text(p.rowid)
	}
	b.Text(" FROM ").Table(t.TableName)
	next := conjunction(b)
	switch p.Kind {
	case storage.PartitionScan:
		next().Equals(t, t.Partition)
		for _, c := range t.Clustering[:p.fixed()] {
			next().Equals(t, []int{c.Column})
		}
		p.boundText(next, p.Start, ">")
		p.boundText(next, p.End, "<")
	case storage.IndexScan:
		next().Equals(t, []int{p.Index})
	}
	if p.after != nil && p.rowid != "" {
		next().Text(p.rowid).Text(">").Param()
	} else if p.after != nil {
		next().After(t, p.order)
	}
	if p.pushed && len(p.Where) > 0 {
		next().Filter(t, p.Where)
	}
	if p.rowid != "" {
		b.Text(" ORDER BY ").Text(p.rowid)
	} else {
		b.OrderBy(t, p.order)
	}
	// SQLite looks at the value of a bare parameter when it plans, and plans anew
	// for each value.
	return b.Text(" LIMIT ").Param().Text("+0").String()
}

// conjunction returns a function that appends WHERE the first time and AND
// later.
func conjunction(b *sqlstore.Builder) func() *sqlstore.Builder {
	word := " WHERE "
	return func() *sqlstore.Builder {
		b.Text(word)
		word = " AND "
		return b
	}
}

func (p *scanPlan) boundText(next func() *sqlstore.Builder, bound storage.Bound, operator string) {
	if len(bound.Values) == 0 {
		return
	}
	if bound.Inclusive {
		operator += "="
	}
	next().Name(p.Table.Columns[p.Table.Clustering[len(bound.Values)-1].Column].Name).Text(operator).Param()
}

func (s *session) bindScan(p *scanPlan) error {
	const op = "scan"
	s.args = s.args[:0]
	var err error
	bind := func(values ...storage.Value) {
		if err == nil {
			err = s.bind(op, p.Table, values)
		}
	}
	switch p.Kind {
	case storage.PartitionScan:
		bind(p.Partition...)
		// Both bounds, if there are two, begin with the same values.
		longer := p.Start.Values
		if len(longer) == 0 {
			longer = p.End.Values
		}
		bind(longer[:p.fixed()]...)
		for _, bound := range []storage.Bound{p.Start, p.End} {
			if n := len(bound.Values); n > 0 {
				bind(bound.Values[n-1])
			}
		}
	case storage.IndexScan:
		bind(p.IndexValue)
	}
	if p.after != nil && p.rowid != "" {
		s.args = append(s.args, p.after.rowid)
	} else if p.after != nil {
		bind(sqlstore.AfterParams(nil, p.order, p.after.position)...)
	}
	if p.pushed {
		for _, conjunction := range p.Where {
			bind(operands(conjunction)...)
		}
	}
	s.args = append(s.args, int64(p.statementLimit()))
	return err
}

// operands returns the values that predicates compare with.
func operands(predicates []storage.Predicate) []storage.Value {
	values := make([]storage.Value, 0, len(predicates))
	for i := range predicates {
		if op := predicates[i].Operator; op != storage.IsNull && op != storage.IsNotNull {
			values = append(values, predicates[i].Value)
		}
	}
	return values
}
