package scalar

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Filter chooses records of R in a scan. Every [Cond] is a Filter; [And], [Or],
// [Like] and [NotLike] make more of them.
//
// A comparison with NULL does not hold, as in SQL: only [IsNull] finds NULLs.
type Filter[R any] interface {
	dnf(*R) storage.Filter
}

// Cond is a condition on columns of R. One on [Data] columns may also guard an
// update or a delete; several are joined by [All].
type Cond[R, C any] struct{ list []predicate }

// predicate is a storage.Predicate whose column is a position in the table
// definition.
type predicate = storage.Predicate

func (c Cond[R, C]) dnf(*R) storage.Filter { return storage.Filter{given(c.list)} }

// given returns the predicates of a condition. Those of the zero Cond are one
// that every operation refuses: it must not pass for no condition at all.
func given(list []predicate) []predicate {
	if list == nil {
		return []predicate{{}}
	}
	return list
}

func compare[R, T, C, O any](c Column[R, T, C, O], op storage.Operator, v T) Cond[R, C] {
	return Cond[R, C]{[]predicate{{Column: c.Pos, Operator: op, Value: c.Encode(v)}}}
}

// Eq holds if the column is v.
func Eq[R, T, C, O any](c Column[R, T, C, O], v T) Cond[R, C] { return compare(c, storage.Eq, v) }

// Ne holds if the column is neither v nor NULL.
func Ne[R, T, C, O any](c Column[R, T, C, O], v T) Cond[R, C] { return compare(c, storage.Ne, v) }

// Gt holds if the column is greater than v.
func Gt[R, T, C any, O Comparable](c Column[R, T, C, O], v T) Cond[R, C] {
	return compare(c, storage.Gt, v)
}

// Ge holds if the column is v or greater.
func Ge[R, T, C any, O Comparable](c Column[R, T, C, O], v T) Cond[R, C] {
	return compare(c, storage.Ge, v)
}

// Lt holds if the column is less than v.
func Lt[R, T, C any, O Comparable](c Column[R, T, C, O], v T) Cond[R, C] {
	return compare(c, storage.Lt, v)
}

// Le holds if the column is v or less.
func Le[R, T, C any, O Comparable](c Column[R, T, C, O], v T) Cond[R, C] {
	return compare(c, storage.Le, v)
}

// IsNull holds if the column is NULL.
func IsNull[R, T, O any](c Column[R, T, Data, O]) Cond[R, Data] {
	return Cond[R, Data]{[]predicate{{Column: c.Pos, Operator: storage.IsNull}}}
}

// IsNotNull holds if the column is not NULL.
func IsNotNull[R, T, O any](c Column[R, T, Data, O]) Cond[R, Data] {
	return Cond[R, Data]{[]predicate{{Column: c.Pos, Operator: storage.IsNotNull}}}
}

// All holds if every one of the conditions does. Use it to guard an update or
// delete by several.
func All[R, C any](first Cond[R, C], more ...Cond[R, C]) Cond[R, C] {
	joined := slices.Clone(given(first.list))
	for _, c := range more {
		joined = append(joined, given(c.list)...)
	}
	return Cond[R, C]{joined}
}

// filter is a Filter that no update can carry.
type filter[R any] struct{ disjunction storage.Filter }

func (f filter[R]) dnf(*R) storage.Filter { return f.disjunction }

// Like holds if the column matches pattern: _ stands for one character, % for
// any number of them, and \ makes the next one literal. Upper and lower case
// differ.
func Like[R, T, C any, O Textual](c Column[R, T, C, O], pattern string) Filter[R] {
	return LikeEscape(c, pattern, `\`)
}

// NotLike holds if the column is not NULL and does not match pattern; see [Like].
func NotLike[R, T, C any, O Textual](c Column[R, T, C, O], pattern string) Filter[R] {
	return NotLikeEscape(c, pattern, `\`)
}

// LikeEscape is [Like] with another escape character, or none if it is "".
func LikeEscape[R, T, C any, O Textual](c Column[R, T, C, O], pattern, escape string) Filter[R] {
	return like(c, storage.Like, pattern, escape)
}

// NotLikeEscape is [NotLike] with another escape character, or none if it is "".
func NotLikeEscape[R, T, C any, O Textual](c Column[R, T, C, O], pattern, escape string) Filter[R] {
	return like(c, storage.NotLike, pattern, escape)
}

func like[R, T, C, O any](c Column[R, T, C, O], op storage.Operator, pattern, escape string) Filter[R] {
	return filter[R]{storage.Filter{{{Column: c.Pos, Operator: op, Value: storage.TextValue(pattern), Escape: escape}}}}
}

// And holds if every one of the filters does; with none, always.
func And[R any](filters ...Filter[R]) Filter[R] {
	return filter[R]{conjunction(filters)}
}

// Or holds if at least one of the filters does.
func Or[R any](first Filter[R], more ...Filter[R]) Filter[R] {
	result := slices.Clone(normal(first))
	for _, f := range more {
		d := normal(f)
		if len(d) == 0 || len(result) == 0 {
			return filter[R]{} // one side lets everything pass
		}
		result = append(result, d...)
	}
	return filter[R]{result}
}

// maxConjunctions bounds the disjunctive normal form of a filter. A product of
// disjunctions grows exponentially, and no storage takes such a statement.
const maxConjunctions = 256

// conjunction is the disjunctive normal form of filters joined by AND, nil if
// they let everything pass. One that grows beyond maxConjunctions is cut one
// above it, which makes the scan report it.
func conjunction[R any](filters []Filter[R]) storage.Filter {
	var result storage.Filter
	for _, f := range filters {
		result = product(result, normal(f))
	}
	return result
}

// normal returns the disjunctive normal form of a filter. A nil Filter is refused
// by the scan, like the zero Cond.
func normal[R any](f Filter[R]) storage.Filter {
	if f == nil {
		return storage.Filter{given(nil)}
	}
	return f.dnf(nil)
}

func product(a, b storage.Filter) storage.Filter {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var result storage.Filter
	for _, x := range a {
		for _, y := range b {
			if len(result) > maxConjunctions {
				return result
			}
			result = append(result, slices.Concat(x, y))
		}
	}
	return result
}
