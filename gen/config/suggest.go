package config

import "github.com/scalargen/scalargen/internal/spell"

// didYouMean is the end of a message about a name that does not exist.
func didYouMean(word string, candidates []string) string {
	if near := spell.Nearest(word, candidates); near != "" {
		return ": did you mean " + quote(near) + "?"
	}
	return ""
}
