package schema

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on one file. A schema of 1,000 tables of 10 columns takes 0.4 MB,
// 13,000 values and a depth of 3.
const (
	maxFileSize = 16 << 20
	maxValues   = 500_000
	maxDepth    = 32
)

// reader turns the text of one file into a tree of nodes. It accepts what Gson
// accepts in lenient mode, the mode of Java's loader.
//
// A fault that leaves no doubt about the rest (a separator too many or too
// few, a bad escape) is reported and reading goes on; any other ends the file,
// and the tree holds the members that were complete by then.
type reader struct {
	text   string
	pos    int
	last   mark   // where mark stopped counting
	values int    // read so far
	faults int    // reported so far
	stack  []node // finished members of the objects and arrays that are open
	broken mark   // start of the latest string, if it has a raw line break; see unexpected
	report func(mark, string)
	// explained is set when the end of the file has been reported as the end
	// of a comment that is not closed.
	explained bool
}

// readFile reads data, which must be one JSON object. complete is false if
// reading stopped at a fault.
func readFile(data []byte, report func(mark, string)) (root node, complete bool) {
	r := &reader{last: mark{line: 1, column: 1}, report: report}
	if len(data) > maxFileSize {
		r.errorf(r.last, "the file has %d bytes, and the limit is %d: split the schema into several files", len(data), maxFileSize)
		return node{}, false
	}
	r.text = string(data)
	if !r.checkEncoding() {
		return node{}, false
	}
	r.skipPrefix()
	if _, ok := r.peek(); !ok && !r.explained {
		r.errorf(r.mark(), "the file is empty: a schema is one JSON object; write {} if there are no tables")
		return node{}, false
	}
	complete = r.value(&root, 1)
	if complete && root.kind == kindObject {
		if _, more := r.peek(); more {
			r.errorf(r.mark(), "there is text after the brace that closes the schema: remove it, or move the tables inside the braces")
		}
	}
	return root, complete
}

// checkEncoding reports the first byte that is not UTF-8.
func (r *reader) checkEncoding() bool {
	if strings.HasPrefix(r.text, "\xff\xfe") || strings.HasPrefix(r.text, "\xfe\xff") {
		r.errorf(r.last, "the file is UTF-16: save it as UTF-8")
		return false
	}
	if utf8.ValidString(r.text) {
		return true
	}
	for i := 0; ; {
		c, size := utf8.DecodeRuneInString(r.text[i:])
		if c == utf8.RuneError && size == 1 {
			r.skipBOM()
			r.pos = i
			r.errorf(r.mark(), "byte 0x%02x is not UTF-8: save the file as UTF-8", r.text[i])
			return false
		}
		i += size
	}
}

// skipPrefix passes over what Gson ignores at the start of a text: a byte-order
// mark and the line )]}' that keeps JSON from being run as a script.
func (r *reader) skipPrefix() {
	r.skipBOM()
	if _, ok := r.peek(); ok && strings.HasPrefix(r.text[r.pos:], ")]}'\n") {
		r.pos += len(")]}'\n")
	}
}

func (r *reader) skipBOM() {
	if bom := "\ufeff"; strings.HasPrefix(r.text, bom) {
		r.pos = len(bom)
		r.last.offset = int32(r.pos)
	}
}

func (r *reader) errorf(at mark, format string, args ...any) {
	if r.faults++; r.faults > maxReported {
		r.report(at, "") // is only counted
		return
	}
	r.report(at, fmt.Sprintf(format, args...))
}

// mark returns the position of the next byte. Counting goes on from the
// previous call, so that a file on one line costs no more than any other.
func (r *reader) mark() mark {
	m := r.last
	for i := int(m.offset); i < r.pos; i++ {
		switch c := r.text[i]; {
		case c == '\n' || c == '\r' && !strings.HasPrefix(r.text[i+1:], "\n"):
			m.line, m.column = m.line+1, 1
		case utf8.RuneStart(c):
			m.column++
		}
	}
	m.offset = int32(r.pos)
	r.last = m
	return m
}

// peek skips white space and comments and returns the next byte without
// consuming it. ok is false at the end of the file.
func (r *reader) peek() (c byte, ok bool) {
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		case '#':
			r.skipLine()
		case '/':
			rest := r.text[r.pos:]
			switch {
			case strings.HasPrefix(rest, "//"):
				r.skipLine()
			case strings.HasPrefix(rest, "/*"):
				at := r.mark()
				end := strings.Index(rest[2:], "*/")
				if end < 0 {
					r.errorf(at, "the comment is not closed: add */ where it ends")
					r.explained = true
					r.pos = len(r.text)
					return 0, false
				}
				r.pos += 2 + end + 2
			default:
				return c, true
			}
		default:
			return c, true
		}
	}
	return 0, false
}

func (r *reader) skipLine() {
	end := strings.IndexAny(r.text[r.pos:], "\n\r")
	if end < 0 {
		r.pos = len(r.text)
		return
	}
	r.pos += end
}

