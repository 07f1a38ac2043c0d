package sqlstore

import (
	"encoding/binary"

	"github.com/scalargen/scalargen/storage"
)

// A shape is a few bytes that say which of the statements on a table is meant:
// together with the table's names it fixes the text. The first byte of a
// mutation's shape is its [Kind]; these are the others.
const (
	shapeGet byte = iota + 128
	shapeScan
)

// AppendGetShape appends the shape of a SELECT of columns by key.
func AppendGetShape(shape []byte, columns []int) []byte {
	return appendColumns(append(shape, shapeGet), columns)
}

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
		p := &predicates[i]
		shape = binary.AppendUvarint(shape, uint64(p.Column))
		shape = append(shape, byte(p.Operator))
		if p.Operator == storage.Like || p.Operator == storage.NotLike {
			shape = appendFlag(shape, p.Escape != "")
		}
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
