package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

func (a *adminSession) Taken(op string, name storage.TableName) (bool, error) {
	names, err := a.column("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA=? AND TABLE_NAME=?", name.Namespace, name.Name)
	return len(names) > 0, err
}

func (a *adminSession) Columns(name storage.TableName) ([]sqlstore.PhysicalColumn, error) {
	rows, err := a.Query("SELECT c.COLUMN_NAME,c.COLUMN_TYPE,c.EXTRA,s.SEQ_IN_INDEX FROM information_schema.COLUMNS c LEFT JOIN information_schema.STATISTICS s "+
		"ON s.TABLE_SCHEMA=c.TABLE_SCHEMA AND s.TABLE_NAME=c.TABLE_NAME AND s.COLUMN_NAME=c.COLUMN_NAME AND s.INDEX_NAME='PRIMARY' AND s.TABLE_SCHEMA=? AND s.TABLE_NAME=? "+
		"WHERE c.TABLE_SCHEMA=? AND c.TABLE_NAME=? ORDER BY c.ORDINAL_POSITION", name.Namespace, name.Name, name.Namespace, name.Name)
	if err != nil {
		return nil, err
	}
	columns := make([]sqlstore.PhysicalColumn, len(rows))
	for i, row := range rows {
		declared, extra := normalized(row[1]), strings.ToUpper(row[2])
		columns[i] = sqlstore.PhysicalColumn{
			Name: row[0], Declared: declared, Types: typesOf(declared),
			Computed: strings.Contains(extra, "GENERATED") && !strings.Contains(extra, "DEFAULT_GENERATED") || strings.Contains(extra, "VIRTUAL") || strings.Contains(extra, "PERSISTENT"),
		}
		if row[3] != "" {
			if _, err := fmt.Sscan(row[3], &columns[i].InKey); err != nil {
				return nil, err
			}
		}
	}
	return columns, nil
}

// declaredType returns the normalized type of a column, "" if there is none.
func (a *adminSession) declaredType(table storage.TableName, column string) (string, error) {
	columns, err := a.Columns(table)
	for _, c := range columns {
		if c.Name == column {
			return c.Declared, err
		}
	}
	return "", err
}

// indexColumns returns the columns of an index of a table, none if there is no
// such index.
func (a *adminSession) indexColumns(table storage.TableName, index string) ([]string, error) {
	return a.column("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND INDEX_NAME=? ORDER BY SEQ_IN_INDEX",
		table.Namespace, table.Name, index)
}

// CreateIndex gives the column the type that indexes need, if it has another
// one, and creates the index unless it is there.
func (a *adminSession) CreateIndex(op string, t *storage.Table, column int) error {
	name, indexed := sqlstore.IndexName(t.TableName, t.Columns[column].Name), t.Columns[column].Name
	columns, err := a.indexColumns(t.TableName, name)
	if err != nil {
		return err
	}
	if len(columns) > 0 {
		if !slices.Equal(columns, []string{indexed}) {
			return storage.Invalidf(op, t.TableName, "the index on column %s must be called %q, and an index on %s has that name already", indexed, name, strings.Join(columns, ", "))
		}
		return nil
	}
	if err := a.fit(t, column); err != nil {
		return err
	}
	return a.execute(text("CREATE INDEX ").Name(name).Text(" ON ").Table(t.TableName).Text(" (").Name(indexed).Text(")"))
}

// fit gives a TEXT or BLOB column outside the key the type that it has in t, if
// the server holds it as the type that goes with or without an index instead.
func (a *adminSession) fit(t *storage.Table, column int) error {
	typ := t.Columns[column].Type
	if typ != storage.Text && typ != storage.Blob || t.InPrimaryKey(column) {
		return nil
	}
	declared, err := a.declaredType(t.TableName, t.Columns[column].Name)
	if err != nil || declared == "" {
		return err
	}
	long, short := "longtext", "varchar"
	if typ == storage.Blob {
		long, short = "longblob", "varbinary"
	}
	if t.Indexed(column) && declared == long || !t.Indexed(column) && strings.HasPrefix(declared, short+"(") {
		return a.modify(t, column)
	}
	return nil
}

// DropIndex drops the index and gives the column its usual type again.
func (a *adminSession) DropIndex(t *storage.Table, column int) error {
	for _, name := range indexNames(t.TableName, t.Columns[column].Name) {
		columns, err := a.indexColumns(t.TableName, name)
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			continue
		}
		if err := a.execute(text("DROP INDEX ").Name(name).Text(" ON ").Table(t.TableName)); err != nil {
			return err
		}
	}
	return a.fit(t, column)
}

// indexNames returns the names that versions of Java give an index.
func indexNames(table storage.TableName, column string) []string {
	return slices.Compact([]string{sqlstore.IndexName(table, column), sqlstore.LongIndexName(table, column)})
}

