package templates

import (
	"strconv"
	"strings"
	"unicode"
)

// oneLine makes control characters, which names may not have but doc texts
// may, harmless.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// markdownEscaper keeps a text from being read as markup or HTML, and from
// ending the cell of a table.
var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`)

func markdownCell(s string) string { return markdownEscaper.Replace(oneLine(s)) }

// markdownCode is a code span that may stand in the cell of a table. Its fence
// is longer than any run of backticks inside.
func markdownCode(s string) string {
	s = strings.ReplaceAll(oneLine(s), "|", `\|`)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// mermaidEntity is the name of an entity in quotes, inside which Mermaid has no
// escapes.
func mermaidEntity(s string) string { return `"` + mermaidComment(s) + `"` }

func mermaidComment(s string) string {
	return strings.NewReplacer(`"`, "'", "\\", "/").Replace(oneLine(s))
}

// mermaidWord is the name of an attribute, which may have ASCII letters,
// digits, - and _ and must begin with a letter or _. Any other character
// becomes its code point; the page shows the name itself beside it.
func mermaidWord(s string) string {
	var b strings.Builder
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		digit := r == '-' || '0' <= r && r <= '9'
		switch {
		case letter, digit && i > 0:
			b.WriteRune(r)
		case digit:
			b.WriteString("_" + string(r))
		default:
			b.WriteString("_u" + strconv.FormatInt(int64(r), 16))
		}
	}
	return b.String()
}
