package postgres

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// columnTypes are the declared types of Java's tables (storage spec, section
// 3.6). A TEXT in a key or with an index is a [keyText].
var columnTypes = map[storage.Type]string{
	storage.Boolean: "BOOLEAN", storage.Int: "INT", storage.BigInt: "BIGINT", storage.Float: "REAL", storage.Double: "DOUBLE PRECISION",
	storage.Text: "TEXT", storage.Blob: "BYTEA", storage.Date: "DATE", storage.Time: "TIME", storage.Timestamp: "TIMESTAMP",
	storage.TimestampTZ: "TIMESTAMP WITH TIME ZONE",
}

const keyText = "VARCHAR(10485760)"

// The types of texts as the catalogue spells them.
const (
	spelledText    = "text"
	spelledKeyText = "character varying(10485760)"
)

// spelledTypes are the columnTypes as the catalogue spells them.
var spelledTypes = map[storage.Type]string{
	storage.Boolean: "boolean", storage.Int: "integer", storage.BigInt: "bigint", storage.Float: "real", storage.Double: "double precision",
	storage.Text: spelledText, storage.Blob: "bytea", storage.Date: "date", storage.Time: "time without time zone",
	storage.Timestamp: "timestamp without time zone", storage.TimestampTZ: "timestamp with time zone",
}

// isKeyText reports whether a column is a TEXT that is limited so as to fit into
// an index.
func isKeyText(t *storage.Table, column int) bool {
	return t.Columns[column].Type == storage.Text && (t.InPrimaryKey(column) || t.Indexed(column))
}

func columnType(t *storage.Table, column int) string {
	if isKeyText(t, column) {
		return keyText
	}
	return columnTypes[t.Columns[column].Type]
}

// DeclaredType implements [sqlstore.Session].
func (s *adminSession) DeclaredType(t *storage.Table, column int) string {
	if isKeyText(t, column) {
		return spelledKeyText
	}
	return spelledTypes[t.Columns[column].Type]
}

// CreateTable implements [sqlstore.Session].
func (s *adminSession) CreateTable(t *storage.Table, there bool) error {
	if !there {
		exists, err := s.hasNamespace(t.Namespace)
		if err != nil {
			return err
		}
		if !exists && s.show == nil {
			return storage.Invalidf("create table", t.TableName, "there is no namespace %s: create it first", t.Namespace)
		}
		if err := s.Execute(createTableText(t)); err != nil {
			return err
		}
	}
	return s.createOrderIndex(t)
}

func createTableText(t *storage.Table) string {
	b := dialect.New().Text("CREATE TABLE ").Table(t.TableName).Text("(")
	for _, c := range sqlstore.ColumnOrder(t) {
		b.Name(t.Columns[c].Name).Text(" ").Text(columnType(t, c)).Text(",")
	}
	return b.Text(" PRIMARY KEY (").Columns(t, t.PrimaryKey()).Text("))").String()
}

// DropTable implements [sqlstore.Session].
func (s *adminSession) DropTable(name storage.TableName) error {
	return s.Execute(dialect.New().Text("DROP TABLE IF EXISTS ").Table(name).String())
}

// TruncateTable implements [sqlstore.Session].
func (s *adminSession) TruncateTable(name storage.TableName) error {
	return s.Execute(dialect.New().Text("TRUNCATE TABLE ").Table(name).String())
}

// RenameTable implements [sqlstore.Session]. The index of mixed clustering orders
// goes with the table, so that another table may have its former name; Java never
// asks for it by name.
func (s *adminSession) RenameTable(from, to storage.TableName) error {
	if err := s.Execute(dialect.New().Text("ALTER TABLE ").Table(from).Text(" RENAME TO ").Name(to.Name).String()); err != nil {
		return err
	}
	former := clip(sqlstore.OrderIndexName(from))
	index, err := s.index(from.Namespace, former)
	if err != nil || index == nil || index.table != from.Name && index.table != to.Name {
		return err
	}
	return s.renameIndex(from.Namespace, former, clip(sqlstore.OrderIndexName(to)))
}

// AddColumn implements [sqlstore.Session].
func (s *adminSession) AddColumn(t *storage.Table, column int) error {
	b := dialect.New().Text("ALTER TABLE ").Table(t.TableName).Text(" ADD ").Name(t.Columns[column].Name)
	return s.Execute(b.Text(" ").Text(columnType(t, column)).String())
}

// DropColumn implements [sqlstore.Session]. PostgreSQL drops every index of the
// column, also one of other columns too.
func (s *adminSession) DropColumn(op string, t *storage.Table, column int) error {
	name := t.Columns[column].Name
	rows, err := s.Query(`SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid=x.indexrelid JOIN pg_class c ON c.oid=x.indrelid
		JOIN pg_namespace n ON n.oid=c.relnamespace JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum=ANY(x.indkey)
		WHERE n.nspname=$1 AND c.relname=$2 AND a.attname=$3`, t.Namespace, t.Name, name)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !slices.Contains(indexNames(t.TableName, name), row[0]) {
			return storage.Invalidf(op, t.TableName, "the index %q, which another program has created, is on column %s: drop it first", row[0], name)
		}
	}
	return s.Execute(dialect.New().Text("ALTER TABLE ").Table(t.TableName).Text(" DROP COLUMN ").Name(name).String())
}

// RenameColumn implements [sqlstore.Session].
func (s *adminSession) RenameColumn(from, _ *storage.Table, column, renamed string) error {
	b := dialect.New().Text("ALTER TABLE ").Table(from.TableName).Text(" RENAME COLUMN ").Name(column)
	return s.Execute(b.Text(" TO ").Name(renamed).String())
}

// AlterColumnType implements [sqlstore.Session].
func (s *adminSession) AlterColumnType(_ string, t *storage.Table, column int) error {
	return s.alterType(t, column, columnType(t, column), "")
}

// alterType gives a column a declared type, if it is now spelled as only, or
// however it is spelled if only is empty.
func (s *adminSession) alterType(t *storage.Table, column int, declared, only string) error {
	name := t.Columns[column].Name
	if only != "" {
		columns, err := s.Columns(t.TableName)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(columns, func(c sqlstore.PhysicalColumn) bool { return c.Name == name && c.Declared == only }) {
			return nil
		}
	}
	b := dialect.New().Text("ALTER TABLE ").Table(t.TableName).Text(" ALTER COLUMN ").Name(name)
	return s.Execute(b.Text(" TYPE ").Text(declared).String())
}
