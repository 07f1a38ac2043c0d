package storagetest

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// brokenChanges overrides single methods of an Admin that change tables.
type brokenChanges struct {
	storage.Admin
	createIndex  func(a storage.Admin, ctx context.Context, name storage.TableName, column string) error
	dropIndex    func(a storage.Admin, ctx context.Context, name storage.TableName, column string) error
	addColumn    func(a storage.Admin, ctx context.Context, name storage.TableName, column storage.Column) error
	dropColumn   func(a storage.Admin, ctx context.Context, name storage.TableName, column string) error
	renameColumn func(a storage.Admin, ctx context.Context, name storage.TableName, from, to string) error
	alterType    func(a storage.Admin, ctx context.Context, name storage.TableName, column string, typ storage.Type) error
	renameTable  func(a storage.Admin, ctx context.Context, name storage.TableName, to string) error
	repair       func(a storage.Admin, ctx context.Context, table *storage.Table) error
	describe     func(t *storage.Table) *storage.Table
	importTable  func(a storage.Admin, ctx context.Context, name storage.TableName) error
}

func (b *brokenChanges) CreateIndex(ctx context.Context, name storage.TableName, column string, options storage.Options) error {
	if b.createIndex != nil {
		return b.createIndex(b.Admin, ctx, name, column)
	}
	return b.Admin.CreateIndex(ctx, name, column, options)
}

func (b *brokenChanges) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	if b.dropIndex != nil {
		return b.dropIndex(b.Admin, ctx, name, column)
	}
	return b.Admin.DropIndex(ctx, name, column)
}

func (b *brokenChanges) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	if b.addColumn != nil {
		return b.addColumn(b.Admin, ctx, name, column)
	}
	return b.Admin.AddColumn(ctx, name, column)
}

func (b *brokenChanges) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	if b.dropColumn != nil {
		return b.dropColumn(b.Admin, ctx, name, column)
	}
	return b.Admin.DropColumn(ctx, name, column)
}

func (b *brokenChanges) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	if b.renameColumn != nil {
		return b.renameColumn(b.Admin, ctx, name, from, to)
	}
	return b.Admin.RenameColumn(ctx, name, from, to)
}

func (b *brokenChanges) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	if b.alterType != nil {
		return b.alterType(b.Admin, ctx, name, column, typ)
	}
	return b.Admin.AlterColumnType(ctx, name, column, typ)
}

func (b *brokenChanges) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	if b.renameTable != nil {
		return b.renameTable(b.Admin, ctx, name, to)
	}
	return b.Admin.RenameTable(ctx, name, to)
}

func (b *brokenChanges) RepairTable(ctx context.Context, table *storage.Table, options storage.Options) error {
	if b.repair != nil {
		return b.repair(b.Admin, ctx, table)
	}
	return b.Admin.RepairTable(ctx, table, options)
}

func (b *brokenChanges) ForeignTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	t, err := b.Admin.ForeignTable(ctx, name, types)
	if err == nil && b.describe != nil {
		t = b.describe(t)
	}
	return t, err
}

func (b *brokenChanges) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	if b.importTable != nil {
		return b.importTable(b.Admin, ctx, name)
	}
	return b.Admin.ImportTable(ctx, name, types)
}

// fault is a storage with a fault, and the checks that must find it.
type fault struct {
	name    string
	storage *saboteur
	checks  []string
}

// changing is a fault of the changes of tables.
func changing(name string, broken brokenChanges, checks ...string) fault {
	return fault{name, &saboteur{admin: func(a storage.Admin) storage.Admin {
		b := broken
		b.Admin = a
		return &b
	}}, checks}
}

// again drops a column and adds it under a name and type.
func again(a storage.Admin, ctx context.Context, name storage.TableName, from string, column storage.Column) error {
	return errors.Join(a.DropColumn(ctx, name, from), a.AddColumn(ctx, name, column))
}

var foreignInMemory = ForeignTables(func(s storage.Storage, definition *storage.Table) error {
	return s.(*saboteur).Storage.(*memory.Storage).AddForeignTable(definition)
})

