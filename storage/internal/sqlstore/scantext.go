package sqlstore

import (
	"encoding/binary"
	"strconv"

	"github.com/scalargen/scalargen/storage"
)

// AppendShape appends the shape of the statement.
func (p *Plan) AppendShape(shape []byte) []byte {
	shape = append(shape, shapeScan, byte(p.Kind))
	shape = appendColumns(shape, p.Columns)
	shape = appendFlag(shape, p.Backward)
	shape = appendFlag(shape, p.after != nil)
	shape = appendBound(shape, p.Start)
	shape = appendBound(shape, p.End)
	shape = binary.AppendUvarint(shape, uint64(p.Index))
	shape = appendFlag(shape, p.Pushed)
	shape = appendFlag(shape, p.literal)
	return appendFilter(shape, p.Where)
}

// Text returns the statement. [Plan.AppendParams] has its parameters in the same
// order.
func (p *Plan) Text(d Dialect, selected *Selection) string {
	t := p.Table
	b := d.New().Text("SELECT ").Columns(t, selected.Columns)
	if p.RowID != "" {
		b.Text(",").Text(p.RowID)
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
	if p.after != nil && p.RowID != "" {
		next().Text(p.RowID).Text(">").Param()
	} else if p.after != nil {
		next().After(t, p.Order)
	}
	if p.Pushed && len(p.Where) > 0 {
		next().Filter(t, p.Where)
	}
	if p.RowID != "" {
		b.Text(" ORDER BY ").Text(p.RowID)
	} else {
		b.OrderBy(t, p.Order)
	}
	b.Text(" LIMIT ")
	if p.literal {
		return b.Text(strconv.Itoa(p.statement)).String()
	}
	return b.Param().Text(d.LimitSuffix).String()
}

// conjunction returns a function that appends WHERE the first time and AND
// later.
func conjunction(b *Builder) func() *Builder {
	word := " WHERE "
	return func() *Builder {
		b.Text(word)
		word = " AND "
		return b
	}
}

func (p *Plan) boundText(next func() *Builder, bound storage.Bound, operator string) {
	if len(bound.Values) == 0 {
		return
	}
	if bound.Inclusive {
		operator += "="
	}
	next().Name(p.Table.Columns[p.Table.Clustering[len(bound.Values)-1].Column].Name).Text(operator).Param()
}

// AppendParams appends the parameters of the statement. The last one, that of
// LIMIT unless the text has it, is a BIGINT, as is a rowid.
func (p *Plan) AppendParams(dst []storage.Value, d Dialect) []storage.Value {
	switch p.Kind {
	case storage.PartitionScan:
		dst = append(dst, p.Partition...)
		// Both bounds, if there are two, begin with the same values.
		longer := p.Start.Values
		if len(longer) == 0 {
			longer = p.End.Values
		}
		dst = append(dst, longer[:p.fixed()]...)
		for _, bound := range []storage.Bound{p.Start, p.End} {
			if n := len(bound.Values); n > 0 {
				dst = append(dst, bound.Values[n-1])
			}
		}
	case storage.IndexScan:
		dst = append(dst, p.IndexValue)
	}
	if p.after != nil && p.RowID != "" {
		dst = append(dst, p.after.position...)
	} else if p.after != nil {
		dst = AfterParams(d, dst, p.Order, p.after.position)
	}
	if p.Pushed {
		for _, conjunction := range p.Where {
			dst = d.AppendOperands(dst, conjunction)
		}
	}
	if p.literal {
		return dst
	}
	return append(dst, storage.BigIntValue(int64(p.statement)))
}
