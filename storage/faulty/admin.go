package faulty

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

func (s *Storage) change(ctx context.Context, op Op, name storage.TableName, send func(ctx context.Context) error) error {
	return s.do(ctx, Call{Op: op, Tables: []storage.TableName{name}}, func(ctx context.Context, _ *request) error { return send(ctx) })
}

// CreateNamespace creates a namespace.
func (s *Storage) CreateNamespace(ctx context.Context, namespace string, options storage.Options) error {
	return s.change(ctx, CreateNamespace, storage.TableName{Namespace: namespace}, func(ctx context.Context) error {
		return s.inner.Admin().CreateNamespace(ctx, namespace, options)
	})
}

// DropNamespace drops a namespace.
func (s *Storage) DropNamespace(ctx context.Context, namespace string) error {
	return s.change(ctx, DropNamespace, storage.TableName{Namespace: namespace}, func(ctx context.Context) error {
		return s.inner.Admin().DropNamespace(ctx, namespace)
	})
}

// CreateTable creates a table.
func (s *Storage) CreateTable(ctx context.Context, table *storage.Table, options storage.Options) error {
	return s.change(ctx, CreateTable, table.TableName, func(ctx context.Context) error {
		return s.inner.Admin().CreateTable(ctx, table, options)
	})
}

// DropTable drops a table.
func (s *Storage) DropTable(ctx context.Context, name storage.TableName) error {
	return s.change(ctx, DropTable, name, func(ctx context.Context) error { return s.inner.Admin().DropTable(ctx, name) })
}

// TruncateTable removes all records of a table.
func (s *Storage) TruncateTable(ctx context.Context, name storage.TableName) error {
	return s.change(ctx, TruncateTable, name, func(ctx context.Context) error { return s.inner.Admin().TruncateTable(ctx, name) })
}

// NamespaceExists reports whether a namespace exists.
func (s *Storage) NamespaceExists(ctx context.Context, namespace string) (bool, error) {
	call := Call{Op: NamespaceExists, Tables: []storage.TableName{{Namespace: namespace}}}
	return answer(ctx, s, call, func(ctx context.Context, _ *request) (bool, error) {
		return s.inner.Admin().NamespaceExists(ctx, namespace)
	})
}

// Namespaces lists the namespaces.
func (s *Storage) Namespaces(ctx context.Context) ([]string, error) {
	return answer(ctx, s, Call{Op: Namespaces}, func(ctx context.Context, _ *request) ([]string, error) {
		return s.inner.Admin().Namespaces(ctx)
	})
}

// Tables lists the tables of a namespace.
func (s *Storage) Tables(ctx context.Context, namespace string) ([]string, error) {
	call := Call{Op: Tables, Tables: []storage.TableName{{Namespace: namespace}}}
	return answer(ctx, s, call, func(ctx context.Context, _ *request) ([]string, error) {
		return s.inner.Admin().Tables(ctx, namespace)
	})
}
