package postgres

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// createOrderIndex creates the index that Java adds to a table whose clustering
// orders are mixed, if it is not there (storage spec, section 3.5): neither
// direction of the primary key's own serves its scans.
func (s *adminSession) createOrderIndex(t *storage.Table) error {
	mixed := false
	for _, c := range t.Clustering {
		mixed = mixed || c.Order != t.Clustering[0].Order
	}
	if !mixed {
		return nil
	}
	name := clip(sqlstore.OrderIndexName(t.TableName))
	there, err := s.index(t.Namespace, name)
	if err != nil {
		return err
	}
	if there != nil {
		if there.table != t.Name {
			return storage.Invalidf("create table", t.TableName, "the index of its clustering order must be called %q, and one of table %q has that name already", name, there.table)
		}
		return nil
	}
	b := dialect.New().Text("CREATE UNIQUE INDEX ").Name(name).Text(" ON ").Table(t.TableName).Text(" (")
	for i, c := range t.PrimaryKey() {
		if i > 0 {
			b.Text(",")
		}
		order := storage.Asc
		if i >= len(t.Partition) {
			order = t.Clustering[i-len(t.Partition)].Order
		}
		b.Name(t.Columns[c].Name).Text(" ").Text(order.String())
	}
	return s.Execute(b.Text(")").String())
}

// An index of the database, or whatever else has its name.
type index struct {
	table  string // "" if it is no index
	column string // "" if it has not just one
}

// index returns what has the name in a schema, nil if nothing has.
func (s *adminSession) index(namespace, name string) (*index, error) {
	rows, err := s.Query(`SELECT t.relname,a.attname FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace
		LEFT JOIN pg_index x ON x.indexrelid=c.oid LEFT JOIN pg_class t ON t.oid=x.indrelid
		LEFT JOIN pg_attribute a ON a.attrelid=x.indrelid AND x.indnatts=1 AND a.attnum=x.indkey[0]
		WHERE n.nspname=$1 AND c.relname=$2`, namespace, name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &index{rows[0][0], rows[0][1]}, nil
}

// CreateIndex implements [sqlstore.Session]. As in Java a TEXT column first gets
// the type that indexed ones have. All indexes of a schema share one namespace,
// and Java's names do not keep a_b.c and a.b_c apart; it would leave the second
// table without its index and not say so.
func (s *adminSession) CreateIndex(op string, t *storage.Table, column int) error {
	name := clip(sqlstore.IndexName(t.TableName, t.Columns[column].Name))
	there, err := s.index(t.Namespace, name)
	if err != nil {
		return err
	}
	if there != nil {
		if there.table != t.Name || there.column != t.Columns[column].Name {
			return storage.Invalidf(op, t.TableName,
				"the index on column %s must be called %q, and one of table %q has that name already: rename the table or the column",
				t.Columns[column].Name, name, there.table)
		}
		return nil
	}
	if isKeyText(t, column) {
		if err := s.alterType(t, column, keyText, spelledText); err != nil {
			return err
		}
	}
	b := dialect.New().Text("CREATE INDEX ").Name(name).Text(" ON ").Table(t.TableName)
	return s.Execute(b.Text(" (").Columns(t, []int{column}).Text(")").String())
}

// DropIndex implements [sqlstore.Session]. As in Java a TEXT column then gets the
// type of those without an index.
func (s *adminSession) DropIndex(t *storage.Table, column int) error {
	name := t.Columns[column].Name
	for _, candidate := range indexNames(t.TableName, name) {
		there, err := s.index(t.Namespace, candidate)
		if err != nil {
			return err
		}
		if there == nil || there.table != t.Name {
			continue
		}
		if err := s.Execute(dialect.New().Text("DROP INDEX ").Name(t.Namespace).Text(".").Name(candidate).String()); err != nil {
			return err
		}
	}
	if t.Columns[column].Type == storage.Text && !isKeyText(t, column) {
		return s.alterType(t, column, columnTypes[storage.Text], spelledKeyText)
	}
	return nil
}

// RenameIndex implements [sqlstore.Session].
func (s *adminSession) RenameIndex(op string, t *storage.Table, column int, formerTable storage.TableName, formerColumn string) error {
	name := clip(sqlstore.IndexName(t.TableName, t.Columns[column].Name))
	for _, former := range indexNames(formerTable, formerColumn) {
		there, err := s.index(t.Namespace, former)
		if err != nil {
			return err
		}
		// In a dry run the table still has its former name.
		if there == nil || former == name || there.table != t.Name && (s.show == nil || there.table != formerTable.Name) {
			continue
		}
		taken, err := s.index(t.Namespace, name)
		if err != nil {
			return err
		}
		if taken == nil {
			return s.renameIndex(t.Namespace, former, name)
		}
	}
	return s.CreateIndex(op, t, column)
}

func (s *adminSession) renameIndex(namespace, from, to string) error {
	return s.Execute(dialect.New().Text("ALTER INDEX ").Name(namespace).Text(".").Name(from).Text(" RENAME TO ").Name(to).String())
}

// indexNames returns the names that versions of Java give an index.
func indexNames(table storage.TableName, column string) []string {
	return slices.Compact([]string{clip(sqlstore.IndexName(table, column)), clip(sqlstore.LongIndexName(table, column))})
}
