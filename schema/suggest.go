package schema

import (
	"maps"
	"slices"
	"strings"
)

var typeList = strings.Join(typeNames[Boolean:], ", ")

var otherTypeNames = slices.Sorted(maps.Keys(otherTypes))

// decimalTypes are type names of other systems for exact decimals, which no
// type of ScalarDB holds: DOUBLE would lose money.
var decimalTypes = []string{"DECIMAL", "NUMERIC", "NUMBER", "MONEY"}

// otherTypes are type names of other systems and the type that holds their
// values.
var otherTypes = map[string]Type{
	"BOOL": Boolean, "BIT": Boolean,
	"INTEGER": Int, "INT32": Int, "SMALLINT": Int, "TINYINT": Int,
	"LONG": BigInt, "INT64": BigInt, "INT8": BigInt,
	"REAL": Float, "FLOAT32": Float, "FLOAT64": Double,
	"STRING": Text, "VARCHAR": Text, "CHAR": Text, "CLOB": Text, "UUID": Text, "JSON": Text,
	"BYTES": Blob, "BYTEA": Blob, "BINARY": Blob, "VARBINARY": Blob,
	"DATETIME": Timestamp,
}

// suggestType returns what to write instead of an unknown type, to end a
// message with.
func suggestType(name string) string {
	name, _, _ = strings.Cut(name, "(") // VARCHAR(20)
	for _, decimal := range decimalTypes {
		if equalFoldASCII(decimal, name) {
			return "; keep exact decimals as BIGINT in the smallest unit, or as TEXT"
		}
	}
	if t, ok := otherTypes[strings.ToUpper(name)]; ok {
		return didYouMean(t.String())
	}
	if known := nearest(name, typeNames[Boolean:]); known != "" {
		return didYouMean(known)
	}
	if other := nearest(name, otherTypeNames); other != "" {
		return didYouMean(otherTypes[other].String())
	}
	return ""
}

func suggestOrder(word string) string {
	switch strings.ToUpper(word) {
	case "ASCENDING", "UP":
		return "ASC"
	case "DESCENDING", "DOWN", "REVERSE":
		return "DESC"
	}
	return nearest(word, []string{"ASC", "DESC"})
}

func suggestMember(name string) string {
	if known, ok := otherWords[strings.ToLower(name)]; ok {
		return known
	}
	return nearest(name, knownMembers)
}

// suggestColumn returns the declared column whose name is nearest to name.
func (t *tableParser) suggestColumn(name string) string {
	const most = 300 // a misspelt name in a wider table is hard to guess, and slow
	if len(t.table.Columns) > most {
		return ""
	}
	names := make([]string, len(t.table.Columns))
	for i, c := range t.table.Columns {
		names[i] = c.Name
	}
	return nearest(name, names)
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + quote(word) + "?"
}

// longestGuessed is the length in bytes of the longest word that nearest
// compares; people do not misspell longer ones, they generate them.
const longestGuessed = 64

// nearest returns the candidate that word is most probably a misspelling of,
// "" if none is near. Letter case, hyphens, underscores and blanks do not
// count; longer words may differ in more letters.
func nearest(word string, candidates []string) string {
	const separators = 3 // in a candidate, at most
	if len(word) > longestGuessed {
		return ""
	}
	best, least := "", 0
	word = plain(word)
	for _, c := range candidates {
		if len(c) > longestGuessed || len(word) > len(c)+tolerance(len(word)) || len(c) > len(word)+separators+tolerance(len(c)) {
			continue
		}
		p := plain(c)
		d := distance(word, p)
		if d > tolerance(max(len(word), len(p))) {
			continue
		}
		cost := 2 * d
		if word != "" && p != "" && word[0] != p[0] {
			cost++ // people rarely miss the first letter
		}
		if best == "" || cost < least {
			best, least = c, cost
		}
	}
	return best
}

// tolerance is how many letters a misspelling of a word of n letters may have
// wrong.
func tolerance(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 8:
		return 1
	case n < 12:
		return 2
	}
	return 3
}

var plainer = strings.NewReplacer("-", "", "_", "", " ", "")

func plain(s string) string { return plainer.Replace(strings.ToLower(s)) }

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment, in bytes). Neither
// is longer than longestGuessed.
func distance(a, b string) int {
	// The table has a row for each byte of a; three rows are alive at a time.
	var rows [3][longestGuessed + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, prev, cur := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			substitution := prev[j-1]
			if a[i-1] != b[j-1] {
				substitution++
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, substitution)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
