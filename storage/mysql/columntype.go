package mysql

import (
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// columnTypes are the types of columns outside keys and indexes (storage spec,
// section 3.6).
var columnTypes = map[storage.Type]string{
	storage.Boolean: "BOOLEAN", storage.Int: "INT", storage.BigInt: "BIGINT", storage.Float: "REAL", storage.Double: "DOUBLE",
	storage.Text: "LONGTEXT", storage.Blob: "LONGBLOB", storage.Date: "DATE", storage.Time: "TIME(6)", storage.Timestamp: "DATETIME(3)",
	storage.TimestampTZ: "DATETIME(3)",
}

// columnType returns the type with which a column of t is created.
func (s *Storage) columnType(t *storage.Table, column int) string {
	typ := t.Columns[column].Type
	if t.InPrimaryKey(column) || t.Indexed(column) {
		switch typ {
		case storage.Text:
			return fmt.Sprintf("VARCHAR(%d)", s.config.keySize)
		case storage.Blob:
			return fmt.Sprintf("VARBINARY(%d)", s.config.keySize)
		}
	}
	return columnTypes[typ]
}

// DeclaredType returns the type of a column of t as the catalogue spells it.
func (a *adminSession) DeclaredType(t *storage.Table, column int) string {
	switch declared := a.columnType(t, column); declared {
	case "BOOLEAN":
		return "tinyint(1)"
	case "REAL":
		return "double"
	default:
		return strings.ToLower(declared)
	}
}

// normalized returns COLUMN_TYPE of the catalogue without the display width of
// integers, which MySQL 8 has given up.
func normalized(columnType string) string {
	declared := strings.ToLower(columnType)
	for _, integer := range []string{"smallint", "mediumint", "int", "bigint", "tinyint"} {
		rest, is := strings.CutPrefix(declared, integer+"(")
		if !is || strings.HasPrefix(declared, "tinyint(1)") {
			continue
		}
		_, after, _ := strings.Cut(rest, ")")
		return integer + after
	}
	return declared
}

// importedTypes are the types as which columns are imported (storage spec,
// section 3.13), by their type without a length: first the usual one, then
// those that can be chosen.
var importedTypes = map[string][]storage.Type{
	"tinyint": {storage.Int}, "smallint": {storage.Int}, "mediumint": {storage.Int}, "int": {storage.Int}, "bigint": {storage.BigInt},
	"tinyint unsigned": {storage.Int}, "smallint unsigned": {storage.Int}, "mediumint unsigned": {storage.Int}, "int unsigned": {storage.BigInt},
	"float": {storage.Float}, "double": {storage.Double, storage.Float},
	"char": {storage.Text}, "varchar": {storage.Text}, "tinytext": {storage.Text}, "text": {storage.Text}, "mediumtext": {storage.Text}, "longtext": {storage.Text},
	"binary": {storage.Blob}, "varbinary": {storage.Blob}, "tinyblob": {storage.Blob}, "blob": {storage.Blob}, "mediumblob": {storage.Blob}, "longblob": {storage.Blob},
	"date": {storage.Date}, "time": {storage.Time}, "datetime": {storage.Timestamp, storage.TimestampTZ}, "timestamp": {storage.TimestampTZ},
}

// typesOf returns the types as which the values of a column can be read and
// written, given its normalized type.
func typesOf(declared string) []storage.Type {
	if declared == "tinyint(1)" || declared == "bit(1)" {
		return []storage.Type{storage.Boolean}
	}
	name, rest, sized := strings.Cut(declared, "(")
	if sized {
		_, attributes, _ := strings.Cut(rest, ")")
		name += attributes
	}
	return importedTypes[strings.TrimSpace(strings.TrimSuffix(name, " zerofill"))]
}
