package sqlite

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// CreateIndex implements [sqlstore.Session]. All indexes of a file share one
// namespace, and Java's names do not keep a_b.c and a.b_c apart; it would leave
// the second table without its index and not say so.
func (s *adminSession) CreateIndex(op string, t *storage.Table, column int) error {
	name := sqlstore.IndexName(t.TableName, t.Columns[column].Name)
	physical := physicalName(t.TableName)
	taken, err := texts(s.session, "SELECT tbl_name FROM sqlite_master WHERE name=? COLLATE NOCASE", name)
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		b := dialect.New().Text("CREATE INDEX ").Name(name).Text(" ON ").Table(t.TableName)
		return s.Execute(b.Text(" (").Columns(t, []int{column}).Text(")").String())
	}
	indexed, err := texts(s.session, "SELECT name FROM pragma_index_info(?)", name)
	if err != nil {
		return err
	}
	if taken[0] != physical || !slices.Equal(indexed, []string{t.Columns[column].Name}) {
		return storage.Invalidf(op, t.TableName,
			"the index on column %s must be called %q, and %q has that name already: rename the table or the column",
			t.Columns[column].Name, name, taken[0])
	}
	return nil
}

// DropIndex implements [sqlstore.Session].
func (s *adminSession) DropIndex(t *storage.Table, column int) error {
	return s.dropIndex([]storage.TableName{t.TableName}, t.TableName, t.Columns[column].Name)
}

// RenameIndex implements [sqlstore.Session]: SQLite renames no indexes.
func (s *adminSession) RenameIndex(op string, t *storage.Table, column int, formerTable storage.TableName, formerColumn string) error {
	if err := s.dropIndex([]storage.TableName{t.TableName, formerTable}, formerTable, formerColumn); err != nil {
		return err
	}
	return s.CreateIndex(op, t, column)
}

// dropIndex drops the index on a column that one of the tables has under the
// names that go with a name of the table. In a dry run the table still has its
// former name.
func (s *adminSession) dropIndex(tables []storage.TableName, named storage.TableName, column string) error {
	names := indexNames(named, column)
	for _, table := range slices.Compact(tables) {
		indexes, err := texts(s.session, "SELECT name FROM sqlite_master WHERE type='index' AND tbl_name=? AND name IN (?,?)", physicalName(table), names[0], names[1])
		if err != nil {
			return err
		}
		for _, name := range indexes {
			if err := s.Execute(dialect.New().Text("DROP INDEX ").Name(name).String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// indexNames returns the names that versions of Java give an index.
func indexNames(table storage.TableName, column string) []string {
	return []string{sqlstore.IndexName(table, column), sqlstore.LongIndexName(table, column)}
}
