package commit

import (
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// newID returns a random UUID (version 4). It is uuid.NewString with one
// allocation less.
func newID() string {
	var id uuid.UUID
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// A transaction of a group commit has an id of the form parent$child, with a
// parent of 24 characters (spec 8.5). Its decision stands in the row of the
// parent if that row lists the child, else in a row of its own. Ids are told
// apart by their shape only.
const parentIDLength = 24

func isFullID(id string) bool { return len(id) > parentIDLength && id[parentIDLength] == '$' }

func splitFullID(id string) (parent, child string) {
	return id[:parentIDLength], id[parentIDLength+1:]
}

// maxIDLength leaves room for the 25 characters that a group commit puts before
// an id in a coordinator key of 64 (spec 8.5).
const maxIDLength = 39

// checkID returns why a chosen id could be misread by other programs, or "".
// Java counts UTF-16 units, so only ASCII ids have the same length for all.
func checkID(id string) string {
	switch {
	case strings.ContainsFunc(id, func(c rune) bool { return c > unicode.MaxASCII }):
		return "a transaction id may have ASCII characters only"
	case len(id) > maxIDLength:
		return fmt.Sprintf("a transaction id may have %d characters at most", maxIDLength)
	case strings.Contains(id, ","):
		return "a transaction id must not contain a comma"
	case isFullID(id):
		return "a transaction id must not have a $ as its 25th character: it would be read as one of a group commit"
	}
	return ""
}
