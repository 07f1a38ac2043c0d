package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// ForeignTable describes the table "namespace$name" of the file. (Java imports no
// tables on SQLite; tables that this package has imported are to it like any
// other.)
//
// The types are those of the declarations: of integer types TINYINT to INT are
// INT, INTEGER and BIGINT are BIGINT, and any may be chosen to be BOOLEAN, INT,
// BIGINT or one of the packed date and time types; FLOAT, REAL and DOUBLE are
// DOUBLE, and may be chosen to be FLOAT; CHAR, VARCHAR, TEXT are TEXT; BLOB is
// BLOB. Declarations do not bind in SQLite: a value of another kind is an error
// when it is read.
func (s *Storage) ForeignTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	const op = "foreign table"
	var table *storage.Table
	err := s.read(ctx, op, name, func(ses *session) (err error) {
		table, err = s.foreignTable(ses, op, name, types)
		return err
	})
	return table, err
}

// ImportTable writes the metadata. SQLite's ALTER TABLE has what is needed to
// change the table later.
func (s *Storage) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	const op = "import table"
	return s.update(ctx, op, name, func(ses *session) error {
		table, err := s.foreignTable(ses, op, name, types)
		if err != nil {
			return err
		}
		return s.writeMetadata(ses, table)
	})
}

func (s *Storage) foreignTable(ses *session, op string, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	defined, err := s.isDefined(ses, name)
	if err != nil {
		return nil, err
	}
	if defined {
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableExists}
	}
	physical := physicalName(name)
	columns, err := physicalColumns(ses, physical)
	if err != nil {
		return nil, err
	}
	if len(columns) == 0 {
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
	}
	obstacle, err := importObstacle(ses, physical)
	if err != nil {
		return nil, err
	}
	if obstacle != "" {
		return nil, storage.Invalidf(op, name, "%s", obstacle)
	}
	t := &storage.Table{TableName: name}
	for _, c := range columns {
		typ, known := c.imported()
		switch {
		case c.hidden != 0:
			return nil, storage.Invalidf(op, name, "column %s is computed, and cannot be written", c.name)
		case !known:
			return nil, storage.Invalidf(op, name, "column %s has the type %q, which has no counterpart", c.name, c.declared)
		}
		t.Columns = append(t.Columns, storage.Column{Name: c.name, Type: typ})
	}
	for _, key := range keyOf(columns) {
		t.Partition = append(t.Partition, t.Column(key))
	}
	if len(t.Partition) == 0 {
		return nil, storage.Invalidf(op, name, "the table has no primary key")
	}
	if err := s.checkNames(op, t); err != nil {
		return nil, err
	}
	return t.WithTypes(types, func(c storage.Column, typ storage.Type) bool { return storedAlike(c.Type, typ) })
}

// importObstacle returns why a table of the file could not be served, "" if it
// can.
func importObstacle(ses *session, physical string) (string, error) {
	definitions, err := texts(ses, "SELECT l.type||' '||l.wr||l.strict||' '||m.sql FROM pragma_table_list l, sqlite_master m WHERE l.schema='main' AND l.name=?1 AND m.name=?1", physical)
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
	unique, err := texts(ses, `SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin<>'pk'`, physical)
	if err != nil || len(unique) == 0 {
		return "", err
	}
	return fmt.Sprintf("the index %q demands unique values beside the primary key, and would take a write of one for a record that exists", unique[0]), nil
}
