package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// metadataColumnTypes go with [sqlstore.MetadataColumns].
var metadataColumnTypes = []string{
	"TEXT", "TEXT", "TEXT NOT NULL", "TEXT", "TEXT", "BOOLEAN NOT NULL", "INTEGER NOT NULL",
}

// createMetadata creates the metadata table.
func (s *Storage) createMetadata(ses *session) error {
	b := dialect.New().Text("CREATE TABLE ").Name(s.metadataTable(sqlstore.MetadataTable)).Text("(")
	for i, column := range sqlstore.MetadataColumns {
		b.Name(column).Text(" ").Text(metadataColumnTypes[i]).Text(",")
	}
	b.Text(" PRIMARY KEY (").Name("full_table_name").Text(",").Name("column_name").Text("))")
	return execute(ses, b.String())
}

// hasMetadata reports whether there is a metadata table, and refuses one of
// another layout.
func (s *Storage) hasMetadata(ses *session) (bool, error) {
	columns, err := columnNames(ses, s.metadataTable(sqlstore.MetadataTable))
	if err != nil || len(columns) == 0 {
		return false, err
	}
	return true, sameColumns(s.metadataTable(sqlstore.MetadataTable), columns, sqlstore.MetadataColumns)
}

// isDefined reports whether the metadata define a table.
func (s *Storage) isDefined(ses *session, name storage.TableName) (bool, error) {
	exists, err := s.hasMetadata(ses)
	if err != nil || !exists {
		return false, err
	}
	return found(ses, s.metadataQuery("SELECT 1 FROM ", " WHERE full_table_name=? LIMIT 1"), sqlstore.FullTableName(name))
}

// metadataQuery returns a statement about the metadata table.
func (s *Storage) metadataQuery(before, after string) string {
	return dialect.New().Text(before).Name(s.metadataTable(sqlstore.MetadataTable)).Text(after).String()
}

// writeMetadata replaces the rows that define a table, and creates the metadata
// table if there is none.
func (s *Storage) writeMetadata(ses *session, table *storage.Table) error {
	exists, err := s.hasMetadata(ses)
	if err != nil {
		return err
	}
	if exists {
		err = s.deleteRows(ses, table.TableName)
	} else {
		err = s.createMetadata(ses)
	}
	if err != nil {
		return err
	}
	insert := s.metadataQuery("INSERT INTO ", " VALUES (?,?,?,?,?,?,?)")
	for _, row := range sqlstore.MetadataRows(table) {
		indexed := int64(0)
		if row.Indexed {
			indexed = 1
		}
		nullable := func(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }
		if err := execute(ses, insert, row.FullTableName, row.ColumnName, row.DataType,
			nullable(row.KeyType), nullable(row.ClusteringOrder), indexed, row.OrdinalPosition); err != nil {
			return err
		}
	}
	return nil
}

// deleteMetadata removes the rows that define a table, and with the last of all
// rows the metadata table, as Java does.
func (s *Storage) deleteMetadata(ses *session, name storage.TableName) error {
	if err := s.deleteRows(ses, name); err != nil {
		return err
	}
	others, err := found(ses, s.metadataQuery("SELECT 1 FROM ", " LIMIT 1"))
	if err != nil || others {
		return err
	}
	return execute(ses, s.metadataQuery("DROP TABLE ", ""))
}

func (s *Storage) deleteRows(ses *session, name storage.TableName) error {
	return execute(ses, s.metadataQuery("DELETE FROM ", " WHERE full_table_name=?"), sqlstore.FullTableName(name))
}

// readTable reads the definition of a table.
func (s *Storage) readTable(ses *session, op string, name storage.TableName) (*storage.Table, error) {
	notFound := &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
	st, err := ses.prepareText(s.metadataQuery(
		"SELECT column_name,data_type,key_type,clustering_order,indexed FROM ",
		" WHERE full_table_name=? ORDER BY ordinal_position ASC"))
	if classOf(err) == storage.ErrTableNotFound {
		return nil, notFound // there is no metadata table
	}
	if err != nil {
		return nil, err
	}
	rows, err := st.prepared.QueryContext(context.Background(), sqlstore.FullTableName(name))
	if classOf(err) == storage.ErrTableNotFound {
		return nil, notFound // it is gone since the last time
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err below tells all there is
	var described []sqlstore.MetadataRow
	for rows.Next() {
		var row sqlstore.MetadataRow
		var keyType, order sql.NullString
		if err := rows.Scan(&row.ColumnName, &row.DataType, &keyType, &order, &row.Indexed); err != nil {
			return nil, err
		}
		row.KeyType, row.ClusteringOrder = keyType.String, order.String
		described = append(described, row)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(described) == 0 {
		return nil, notFound
	}
	return sqlstore.TableFromMetadata(name, described)
}

// definedTables lists the tables of a namespace in byte order.
func (s *Storage) definedTables(ses *session, namespace string) ([]string, error) {
	exists, err := s.hasMetadata(ses)
	if err != nil || !exists {
		return nil, err
	}
	full, err := texts(ses, s.metadataQuery("SELECT DISTINCT full_table_name FROM ", ""))
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, name := range full {
		if table, inNamespace := strings.CutPrefix(name, namespace+"."); inNamespace {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables, nil
}

// columnNames lists the columns of a table of the file, none if there is no
// such table.
func columnNames(ses *session, physical string) ([]string, error) {
	return texts(ses, "SELECT name FROM pragma_table_info(?) ORDER BY cid", physical)
}

// sameColumns refuses a table of ScalarDB's own whose columns are not those of
// the version that this package knows.
func sameColumns(physical string, columns, want []string) error {
	if slices.Equal(columns, want) {
		return nil
	}
	return fmt.Errorf("table %q has the columns %s instead of %s: the file belongs to another version of ScalarDB, which this program cannot serve",
		physical, strings.Join(columns, ", "), strings.Join(want, ", "))
}