func (a *adminSession) RenameIndex(op string, t *storage.Table, column int, formerTable storage.TableName, formerColumn string) error {
	name := sqlstore.IndexName(t.TableName, t.Columns[column].Name)
	there, err := a.indexColumns(t.TableName, name)
	if err != nil {
		return err
	}
	for _, former := range indexNames(formerTable, formerColumn) {
		columns, err := a.indexColumns(t.TableName, former)
		if err != nil {
			return err
		}
		if len(columns) > 0 && len(there) == 0 && former != name {
			return a.execute(text("ALTER TABLE ").Table(t.TableName).Text(" RENAME INDEX ").Name(former).Text(" TO ").Name(name))
		}
	}
	return a.CreateIndex(op, t, column)
}

// DropColumn drops a column, and its index first: the server would drop an
// index of another program as well, or the column out of it.
func (a *adminSession) DropColumn(op string, t *storage.Table, column int) error {
	name := t.Columns[column].Name
	own := indexNames(t.TableName, name)
	indexes, err := a.column("SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND COLUMN_NAME=?", t.Namespace, t.Name, name)
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if !slices.Contains(own, index) {
			return storage.Invalidf(op, t.TableName, "the index %q, which another program has created, is on column %s: drop it first", index, name)
		}
	}
	for _, index := range indexes {
		if err := a.execute(text("DROP INDEX ").Name(index).Text(" ON ").Table(t.TableName)); err != nil {
			return err
		}
	}
	return a.execute(text("ALTER TABLE ").Table(t.TableName).Text(" DROP COLUMN ").Name(name))
}

// RenameColumn uses CHANGE where the server has no RENAME COLUMN. CHANGE makes
// the column anew, and what ScalarDB's columns do not have would be lost.
func (a *adminSession) RenameColumn(from, _ *storage.Table, column, renamed string) error {
	b := text("ALTER TABLE ").Table(from.TableName)
	if a.server.renames {
		return a.execute(b.Text(" RENAME COLUMN ").Name(column).Text(" TO ").Name(renamed))
	}
	rows, err := a.Query("SELECT COLUMN_TYPE,COALESCE(CHARACTER_SET_NAME,''),COALESCE(COLLATION_NAME,''),IS_NULLABLE,"+
		"CONCAT(COALESCE(COLUMN_DEFAULT,''),EXTRA,COLUMN_COMMENT) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND COLUMN_NAME=?",
		from.Namespace, from.Name, column)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return storage.Invalidf("rename column", from.TableName, "there is no column %s in the database", column)
	}
	row := rows[0]
	if row[4] != "" && !strings.EqualFold(row[4], "NULL") { // MariaDB spells no default NULL
		return storage.Invalidf("rename column", from.TableName, "column %s has a default value, a comment or other attributes, which this version of the server cannot keep: rename it by hand", column)
	}
	b.Text(" CHANGE COLUMN ").Name(column).Text(" ").Name(renamed).Text(" ").Text(row[0]) // a type as the catalogue spells it
	if row[1] != "" {
		b.Text(" CHARACTER SET ").Text(row[1]).Text(" COLLATE ").Text(row[2])
	}
	if row[3] == "NO" {
		b.Text(" NOT NULL")
	}
	return a.execute(b)
}

// ImportObstacle returns why the table could not be served, "" if it can.
func (a *adminSession) ImportObstacle(name storage.TableName) (string, error) {
	kinds, err := a.Query("SELECT TABLE_TYPE,COALESCE(ENGINE,'') FROM information_schema.TABLES WHERE TABLE_SCHEMA=? AND TABLE_NAME=?", name.Namespace, name.Name)
	if err != nil {
		return "", err
	}
	if len(kinds) != 1 || kinds[0][0] != "BASE TABLE" {
		return "it is a view, or a table of another kind than usual", nil
	}
	if !strings.EqualFold(kinds[0][1], "InnoDB") {
		return "its engine " + kinds[0][1] + " has no transactions: only InnoDB is supported", nil
	}
	unique, err := a.column("SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND NON_UNIQUE=0 AND INDEX_NAME<>'PRIMARY' LIMIT 1", name.Namespace, name.Name)
	if err != nil {
		return "", err
	}
	if len(unique) > 0 {
		return fmt.Sprintf("the index %q demands unique values beside the primary key, and would take a write of one for a record that exists", unique[0]), nil
	}
	prefixes, err := a.column("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA=? AND TABLE_NAME=? AND INDEX_NAME='PRIMARY' AND SUB_PART IS NOT NULL LIMIT 1", name.Namespace, name.Name)
	if err != nil {
		return "", err
	}
	if len(prefixes) > 0 {
		return fmt.Sprintf("its primary key holds only the beginning of column %s", prefixes[0]), nil
	}
	columns, err := a.Query("SELECT COLUMN_NAME,DATA_TYPE,EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA=? AND TABLE_NAME=?", name.Namespace, name.Name)
	if err != nil {
		return "", err
	}
	for _, column := range columns {
		if strings.Contains(strings.ToLower(column[2]), "on update") {
			return fmt.Sprintf("column %s changes by itself when a record is updated (ON UPDATE)", column[0]), nil
		}
		if strings.EqualFold(column[1], "timestamp") && !a.server.utc {
			return fmt.Sprintf("column %s is a TIMESTAMP, which the server gives in its own time zone, and that is not UTC: set the server's time_zone to '+00:00', or make the column a DATETIME", column[0]), nil
		}
	}
	return "", nil
}
