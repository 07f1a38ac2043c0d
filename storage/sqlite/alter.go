package sqlite

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// definitionChange is a With method of [storage.Table].
type definitionChange func(*storage.Table) (*storage.Table, error)

// alter changes table and metadata in one transaction. physically is not called
// if the metadata say that there is nothing to do. It must cope with a table
// that is changed already: Java changes the table first and the metadata after,
// and may be cut off in between.
func (s *Storage) alter(ctx context.Context, op string, name storage.TableName, change definitionChange,
	physically func(ses *session, from, to *storage.Table, columns []physicalColumn) error) error {
	return s.update(ctx, op, name, func(ses *session) error {
		from, err := s.readTable(ses, op, name)
		if err != nil {
			return err
		}
		to, err := change(from)
		if err != nil || to == from {
			return err
		}
		if err := s.checkNames(op, to); err != nil {
			return err
		}
		columns, err := physicalColumns(ses, physicalName(name))
		if err != nil {
			return err
		}
		if err := physically(ses, from, to, columns); err != nil {
			return err
		}
		return s.writeMetadata(ses, to)
	})
}

// CreateIndex creates the index with the name that Java gives it.
func (s *Storage) CreateIndex(ctx context.Context, name storage.TableName, column string, _ storage.Options) error {
	const op = "create index"
	return s.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithIndex(column) },
		func(ses *session, _, to *storage.Table, _ []physicalColumn) error {
			return createIndex(ses, op, to, to.Column(column))
		})
}

// DropIndex drops the index under the name that any version of Java gives it.
func (s *Storage) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	return s.alter(ctx, "drop index", name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex(column) },
		func(ses *session, _, _ *storage.Table, _ []physicalColumn) error {
			return dropIndex(ses, name, name, column)
		})
}

// dropIndex drops the index that a table has on a column, if it is there, by
// the names that go with another name of the table. An index of another table
// may have them: see [createIndex].
func dropIndex(ses *session, table, named storage.TableName, column string) error {
	names, err := texts(ses, "SELECT name FROM sqlite_master WHERE type='index' AND tbl_name=? AND name IN (?,?)",
		physicalName(table), sqlstore.IndexName(named, column), sqlstore.LongIndexName(named, column))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := execute(ses, dialect.New().Text("DROP INDEX ").Name(name).String()); err != nil {
			return err
		}
	}
	return nil
}

// AddColumn adds a column. SQLite writes it into no record: those that are there
// read as NULL.
func (s *Storage) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	const op = "add column"
	return s.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(column) },
		func(ses *session, _, _ *storage.Table, columns []physicalColumn) error {
			return addPhysicalColumn(ses, op, name, column, columns)
		})
}

// addPhysicalColumn adds a column unless it is there.
func addPhysicalColumn(ses *session, op string, name storage.TableName, column storage.Column, columns []physicalColumn) error {
	i := slices.IndexFunc(columns, func(c physicalColumn) bool { return foldASCII(c.name) == foldASCII(column.Name) })
	if i < 0 {
		b := dialect.New().Text("ALTER TABLE ").Table(name).Text(" ADD COLUMN ").Name(column.Name)
		return execute(ses, b.Text(" ").Text(columnTypes[column.Type]).String())
	}
	if c := columns[i]; c.name != column.Name || c.inKey > 0 || !c.holds(column.Type) {
		return storage.Invalidf(op, name, "the table in the file has a column %q of type %s that its metadata do not name: rename or drop it", c.name, c.declared)
	}
	return nil
}

// DropColumn drops a column and its index.
func (s *Storage) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	const op = "drop column"
	return s.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn(column) },
		func(ses *session, _, _ *storage.Table, columns []physicalColumn) error {
			if err := dropIndex(ses, name, name, column); err != nil {
				return err
			}
			if !hasColumn(columns, column) {
				return nil
			}
			others, err := texts(ses, "SELECT l.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE i.name=?", physicalName(name), column)
			if err != nil {
				return err
			}
			if len(others) > 0 {
				return storage.Invalidf(op, name, "the index %q, which another program has created, is on column %s: drop it first", others[0], column)
			}
			return execute(ses, dialect.New().Text("ALTER TABLE ").Table(name).Text(" DROP COLUMN ").Name(column).String())
		})
}

// RenameColumn renames a column, and creates its index again under the name that
// goes with the new one.
func (s *Storage) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	const op = "rename column"
	return s.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed(from, to) },
		func(ses *session, _, table *storage.Table, columns []physicalColumn) error {
			if err := dropIndex(ses, name, name, from); err != nil {
				return err
			}
			if hasColumn(columns, from) || !hasColumn(columns, to) {
				b := dialect.New().Text("ALTER TABLE ").Table(name).Text(" RENAME COLUMN ").Name(from)
				if err := execute(ses, b.Text(" TO ").Name(to).String()); err != nil {
					return err
				}
			}
			if column := table.Column(to); table.Indexed(column) {
				return createIndex(ses, op, table, column)
			}
			return nil
		})
}

// AlterColumnType refuses every change: SQLite's ALTER TABLE has none of a type.
func (s *Storage) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	const op = "alter column type"
	return s.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType(column, typ) },
		func(*session, *storage.Table, *storage.Table, []physicalColumn) error {
			return storage.Invalidf(op, name, "SQLite cannot change the type of a column: add a column of type %s under another name and copy the values", typ)
		})
}

// RenameTable renames a table, and creates its indexes again under the names
// that go with the new one.
func (s *Storage) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	const op = "rename table"
	return s.update(ctx, op, name, func(ses *session) error {
		from, err := s.readTable(ses, op, name)
		if err != nil || to == name.Name {
			return err
		}
		renamed := *from
		renamed.Name = to
		if err := s.checkNames(op, &renamed); err != nil {
			return err
		}
		defined, err := s.isDefined(ses, renamed.TableName)
		if err != nil {
			return err
		}
		there, err := found(ses, "SELECT 1 FROM sqlite_master WHERE name=?", physicalName(name))
		if err != nil {
			return err
		}
		taken, err := isTaken(ses, op, renamed.TableName)
		if err != nil {
			return err
		}
		if defined || taken && there { // otherwise Java was cut off after it had renamed the table
			return &storage.Error{Op: op, Table: renamed.TableName, Class: storage.ErrTableExists}
		}
		if !taken {
			b := dialect.New().Text("ALTER TABLE ").Table(name).Text(" RENAME TO ").Table(renamed.TableName)
			if err := execute(ses, b.String()); err != nil {
				return err
			}
		}
		for _, c := range renamed.Indexes {
			if err := dropIndex(ses, renamed.TableName, name, renamed.Columns[c].Name); err != nil {
				return err
			}
			if err := createIndex(ses, op, &renamed, c); err != nil {
				return err
			}
		}
		if err := s.deleteRows(ses, name); err != nil {
			return err
		}
		return s.writeMetadata(ses, &renamed)
	})
}
