package sqlite

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// columnTypes are the declared types of Java's tables (storage spec, section
// 3.6).
var columnTypes = map[storage.Type]string{
	storage.Boolean: "BOOLEAN", storage.Int: "INT", storage.BigInt: "BIGINT", storage.Float: "FLOAT", storage.Double: "DOUBLE",
	storage.Text: "TEXT", storage.Blob: "BLOB", storage.Date: "INT", storage.Time: "BIGINT", storage.Timestamp: "BIGINT",
	storage.TimestampTZ: "BIGINT",
}

// metadataColumnTypes go with [sqlstore.MetadataColumns].
var metadataColumnTypes = []string{
	"TEXT", "TEXT", "TEXT NOT NULL", "TEXT", "TEXT", "BOOLEAN NOT NULL", "INTEGER NOT NULL",
}

// administration makes the embedded field invisible to users of the package.
type administration = sqlstore.Administration

func newAdministration(s *Storage) *administration {
	return sqlstore.NewAdministration(engine{s}, sqlstore.AdministrationConfig{
		Dialect: dialect, MetadataSchema: s.config.metadataSchema, MetadataTypes: metadataColumnTypes,
	})
}

// An engine runs administrative calls. SQLite's DDL is transactional: tables,
// indexes and metadata change together.
type engine struct{ storage *Storage }

// CheckNamespace implements [sqlstore.Engine].
func (engine) CheckNamespace(namespace string) string { return checkNamespace(namespace) }

// CheckNames implements [sqlstore.Engine].
func (engine) CheckNames(op string, t *storage.Table) error { return checkNames(op, t) }

// FoldName implements [sqlstore.Engine].
func (engine) FoldName(name string) string { return foldASCII(name) }

// Read implements [sqlstore.Engine].
func (e engine) Read(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	return e.storage.read(ctx, op, table, func(ses *session) error { return body(&adminSession{session: ses, storage: e.storage}) })
}

// Update implements [sqlstore.Engine].
func (e engine) Update(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	show := storage.DryRun(ctx)
	if show == nil {
		return e.storage.update(ctx, op, table, func(ses *session) error { return body(&adminSession{session: ses, storage: e.storage}) })
	}
	var shown []string
	err := e.storage.read(ctx, op, table, func(ses *session) error {
		shown = shown[:0] // body may find the file locked and be run again
		return body(&adminSession{session: ses, storage: e.storage, show: func(statement string) { shown = append(shown, statement) }})
	})
	for _, statement := range shown {
		show(statement)
	}
	return err
}

// readTable reads the definition of a table.
func (s *Storage) readTable(ses *session, _ string, name storage.TableName) (*storage.Table, error) {
	return sqlstore.ReadTable(s.administration, &adminSession{session: ses, storage: s}, name)
}

// update runs body in a transaction of the connection that writes.
func (s *Storage) update(ctx context.Context, op string, table storage.TableName, body func(*session) error) error {
	ses, err := s.writer.acquire(ctx)
	if err != nil {
		return failure(op, table, err)
	}
	defer s.writer.release(ses)
	return s.transact(ctx, ses, op, table, func() error { return body(ses) })
}

// An adminSession makes the steps of administration.
type adminSession struct {
	*session
	storage *Storage
	show    func(statement string) // of a dry run
}

// Execute implements [sqlstore.Session].
func (s *adminSession) Execute(text string, args ...any) error {
	if s.show != nil {
		s.show(dialect.Literals(text, args...))
		return nil
	}
	return execute(s.session, text, args...)
}

// Query implements [sqlstore.Session].
func (s *adminSession) Query(text string, args ...any) ([][]string, error) {
	return query(s.session, text, args...)
}

// Atomically implements [sqlstore.Session]. The session is in a transaction.
func (s *adminSession) Atomically(body func() error) error { return body() }

// Taken implements [sqlstore.Session].
func (s *adminSession) Taken(op string, name storage.TableName) (bool, error) {
	physical := physicalName(name)
	taken, err := texts(s.session, "SELECT name FROM sqlite_master WHERE name=? COLLATE NOCASE", physical)
	if err != nil || len(taken) == 0 {
		return false, err
	}
	if taken[0] != physical {
		return true, storage.Invalidf(op, name, "SQLite cannot tell the name from that of %q, which exists", taken[0])
	}
	return true, nil
}

// DeclaredType implements [sqlstore.Session].
func (s *adminSession) DeclaredType(t *storage.Table, column int) string {
	return columnTypes[t.Columns[column].Type]
}

// CreateTable implements [sqlstore.Session].
func (s *adminSession) CreateTable(t *storage.Table, there bool) error {
	if there {
		return nil
	}
	return s.Execute(createTableText(t))
}

func createTableText(table *storage.Table) string {
	b := dialect.New().Text("CREATE TABLE ").Table(table.TableName).Text("(")
	for _, c := range sqlstore.ColumnOrder(table) {
		b.Name(table.Columns[c].Name).Text(" ").Text(columnTypes[table.Columns[c].Type]).Text(",")
	}
	return b.Text(" PRIMARY KEY (").Columns(table, table.PrimaryKey()).Text("))").String()
}

// DropTable implements [sqlstore.Session].
func (s *adminSession) DropTable(name storage.TableName) error {
	return s.Execute(dialect.New().Text("DROP TABLE IF EXISTS ").Table(name).String())
}

// TruncateTable implements [sqlstore.Session].
func (s *adminSession) TruncateTable(name storage.TableName) error {
	return s.Execute(dialect.New().Text("DELETE FROM ").Table(name).String())
}

// RenameTable implements [sqlstore.Session].
func (s *adminSession) RenameTable(from, to storage.TableName) error {
	return s.Execute(dialect.New().Text("ALTER TABLE ").Table(from).Text(" RENAME TO ").Table(to).String())
}

// AddColumn implements [sqlstore.Session]. SQLite writes a new column into no
// record: those that are there read as NULL.
func (s *adminSession) AddColumn(t *storage.Table, column int) error {
	c := t.Columns[column]
	b := dialect.New().Text("ALTER TABLE ").Table(t.TableName).Text(" ADD COLUMN ").Name(c.Name)
	return s.Execute(b.Text(" ").Text(columnTypes[c.Type]).String())
}

// DropColumn implements [sqlstore.Session].
func (s *adminSession) DropColumn(op string, t *storage.Table, column int) error {
	if err := s.DropIndex(t, column); err != nil {
		return err
	}
	name := t.Columns[column].Name
	others, err := texts(s.session, "SELECT l.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE i.name=?", physicalName(t.TableName), name)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(index string) bool { return s.show != nil && slices.Contains(indexNames(t.TableName, name), index) })
	if len(others) > 0 {
		return storage.Invalidf(op, t.TableName, "the index %q, which another program has created, is on column %s: drop it first", others[0], name)
	}
	return s.Execute(dialect.New().Text("ALTER TABLE ").Table(t.TableName).Text(" DROP COLUMN ").Name(name).String())
}

// RenameColumn implements [sqlstore.Session].
func (s *adminSession) RenameColumn(from, _ *storage.Table, column, renamed string) error {
	b := dialect.New().Text("ALTER TABLE ").Table(from.TableName).Text(" RENAME COLUMN ").Name(column)
	return s.Execute(b.Text(" TO ").Name(renamed).String())
}

// AlterColumnType implements [sqlstore.Session]: SQLite's ALTER TABLE cannot.
func (s *adminSession) AlterColumnType(op string, t *storage.Table, column int) error {
	return storage.Invalidf(op, t.TableName, "SQLite cannot change the type of a column: add a column of type %s under another name and copy the values", t.Columns[column].Type)
}
