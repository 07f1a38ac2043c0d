package gen

import (
	"go/token"
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms are written in one case, as Go's own libraries do.
var initialisms = map[string]bool{
	"acl": true, "api": true, "ascii": true, "aws": true, "cms": true, "cpu": true, "crm": true, "css": true, "db": true,
	"csv": true, "dns": true, "eof": true, "erp": true, "gps": true, "guid": true, "html": true, "http": true,
	"https": true, "iban": true, "id": true, "ip": true, "isbn": true, "jpeg": true, "json": true, "jwt": true,
	"kpi": true, "pdf": true, "png": true, "qps": true, "ram": true, "rpc": true, "rss": true,
	"sku": true, "sla": true, "sms": true, "smtp": true, "sql": true, "ssh": true, "ssl": true, "svg": true,
	"tcp": true, "tls": true, "ttl": true, "udp": true, "ui": true, "uid": true, "uri": true, "url": true,
	"utc": true, "uuid": true, "vat": true, "vm": true, "xml": true, "yaml": true,
}

// words splits a name of the schema where its author saw words: at anything
// that cannot be part of a Go identifier, at underscores, and where the case
// changes (orderId, HTTPServer). The words keep their letter case.
func words(name string) []string {
	var split []string
	start := -1
	runes := []rune(name)
	flush := func(end int) {
		if start >= 0 {
			split = append(split, string(runes[start:end]))
		}
		start = -1
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == utf8.RuneError:
			flush(i)
			continue
		case start >= 0 && unicode.IsUpper(r):
			afterLower := !unicode.IsUpper(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !pluralInitialism(runes, i)
			if afterLower || beforeLower {
				flush(i)
			}
		}
		if start < 0 {
			start = i
		}
	}
	flush(len(runes))
	return split
}

// pluralInitialism reports whether the upper-case letter at i ends a word such
// as IDs: what follows is a lone s.
func pluralInitialism(runes []rune, i int) bool {
	return i+1 < len(runes) && runes[i+1] == 's' &&
		(i+2 == len(runes) || !unicode.IsLower(runes[i+2]))
}

// styled writes one word as a part of an exported Go identifier.
func styled(word string) string {
	lower := strings.ToLower(word)
	if initialisms[lower] {
		return strings.ToUpper(word)
	}
	if one, ok := strings.CutSuffix(lower, "s"); ok && initialisms[one] {
		return strings.ToUpper(one) + "s"
	}
	if word == strings.ToUpper(word) {
		word = lower // TOTAL_AMOUNT
	}
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}

// exported joins words to an exported Go identifier, "" if there are none. A
// first letter without an upper case, or a digit, gets an X before it.
func exported(words []string) string {
	name := suffix(words)
	if first, _ := utf8.DecodeRuneInString(name); name != "" && !unicode.IsUpper(first) {
		return "X" + name
	}
	return name
}

// suffix joins words to the end of an identifier, where digits may stand first.
func suffix(words []string) string {
	var b strings.Builder
	for i, w := range words {
		s := styled(w)
		// 1_2 must not read, and clash, as 12.
		if i > 0 && unicode.IsDigit(lastRune(words[i-1])) && unicode.IsDigit([]rune(s)[0]) {
			b.WriteByte('_')
		}
		b.WriteString(s)
	}
	return b.String()
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// unexported turns an exported identifier into one for variables: customerID,
// urlPath, id.
func unexported(name string) string {
	runes := []rune(name)
	n := 0
	for n < len(runes) && unicode.IsUpper(runes[n]) {
		n++
	}
	switch {
	case n == len(runes), n == 0:
	case n == len(runes)-1 && runes[n] == 's': // IDs
	case n > 1 && unicode.IsLower(runes[n]):
		n-- // URLPath: the P begins a word
	}
	for i := range n {
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

// isExportedIdent reports whether name can be declared and used from other
// packages.
func isExportedIdent(name string) bool {
	return token.IsIdentifier(name) && token.IsExported(name)
}

// isTaken reports whether name means something in every Go file.
func isTaken(name string) bool {
	return token.IsKeyword(name) || types.Universe.Lookup(name) != nil || name == "_" || name == "init"
}
