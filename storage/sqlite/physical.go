package sqlite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Columns implements [sqlstore.Session].
func (s *adminSession) Columns(name storage.TableName) ([]sqlstore.PhysicalColumn, error) {
	rows, err := query(s.session, "SELECT name,type,pk,hidden FROM pragma_table_xinfo(?) ORDER BY cid", physicalName(name))
	if err != nil {
		return nil, err
	}
	columns := make([]sqlstore.PhysicalColumn, len(rows))
	for i, row := range rows {
		inKey, err := strconv.Atoi(row[2])
		if err != nil {
			return nil, err
		}
		// What a generated or virtual table adds is hidden.
		columns[i] = sqlstore.PhysicalColumn{Name: row[0], Declared: row[1], InKey: inKey, Computed: row[3] != "0", Types: typesOf(row[1])}
	}
	return columns, nil
}

// importedTypes are the types as which columns are imported, by declared type
// without a length: of integer types TINYINT to INT are INT, INTEGER and BIGINT
// are BIGINT. Left out are those of which SQLite may hold a value in several
// forms (NUMERIC, DECIMAL, DATE, DATETIME, no type at all). FLOAT is DOUBLE,
// since other programs than ScalarDB keep all 64 bits in it. Declarations do not
// bind in SQLite: a value of another kind is an error when it is read.
//
// Java imports no tables on SQLite; tables that this package has imported are to
// it like any other.
var importedTypes = map[string]storage.Type{
	"BOOLEAN": storage.Boolean, "BOOL": storage.Boolean,
	"TINYINT": storage.Int, "SMALLINT": storage.Int, "MEDIUMINT": storage.Int, "INT": storage.Int, "INT2": storage.Int, "INT4": storage.Int,
	"INTEGER": storage.BigInt, "BIGINT": storage.BigInt, "INT8": storage.BigInt,
	"FLOAT": storage.Double, "REAL": storage.Double, "DOUBLE": storage.Double, "DOUBLE PRECISION": storage.Double,
	"TEXT": storage.Text, "CLOB": storage.Text, "CHAR": storage.Text, "CHARACTER": storage.Text, "VARCHAR": storage.Text, "NCHAR": storage.Text, "NVARCHAR": storage.Text,
	"BLOB": storage.Blob,
}

// storedAlike are types whose values SQLite holds in the same form.
var storedAlike = [][]storage.Type{
	{storage.Boolean, storage.Int, storage.BigInt, storage.Date, storage.Time, storage.Timestamp, storage.TimestampTZ},
	{storage.Float, storage.Double},
	{storage.Text},
	{storage.Blob},
}

// typesOf returns the types as which a column of a declared type can be read and
// written, the one as which it is imported first.
func typesOf(declared string) []storage.Type {
	declared, _, _ = strings.Cut(strings.ToUpper(declared), "(")
	typ, known := importedTypes[strings.TrimSpace(declared)]
	if !known {
		return nil
	}
	alike := storedAlike[slices.IndexFunc(storedAlike, func(types []storage.Type) bool { return slices.Contains(types, typ) })]
	return append([]storage.Type{typ}, alike...)
}
