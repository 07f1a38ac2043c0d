package sqlite

import (
	"encoding/binary"

	"github.com/scalargen/scalargen/storage"
)

// The first byte of a shape says which statement it is. Together with what
// follows it fixes the text, but for the names that the table gives.
const (
	shapeGet byte = iota
	shapeScan
	shapeUpsert
	shapeInsert
	shapeUpdate
	shapeDelete
	shapeExists
)

// appendColumns appends a list of columns; nil differs from all others.
func appendColumns(shape []byte, columns []int) []byte {
	if columns == nil {
		return binary.AppendUvarint(shape, 0)
	}
	shape = binary.AppendUvarint(shape, uint64(len(columns))+1)
	for _, c := range columns {
		shape = binary.AppendUvarint(shape, uint64(c))
	}
	return shape
}

// appendPredicates appends what of predicates is in a statement's text.
func appendPredicates(shape []byte, predicates []storage.Predicate) []byte {
	shape = binary.AppendUvarint(shape, uint64(len(predicates)))
	for i := range predicates {
		shape = binary.AppendUvarint(shape, uint64(predicates[i].Column))
		shape = append(shape, byte(predicates[i].Operator))
	}
	return shape
}

func appendFilter(shape []byte, filter storage.Filter) []byte {
	shape = binary.AppendUvarint(shape, uint64(len(filter)))
	for _, conjunction := range filter {
		shape = appendPredicates(shape, conjunction)
	}
	return shape
}

func appendBound(shape []byte, bound storage.Bound) []byte {
	shape = binary.AppendUvarint(shape, uint64(len(bound.Values)))
	return appendFlag(shape, bound.Inclusive)
}

func appendFlag(shape []byte, flag bool) []byte {
	if flag {
		return append(shape, 1)
	}
	return append(shape, 0)
}
