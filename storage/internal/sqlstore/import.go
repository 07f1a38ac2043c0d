package sqlstore

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// ForeignTable describes a table of the database that has no metadata.
func (a *Administration) ForeignTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	const op = "foreign table"
	var table *storage.Table
	err := a.engine.Read(ctx, op, name, func(ses Session) (err error) {
		table, err = a.foreignTable(ses, op, name, types)
		return err
	})
	return table, err
}

// ImportTable writes the metadata.
func (a *Administration) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	const op = "import table"
	return a.engine.Update(ctx, op, name, func(ses Session) error {
		table, err := a.foreignTable(ses, op, name, types)
		if err != nil {
			return err
		}
		return a.writeMetadata(ses, table)
	})
}

func (a *Administration) foreignTable(ses Session, op string, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	defined, err := a.isDefined(ses, name)
	if err != nil {
		return nil, err
	}
	if defined {
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableExists}
	}
	columns, err := ses.Columns(name)
	if err != nil {
		return nil, err
	}
	if len(columns) == 0 {
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
	}
	obstacle, err := ses.ImportObstacle(name)
	if err != nil {
		return nil, err
	}
	if obstacle != "" {
		return nil, storage.Invalidf(op, name, "%s", obstacle)
	}
	t := &storage.Table{TableName: name}
	for _, c := range columns {
		switch {
		case c.Computed:
			return nil, storage.Invalidf(op, name, "column %s is computed, and cannot be written", c.Name)
		case len(c.Types) == 0:
			return nil, storage.Invalidf(op, name, "column %s has the type %q, which has no counterpart", c.Name, c.Declared)
		}
		t.Columns = append(t.Columns, storage.Column{Name: c.Name, Type: c.Types[0]})
	}
	for _, key := range keyOf(columns) {
		t.Partition = append(t.Partition, t.Column(key))
	}
	if len(t.Partition) == 0 {
		return nil, storage.Invalidf(op, name, "the table has no primary key")
	}
	if err := a.checkNames(op, t); err != nil {
		return nil, err
	}
	return t.WithTypes(types, func(c storage.Column, typ storage.Type) bool { return columns[findColumn(columns, c.Name)].holds(typ) })
}
