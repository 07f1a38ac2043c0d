package schema

import (
	"maps"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/internal/spell"
)

var typeList = strings.Join(typeNames[Boolean:], ", ")

var otherTypeNames = slices.Sorted(maps.Keys(otherTypes))

// decimalTypes are type names of other systems for exact decimals, which no
// type of ScalarDB holds: DOUBLE would lose money.
var decimalTypes = []string{"DECIMAL", "NUMERIC", "NUMBER", "MONEY"}

// otherTypes are type names of other systems and the type that holds their
// values.
var otherTypes = map[string]Type{
	"BOOL": Boolean, "BIT": Boolean,
	"INTEGER": Int, "INT32": Int, "SMALLINT": Int, "TINYINT": Int,
	"LONG": BigInt, "INT64": BigInt, "INT8": BigInt,
	"REAL": Float, "FLOAT32": Float, "FLOAT64": Double,
	"STRING": Text, "VARCHAR": Text, "CHAR": Text, "CLOB": Text, "UUID": Text, "JSON": Text,
	"BYTES": Blob, "BYTEA": Blob, "BINARY": Blob, "VARBINARY": Blob,
	"DATETIME": Timestamp,
}

// suggestType returns what to write instead of an unknown type, to end a
// message with.
func suggestType(name string) string {
	name, _, _ = strings.Cut(name, "(") // VARCHAR(20)
	for _, decimal := range decimalTypes {
		if equalFoldASCII(decimal, name) {
			return "; keep exact decimals as BIGINT in the smallest unit, or as TEXT"
		}
	}
	if t, ok := otherTypes[strings.ToUpper(name)]; ok {
		return didYouMean(t.String())
	}
	if known := spell.Nearest(name, typeNames[Boolean:]); known != "" {
		return didYouMean(known)
	}
	if other := spell.Nearest(name, otherTypeNames); other != "" {
		return didYouMean(otherTypes[other].String())
	}
	return ""
}

func suggestOrder(word string) string {
	switch strings.ToUpper(word) {
	case "ASCENDING", "UP":
		return "ASC"
	case "DESCENDING", "DOWN", "REVERSE":
		return "DESC"
	}
	return spell.Nearest(word, []string{"ASC", "DESC"})
}

func suggestMember(name string) string {
	if known, ok := otherWords[strings.ToLower(name)]; ok {
		return known
	}
	return spell.Nearest(name, knownMembers)
}

// suggestColumn returns the declared column whose name is nearest to name.
func (t *tableParser) suggestColumn(name string) string {
	const most = 300 // a misspelt name in a wider table is hard to guess, and slow
	if len(t.table.Columns) > most {
		return ""
	}
	names := make([]string, len(t.table.Columns))
	for i, c := range t.table.Columns {
		names[i] = c.Name
	}
	return spell.Nearest(name, names)
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + quote(word) + "?"
}
