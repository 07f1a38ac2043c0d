package sqlstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// metadataTable returns the name of a table of the metadata schema.
func (a *Administration) metadataTable(name string) storage.TableName {
	return storage.TableName{Namespace: a.config.MetadataSchema, Name: name}
}

// query returns a statement about a table of the metadata schema: before, the
// table, after, and a parameter or none.
func (a *Administration) query(before, table, after string, params int) string {
	return a.config.Dialect.New().Text(before).Table(a.metadataTable(table)).Text(after).paramList(params).String()
}

// CheckMetadata refuses a database whose metadata table has another layout than
// the version that this package knows. (It is no method, so that storages do not
// get it.)
func CheckMetadata(a *Administration, ses Session) error {
	_, err := a.hasMetadata(ses)
	return err
}

// ReadTable is the method Table on a session that is in use already.
func ReadTable(a *Administration, ses Session, name storage.TableName) (*storage.Table, error) {
	return a.readTable(ses, "table", name)
}

// hasMetadata reports whether there is a metadata table.
func (a *Administration) hasMetadata(ses Session) (bool, error) {
	return a.hasTable(ses, MetadataTable, MetadataColumns)
}

// hasTable reports whether there is a table of the metadata schema, and refuses
// one with other columns than those of the version that this package knows.
func (a *Administration) hasTable(ses Session, table string, want []string) (bool, error) {
	columns, err := ses.Columns(a.metadataTable(table))
	if err != nil || len(columns) == 0 {
		return false, err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	if !slices.Equal(names, want) {
		return false, fmt.Errorf("table %s has the columns %s instead of %s: the database belongs to another version of ScalarDB, which this program cannot serve",
			a.quoted(a.metadataTable(table)), strings.Join(names, ", "), strings.Join(want, ", "))
	}
	return true, nil
}

// isDefined reports whether the metadata define a table.
func (a *Administration) isDefined(ses Session, name storage.TableName) (bool, error) {
	exists, err := a.hasMetadata(ses)
	if err != nil || !exists {
		return false, err
	}
	return found(ses, a.query("SELECT 1 FROM ", MetadataTable, " WHERE full_table_name=", 1), FullTableName(name))
}

// createMetadata creates the metadata schema and table.
func (a *Administration) createMetadata(ses Session) error {
	if err := ses.CreateNamespace(a.config.MetadataSchema); err != nil {
		return err
	}
	b := a.config.Dialect.New().Text("CREATE TABLE ").Table(a.metadataTable(MetadataTable)).Text("(")
	for i, column := range MetadataColumns {
		b.Name(column).Text(" ").Text(a.config.MetadataTypes[i]).Text(",")
	}
	b.Text(" PRIMARY KEY (").Name(MetadataColumns[0]).Text(",").Name(MetadataColumns[1]).Text("))")
	return ses.Execute(b.String())
}

// writeMetadata replaces the rows that define a table, and creates the metadata
// table if there is none.
func (a *Administration) writeMetadata(ses Session, table *storage.Table) error {
	return a.replaceMetadata(ses, table, table.TableName)
}

// replaceMetadata replaces the rows of the table that is called former.
func (a *Administration) replaceMetadata(ses Session, table *storage.Table, former storage.TableName) error {
	exists, err := a.hasMetadata(ses)
	if err != nil {
		return err
	}
	if !exists {
		if err := a.createMetadata(ses); err != nil {
			return err
		}
	}
	rows := MetadataRows(table)
	b := a.config.Dialect.New().Text("INSERT INTO ").Table(a.metadataTable(MetadataTable)).Text(" VALUES ")
	args := make([]any, 0, len(rows)*len(MetadataColumns))
	for i, row := range rows {
		if i > 0 {
			b.Text(",")
		}
		b.Text("(").paramList(len(MetadataColumns)).Text(")")
		args = append(args, row.FullTableName, row.ColumnName, row.DataType, nullable(row.KeyType), nullable(row.ClusteringOrder), row.Indexed, row.OrdinalPosition)
	}
	return ses.Atomically(func() error {
		if exists {
			if err := a.deleteRows(ses, former); err != nil {
				return err
			}
		}
		return ses.Execute(b.String(), args...)
	})
}

// nullable returns nil for "".
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// deleteMetadata removes the rows that define a table, and with the last of all
// rows the metadata table, unless it is to be kept.
func (a *Administration) deleteMetadata(ses Session, name storage.TableName) error {
	if err := a.deleteRows(ses, name); err != nil || a.config.KeepMetadata {
		return err
	}
	// In a dry run its own rows are still there.
	others, err := found(ses, a.query("SELECT 1 FROM ", MetadataTable, " WHERE full_table_name<>", 1), FullTableName(name))
	if err != nil || others {
		return err
	}
	return ses.Execute(a.query("DROP TABLE ", MetadataTable, "", 0))
}

func (a *Administration) deleteRows(ses Session, name storage.TableName) error {
	return ses.Execute(a.query("DELETE FROM ", MetadataTable, " WHERE full_table_name=", 1), FullTableName(name))
}

// readTable reads the definition of a table.
func (a *Administration) readTable(ses Session, op string, name storage.TableName) (*storage.Table, error) {
	notFound := &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
	exists, err := a.hasMetadata(ses)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, notFound
	}
	b := a.config.Dialect.New().Text("SELECT column_name,data_type,key_type,clustering_order,indexed FROM ").Table(a.metadataTable(MetadataTable))
	rows, err := ses.Query(b.Text(" WHERE full_table_name=").Param().Text(" ORDER BY ordinal_position ASC").String(), FullTableName(name))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound
	}
	described := make([]MetadataRow, len(rows))
	for i, row := range rows {
		described[i] = MetadataRow{ColumnName: row[0], DataType: row[1], KeyType: row[2], ClusteringOrder: row[3], Indexed: row[4] == "1" || strings.HasPrefix(row[4], "t")}
	}
	return TableFromMetadata(name, described)
}

// definedTables lists the tables of a namespace in byte order.
func (a *Administration) definedTables(ses Session, namespace string) ([]string, error) {
	exists, err := a.hasMetadata(ses)
	if err != nil || !exists {
		return nil, err
	}
	full, err := texts(ses, a.query("SELECT DISTINCT full_table_name FROM ", MetadataTable, "", 0))
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
