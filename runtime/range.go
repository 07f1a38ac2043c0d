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
type Selection[R any] struct{ request *scanRequest }

func (s Selection[R]) scan(*R) *scanRequest { return s.request }

// Where keeps the records for which all filters hold, on top of filters given
// before.
func (s Selection[R]) Where(filters ...Filter[R]) Selection[R] {
	return Selection[R]{s.request.filtered(conjunction(filters))}
}

// Limit stops after n records, counted after the filters. n must be positive,
// and a second Limit is refused with [ErrInvalid].
func (s Selection[R]) Limit(n int) Selection[R] {
	return Selection[R]{s.request.limited(n)}
}

// SelectAll selects the whole table.
//
//go:noinline
func SelectAll[R any]() Selection[R] {
	return Selection[R]{&scanRequest{kind: storage.FullScan}}
}

// SelectIndex selects the records whose indexed column, at position column of
// the definition, is v.
//
//go:noinline
func SelectIndex[R any](column int, v Value) Selection[R] {
	return Selection[R]{&scanRequest{kind: storage.IndexScan, index: column, indexValue: v}}
}

// Range chooses records of one partition, in clustering order. The zero Range
// is refused with [ErrInvalid]; start from the functions of the generated
// package, whose range types also hold the bounds.
type Range[R any] struct{ request *scanRequest }

func (r Range[R]) scan(*R) *scanRequest { return r.request }

// Where keeps the records for which all filters hold, on top of filters given
// before.
func (r Range[R]) Where(filters ...Filter[R]) Range[R] {
	return Range[R]{r.request.filtered(conjunction(filters))}
}

// Limit stops after n records, counted after the filters. n must be positive,
// and a second Limit is refused with [ErrInvalid].
func (r Range[R]) Limit(n int) Range[R] {
	return Range[R]{r.request.limited(n)}
}

// Reverse goes from the last record to the first.
func (r Range[R]) Reverse() Range[R] {
	return Range[R]{r.request.reversed()}
}

// RangeOf selects the partition with the given key.
//
//go:noinline
func RangeOf[R any](partition ...Value) Range[R] {
	return Range[R]{&scanRequest{kind: storage.PartitionScan, partition: partition}}
}

// RangeIs fixes the next clustering column at v.
//
//go:noinline
func RangeIs[R any](r Range[R], v Value) Range[R] { return Range[R]{r.request.fix(v)} }

// RangeStart bounds the next clustering column from below.
//
//go:noinline
func RangeStart[R any](r Range[R], v Value, inclusive bool) Range[R] {
	return Range[R]{r.request.from(v, inclusive)}
}

// RangeEnd bounds the next clustering column from above.
//
//go:noinline
func RangeEnd[R any](r Range[R], v Value, inclusive bool) Range[R] {
	return Range[R]{r.request.to(v, inclusive)}
}

// The methods below return a changed copy of a request, which is never changed
// itself. They are neither generic nor inlined, so that they are compiled once
// and not for every table. On nil, the request of a zero value, they return nil.

func (q *scanRequest) change(change func(*scanRequest)) *scanRequest {
	if q == nil {
		return nil
	}
	changed := *q
	change(&changed)
	return &changed
}

//go:noinline
func (q *scanRequest) filtered(where storage.Filter) *scanRequest {
	return q.change(func(q *scanRequest) { q.where = product(q.where, where) })
}

//go:noinline
func (q *scanRequest) reversed() *scanRequest {
	return q.change(func(q *scanRequest) { q.backward = !q.backward })
}

//go:noinline
func (q *scanRequest) limited(n int) *scanRequest {
	return q.change(func(q *scanRequest) {
		switch {
		case n <= 0:
			q.refuse("the limit of a scan must be positive")
		case q.limit != 0:
			q.refuse("the limit of a scan is given twice")
		}
		q.limit = n
	})
}

//go:noinline
func (q *scanRequest) fix(v Value) *scanRequest {
	return q.change(func(q *scanRequest) {
		if q.start.set || q.end.set {
			q.refuse("a range that is bounded on one clustering column cannot fix it or a later one")
		}
		q.fixed = append(slices.Clip(q.fixed), v)
	})
}

//go:noinline
func (q *scanRequest) from(v Value, inclusive bool) *scanRequest {
	return q.change(func(q *scanRequest) {
		if q.start.set {
			q.refuse("the lower bound of the range is given twice")
		}
		q.start = bound{set: true, value: v, inclusive: inclusive}
	})
}

//go:noinline
func (q *scanRequest) to(v Value, inclusive bool) *scanRequest {
	return q.change(func(q *scanRequest) {
		if q.end.set {
			q.refuse("the upper bound of the range is given twice")
		}
		q.end = bound{set: true, value: v, inclusive: inclusive}
	})
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
