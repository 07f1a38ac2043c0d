package sqlstore

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// A Selection is the list of columns that a SELECT returns: first those asked
// for, then others that are needed on the way.
type Selection struct {
	Columns []int // positions in the table
	Asked   int   // how many of them were asked for
}

// Select selects columns, nil for all in table order, and then such of the
// others as are not among them.
func Select(table *storage.Table, columns []int, others ...int) Selection {
	if columns == nil {
		columns = make([]int, len(table.Columns))
		for i := range columns {
			columns[i] = i
		}
		return Selection{Columns: columns, Asked: len(columns)}
	}
	s := Selection{Columns: slices.Clone(columns), Asked: len(columns)}
	for _, c := range others {
		if s.Cell(c) < 0 {
			s.Columns = append(s.Columns, c)
		}
	}
	return s
}

// Cell returns where in a row the column is, −1 if it is not selected.
func (s *Selection) Cell(column int) int { return slices.Index(s.Columns, column) }
