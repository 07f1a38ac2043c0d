package sqlstore

import (
	"fmt"
	"strconv"
	"strings"
)

// Literals returns a statement with its parameters written out, for people to
// read: texts, whole numbers, booleans and nil. It is never executed.
func (d Dialect) Literals(text string, args ...any) string {
	var b strings.Builder
	next := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == d.Quote || c == '\'':
			// A quote within quotes is doubled, which reads as two such parts.
			end := i + 1 + strings.IndexByte(text[i+1:], c)
			b.WriteString(text[i : end+1])
			i = end
		case d.NumberedParams && c == '$':
			end := i + 1
			for end < len(text) && '0' <= text[end] && text[end] <= '9' {
				end++
			}
			n, err := strconv.Atoi(text[i+1 : end])
			if err != nil || n > len(args) {
				b.WriteByte(c)
				continue
			}
			b.WriteString(literal(args[n-1]))
			i = end - 1
		case !d.NumberedParams && c == '?' && next < len(args):
			b.WriteString(literal(args[next]))
			next++
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func literal(arg any) string {
	switch v := arg.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	default:
		return fmt.Sprint(v)
	}
}
