package storage

import (
	"slices"
	"unicode/utf8"
)

// Matches reports whether a row holding all columns passes f.
func (f Filter) Matches(row Row) bool {
	return len(f) == 0 || slices.ContainsFunc(f, func(conjunction []Predicate) bool { return MatchesAll(conjunction, row) })
}

// MatchesAll reports whether every predicate holds for a row holding all
// columns.
func MatchesAll(predicates []Predicate, row Row) bool {
	for i := range predicates {
		if !predicates[i].Holds(row[predicates[i].Column]) {
			return false
		}
	}
	return true
}

// Holds reports whether the predicate holds for the column's value v.
func (p *Predicate) Holds(v Value) bool {
	switch p.Operator {
	case IsNull:
		return v.null
	case IsNotNull:
		return !v.null
	}
	if v.null || p.Value.null {
		return false
	}
	switch p.Operator {
	case Like:
		return likeMatch(v.str, p.Value.str, p.Escape)
	case NotLike:
		return !likeMatch(v.str, p.Value.str, p.Escape)
	}
	c := Compare(v, p.Value)
	switch p.Operator {
	case Eq:
		return c == 0
	case Ne:
		return c != 0
	case Gt:
		return c > 0
	case Ge:
		return c >= 0
	case Lt:
		return c < 0
	default:
		return c <= 0
	}
}

// likeMatch matches text against a LIKE pattern: _ is one code point, % any
// run, escape makes the next character literal. Upper and lower case differ.
// It runs in O(len(text)·len(pattern)) whatever the pattern, by backtracking to
// the last % only.
func likeMatch(text, pattern, escape string) bool {
	t, p := 0, 0
	backText, backPattern := -1, 0
	for t < len(text) {
		if p < len(pattern) {
			kind, literal, size := likeToken(pattern[p:], escape)
			if kind == likeRun {
				p += size
				backText, backPattern = t, p
				continue
			}
			r, width := utf8.DecodeRuneInString(text[t:])
			if kind == likeOne || r == literal {
				t, p = t+width, p+size
				continue
			}
		}
		if backText < 0 {
			return false
		}
		_, width := utf8.DecodeRuneInString(text[backText:])
		backText += width
		t, p = backText, backPattern
	}
	for p < len(pattern) {
		kind, _, size := likeToken(pattern[p:], escape)
		if kind != likeRun {
			return false
		}
		p += size
	}
	return true
}

type likeKind uint8

const (
	likeLiteral likeKind = iota
	likeOne
	likeRun
)

func likeToken(pattern, escape string) (kind likeKind, literal rune, size int) {
	r, size := utf8.DecodeRuneInString(pattern)
	switch {
	case escape != "" && pattern[:size] == escape && len(pattern) > size:
		next, width := utf8.DecodeRuneInString(pattern[size:])
		return likeLiteral, next, size + width
	case r == '_':
		return likeOne, 0, size
	case r == '%':
		return likeRun, 0, size
	default:
		return likeLiteral, r, size
	}
}

// CheckLike reports why a LIKE pattern is not valid: the escape must be one
// character or empty, and may stand only before _, % or itself. It returns ""
// for a valid one.
func CheckLike(pattern, escape string) string {
	if escape == "" {
		return ""
	}
	if utf8.RuneCountInString(escape) != 1 {
		return "the escape must be one character or empty"
	}
	for rest := pattern; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		if rest[:size] != escape {
			rest = rest[size:]
			continue
		}
		rest = rest[size:]
		if rest == "" {
			return "the pattern ends in its escape character"
		}
		_, width := utf8.DecodeRuneInString(rest)
		if next := rest[:width]; next != "_" && next != "%" && next != escape {
			return "the escape character may stand only before _, % or itself, not before " + next
		}
		rest = rest[width:]
	}
	return ""
}