// changeFaults are faults of the changes of tables.
func changeFaults() []fault {
	const index, add, drop, rename, typ = "alter/create and drop index", "alter/add column", "alter/drop column", "alter/rename column", "alter/column type"
	const table, refused, repair, refusedRepair, imported = "alter/rename table", "alter/what cannot be", "alter/repair", "alter/repair refuses contradictions", "alter/import"
	ignored := func(err error) error { return nil }
	return []fault{
		changing("create index does nothing", brokenChanges{createIndex: func(storage.Admin, context.Context, storage.TableName, string) error { return nil }}, index, drop, refused),
		changing("an index that is there is an error", brokenChanges{createIndex: func(a storage.Admin, ctx context.Context, name storage.TableName, column string) error {
			if err := a.AddColumn(ctx, name, storage.Column{Name: "created", Type: storage.Int}); err != nil {
				return err
			}
			return a.CreateIndex(ctx, name, column, nil)
		}}, index),
		changing("drop index does nothing", brokenChanges{dropIndex: func(storage.Admin, context.Context, storage.TableName, string) error { return nil }}, index, refused),
		changing("add column does nothing", brokenChanges{addColumn: func(storage.Admin, context.Context, storage.TableName, storage.Column) error { return nil }}, add, drop, refused, imported),
		changing("an added column replaces one", brokenChanges{addColumn: func(a storage.Admin, ctx context.Context, name storage.TableName, column storage.Column) error {
			return again(a, ctx, name, column.Name, column)
		}}, refused),
		changing("drop column does nothing", brokenChanges{dropColumn: func(storage.Admin, context.Context, storage.TableName, string) error { return nil }}, drop, refused),
		changing("a dropped column leaves its values", brokenChanges{dropColumn: func(a storage.Admin, ctx context.Context, name storage.TableName, column string) error {
			if column == "name" {
				return nil
			}
			return a.DropColumn(ctx, name, column)
		}}, drop),
		changing("a renamed column loses its values", brokenChanges{renameColumn: func(a storage.Admin, ctx context.Context, name storage.TableName, from, to string) error {
			if from == "age" && to == "years" {
				return again(a, ctx, name, from, storage.Column{Name: to, Type: storage.Int})
			}
			return a.RenameColumn(ctx, name, from, to)
		}}, rename),
		changing("a renamed column loses its index", brokenChanges{renameColumn: func(a storage.Admin, ctx context.Context, name storage.TableName, from, to string) error {
			return errors.Join(a.RenameColumn(ctx, name, from, to), ignored(a.DropIndex(ctx, name, to)))
		}}, rename),
		changing("a key column cannot be renamed", brokenChanges{renameColumn: func(a storage.Admin, ctx context.Context, name storage.TableName, from, to string) error {
			if from == "id" {
				return storage.Invalidf("rename column", name, "id belongs to the key")
			}
			return a.RenameColumn(ctx, name, from, to)
		}}, rename),
		changing("a column of another type has no values", brokenChanges{alterType: func(a storage.Admin, ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
			if column == "n" && typ == storage.BigInt {
				return again(a, ctx, name, column, storage.Column{Name: column, Type: typ})
			}
			return a.AlterColumnType(ctx, name, column, typ)
		}}, typ),
		changing("any type becomes any other", brokenChanges{alterType: func(a storage.Admin, ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
			if err := a.AlterColumnType(ctx, name, column, typ); !errors.Is(err, storage.ErrInvalid) {
				return err
			}
			return again(a, ctx, name, column, storage.Column{Name: column, Type: typ})
		}}, refused),
		changing("a renamed table loses its records", brokenChanges{renameTable: func(a storage.Admin, ctx context.Context, name storage.TableName, to string) error {
			if err := a.RenameTable(ctx, name, to); err != nil {
				return err
			}
			return a.TruncateTable(ctx, storage.TableName{Namespace: name.Namespace, Name: to})
		}}, table),
		changing("a renamed table takes the place of another", brokenChanges{renameTable: func(a storage.Admin, ctx context.Context, name storage.TableName, to string) error {
			err := a.RenameTable(ctx, name, to)
			if errors.Is(err, storage.ErrTableExists) {
				err = errors.Join(a.DropTable(ctx, storage.TableName{Namespace: name.Namespace, Name: to}), a.RenameTable(ctx, name, to))
			}
			return err
		}}, table),
		changing("repair creates the table again", brokenChanges{repair: func(a storage.Admin, ctx context.Context, t *storage.Table) error {
			return errors.Join(ignored(a.DropTable(ctx, t.TableName)), a.CreateTable(ctx, t, nil))
		}}, repair, refusedRepair),
		changing("repair leaves a table that is there", brokenChanges{repair: func(a storage.Admin, ctx context.Context, t *storage.Table) error {
			if err := a.CreateTable(ctx, t, nil); !errors.Is(err, storage.ErrTableExists) {
				return err
			}
			return nil
		}}, repair, refusedRepair),
		changing("repair hides contradictions", brokenChanges{repair: func(a storage.Admin, ctx context.Context, t *storage.Table) error {
			return ignored(a.RepairTable(ctx, t, nil))
		}}, refusedRepair),
		changing("the order of an imported key is lost", brokenChanges{describe: func(t *storage.Table) *storage.Table {
			reversed := *t
			reversed.Partition = []int{t.Partition[1], t.Partition[0]}
			return &reversed
		}}, imported),
		changing("a table is imported twice", brokenChanges{importTable: func(a storage.Admin, ctx context.Context, name storage.TableName) error {
			if err := a.ImportTable(ctx, name, nil); !errors.Is(err, storage.ErrTableExists) {
				return err
			}
			return nil
		}}, imported),
		changing("chosen types are ignored", brokenChanges{importTable: func(a storage.Admin, ctx context.Context, name storage.TableName) error {
			return a.ImportTable(ctx, name, nil)
		}}, imported),
	}
}