// value reads one value into n.
func (r *reader) value(n *node, depth int) bool {
	c, ok := r.peek()
	if !ok {
		return r.ended("a value is missing")
	}
	n.at = r.mark()
	if r.values++; r.values > maxValues {
		r.errorf(n.at, "the file has more than %d values: split the schema into several files", maxValues)
		return false
	}
	switch c {
	case '{', '[':
		if depth > maxDepth {
			r.errorf(n.at, "values are nested more than %d deep: a schema needs 3 levels", maxDepth)
			return false
		}
		r.pos++
		base := len(r.stack)
		if c == '{' {
			n.kind = kindObject
			ok = r.members(n.at, depth)
		} else {
			n.kind = kindArray
			ok = r.elements(n.at, depth)
		}
		n.kids = slices.Clone(r.stack[base:])
		clear(r.stack[base:])
		r.stack = r.stack[:base]
		return ok
	case '"', '\'':
		n.kind = kindString
		n.text, ok = r.quoted()
		return ok
	}
	n.text = r.literal()
	if n.text == "" {
		return r.unexpected("a value")
	}
	n.kind = kindOfLiteral(n.text)
	if n.kind == kindBool {
		n.text = strings.ToLower(n.text) // as Java's Boolean.toString spells it
	}
	return true
}

// members reads an object after its opening brace, onto the stack.
func (r *reader) members(open mark, depth int) bool {
	for separated := false; ; {
		c, ok := r.peek()
		switch {
		case !ok:
			return r.unclosed(open, "object", "}")
		case c == '}':
			if separated {
				r.errorf(r.mark(), "the comma before this brace has no member after it: remove the comma")
			}
			r.pos++
			return true
		case c == ',' || c == ';':
			r.errorf(r.mark(), "there is no member before this separator: remove the separator")
			r.pos++
			continue
		}
		var kid node
		kid.nameAt = r.mark()
		if kid.name, ok = r.memberName(); !ok || !r.colon(kid.name) || !r.value(&kid, depth+1) {
			return false
		}
		r.stack = append(r.stack, kid)
		if separated, ok = r.separator('}', "member"); !ok {
			return false
		}
	}
}

// elements reads an array after its opening bracket, onto the stack.
func (r *reader) elements(open mark, depth int) bool {
	for separated := false; ; {
		c, ok := r.peek()
		switch {
		case !ok:
			return r.unclosed(open, "array", "]")
		case c == ']':
			if separated {
				r.errorf(r.mark(), "the comma before this bracket has no value after it, and ScalarDB reads null there: remove the comma")
			}
			r.pos++
			return true
		case c == ',' || c == ';':
			r.errorf(r.mark(), "there is no value before this separator, and ScalarDB reads null there: remove the separator")
			r.pos++
			continue
		}
		var kid node
		if !r.value(&kid, depth+1) {
			return false
		}
		r.stack = append(r.stack, kid)
		if separated, ok = r.separator(']', "value"); !ok {
			return false
		}
	}
}

// separator passes over what stands between two members or elements. found is
// false before the closing byte, and where the separator was forgotten.
func (r *reader) separator(closing byte, what string) (found, ok bool) {
	c, more := r.peek()
	switch {
	case !more || c == closing:
		return false, true
	case c == ',' || c == ';':
		r.pos++
		return true, true
	case c == '"' || c == '\'' || !endsLiteral(c):
		if r.broken != (mark{}) {
			return false, r.unexpected("")
		}
		r.errorf(r.mark(), "a comma is missing between the previous %s and this one", what)
		return false, true
	}
	return false, r.unexpected(fmt.Sprintf(`"," or %q`, string(closing)))
}

func (r *reader) memberName() (string, bool) {
	if c := r.text[r.pos]; c == '"' || c == '\'' {
		return r.quoted()
	}
	name := r.literal()
	if name == "" {
		return "", r.unexpected("the name of a member")
	}
	return name, true
}

// colon passes over the ":" after a member's name; Gson takes "=" and "=>" too.
func (r *reader) colon(name string) bool {
	c, ok := r.peek()
	switch {
	case !ok:
		return r.ended("the value of member " + quote(name) + " is missing")
	case c == ':':
		r.pos++
		return true
	case c == '=':
		r.pos++
		if strings.HasPrefix(r.text[r.pos:], ">") {
			r.pos++
		}
		return true
	}
	return r.unexpected(`":" after the name ` + quote(name))
}

// unexpected ends the file at a byte that cannot stand where it does. If the
// string before it runs over a line break, the culprit is the quote that was
// forgotten there, not what follows the next quote.
func (r *reader) unexpected(want string) bool {
	if r.broken != (mark{}) {
		r.errorf(r.broken, "the string is not closed on its line: add the closing quote")
		return false
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.pos:])
	r.errorf(r.mark(), "found %q where %s should be", c, want)
	return false
}

func (r *reader) ended(missing string) bool {
	if r.explained {
		return false
	}
	r.pos = len(r.text)
	r.errorf(r.mark(), "the file ends here, and %s", missing)
	return false
}

func (r *reader) unclosed(open mark, what, closing string) bool {
	return r.ended(fmt.Sprintf("the %s that begins at line %d, column %d is not closed: add %q", what, open.line, open.column, closing))
}
