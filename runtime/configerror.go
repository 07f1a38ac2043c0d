package scalar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ConfigError says everything that is wrong with a configuration. It matches
// [ErrInvalid].
type ConfigError struct {
	Problems []ConfigProblem // by line, or by key where there are no lines
	cause    error
}

// ConfigProblem is one thing wrong with a configuration. It holds no values,
// since any of them may be a secret.
type ConfigProblem struct {
	File    string // "" if the configuration does not come from a file
	Line    int    // from 1; 0 if not known
	Key     string // "" if no key is concerned
	Message string // what is wrong and what to write instead
}

// String returns file:line: key: message, as far as they are known.
func (p ConfigProblem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
		if p.Line > 0 {
			b.WriteString(strconv.Itoa(p.Line) + ":")
		}
		b.WriteByte(' ')
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Message
}

// Error returns all problems, one a line.
func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns [ErrInvalid] and, if the file could not be read, why.
func (e *ConfigError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrInvalid}
	}
	return []error{ErrInvalid, e.cause}
}

func (e *ConfigError) add(p ConfigProblem) { e.Problems = append(e.Problems, p) }

// err returns e with its problems in order, nil if there are none.
func (e *ConfigError) err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(e.Problems, func(a, b ConfigProblem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return e
}
