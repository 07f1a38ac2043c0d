package storage_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scalargen/scalargen/storage"
)

func TestPredicatesOnNull(t *testing.T) {
	t.Parallel()
	null, one := storage.Null(storage.Int), storage.IntValue(1)
	for _, operator := range []storage.Operator{storage.Eq, storage.Ne, storage.Gt, storage.Ge, storage.Lt, storage.Le, storage.Like, storage.NotLike} {
		for _, p := range []struct{ stored, operand storage.Value }{{null, one}, {one, null}, {null, null}} {
			if (&storage.Predicate{Operator: operator, Value: p.operand}).Holds(p.stored) {
				t.Errorf("%s %s %s holds", p.stored, operator, p.operand)
			}
		}
	}
	for _, c := range []struct {
		operator storage.Operator
		value    storage.Value
		want     bool
	}{{storage.IsNull, null, true}, {storage.IsNull, one, false}, {storage.IsNotNull, null, false}, {storage.IsNotNull, one, true}} {
		if got := (&storage.Predicate{Operator: c.operator}).Holds(c.value); got != c.want {
			t.Errorf("%s %s: %t", c.value, c.operator, got)
		}
	}
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	for operator, want := range map[storage.Operator][3]bool{ // for less, equal, greater
		storage.Eq: {false, true, false}, storage.Ne: {true, false, true},
		storage.Gt: {false, false, true}, storage.Ge: {false, true, true},
		storage.Lt: {true, false, false}, storage.Le: {true, true, false},
	} {
		for i, stored := range []int32{4, 5, 6} {
			p := storage.Predicate{Operator: operator, Value: storage.IntValue(5)}
			if got := p.Holds(storage.IntValue(stored)); got != want[i] {
				t.Errorf("%d %s 5: %t", stored, operator, got)
			}
		}
	}
}

func TestFilterIsADisjunctionOfConjunctions(t *testing.T) {
	t.Parallel()
	is := func(column int, n int32) storage.Predicate {
		return storage.Predicate{Column: column, Operator: storage.Eq, Value: storage.IntValue(n)}
	}
	row := storage.Row{storage.IntValue(1), storage.IntValue(2)}
	for _, c := range []struct {
		name   string
		filter storage.Filter
		want   bool
	}{
		{"none", nil, true},
		{"empty", storage.Filter{}, true},
		{"one that holds", storage.Filter{{is(0, 1)}}, true},
		{"one that does not", storage.Filter{{is(0, 2)}}, false},
		{"both hold", storage.Filter{{is(0, 1), is(1, 2)}}, true},
		{"only the first holds", storage.Filter{{is(0, 1), is(1, 1)}}, false},
		{"the second conjunction holds", storage.Filter{{is(0, 2)}, {is(1, 2)}}, true},
		{"no conjunction holds", storage.Filter{{is(0, 2)}, {is(0, 1), is(1, 1)}}, false},
	} {
		if got := c.filter.Matches(row); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func like(text, pattern, escape string) bool {
	p := storage.Predicate{Operator: storage.Like, Value: storage.TextValue(pattern), Escape: escape}
	not := p
	not.Operator = storage.NotLike
	if p.Holds(storage.TextValue(text)) == not.Holds(storage.TextValue(text)) {
		panic("LIKE and NOT LIKE agree")
	}
	return p.Holds(storage.TextValue(text))
}

func TestLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, pattern, escape string
		want                  bool
	}{
		{"", "", "", true},
		{"", "%", "", true},
		{"", "_", "", false},
		{"abc", "abc", "", true},
		{"abc", "ABC", "", false},
		{"abc", "a%", "", true},
		{"abc", "%c", "", true},
		{"abc", "%b%", "", true},
		{"abc", "a_c", "", true},
		{"abc", "a_", "", false},
		{"abc", "____", "", false},
		{"a\nc", "a_c", "", true},
		{"a\nc", "%", "", true},
		{"日本", "__", "", true},
		{"😀", "_", "", true},
		{"e\u0301", "_", "", false}, // two code points
		{"a%c", `a\%c`, `\`, true},
		{"abc", `a\%c`, `\`, false},
		{`a\c`, `a\c`, "", true},
		{`a\c`, `a\\c`, `\`, true},
		{"50%", "50é%", "é", true},
		{"aab", "%ab", "", true},
		{"abab", "%ab", "", true},
		{"aXbXc", "a%b%c", "", true},
		{"ab", "a%%b", "", true},
		{"ab", "b%", "", false},
	} {
		if got := like(c.text, c.pattern, c.escape); got != c.want {
			t.Errorf("%q LIKE %q ESCAPE %q: %t", c.text, c.pattern, c.escape, got)
		}
	}
}

// TestLikeIsNotExponential would not come to its end otherwise.
func TestLikeIsNotExponential(t *testing.T) {
	t.Parallel()
	if like(strings.Repeat("a", 5000), strings.Repeat("%a", 60)+"b", "") {
		t.Error("matched")
	}
}

// asRegexp is the meaning of a pattern as the storage spec gives it in section
// 1.6: a regular expression that matches the whole text.
func asRegexp(pattern, escape string) *regexp.Regexp {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && string(r) == escape:
			escaped = true
			continue
		case !escaped && r == '_':
			b.WriteString(".")
		case !escaped && r == '%':
			b.WriteString(".*")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	return regexp.MustCompile(`(?s)\A` + b.String() + `\z`)
}

func FuzzLike(f *testing.F) {
	for _, seed := range [][3]string{
		{"abc", "a%c", ""}, {"a%c", `a\%c`, `\`}, {"日本語", "%本_", "\\"}, {"a\nb", "a_b", "é"}, {"aaab", "%aab", ""}, {"%", "%%", "%"}, {"_", "__", "_"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, text, pattern, escape string) {
		const long = 200
		if len(text) > long || len(pattern) > long || !utf8.ValidString(text) || !utf8.ValidString(pattern) || !utf8.ValidString(escape) {
			t.Skip("not a pattern")
		}
		if storage.CheckLike(pattern, escape) != "" {
			t.Skip("not a valid pattern")
		}
		if got, want := like(text, pattern, escape), asRegexp(pattern, escape).MatchString(text); got != want {
			t.Errorf("%q LIKE %q ESCAPE %q: %t, want %t", text, pattern, escape, got, want)
		}
	})
}

func TestCheckLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, escape string
		valid           bool
	}{
		{"", "", true}, {"a%_", "", true}, {`\`, "", true}, {`\%\_\\`, `\`, true}, {"é%é_éé", "é", true}, {"%%", "%", true}, {"", `\`, true},
		{`a\`, `\`, false}, {`\a`, `\`, false}, {"ab", "ab", false}, {"é", "é", false}, {`\\\`, `\`, false}, {"%a", "%", false},
	} {
		if why := storage.CheckLike(c.pattern, c.escape); (why == "") != c.valid {
			t.Errorf("CheckLike(%q, %q) = %q", c.pattern, c.escape, why)
		}
	}
}
