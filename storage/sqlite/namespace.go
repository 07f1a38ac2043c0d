package sqlite

import (
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// CreateNamespace implements [sqlstore.Session]. There is nothing to create, as
// in ScalarDB 3.19: a namespace exists as long as it has tables.
func (s *adminSession) CreateNamespace(string) error { return nil }

// DropNamespace implements [sqlstore.Session]: any table of the file that has
// the prefix keeps a namespace.
func (s *adminSession) DropNamespace(op, namespace string) error {
	namespaces, err := s.Namespaces()
	if err != nil {
		return err
	}
	if slices.Contains(namespaces, namespace) {
		return &storage.Error{Op: op, Table: storage.TableName{Namespace: namespace}, Class: storage.ErrNotEmpty}
	}
	return nil
}

// Namespaces implements [sqlstore.Session]: the prefixes of all tables of the
// file that have one, except those of ScalarDB itself.
func (s *adminSession) Namespaces() ([]string, error) {
	tables, err := texts(s.session, "SELECT name FROM sqlite_master WHERE type='table'")
	if err != nil {
		return nil, err
	}
	var namespaces []string
	for _, physical := range tables {
		if namespace, _, has := strings.Cut(physical, dialect.NamespaceSeparator); has && !s.storage.isSystemTable(physical) {
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces, nil
}
