package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// physicalColumn is a column of a table of the file.
type physicalColumn struct {
	name     string
	declared string // its type as CREATE TABLE says it
	inKey    int    // its place in the primary key, from 1; 0 outside
	hidden   int    // not 0 for what a generated or virtual table adds
}

// physicalColumns lists the columns of a table of the file, none if there is no
// such table.
func physicalColumns(ses *session, physical string) ([]physicalColumn, error) {
	rows, err := ses.conn.QueryContext(context.Background(), "SELECT name,type,pk,hidden FROM pragma_table_xinfo(?) ORDER BY cid", physical)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err below tells all there is
	var columns []physicalColumn
	for rows.Next() {
		var c physicalColumn
		if err := rows.Scan(&c.name, &c.declared, &c.inKey, &c.hidden); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

func hasColumn(columns []physicalColumn, name string) bool {
	return slices.ContainsFunc(columns, func(c physicalColumn) bool { return c.name == name })
}

// keyOf returns the names of the primary-key columns in key order.
func keyOf(columns []physicalColumn) []string {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c physicalColumn) bool { return c.inKey == 0 })
	slices.SortFunc(columns, func(a, b physicalColumn) int { return a.inKey - b.inKey })
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// importedTypes are the types as which columns are imported, by declared type
// without a length. Left out are those of which SQLite may hold a value in
// several forms (NUMERIC, DECIMAL, DATE, DATETIME, no type at all). FLOAT is
// DOUBLE, since other programs than ScalarDB keep all 64 bits in it.
var importedTypes = map[string]storage.Type{
	"BOOLEAN": storage.Boolean, "BOOL": storage.Boolean,
	"TINYINT": storage.Int, "SMALLINT": storage.Int, "MEDIUMINT": storage.Int, "INT": storage.Int, "INT2": storage.Int, "INT4": storage.Int,
	"INTEGER": storage.BigInt, "BIGINT": storage.BigInt, "INT8": storage.BigInt,
	"FLOAT": storage.Double, "REAL": storage.Double, "DOUBLE": storage.Double, "DOUBLE PRECISION": storage.Double,
	"TEXT": storage.Text, "CLOB": storage.Text, "CHAR": storage.Text, "CHARACTER": storage.Text, "VARCHAR": storage.Text, "NCHAR": storage.Text, "NVARCHAR": storage.Text,
	"BLOB": storage.Blob,
}

// integerTypes are those whose values SQLite holds as integers.
var integerTypes = []storage.Type{
	storage.Boolean, storage.Int, storage.BigInt, storage.Date, storage.Time, storage.Timestamp, storage.TimestampTZ,
}

// imported returns the type as which the column is imported.
func (c physicalColumn) imported() (storage.Type, bool) {
	declared, _, _ := strings.Cut(strings.ToUpper(c.declared), "(")
	typ, known := importedTypes[strings.TrimSpace(declared)]
	return typ, known
}

// holds reports whether the column holds values of the type as this package
// writes them.
func (c physicalColumn) holds(typ storage.Type) bool {
	imported, known := c.imported()
	return known && storedAlike(imported, typ)
}

func storedAlike(a, b storage.Type) bool {
	isFloat := func(t storage.Type) bool { return t == storage.Float || t == storage.Double }
	return a == b || isFloat(a) && isFloat(b) || slices.Contains(integerTypes, a) && slices.Contains(integerTypes, b)
}
