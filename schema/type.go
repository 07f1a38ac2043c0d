package schema

import (
	"fmt"
	"strings"
)

// Type is one of ScalarDB's eleven column types.
type Type uint8

// The column types, with the range of values that ScalarDB enforces. The zero
// Type is none of them; [Parse] leaves it in a column whose type it refused.
const (
	Boolean     Type = iota + 1
	Int              // 32-bit signed
	BigInt           // 64-bit signed; −2^53…2^53 on Cosmos DB and object storage
	Float            // IEEE 754 single
	Double           // IEEE 754 double
	Text             // UTF-8
	Blob             // bytes, less than 2 GiB
	Date             // 1000-01-01 … 9999-12-31
	Time             // 00:00:00 … 23:59:59.999999
	Timestamp        // milliseconds, years 1000 … 9999, no zone
	TimestampTZ      // milliseconds, years 1000 … 9999, an instant in UTC
)

var typeNames = [...]string{
	Boolean: "BOOLEAN", Int: "INT", BigInt: "BIGINT", Float: "FLOAT", Double: "DOUBLE", Text: "TEXT",
	Blob: "BLOB", Date: "DATE", Time: "TIME", Timestamp: "TIMESTAMP", TimestampTZ: "TIMESTAMPTZ",
}

// String returns the type's name in schema files, in upper case.
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeNames[t]
}

// ParseType is the inverse of [Type.String]; letter case does not matter.
func ParseType(name string) (Type, bool) {
	for t := Boolean; int(t) < len(typeNames); t++ {
		if equalFoldASCII(typeNames[t], name) {
			return t, true
		}
	}
	return 0, false
}

// Order is the order in which a clustering-key column sorts the records of a
// partition.
type Order uint8

// The orders. Ascending is the default.
const (
	Asc Order = iota
	Desc
)

// String returns ASC or DESC.
func (o Order) String() string {
	if o == Desc {
		return "DESC"
	}
	return "ASC"
}

// equalFoldASCII reports whether s is the ASCII word in any letter case. The
// lengths keep Unicode folding out, under which "ſ" would equal "s": whatever
// folds to ASCII from outside takes more bytes.
func equalFoldASCII(word, s string) bool {
	return len(word) == len(s) && strings.EqualFold(word, s)
}
