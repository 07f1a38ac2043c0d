package schema

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string in double or single quotes. As in Gson, it may hold
// raw tabs and line breaks.
func (r *reader) quoted() (string, bool) {
	start := r.mark()
	quote := r.text[r.pos]
	r.pos++
	r.broken = mark{}
	var b strings.Builder // what precedes piece; stays empty without escapes
	piece := r.pos
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case quote:
			last := r.text[piece:r.pos]
			r.pos++
			if b.Len() == 0 {
				return last, true
			}
			b.WriteString(last)
			return b.String(), true
		case '\\':
			b.WriteString(r.text[piece:r.pos])
			if strings.HasPrefix(r.text[r.pos:], "\\\n") {
				r.broken = start
			}
			b.WriteRune(r.escape())
			piece = r.pos
		case '\n', '\r':
			r.broken = start
			r.pos++
		default:
			r.pos++
		}
	}
	r.errorf(start, "the string is not closed: add the closing quote")
	return "", false
}

// escape reads an escape sequence. A bad one is reported and read as U+FFFD.
func (r *reader) escape() rune {
	at := r.mark()
	rest := r.text[r.pos+1:]
	if rest == "" {
		r.pos++
		return utf8.RuneError // the unclosed string is reported instead
	}
	switch c := rest[0]; c {
	case 'u':
		unit, ok := hex4(rest[1:])
		if !ok {
			r.pos += 2
			r.errorf(at, `\u must be followed by four hexadecimal digits`)
			return utf8.RuneError
		}
		r.pos += 6
		if !utf16.IsSurrogate(unit) {
			return unit
		}
		if low, found := strings.CutPrefix(r.text[r.pos:], `\u`); found {
			if second, ok := hex4(low); ok {
				if pair := utf16.DecodeRune(unit, second); pair != utf8.RuneError {
					r.pos += 6
					return pair
				}
			}
		}
		r.errorf(at, `\u%04x is half of a surrogate pair, which is no character: write both halves, or the character itself`, unit)
		return utf8.RuneError
	case 't', 'b', 'n', 'r', 'f':
		r.pos += 2
		return rune("\t\b\n\r\f"[strings.IndexByte("tbnrf", c)])
	case '\n', '\'', '"', '\\', '/':
		r.pos += 2
		return rune(c)
	default:
		c, size := utf8.DecodeRuneInString(rest)
		r.pos += 1 + size
		r.errorf(at, `a backslash followed by %q is not an escape sequence: write \\ for a backslash`, c)
		return utf8.RuneError
	}
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 || strings.ContainsAny(s[:4], "+-_") {
		return 0, false
	}
	v, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(v), err == nil
}

// literal reads text without quotes, which may be empty.
func (r *reader) literal() string {
	r.broken = mark{}
	start := r.pos
	for r.pos < len(r.text) && !endsLiteral(r.text[r.pos]) {
		r.pos++
	}
	return r.text[start:r.pos]
}

// endsLiteral reports whether c cannot be part of an unquoted name or value.
func endsLiteral(c byte) bool {
	switch c {
	case '/', '\\', ';', '#', '=', '{', '}', '[', ']', ':', ',', ' ', '\t', '\f', '\r', '\n':
		return true
	}
	return false
}

// kindOfLiteral tells keywords (any letter case, as Gson) and JSON numbers
// from unquoted strings.
func kindOfLiteral(s string) kind {
	switch {
	case equalFoldASCII("null", s):
		return kindNull
	case equalFoldASCII("true", s), equalFoldASCII("false", s):
		return kindBool
	case isNumber(s):
		return kindNumber
	}
	return kindString
}

// isNumber reports whether s is a number in JSON's grammar.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && json.Valid([]byte(s))
}
