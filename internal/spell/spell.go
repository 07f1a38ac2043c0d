// Package spell guesses which known word a misspelt one was meant to be.
package spell

import "strings"

// longest is the length in bytes of the longest word that Nearest compares;
// people do not misspell longer ones, they generate them.
const longest = 64

// Nearest returns the candidate that word is most probably a misspelling of, ""
// if none is near. Letter case, hyphens, underscores and blanks do not count;
// longer words may differ in more letters.
func Nearest(word string, candidates []string) string {
	const separators = 3 // in a candidate, at most
	if len(word) > longest {
		return ""
	}
	best, least := "", 0
	word = plain(word)
	for _, c := range candidates {
		if len(c) > longest || len(word) > len(c)+tolerance(len(word)) || len(c) > len(word)+separators+tolerance(len(c)) {
			continue
		}
		p := plain(c)
		d := Distance(word, p)
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

// Distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment, in bytes).
func Distance(a, b string) int {
	// The table has a row for each byte of a; three rows are alive at a time.
	var small [3][longest + 1]int
	rows := [3][]int{small[0][:], small[1][:], small[2][:]}
	if len(b) > longest {
		for i := range rows {
			rows[i] = make([]int, len(b)+1)
		}
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, prev, cur := rows[(i+1)%3], rows[(i+2)%3], rows[i%3]
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
