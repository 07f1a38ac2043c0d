package scalar

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// property is one entry of a .properties file.
type property struct {
	key, value string
	line       int // on which the entry begins, from 1
}

// propertyReader splits a .properties file into entries, by the rules of
// java.util.Properties.load.
type propertyReader struct {
	rest   string
	line   int // of what rest begins with
	report func(line int, message string)
}

// readProperties returns all entries of a file, those with a malformed escape
// included. report is told what is wrong with them.
func readProperties(data []byte, report func(line int, message string)) []property {
	r := &propertyReader{rest: decodeText(data), line: 1, report: report}
	var found []property
	for {
		start, text, more := r.logicalLine()
		if text != "" {
			key, value := splitProperty(text)
			found = append(found, property{r.unescape(key, start), r.unescape(value, start), start})
		}
		if !more {
			return found
		}
	}
}

// decodeText reads what is valid UTF-8 as such, and everything else as Latin-1,
// which is Java's encoding of these files and cannot fail.
func decodeText(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if utf8.Valid(data) {
		return string(data)
	}
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

const blanks = " \t\f"

// logicalLine returns the next entry with its escapes, "" for a comment or a
// blank line, and the line on which it begins. A backslash at the end of a line
// joins it with the next one, whose leading blanks are dropped.
func (r *propertyReader) logicalLine() (start int, text string, more bool) {
	start = r.line
	line, more := r.naturalLine()
	line = strings.TrimLeft(line, blanks)
	if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!") {
		return start, "", more
	}
	var joined strings.Builder
	for continues(line) {
		joined.WriteString(line[:len(line)-1])
		if !more {
			return start, joined.String(), false
		}
		line, more = r.naturalLine()
		line = strings.TrimLeft(line, blanks)
	}
	joined.WriteString(line)
	return start, joined.String(), more
}

// naturalLine returns the text up to LF, CR or CR LF, and whether a line
// follows.
func (r *propertyReader) naturalLine() (line string, more bool) {
	end := strings.IndexAny(r.rest, "\r\n")
	if end < 0 {
		line, r.rest = r.rest, ""
		return line, false
	}
	line = r.rest[:end]
	if strings.HasPrefix(r.rest[end:], "\r\n") {
		end++
	}
	r.rest = r.rest[end+1:]
	r.line++
	return line, true
}

// continues reports whether a line ends with a backslash that is not itself
// escaped.
func continues(line string) bool {
	backslashes := len(line) - len(strings.TrimRight(line, `\`))
	return backslashes%2 == 1
}

// splitProperty splits at the first blank, = or : that is not escaped.
func splitProperty(text string) (key, value string) {
	end := 0
	for end < len(text) && !strings.ContainsRune(blanks+"=:", rune(text[end])) {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(text))
	key, value = text[:end], strings.TrimLeft(text[end:], blanks)
	if strings.HasPrefix(value, "=") || strings.HasPrefix(value, ":") {
		value = strings.TrimLeft(value[1:], blanks)
	}
	return key, value
}

// unescape replaces \t, \n, \r, \f and \uXXXX; any other character after a
// backslash stands for itself.
func (r *propertyReader) unescape(text string, line int) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for {
		plain, after, escaped := strings.Cut(text, `\`)
		b.WriteString(plain)
		if !escaped || after == "" {
			return b.String()
		}
		switch c, size := utf8.DecodeRuneInString(after); c {
		case 't', 'n', 'r', 'f':
			b.WriteByte(map[rune]byte{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f'}[c])
			text = after[size:]
		case 'u':
			decoded, rest, ok := unicodeEscape(after)
			if !ok {
				r.report(line, `a \u must be followed by the four hexadecimal digits of a UTF-16 code unit, and halves of a pair must follow each other; write \\u for a backslash and a u`)
				decoded, rest = utf8.RuneError, after[size:]
			}
			b.WriteRune(decoded)
			text = rest
		default:
			b.WriteRune(c)
			text = after[size:]
		}
	}
}

// unicodeEscape decodes the uXXXX, or uXXXX\uXXXX for a character beyond 16
// bits, with which text begins.
func unicodeEscape(text string) (decoded rune, rest string, ok bool) {
	unit := func(at int) (rune, bool) {
		if len(text) < at+4 {
			return 0, false
		}
		n, err := strconv.ParseUint(text[at:at+4], 16, 16)
		return rune(n), err == nil
	}
	first, ok := unit(len("u"))
	if !ok || !utf16.IsSurrogate(first) {
		return first, text[min(len(text), len("uXXXX")):], ok
	}
	if !strings.HasPrefix(text[len("uXXXX"):], `\u`) {
		return 0, "", false
	}
	second, ok := unit(len(`uXXXX\u`))
	decoded = utf16.DecodeRune(first, second)
	if !ok || decoded == utf8.RuneError {
		return 0, "", false
	}
	return decoded, text[len(`uXXXX\uXXXX`):], true
}
