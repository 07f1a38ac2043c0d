package schema

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a namespace, table or column name in bytes. Most databases
// stop at 63 to 128 (see [Limits]), file systems at 255.
const maxName = 255

// checkName reports a name that no storage can hold or no person can read.
func (p *parser) checkName(at mark, what, name string) bool {
	switch {
	case name == "":
		p.errorf(at, "the %s is empty, which every database refuses: give it a name", what)
		return false
	case len(name) > maxName:
		p.errorf(at, "the %s %s has %d bytes, and no name may have more than %d: shorten it", what, quote(name), len(name), maxName)
		return false
	}
	for _, c := range name {
		if c < utf8.RuneSelf && c >= ' ' && c != 0x7f {
			continue
		}
		if invisible(c) {
			p.errorf(at, "the %s %s contains the invisible character U+%04X: remove it", what, quote(name), c)
			return false
		}
	}
	return true
}

// invisible reports whether c cannot be seen or makes its neighbours appear in
// another order: control characters, white space other than a blank, line
// separators, bidirectional controls, the byte-order mark and noncharacters.
// The zero-width joiners are not among them, because some scripts need them.
func invisible(c rune) bool {
	return c != ' ' && (unicode.IsControl(c) || unicode.IsSpace(c)) ||
		unicode.Is(unicode.Bidi_Control, c) || unicode.Is(unicode.Noncharacter_Code_Point, c) ||
		c == '\ufeff' || c == '\u200b'
}

// metadataColumns are the columns that Consensus Commit adds to a table
// (spec schema.md 2.1).
var metadataColumns = []string{
	"tx_id", "tx_state", "tx_version", "tx_prepared_at", "tx_committed_at",
	"before_tx_id", "before_tx_state", "before_tx_version", "before_tx_prepared_at", "before_tx_committed_at",
}

// beforePrefix begins the name of the column that keeps the before-image of
// another, non-key, column.
const beforePrefix = "before_"

// metadataColumn reports whether name is, in any letter case, a metadata
// column, and whether in exactly that case.
func metadataColumn(name string) (folded, exact bool) {
	for _, reserved := range metadataColumns {
		if equalFoldASCII(reserved, name) {
			return true, reserved == name
		}
	}
	return false, false
}

// reservedColumns refuses user columns that collide with the columns that
// Consensus Commit adds to a transaction table.
func (t *tableParser) reservedColumns() {
	for _, c := range t.table.Columns {
		if _, reserved := metadataColumn(c.Name); reserved {
			t.errorf(markOf(c.Pos), `column %s is one of the metadata columns that Consensus Commit adds to transaction tables (DB-CORE-10101): rename it, or set "transaction": false`, quote(c.Name))
			continue
		}
		base, ok := strings.CutPrefix(c.Name, beforePrefix)
		if !ok || len(t.table.PartitionKey) == 0 {
			continue
		}
		if of := t.column(base); of != nil && !t.isKey(of) {
			t.errorf(markOf(c.Pos), `column %s is the name of the column that Consensus Commit adds for the before-image of %s (DB-CORE-10102): rename one of the two, or set "transaction": false`, quote(c.Name), quote(base))
		}
	}
}

func (t *tableParser) isKey(c *Column) bool {
	_, ok := t.keys[c]
	return ok
}
