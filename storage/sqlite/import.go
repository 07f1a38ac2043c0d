package sqlite

import (
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// ImportObstacle implements [sqlstore.Session].
func (s *adminSession) ImportObstacle(name storage.TableName) (string, error) {
	physical := physicalName(name)
	definitions, err := texts(s.session, "SELECT l.type||' '||l.wr||l.strict||' '||m.sql FROM pragma_table_list l, sqlite_master m WHERE l.schema='main' AND l.name=?1 AND m.name=?1", physical)
	if err != nil || len(definitions) != 1 {
		return "it is none of the tables of the file", err
	}
	definition := definitions[0]
	switch {
	case !strings.HasPrefix(definition, "table "):
		return "it is a view or a virtual table", nil
	case strings.HasPrefix(definition, "table 1"):
		return "it is declared WITHOUT ROWID, and scans find their place by the rowid", nil
	case strings.HasPrefix(definition, "table 01"):
		return "it is declared STRICT, which refuses the types of the columns that transactions add", nil
	case strings.Contains(strings.ToUpper(definition), "COLLATE"):
		return "a COLLATE clause makes values equal, or orders them, otherwise than by their bytes", nil
	case strings.Contains(strings.ToUpper(definition), "CONFLICT"):
		return "an ON CONFLICT clause lets an insert overwrite a record that exists", nil
	}
	unique, err := texts(s.session, `SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin<>'pk'`, physical)
	if err != nil || len(unique) == 0 {
		return "", err
	}
	return fmt.Sprintf("the index %q demands unique values beside the primary key, and would take a write of one for a record that exists", unique[0]), nil
}
