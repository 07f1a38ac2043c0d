package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// definitionChange is a With method of [storage.Table].
type definitionChange func(*storage.Table) (*storage.Table, error)

// alter changes a table and then its metadata. physically is not called if the
// metadata say that there is nothing to do. It must cope with a table that is
// changed already.
func (a *Administration) alter(ctx context.Context, op string, name storage.TableName, change definitionChange,
	physically func(ses Session, from, to *storage.Table, columns []PhysicalColumn) error) error {
	return a.engine.Update(ctx, op, name, func(ses Session) error {
		from, err := a.readTable(ses, op, name)
		if err != nil {
			return err
		}
		to, err := change(from)
		if err != nil || to == from {
			return err
		}
		if err := a.checkNames(op, to); err != nil {
			return err
		}
		columns, err := ses.Columns(name)
		if err != nil {
			return err
		}
		if err := physically(ses, from, to, columns); err != nil {
			return err
		}
		return a.writeMetadata(ses, to)
	})
}

// CreateIndex creates the index with the name that Java gives it.
func (a *Administration) CreateIndex(ctx context.Context, name storage.TableName, column string, _ storage.Options) error {
	const op = "create index"
	return a.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithIndex(column) },
		func(ses Session, _, to *storage.Table, _ []PhysicalColumn) error {
			return ses.CreateIndex(op, to, to.Column(column))
		})
}

// DropIndex drops the index under the name that any version of Java gives it.
func (a *Administration) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.alter(ctx, "drop index", name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex(column) },
		func(ses Session, _, to *storage.Table, _ []PhysicalColumn) error {
			return ses.DropIndex(to, to.Column(column))
		})
}

// AddColumn adds a column.
func (a *Administration) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	const op = "add column"
	return a.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(column) },
		func(ses Session, _, to *storage.Table, columns []PhysicalColumn) error {
			return a.addColumn(ses, op, to, to.Column(column.Name), columns)
		})
}

// addColumn adds a column of t unless it is there.
func (a *Administration) addColumn(ses Session, op string, t *storage.Table, column int, columns []PhysicalColumn) error {
	added := t.Columns[column]
	i := slices.IndexFunc(columns, func(c PhysicalColumn) bool { return a.engine.FoldName(c.Name) == a.engine.FoldName(added.Name) })
	if i < 0 {
		return ses.AddColumn(t, column)
	}
	if c := columns[i]; c.Name != added.Name || c.InKey > 0 || !c.holds(added.Type) {
		return storage.Invalidf(op, t.TableName, "the table in the database has a column %q of type %s that its metadata do not name: rename or drop it", c.Name, c.Declared)
	}
	return nil
}

// DropColumn drops a column and its index.
func (a *Administration) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	const op = "drop column"
	return a.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn(column) },
		func(ses Session, from, _ *storage.Table, columns []PhysicalColumn) error {
			if findColumn(columns, column) < 0 {
				return nil
			}
			return ses.DropColumn(op, from, from.Column(column))
		})
}

// RenameColumn renames a column and its index.
func (a *Administration) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	const op = "rename column"
	return a.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed(from, to) },
		func(ses Session, before, after *storage.Table, columns []PhysicalColumn) error {
			if findColumn(columns, from) >= 0 || findColumn(columns, to) < 0 {
				if err := ses.RenameColumn(before, after, from, to); err != nil {
					return err
				}
			}
			if column := after.Column(to); after.Indexed(column) {
				return ses.RenameIndex(op, after, column, name, from)
			}
			return nil
		})
}

// AlterColumnType changes the type of a column, if the database can.
func (a *Administration) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	const op = "alter column type"
	return a.alter(ctx, op, name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType(column, typ) },
		func(ses Session, _, to *storage.Table, _ []PhysicalColumn) error {
			return ses.AlterColumnType(op, to, to.Column(column))
		})
}

// RenameTable renames a table and its indexes.
func (a *Administration) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	const op = "rename table"
	return a.engine.Update(ctx, op, name, func(ses Session) error {
		from, err := a.readTable(ses, op, name)
		if err != nil || to == name.Name {
			return err
		}
		renamed := *from
		renamed.Name = to
		if err := a.checkNames(op, &renamed); err != nil {
			return err
		}
		defined, err := a.isDefined(ses, renamed.TableName)
		if err != nil {
			return err
		}
		left, err := ses.Columns(name)
		if err != nil {
			return err
		}
		taken, err := ses.Taken(op, renamed.TableName)
		if err != nil {
			return err
		}
		if defined || taken && len(left) > 0 { // otherwise somebody was cut off after the table was renamed
			return &storage.Error{Op: op, Table: renamed.TableName, Class: storage.ErrTableExists}
		}
		if !taken {
			if err := ses.RenameTable(name, renamed.TableName); err != nil {
				return err
			}
		}
		for _, c := range renamed.Indexes {
			if err := ses.RenameIndex(op, &renamed, c, name, renamed.Columns[c].Name); err != nil {
				return err
			}
		}
		return a.replaceMetadata(ses, &renamed, name)
	})
}

// inParentheses renders names for messages: (a, b).
func inParentheses(names []string) string { return "(" + strings.Join(names, ", ") + ")" }
