package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// CreateNamespace checks the name. There is nothing to create, as in ScalarDB
// 3.19: a namespace exists as long as it has tables. Only a file that ScalarDB
// 4.0 has written has a list of namespaces, and then it is kept up to date.
func (s *Storage) CreateNamespace(ctx context.Context, namespace string, _ storage.Options) error {
	const op = "create namespace"
	name := storage.TableName{Namespace: namespace}
	if why := checkNamespace(namespace); why != "" {
		return storage.Invalidf(op, name, "%s", why)
	}
	return s.update(ctx, op, name, func(ses *session) error {
		return s.listed(ses, "INSERT OR IGNORE INTO ", " VALUES (?)", namespace)
	})
}

// DropNamespace reports [storage.ErrNotEmpty] if any table of the file has the
// namespace's prefix.
func (s *Storage) DropNamespace(ctx context.Context, namespace string) error {
	const op = "drop namespace"
	name := storage.TableName{Namespace: namespace}
	return s.update(ctx, op, name, func(ses *session) error {
		namespaces, err := s.populatedNamespaces(ses)
		if err != nil {
			return err
		}
		if slices.Contains(namespaces, namespace) {
			return &storage.Error{Op: op, Table: name, Class: storage.ErrNotEmpty}
		}
		return s.listed(ses, "DELETE FROM ", " WHERE namespace_name=?", namespace)
	})
}

// NamespaceExists reports whether the namespace has tables or is in the list of
// ScalarDB 4.0.
func (s *Storage) NamespaceExists(ctx context.Context, namespace string) (bool, error) {
	namespaces, err := s.Namespaces(ctx)
	return slices.Contains(namespaces, namespace), err
}

// Namespaces lists the namespaces that have tables or are in the list of
// ScalarDB 4.0.
func (s *Storage) Namespaces(ctx context.Context) ([]string, error) {
	var namespaces []string
	err := s.read(ctx, "namespaces", storage.TableName{}, func(ses *session) error {
		populated, err := s.populatedNamespaces(ses)
		if err != nil {
			return err
		}
		listed, err := s.listedNamespaces(ses)
		namespaces = append(populated, listed...)
		return err
	})
	slices.Sort(namespaces)
	return slices.Compact(namespaces), err
}

// populatedNamespaces returns the prefixes of all tables of the file that have
// one, except those of ScalarDB itself.
func (s *Storage) populatedNamespaces(ses *session) ([]string, error) {
	tables, err := texts(ses, "SELECT name FROM sqlite_master WHERE type='table'")
	if err != nil {
		return nil, err
	}
	var namespaces []string
	for _, physical := range tables {
		if namespace, _, has := strings.Cut(physical, dialect.NamespaceSeparator); has && !s.isSystemTable(physical) {
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces, nil
}

// listedNamespaces returns the list of namespaces of ScalarDB 4.0, without the
// metadata schema itself.
func (s *Storage) listedNamespaces(ses *session) ([]string, error) {
	exists, err := s.hasNamespaceList(ses)
	if err != nil || !exists {
		return nil, err
	}
	query := dialect.New().Text("SELECT namespace_name FROM ").Name(s.metadataTable(sqlstore.NamespacesTable))
	namespaces, err := texts(ses, query.String())
	return slices.DeleteFunc(namespaces, func(n string) bool { return n == s.config.metadataSchema }), err
}

// listed runs a statement on the list of namespaces if there is one.
func (s *Storage) listed(ses *session, before, after, namespace string) error {
	exists, err := s.hasNamespaceList(ses)
	if err != nil || !exists {
		return err
	}
	return execute(ses, dialect.New().Text(before).Name(s.metadataTable(sqlstore.NamespacesTable)).Text(after).String(), namespace)
}

func (s *Storage) hasNamespaceList(ses *session) (bool, error) {
	columns, err := columnNames(ses, s.metadataTable(sqlstore.NamespacesTable))
	if err != nil || len(columns) == 0 {
		return false, err
	}
	return true, sameColumns(s.metadataTable(sqlstore.NamespacesTable), columns, []string{"namespace_name"})
}
