package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// metadataTypes go with [sqlstore.MetadataColumns].
var metadataTypes = []string{
	"VARCHAR(128)", "VARCHAR(128)", "VARCHAR(20) NOT NULL", "VARCHAR(20)", "VARCHAR(10)", "BOOLEAN NOT NULL", "INTEGER NOT NULL",
}

func newAdmin(s *Storage) *sqlstore.Administration {
	return sqlstore.NewAdministration(engine{s}, sqlstore.AdministrationConfig{
		Dialect: dialect, MetadataSchema: s.config.metadataSchema, MetadataTypes: metadataTypes,
	})
}

// engine makes the steps of [sqlstore.Administration].
//
// Every statement that changes a definition commits by itself. A call that is
// cut off between two of them is completed when it is repeated, as the steps
// are: the table, its indexes, and in the end the metadata in one transaction.
type engine struct{ *Storage }

func (e engine) CheckNamespace(namespace string) (why string) {
	if why := checkNamespace(namespace); why != "" {
		return why
	}
	return e.server.checkCase(namespace)
}

func (e engine) CheckNames(op string, t *storage.Table) error { return e.checkNames(op, t) }

func (e engine) FoldName(name string) string { return foldColumn(name) }

func (e engine) Read(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	err := e.administrators.do(ctx, true, func(ses *session) error { return body(&adminSession{Storage: e.Storage, session: ses, ctx: ctx}) })
	return e.server.failure(op, table, err)
}

// lockWait is how long an administrative call waits for another one.
const lockWait = 60

// Update runs body while no other client of this package runs one, by an
// advisory lock that the server gives back if the connection is lost.
func (e engine) Update(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	show := storage.DryRun(ctx)
	err := e.administrators.do(ctx, false, func(ses *session) error {
		admin := &adminSession{Storage: e.Storage, session: ses, ctx: ctx, show: show}
		if show != nil {
			return body(admin)
		}
		if err := admin.lock(); err != nil {
			return err
		}
		defer admin.unlock()
		return body(admin)
	})
	return e.server.failure(op, table, err)
}

// lockName names the advisory lock. The server takes 64 characters.
func (e *Storage) lockName() string {
	name := "scalargen." + e.config.metadataSchema
	return name[:min(len(name), maxName)]
}

// adminSession is a session in the service of one administrative call.
type adminSession struct {
	*Storage
	session *session
	ctx     context.Context
	show    func(statement string) // of a dry run, else nil
}

func (a *adminSession) lock() error {
	rows, err := a.Query("SELECT GET_LOCK(?,?)", a.lockName(), lockWait)
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0][0] != "1" {
		return &storage.Error{Op: "lock", Class: storage.ErrConflict, Err: fmt.Errorf("another client has been changing definitions on %s for %d seconds", a.server.address, lockWait)}
	}
	return nil
}

func (a *adminSession) unlock() {
	if _, err := a.Query("SELECT RELEASE_LOCK(?)", a.lockName()); err != nil {
		a.session.broken = true // closing the connection gives the lock back
	}
}

func (a *adminSession) Execute(text string, args ...any) error {
	if a.show != nil {
		a.show(dialect.Literals(text, args...))
		return nil
	}
	_, err := a.session.command(a.ctx, text, named(args)...)
	return err
}

func (a *adminSession) Query(text string, args ...any) ([][]string, error) {
	var out [][]string
	err := a.session.texts(a.ctx, text, func(row []string) { out = append(out, row) }, args...)
	return out, err
}

// Atomically runs body in a transaction. body changes rows, and no definitions.
func (a *adminSession) Atomically(body func() error) error {
	if err := a.Execute("START TRANSACTION"); err != nil {
		return err
	}
	if err := body(); err != nil {
		if a.show == nil {
			a.session.rollback()
		}
		return err
	}
	return a.Execute("COMMIT")
}

// text begins the text of a statement.
func text(begin string) *sqlstore.Builder { return dialect.New().Text(begin) }

