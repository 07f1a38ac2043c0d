package postgres

import (
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Taken implements [sqlstore.Session]. Tables, views, indexes and sequences of a
// schema share one namespace.
func (s *adminSession) Taken(_ string, name storage.TableName) (bool, error) {
	return s.found("SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname=$1 AND c.relname=$2", name.Namespace, name.Name)
}

// Columns implements [sqlstore.Session].
func (s *adminSession) Columns(name storage.TableName) ([]sqlstore.PhysicalColumn, error) {
	rows, err := s.Query(`SELECT a.attname,format_type(a.atttypid,a.atttypmod),
		coalesce((SELECT k.place FROM pg_index x, unnest(x.indkey) WITH ORDINALITY k(attnum,place)
			WHERE x.indrelid=c.oid AND x.indisprimary AND k.attnum=a.attnum AND k.place<=x.indnkeyatts),0),
		a.attgenerated<>'' OR a.attidentity='a',
		coalesce(pg_get_expr(d.adbin,d.adrelid),'')
		FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace
		JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid=c.oid AND d.adnum=a.attnum
		WHERE n.nspname=$1 AND c.relname=$2 AND c.relkind IN ('r','p','v','m','f') ORDER BY a.attnum`, name.Namespace, name.Name)
	if err != nil {
		return nil, err
	}
	columns := make([]sqlstore.PhysicalColumn, len(rows))
	for i, row := range rows {
		inKey, err := strconv.Atoi(row[2])
		if err != nil {
			return nil, err
		}
		c := sqlstore.PhysicalColumn{Name: row[0], Declared: row[1], InKey: inKey, Computed: row[3] == "t", Types: typesOf(row[1])}
		if strings.HasPrefix(row[4], "nextval(") {
			// Java takes serial columns for types of their own, and refuses them.
			c.Declared, c.Types = "serial ("+c.Declared+")", nil
		}
		columns[i] = c
	}
	return columns, nil
}

// importedTypes are the types as which columns are imported, by declared type
// without a length (storage spec, section 3.13).
var importedTypes = map[string]storage.Type{
	"boolean": storage.Boolean, "smallint": storage.Int, "integer": storage.Int, "bigint": storage.BigInt,
	"real": storage.Float, "double precision": storage.Double, "character": storage.Text, "character varying": storage.Text, "text": storage.Text,
	"bytea": storage.Blob, "date": storage.Date, "time without time zone": storage.Time,
	"timestamp without time zone": storage.Timestamp, "timestamp with time zone": storage.TimestampTZ,
}

// typesOf returns the type as which a column of a declared type can be read and
// written. There is no choice: values are typed on the way.
func typesOf(declared string) []storage.Type {
	if declared == "bit(1)" {
		return []storage.Type{storage.Boolean}
	}
	// time(3) without time zone
	if before, after, hasLength := strings.Cut(declared, "("); hasLength {
		_, after, _ = strings.Cut(after, ")")
		declared = before + after
	}
	if typ, known := importedTypes[declared]; known {
		return []storage.Type{typ}
	}
	return nil
}

// ImportObstacle implements [sqlstore.Session].
func (s *adminSession) ImportObstacle(name storage.TableName) (string, error) {
	isTable, err := s.found("SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname=$1 AND c.relname=$2 AND c.relkind IN ('r','p')", name.Namespace, name.Name)
	if err != nil {
		return "", err
	}
	if !isTable {
		return "it is a view or a foreign table", nil
	}
	rows, err := s.Query(`SELECT a.attname,l.collname FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace
		JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped JOIN pg_collation l ON l.oid=a.attcollation
		WHERE n.nspname=$1 AND c.relname=$2 AND l.collname NOT IN ('default','C','POSIX')`, name.Namespace, name.Name)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return "column " + rows[0][0] + " has the collation " + strconv.Quote(rows[0][1]) + ", which may hold values for equal, or order them, otherwise than the database does", nil
}
