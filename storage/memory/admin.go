package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// CreateNamespace does nothing if the namespace exists.
func (s *Storage) CreateNamespace(ctx context.Context, namespace string, _ storage.Options) error {
	name := storage.TableName{Namespace: namespace}
	if err := s.ready(ctx, "create namespace", name); err != nil {
		return err
	}
	if namespace == "" {
		return storage.Invalidf("create namespace", name, "a namespace needs a name")
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if db := s.target(ctx); db.namespaces[namespace] == nil {
		db.namespaces[namespace] = map[string]*table{}
	}
	return nil
}

// target returns the database that a call of the administration changes: under a
// dry run, a copy that nobody sees. A table is never changed, only replaced. The
// caller holds the lock.
func (s *Storage) target(ctx context.Context) *database {
	if storage.DryRun(ctx) == nil {
		return s.db
	}
	scratch := newDatabase()
	for name, tables := range s.db.namespaces {
		scratch.namespaces[name] = maps.Clone(tables)
	}
	return scratch
}

// DropNamespace reports [storage.ErrNotEmpty] if tables remain in it.
func (s *Storage) DropNamespace(ctx context.Context, namespace string) error {
	name := storage.TableName{Namespace: namespace}
	if err := s.ready(ctx, "drop namespace", name); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	db := s.target(ctx)
	if len(db.namespaces[namespace]) > 0 {
		return &storage.Error{Op: "drop namespace", Table: name, Class: storage.ErrNotEmpty}
	}
	delete(db.namespaces, namespace)
	return nil
}

// NamespaceExists reports whether the namespace was created.
func (s *Storage) NamespaceExists(ctx context.Context, namespace string) (bool, error) {
	if err := s.ready(ctx, "namespace exists", storage.TableName{Namespace: namespace}); err != nil {
		return false, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	return s.db.namespaces[namespace] != nil, nil
}

// Namespaces lists the namespaces in byte order.
func (s *Storage) Namespaces(ctx context.Context) ([]string, error) {
	if err := s.ready(ctx, "namespaces", storage.TableName{}); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.db.namespaces)), nil
}

// CreateTable creates the table in a namespace that exists.
func (s *Storage) CreateTable(ctx context.Context, definition *storage.Table, _ storage.Options) error {
	const op = "create table"
	if err := s.ready(ctx, op, definition.TableName); err != nil {
		return err
	}
	if err := storage.CheckTable(definition); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	tables := s.target(ctx).namespaces[definition.Namespace]
	if tables == nil {
		return noNamespace(ctx, op, definition.TableName)
	}
	switch t := tables[definition.Name]; {
	case t == nil:
		tables[definition.Name] = newTable(inPhysicalOrder(definition))
		return nil
	case !t.foreign:
		return &storage.Error{Op: op, Table: definition.TableName, Class: storage.ErrTableExists}
	default:
		return storage.Invalidf(op, definition.TableName, "another program has created a table of this name: import, rename or drop it")
	}
}

// DropTable removes the table and its records.
func (s *Storage) DropTable(ctx context.Context, name storage.TableName) error {
	return s.withTable(ctx, "drop table", name, func(tables map[string]*table, _ *table) error {
		delete(tables, name.Name)
		return nil
	})
}

// TruncateTable removes all records.
func (s *Storage) TruncateTable(ctx context.Context, name storage.TableName) error {
	return s.withTable(ctx, "truncate table", name, func(tables map[string]*table, t *table) error {
		tables[name.Name] = newTable(t.definition)
		return nil
	})
}

// withTable runs change on the tables of a namespace under the lock if the table
// is defined.
func (s *Storage) withTable(ctx context.Context, op string, name storage.TableName, change func(tables map[string]*table, t *table) error) error {
	if err := s.ready(ctx, op, name); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	db := s.target(ctx)
	t, err := db.table(op, name)
	if err != nil {
		return err
	}
	return change(db.namespaces[name.Namespace], t)
}

// Tables lists the tables of a namespace in byte order.
func (s *Storage) Tables(ctx context.Context, namespace string) ([]string, error) {
	if err := s.ready(ctx, "tables", storage.TableName{Namespace: namespace}); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	var names []string
	for name, t := range s.db.namespaces[namespace] {
		if !t.foreign {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