func (a *adminSession) execute(b *sqlstore.Builder) error { return a.Execute(b.String()) }

func (a *adminSession) CreateTable(t *storage.Table, there bool) error {
	if there {
		return nil
	}
	b := text("CREATE TABLE ").Table(t.TableName).Text("(")
	for _, c := range sqlstore.ColumnOrder(t) {
		b.Name(t.Columns[c].Name).Text(" ").Text(a.columnType(t, c)).Text(",")
	}
	b.Text(" PRIMARY KEY (")
	directed := hasDescending(t)
	for i, c := range t.PrimaryKey() {
		if i > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c].Name)
		if !directed {
			continue
		}
		order := storage.Asc
		if at := i - len(t.Partition); at >= 0 {
			order = t.Clustering[at].Order
		}
		b.Text(" ").Text(order.String())
	}
	return a.execute(b.Text("))"))
}

// hasDescending reports whether the primary key is declared with directions
// (storage spec, section 3.5).
func hasDescending(t *storage.Table) bool {
	for _, c := range t.Clustering {
		if c.Order == storage.Desc {
			return true
		}
	}
	return false
}

func (a *adminSession) DropTable(name storage.TableName) error {
	return a.execute(text("DROP TABLE IF EXISTS ").Table(name))
}

func (a *adminSession) TruncateTable(name storage.TableName) error {
	return a.execute(text("TRUNCATE TABLE ").Table(name))
}

func (a *adminSession) RenameTable(from, to storage.TableName) error {
	return a.execute(text("ALTER TABLE ").Table(from).Text(" RENAME TO ").Table(to))
}

func (a *adminSession) AddColumn(t *storage.Table, column int) error {
	return a.execute(text("ALTER TABLE ").Table(t.TableName).Text(" ADD ").Name(t.Columns[column].Name).Text(" ").Text(a.columnType(t, column)))
}

func (a *adminSession) AlterColumnType(op string, t *storage.Table, column int) error {
	if a.server.product == productTiDB && t.Columns[column].Type == storage.Text {
		declared, err := a.declaredType(t.TableName, t.Columns[column].Name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(declared, "blob") || strings.Contains(declared, "binary") {
			return storage.Invalidf(op, t.TableName, "TiDB cannot turn the BLOB column %s into TEXT", t.Columns[column].Name)
		}
	}
	return a.modify(t, column)
}

// modify gives a column the type that it has in t.
func (a *adminSession) modify(t *storage.Table, column int) error {
	return a.execute(text("ALTER TABLE ").Table(t.TableName).Text(" MODIFY ").Name(t.Columns[column].Name).Text(" ").Text(a.columnType(t, column)))
}

func (a *adminSession) Namespaces() ([]string, error) {
	names, err := a.column("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
	var out []string
	for _, name := range names {
		if checkNamespace(name) == "" && name != a.config.metadataSchema {
			out = append(out, name)
		}
	}
	return out, err
}

// column returns the results of a query for one column.
func (a *adminSession) column(query string, args ...any) ([]string, error) {
	return a.session.column(a.ctx, query, args...)
}

func (a *adminSession) CreateNamespace(namespace string) error {
	there, err := a.column("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME=?", namespace)
	if err != nil || len(there) > 0 {
		return err
	}
	if err := a.execute(text("CREATE SCHEMA IF NOT EXISTS ").Name(namespace)); err != nil || a.show != nil {
		return err
	}
	a.mu.Lock()
	delete(a.orders, namespace) // it has the server's default
	a.mu.Unlock()
	return nil
}

// DropNamespace looks for tables first: the server would drop them as well.
func (a *adminSession) DropNamespace(op, namespace string) error {
	tables, err := a.column("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA=? LIMIT 1", namespace)
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		return &storage.Error{Op: op, Table: storage.TableName{Namespace: namespace}, Class: storage.ErrNotEmpty, Err: fmt.Errorf("table %s", tables[0])}
	}
	return a.execute(text("DROP SCHEMA IF EXISTS ").Name(namespace))
}
