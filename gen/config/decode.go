package config

import (
	"strings"

	"github.com/scalargen/scalargen/internal/spell"
	"go.yaml.in/yaml/v3"
)

// The tags that YAML gives to plain scalars.
const (
	tagNull = "!!null"
	tagBool = "!!bool"
)

// member is a member of a mapping whose keys are fixed words.
type member struct {
	key  string
	read func(value *yaml.Node)
}

// follow returns the value that n stands for, nil if too many values were read
// already. Depth is bounded by the callers, which descend along the shape of
// the file and not along the tree, so that an alias inside its own anchor is
// an ordinary value of the wrong kind.
func (l *loader) follow(n *yaml.Node) *yaml.Node {
	if l.values++; l.values > maxValues {
		if l.values == maxValues+1 {
			l.errorf(n, "the file has more than %d values, counting one again for every alias through which it is used: split it, or use fewer aliases", maxValues)
		}
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping reads a mapping whose keys are words of ours. what names it in
// messages. It returns false if n is something else.
func (l *loader) mapping(n *yaml.Node, what string, members ...member) bool {
	return l.pairs(n, what, func(key, value *yaml.Node) {
		known := make([]string, len(members))
		for i, m := range members {
			if m.key == key.Value {
				m.read(value)
				return
			}
			known[i] = m.key
		}
		if key.Value == "<<" {
			l.errorf(key, "merge keys (<<) are not supported: write the members out, or use an alias for the whole value")
			return
		}
		if near := spell.Nearest(key.Value, known); near != "" {
			l.errorf(key, "%s has no member %s: did you mean %s?", what, quote(key.Value), near)
			return
		}
		l.errorf(key, "%s has no member %s: it may have %s", what, quote(key.Value), strings.Join(known, ", "))
	})
}

// pairs calls each for the members of a mapping. An empty value is an empty
// mapping; anything else is reported, and the result is false.
func (l *loader) pairs(n *yaml.Node, what string, each func(key, value *yaml.Node)) bool {
	m := l.follow(n)
	switch {
	case m == nil:
		return false
	case isNull(m):
		return true
	case m.Kind != yaml.MappingNode:
		l.errorf(n, "%s must be a mapping (key: value), not %s", what, describe(m))
		return false
	}
	first := make(map[string]*yaml.Node, len(m.Content)/2)
	for i := 0; i+1 < len(m.Content); i += 2 {
		key := l.follow(m.Content[i])
		if key == nil {
			return false
		}
		if key.Kind != yaml.ScalarNode || key.Value == "" {
			l.errorf(m.Content[i], "a key of %s must be a word, not %s", what, describe(key))
			continue
		}
		if f, again := first[key.Value]; again {
			l.errorf(m.Content[i], "%s has %s twice, first at line %d, column %d: remove one of them", what, quote(key.Value), f.Line, f.Column)
			continue
		}
		first[key.Value] = m.Content[i]
		// A key reached through an alias is reported where it is used.
		at := *key
		at.Line, at.Column = m.Content[i].Line, m.Content[i].Column
		each(&at, m.Content[i+1])
	}
	return true
}

// list calls each for the elements of a sequence. An empty value is an empty
// sequence, and one scalar is a sequence of one if single allows it; anything
// else is reported, and the result is false.
func (l *loader) list(n *yaml.Node, what string, single bool, each func(value *yaml.Node)) bool {
	s := l.follow(n)
	switch {
	case s == nil:
		return false
	case isNull(s):
	case s.Kind == yaml.SequenceNode:
		for _, value := range s.Content {
			each(value)
		}
	case single && s.Kind == yaml.ScalarNode:
		each(n)
	default:
		l.errorf(n, "%s must be a list ([a, b]), not %s", what, describe(s))
		return false
	}
	return true
}

// text reads a scalar as it is spelled, whatever YAML takes it for: a stored
// value 007, NO or 1.10 is that text. Only the empty scalar must be quoted.
func (l *loader) text(n *yaml.Node, what string) (string, bool) {
	s := l.follow(n)
	if s == nil {
		return "", false
	}
	switch {
	case s.Kind != yaml.ScalarNode:
		l.errorf(n, "%s must be a text, not %s", what, describe(s))
	case s.Style&yaml.TaggedStyle != 0 && s.ShortTag() != "!!str":
		l.errorf(n, "%s must be a plain text: remove the tag %s", what, s.Tag)
	case isNull(s) && s.Value == "":
		l.errorf(n, "%s has no value: write one, or remove the key", what)
	case isNull(s):
		l.errorf(n, "%s is %s, which is nothing in YAML: write %q if it is meant as text", what, s.Value, s.Value)
	default:
		return s.Value, true
	}
	return "", false
}

// boolean reads true or false.
func (l *loader) boolean(n *yaml.Node, what string) (value, ok bool) {
	s := l.follow(n)
	if s == nil {
		return false, false
	}
	if s.Kind == yaml.ScalarNode && s.ShortTag() == tagBool {
		return strings.EqualFold(s.Value, "true"), true
	}
	l.errorf(n, "%s must be true or false, not %s", what, describe(s))
	return false, false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == tagNull }

// describe names what was found in the place of something else.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if isNull(n) {
		return "nothing"
	}
	return quote(n.Value)
}
