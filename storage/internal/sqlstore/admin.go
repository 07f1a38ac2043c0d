package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Administration implements [storage.Admin], and the method Table of
// [storage.Storage], for a SQL database: the order of the steps, what is looked
// at before, and ScalarDB's metadata. How each step is made is the [Engine]'s.
//
// Definitions of tables change before the metadata, so that a call that was cut
// off, here or in Java, is completed by the same call made again.
type Administration struct {
	engine Engine
	config AdministrationConfig
}

// AdministrationConfig says how a database holds the metadata.
type AdministrationConfig struct {
	Dialect        Dialect
	MetadataSchema string
	// KeepMetadata says that the metadata table stays when it is empty. Java
	// drops it, and copes with either.
	KeepMetadata bool
	// MetadataTypes are the declared types of MetadataColumns.
	MetadataTypes []string
}

// NewAdministration returns the administration of a database.
func NewAdministration(engine Engine, config AdministrationConfig) *Administration {
	return &Administration{engine, config}
}

// Table reads the definition of a table from the metadata table.
func (a *Administration) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	const op = "table"
	var table *storage.Table
	err := a.engine.Read(ctx, op, name, func(ses Session) (err error) {
		table, err = a.readTable(ses, op, name)
		return err
	})
	return table, err
}

// CreateTable takes over a table without metadata, which Java leaves behind if
// it is cut off, if its columns are the same.
func (a *Administration) CreateTable(ctx context.Context, table *storage.Table, _ storage.Options) error {
	const op = "create table"
	if err := storage.CheckTable(table); err != nil {
		return err
	}
	if err := a.checkNames(op, table); err != nil {
		return err
	}
	return a.engine.Update(ctx, op, table.TableName, func(ses Session) error {
		defined, err := a.isDefined(ses, table.TableName)
		if err != nil {
			return err
		}
		if defined {
			return &storage.Error{Op: op, Table: table.TableName, Class: storage.ErrTableExists}
		}
		there, err := ses.Taken(op, table.TableName)
		if err != nil {
			return err
		}
		if there {
			if err := a.checkSameColumns(ses, table); err != nil {
				return err
			}
		}
		if err := ses.CreateTable(table, there); err != nil {
			return err
		}
		for _, column := range table.Indexes {
			if err := ses.CreateIndex(op, table, column); err != nil {
				return err
			}
		}
		return a.writeMetadata(ses, table)
	})
}

// checkSameColumns refuses to take over a table that was not created from the
// same definition.
func (a *Administration) checkSameColumns(ses Session, table *storage.Table) error {
	columns, err := ses.Columns(table.TableName)
	if err != nil {
		return err
	}
	same := len(columns) == len(table.Columns)
	for i, c := range ColumnOrder(table) {
		if !same {
			break
		}
		inKey := 0
		if i < table.KeyLen() {
			inKey = i + 1
		}
		same = columns[i].Name == table.Columns[c].Name && columns[i].Declared == ses.DeclaredType(table, c) && columns[i].InKey == inKey
	}
	if !same {
		return fmt.Errorf("the database holds a %s without metadata and with other columns: rename or drop it", a.quoted(table.TableName))
	}
	return nil
}

// quoted returns the name of a table as the database knows it.
func (a *Administration) quoted(name storage.TableName) string {
	return a.config.Dialect.New().Table(name).String()
}

// checkNames refuses definitions that the database cannot hold, and those of
// ScalarDB's own tables.
func (a *Administration) checkNames(op string, t *storage.Table) error {
	if err := a.engine.CheckNames(op, t); err != nil {
		return err
	}
	for _, name := range []string{MetadataTable, NamespacesTable, VirtualTablesTable} {
		if a.engine.FoldName(a.quoted(t.TableName)) == a.engine.FoldName(a.quoted(a.metadataTable(name))) {
			return storage.Invalidf(op, t.TableName, "%q: ScalarDB keeps its own data in a table of this name", t.Name)
		}
	}
	return nil
}

// DropTable removes the table with its metadata.
func (a *Administration) DropTable(ctx context.Context, name storage.TableName) error {
	return a.change(ctx, "drop table", name, func(ses Session) error {
		if err := ses.DropTable(name); err != nil {
			return err
		}
		return a.deleteMetadata(ses, name)
	})
}

// TruncateTable removes all records.
func (a *Administration) TruncateTable(ctx context.Context, name storage.TableName) error {
	return a.change(ctx, "truncate table", name, func(ses Session) error { return ses.TruncateTable(name) })
}

// change runs body if the metadata define the table.
func (a *Administration) change(ctx context.Context, op string, name storage.TableName, body func(Session) error) error {
	return a.engine.Update(ctx, op, name, func(ses Session) error {
		defined, err := a.isDefined(ses, name)
		if err != nil {
			return err
		}
		if !defined {
			return &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
		}
		return body(ses)
	})
}

// Tables lists the tables of a namespace that the metadata define.
func (a *Administration) Tables(ctx context.Context, namespace string) ([]string, error) {
	var tables []string
	err := a.engine.Read(ctx, "tables", storage.TableName{Namespace: namespace}, func(ses Session) (err error) {
		tables, err = a.definedTables(ses, namespace)
		return err
	})
	return tables, err
}

// RepairTable compares with the table in the database as well as with its
// metadata: Java writes the metadata row by row, so they may be a part.
func (a *Administration) RepairTable(ctx context.Context, want *storage.Table, _ storage.Options) error {
	const op = "repair table"
	if err := storage.CheckTable(want); err != nil {
		return err
	}
	if err := a.checkNames(op, want); err != nil {
		return err
	}
	return a.engine.Update(ctx, op, want.TableName, func(ses Session) error {
		whole := want
		defined, err := a.readTable(ses, op, want.TableName)
		switch {
		case err == nil:
			if whole, err = defined.WithMissing(want); err != nil {
				return err
			}
		case !errors.Is(err, storage.ErrTableNotFound):
			return err
		}
		there, err := ses.Taken(op, want.TableName)
		if err != nil {
			return err
		}
		if there {
			if err := a.addMissingColumns(ses, op, whole); err != nil {
				return err
			}
		}
		if err := ses.CreateTable(whole, there); err != nil {
			return err
		}
		for _, c := range whole.Indexes {
			if err := ses.CreateIndex(op, whole, c); err != nil {
				return err
			}
		}
		if whole == defined {
			return nil
		}
		return a.writeMetadata(ses, whole)
	})
}

// addMissingColumns adds the columns that a table of the database lacks, after
// it has looked that nothing contradicts.
func (a *Administration) addMissingColumns(ses Session, op string, t *storage.Table) error {
	columns, err := ses.Columns(t.TableName)
	if err != nil {
		return err
	}
	want := make([]string, 0, t.KeyLen())
	for _, c := range t.PrimaryKey() {
		want = append(want, t.Columns[c].Name)
	}
	if key := keyOf(columns); !slices.Equal(key, want) {
		return storage.Invalidf(op, t.TableName, "the primary key of the table in the database is %s, and %s in the definition", inParentheses(key), inParentheses(want))
	}
	for _, c := range t.Columns {
		if at := findColumn(columns, c.Name); at >= 0 && !columns[at].holds(c.Type) {
			return storage.Invalidf(op, t.TableName, "column %s of the table in the database is of type %s and holds no %s", c.Name, columns[at].Declared, c.Type)
		}
	}
	for i, c := range t.Columns {
		if findColumn(columns, c.Name) < 0 {
			if err := a.addColumn(ses, op, t, i, columns); err != nil {
				return err
			}
		}
	}
	return nil
}
