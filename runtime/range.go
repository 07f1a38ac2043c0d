package scalar

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Scannable is what Scan of a repository takes: a [Selection] or a [Range] of
// records R, or a generated range type.
type Scannable[R any] interface {
	scan(*R) *scanRequest
}

// scanRequest is a scan in terms of the table definition.
type scanRequest struct {
	kind       storage.ScanKind
	valid      bool // false for the zero value of a range type
	partition  []Value
	fixed      []Value // values of the leading clustering columns
	start, end bound
	backward   bool
	index      int
	indexValue Value
	where      storage.Filter
	limit      int
	problem    string // why the request is refused; "" if it is fine
}

// bound is one end of the clustering column after the fixed ones.
type bound struct {
	set       bool
	value     Value
	inclusive bool
}

// Selection chooses records of a whole table or of a secondary index. They come
// in no particular order. The zero Selection is refused with [ErrInvalid];
// start from the functions of the generated package.
type Selection[R any] struct{ request scanRequest }

func (s Selection[R]) scan(*R) *scanRequest { return &s.request }

// Where keeps the records for which all filters hold, on top of filters given
// before.
func (s Selection[R]) Where(filters ...Filter[R]) Selection[R] {
	s.request.where = product(s.request.where, conjunction(filters))
	return s
}

// Limit stops after n records, counted after the filters. n must be positive,
// and a second Limit is refused with [ErrInvalid].
func (s Selection[R]) Limit(n int) Selection[R] {
	s.request.setLimit(n)
	return s
}

// SelectAll selects the whole table.
func SelectAll[R any]() Selection[R] {
	return Selection[R]{scanRequest{kind: storage.FullScan, valid: true}}
}

// SelectIndex selects the records whose indexed column, at position column of
// the definition, is v.
func SelectIndex[R any](column int, v Value) Selection[R] {
	return Selection[R]{scanRequest{kind: storage.IndexScan, valid: true, index: column, indexValue: v}}
}

// Range chooses records of one partition, in clustering order. The zero Range
// is refused with [ErrInvalid]; start from the functions of the generated
// package, whose range types also hold the bounds.
type Range[R any] struct{ request scanRequest }

func (r Range[R]) scan(*R) *scanRequest { return &r.request }

// Where keeps the records for which all filters hold, on top of filters given
// before.
func (r Range[R]) Where(filters ...Filter[R]) Range[R] {
	r.request.where = product(r.request.where, conjunction(filters))
	return r
}

// Limit stops after n records, counted after the filters. n must be positive,
// and a second Limit is refused with [ErrInvalid].
func (r Range[R]) Limit(n int) Range[R] {
	r.request.setLimit(n)
	return r
}

// Reverse goes from the last record to the first.
func (r Range[R]) Reverse() Range[R] {
	r.request.backward = !r.request.backward
	return r
}

// RangeOf selects the partition with the given key.
func RangeOf[R any](partition ...Value) Range[R] {
	return Range[R]{scanRequest{kind: storage.PartitionScan, valid: true, partition: partition}}
}

// RangeIs fixes the next clustering column at v.
func RangeIs[R any](r Range[R], v Value) Range[R] {
	if r.request.start.set || r.request.end.set {
		r.request.refuse("a range that is bounded on one clustering column cannot fix it or a later one")
	}
	r.request.fixed = append(slices.Clip(r.request.fixed), v)
	return r
}

// RangeStart bounds the next clustering column from below.
func RangeStart[R any](r Range[R], v Value, inclusive bool) Range[R] {
	if r.request.start.set {
		r.request.refuse("the lower bound of the range is given twice")
	}
	r.request.start = bound{set: true, value: v, inclusive: inclusive}
	return r
}

// RangeEnd bounds the next clustering column from above.
func RangeEnd[R any](r Range[R], v Value, inclusive bool) Range[R] {
	if r.request.end.set {
		r.request.refuse("the upper bound of the range is given twice")
	}
	r.request.end = bound{set: true, value: v, inclusive: inclusive}
	return r
}

func (q *scanRequest) setLimit(n int) {
	switch {
	case n <= 0:
		q.refuse("the limit of a scan must be positive")
	case q.limit != 0:
		q.refuse("the limit of a scan is given twice")
	}
	q.limit = n
}

// refuse keeps the first problem found.
func (q *scanRequest) refuse(problem string) {
	if q.problem == "" {
		q.problem = problem
	}
}

// bounds returns the clustering bounds that the fixed columns and the bounds of
// the next one amount to.
func (q *scanRequest) bounds() (start, end storage.Bound) {
	side := func(b bound) storage.Bound {
		switch {
		case b.set:
			return storage.Bound{Values: append(slices.Clip(q.fixed), b.value), Inclusive: b.inclusive}
		case q.start.set || q.end.set || len(q.fixed) == 0:
			return storage.Bound{}
		default:
			return storage.Bound{Values: q.fixed, Inclusive: true}
		}
	}
	return side(q.start), side(q.end)
}
