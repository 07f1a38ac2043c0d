package gen

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoted renders a text from outside as one line of printable characters in
// double quotes, which Go and YAML read alike.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// shown renders a name of the schema in a comment or message: as it is if it
// is printable and has no blanks at its ends, quoted otherwise.
func shown(name string) string {
	if name == "" || name != strings.TrimSpace(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return quoted(name)
	}
	return name
}

// paragraphs makes a doc text of scalargen.yaml fit for line comments: blank
// lines and line breaks are kept, and what is not printable is escaped. A line
// that begins with "+build" would be a build constraint, even in a longer
// comment.
func paragraphs(doc string) []string {
	doc = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(doc)
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(doc, "\n "), "\n") {
		var b strings.Builder
		for _, r := range strings.TrimRight(line, " ") {
			if unicode.IsPrint(r) && r != utf8.RuneError {
				b.WriteRune(r)
			} else {
				b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			}
		}
		text := b.String()
		if strings.HasPrefix(strings.TrimLeft(text, " "), "+build") {
			text = strings.Replace(text, "+", `\+`, 1)
		}
		lines = append(lines, text)
	}
	return lines
}

// wrap breaks a text into lines of about 80 characters.
func wrap(text string) []string {
	const width = 77 // and "// "
	var lines []string
	begin, length := 0, 0 // of the line so far
	for i := 0; i <= len(text); {
		end := len(text)
		if n := strings.IndexByte(text[i:], ' '); n >= 0 {
			end = i + n
		}
		word := utf8.RuneCountInString(text[i:end])
		if i > begin && length+1+word > width {
			lines = append(lines, text[begin:i-1])
			begin, length = i, 0
		}
		if i > begin {
			length++
		}
		length += word
		i = end + 1
	}
	return append(lines, text[begin:])
}
