package memory

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

// CreateIndex builds the index over the records that are there.
func (s *Storage) CreateIndex(ctx context.Context, name storage.TableName, column string, _ storage.Options) error {
	return s.alter(ctx, "create index", name, func(t *storage.Table) (*storage.Table, error) { return t.WithIndex(column) }, nil)
}

// DropIndex forgets the index.
func (s *Storage) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	return s.alter(ctx, "drop index", name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex(column) }, nil)
}

// AddColumn adds a column that is NULL in all records.
func (s *Storage) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	return s.alter(ctx, "add column", name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(column) }, nil)
}

// DropColumn removes a column with its values.
func (s *Storage) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	return s.alter(ctx, "drop column", name, func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn(column) }, nil)
}

// RenameColumn renames any column.
func (s *Storage) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	formerName := func(column string) string {
		if column == to {
			return from
		}
		return column
	}
	return s.alter(ctx, "rename column", name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed(from, to) }, formerName)
}

// AlterColumnType converts the values. The text of a BLOB is hexadecimal, that
// of a date or time as in ISO 8601.
func (s *Storage) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	return s.alter(ctx, "alter column type", name, func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType(column, typ) }, nil)
}

// alter replaces a table by one of the definition that change returns, with the
// same records. formerName returns what a column was called before; nil is for
// the same name.
func (s *Storage) alter(ctx context.Context, op string, name storage.TableName, change func(*storage.Table) (*storage.Table, error), formerName func(string) string) error {
	return s.withTable(ctx, op, name, func(tables map[string]*table, t *table) error {
		definition, err := change(t.definition)
		if err != nil || definition == t.definition {
			return err
		}
		tables[name.Name] = t.rebuilt(definition, formerName)
		return nil
	})
}

// rebuilt returns a table of the definition with the records of t.
func (t *table) rebuilt(definition *storage.Table, formerName func(string) string) *table {
	definition = inPhysicalOrder(definition)
	from := make([]int, len(definition.Columns)) // −1 for new columns
	for i, c := range definition.Columns {
		name := c.Name
		if formerName != nil {
			name = formerName(name)
		}
		from[i] = t.definition.Column(name)
	}
	rebuilt := newTable(definition)
	for old := range t.rows.between(position{}, position{chunk: len(t.rows.chunks)}, false) {
		row := make(storage.Row, len(from))
		copy(row, rebuilt.blank)
		for to, i := range from {
			if i >= 0 {
				row[to] = converted(old[i], definition.Columns[to].Type)
			}
		}
		rebuilt.replace(row[:definition.KeyLen()], nil, row)
	}
	return rebuilt
}

// converted returns v as a value of another type to which columns may change.
func converted(v storage.Value, to storage.Type) storage.Value {
	switch {
	case v.Type() == to:
		return v
	case v.IsNull():
		return storage.Null(to)
	case to == storage.BigInt:
		return storage.BigIntValue(v.Int64())
	case to == storage.Double:
		return storage.DoubleValue(float64(v.Float32()))
	case v.Type() == storage.Blob:
		return storage.TextValue(hex.EncodeToString(v.Bytes()))
	default:
		return storage.TextValue(v.String())
	}
}

// RenameTable renames a table within its namespace.
func (s *Storage) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	const op = "rename table"
	return s.withTable(ctx, op, name, func(tables map[string]*table, t *table) error {
		switch {
		case to == "":
			return storage.Invalidf(op, name, "the new name is empty")
		case to == name.Name:
			return nil
		case tables[to] != nil:
			return &storage.Error{Op: op, Table: storage.TableName{Namespace: name.Namespace, Name: to}, Class: storage.ErrTableExists}
		}
		definition := *t.definition
		definition.Name = to
		tables[to] = t.rebuilt(&definition, nil)
		delete(tables, name.Name)
		return nil
	})
}

// RepairTable creates the table, or adds columns and indexes to it.
func (s *Storage) RepairTable(ctx context.Context, want *storage.Table, _ storage.Options) error {
	const op = "repair table"
	if err := s.ready(ctx, op, want.TableName); err != nil {
		return err
	}
	if err := storage.CheckTable(want); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	tables := s.target(ctx).namespaces[want.Namespace]
	if tables == nil {
		return noNamespace(ctx, op, want.TableName)
	}
	t := tables[want.Name]
	if t == nil {
		tables[want.Name] = newTable(inPhysicalOrder(want))
		return nil
	}
	deployed := t.definition
	if t.foreign && deployed.KeyLen() == want.KeyLen() {
		deployed = withKeyOf(want, deployed)
	}
	whole, err := deployed.WithMissing(want)
	if err != nil {
		return err
	}
	if whole.KeyLen() != deployed.KeyLen() {
		return storage.Invalidf(op, want.TableName, "the deployed table has another primary key")
	}
	if t.foreign || whole != deployed {
		tables[want.Name] = t.rebuilt(whole, nil)
	}
	return nil
}

// withKeyOf returns the definition of a foreign table, which has a primary key
// and no more, with its columns in the roles that want gives them.
func withKeyOf(want, foreign *storage.Table) *storage.Table {
	t, key := *foreign, foreign.PrimaryKey()
	t.Partition, t.Clustering = key[:len(want.Partition)], nil
	for i, c := range want.Clustering {
		t.Clustering = append(t.Clustering, storage.ClusteringColumn{Column: key[len(want.Partition)+i], Order: c.Order})
	}
	return &t
}

// AddForeignTable puts a table without metadata into a namespace, as a program
// that does not know ScalarDB would. No other call sees it but ForeignTable and
// those that would create or import a table of its name. It is for tests of
// imports.
func (s *Storage) AddForeignTable(definition *storage.Table) error {
	if err := s.CreateNamespace(context.Background(), definition.Namespace, nil); err != nil {
		return err
	}
	if err := s.CreateTable(context.Background(), definition, nil); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	t := s.db.namespaces[definition.Namespace][definition.Name]
	t.foreign = true
	return nil
}

// ForeignTable describes a table that AddForeignTable has added.
func (s *Storage) ForeignTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	const op = "foreign table"
	if err := s.ready(ctx, op, name); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	return s.db.foreignTable(op, name, types)
}

// ImportTable makes it a table like any other.
func (s *Storage) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	const op = "import table"
	if err := s.ready(ctx, op, name); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	db := s.target(ctx)
	definition, err := db.foreignTable(op, name, types)
	if err != nil {
		return err
	}
	tables := db.namespaces[name.Namespace]
	tables[name.Name] = tables[name.Name].rebuilt(definition, nil)
	return nil
}

// foreignTable returns the definition with which a foreign table is imported.
// The caller holds the lock.
func (db *database) foreignTable(op string, name storage.TableName, types map[string]storage.Type) (*storage.Table, error) {
	t := db.namespaces[name.Namespace][name.Name]
	switch {
	case t == nil:
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
	case !t.foreign:
		return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableExists}
	}
	flat := &storage.Table{TableName: name, Columns: t.definition.Columns, Partition: t.definition.PrimaryKey()}
	return flat.WithTypes(types, func(storage.Column, storage.Type) bool { return false })
}

// noNamespace refuses a table without a namespace. A dry run takes it for created.
func noNamespace(ctx context.Context, op string, table storage.TableName) error {
	if storage.DryRun(ctx) != nil {
		return nil
	}
	return &storage.Error{Op: op, Table: table, Err: fmt.Errorf("namespace %s does not exist: create it first", table.Namespace)}
}
