package schema

import (
	"strconv"
	"strings"
)

// mark is a Position without its file: trees of a big file hold many.
type mark struct {
	offset, line, column int32
}

// kind is what a value looks like in the file.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is a JSON value. Objects and arrays keep the order of the file and
// every duplicate.
type node struct {
	name   string // of a member of an object
	nameAt mark
	at     mark
	kind   kind
	text   string // of a string, number or boolean, as Java's getAsString gives it
	kids   []node // members of an object, elements of an array
}

// scalar returns the text of a string, number or boolean. Java reads an array
// of exactly one value as that value.
func (n *node) scalar() (string, bool) {
	for n.kind == kindArray && len(n.kids) == 1 {
		n = &n.kids[0]
	}
	switch n.kind {
	case kindBool, kindNumber, kindString:
		return n.text, true
	}
	return "", false
}

// boolean returns the value of true, false and the same as text in any letter
// case. Java reads every other text as false, which loses what was meant, so
// ok is false for it.
func (n *node) boolean() (value, ok bool) {
	text, ok := n.scalar()
	value = equalFoldASCII("true", text)
	return value, ok && (value || equalFoldASCII("false", text))
}

// describe names what was found in the place of something else.
func (n *node) describe() string {
	switch n.kind {
	case kindString:
		return "the string " + quote(n.text)
	case kindNumber, kindBool:
		return strings.ReplaceAll(quote(n.text), `"`, "")
	case kindArray:
		switch len(n.kids) {
		case 0:
			return "an empty array"
		case 1:
			return "an array"
		}
		return "an array of several values"
	}
	return n.kind.String()
}

// quote renders text from a file for a message: on one line, nothing
// invisible, no longer than a reader needs to recognise it.
func quote(s string) string {
	const longest = 80
	if len(s) > longest {
		return strconv.Quote(strings.ToValidUTF8(s[:longest], "")) + "…"
	}
	return strconv.Quote(s)
}
