package faulty

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// CreateIndex creates an index.
func (s *Storage) CreateIndex(ctx context.Context, name storage.TableName, column string, options storage.Options) error {
	return s.change(ctx, CreateIndex, name, func(ctx context.Context) error {
		return s.inner.Admin().CreateIndex(ctx, name, column, options)
	})
}

// DropIndex drops an index.
func (s *Storage) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	return s.change(ctx, DropIndex, name, func(ctx context.Context) error {
		return s.inner.Admin().DropIndex(ctx, name, column)
	})
}

// AddColumn adds a column.
func (s *Storage) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	return s.change(ctx, AddColumn, name, func(ctx context.Context) error {
		return s.inner.Admin().AddColumn(ctx, name, column)
	})
}

// DropColumn drops a column.
func (s *Storage) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	return s.change(ctx, DropColumn, name, func(ctx context.Context) error {
		return s.inner.Admin().DropColumn(ctx, name, column)
	})
}

// RenameColumn renames a column.
func (s *Storage) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	return s.change(ctx, RenameColumn, name, func(ctx context.Context) error {
		return s.inner.Admin().RenameColumn(ctx, name, from, to)
	})
}

// AlterColumnType changes the type of a column.
func (s *Storage) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	return s.change(ctx, AlterColumnType, name, func(ctx context.Context) error {
		return s.inner.Admin().AlterColumnType(ctx, name, column, typ)
	})
}

// RenameTable renames a table.
func (s *Storage) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	return s.change(ctx, RenameTable, name, func(ctx context.Context) error {
		return s.inner.Admin().RenameTable(ctx, name, to)
	})
}

// RepairTable creates what is missing of a table.
func (s *Storage) RepairTable(ctx context.Context, table *storage.Table, options storage.Options) error {
	return s.change(ctx, RepairTable, table.TableName, func(ctx context.Context) error {
		return s.inner.Admin().RepairTable(ctx, table, options)
	})
}

// ImportTable imports a table.
func (s *Storage) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	return s.change(ctx, ImportTable, name, func(ctx context.Context) error {
		return s.inner.Admin().ImportTable(ctx, name, types)
	})
}

// ForeignTable describes a table without metadata.
func (s *Storage) ForeignTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	call := Call{Op: ForeignTable, Tables: []storage.TableName{name}}
	return answer(ctx, s, call, func(ctx context.Context, _ *request) (*storage.Table, error) {
		return s.inner.Admin().ForeignTable(ctx, name, types)
	})
}
