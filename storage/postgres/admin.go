package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// administration makes the embedded field invisible to users of the package.
type administration = sqlstore.Administration

// metadataColumnTypes go with [sqlstore.MetadataColumns] (storage spec, section
// 3.3.1).
var metadataColumnTypes = []string{
	"VARCHAR(128)", "VARCHAR(128)", "VARCHAR(20) NOT NULL", "VARCHAR(20)", "VARCHAR(10)", "BOOLEAN NOT NULL", "INTEGER NOT NULL",
}

// The metadata table stays when it is empty: another program may be about to
// write its first row, having found the table there.
func newAdministration(s *Storage) *administration {
	return sqlstore.NewAdministration(engine{s}, sqlstore.AdministrationConfig{
		Dialect: dialect, MetadataSchema: s.config.metadataSchema, MetadataTypes: metadataColumnTypes, KeepMetadata: true,
	})
}

// An engine runs administrative calls. PostgreSQL's DDL is transactional:
// tables, indexes and metadata change together.
type engine struct{ storage *Storage }

// CheckNamespace implements [sqlstore.Engine].
func (e engine) CheckNamespace(namespace string) string {
	if namespace == e.storage.config.metadataSchema {
		return "ScalarDB keeps its own data in the schema of this name"
	}
	return checkNamespace(namespace)
}

// CheckNames implements [sqlstore.Engine].
func (engine) CheckNames(op string, t *storage.Table) error { return checkNames(op, t) }

// FoldName implements [sqlstore.Engine].
func (engine) FoldName(name string) string { return name }

// Read implements [sqlstore.Engine].
func (e engine) Read(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	ses, err := e.storage.acquire(ctx)
	if err != nil {
		return e.storage.failure(op, table, err)
	}
	defer e.storage.release(ses)
	if err := body(&adminSession{session: ses, ctx: ctx}); err != nil {
		return e.storage.failure(op, table, err)
	}
	return nil
}

// The lock that administrative calls hold: CREATE … IF NOT EXISTS of several
// sessions at once fails on the catalogue's unique indexes.
const lockKey = 0x5343414c4152 // "SCALAR"

// begin starts the transaction of an administrative call. It sees what was
// committed while it waited for the lock, and makes of times the same texts for
// all clients.
var begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO'; " +
	"SELECT pg_advisory_xact_lock(" + strconv.FormatInt(lockKey, 10) + ")"

// Update implements [sqlstore.Engine]. Clients of other kinds, as Java, do not
// know the lock: a call that collides with one of theirs is made again.
func (e engine) Update(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	if show := storage.DryRun(ctx); show != nil {
		return e.dryRun(ctx, op, table, show, body)
	}
	const attempts, pause = 5, 20 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := e.tryUpdate(ctx, op, table, body)
		if err == nil || attempt == attempts || !isCollision(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause << attempt):
		}
	}
}

func (e engine) tryUpdate(ctx context.Context, op string, table storage.TableName, body func(sqlstore.Session) error) error {
	ses, err := e.storage.acquire(ctx)
	if err != nil {
		return e.storage.failure(op, table, err)
	}
	defer e.storage.release(ses)
	err = ses.pg.Exec(ctx, begin).Close()
	if err == nil {
		err = body(&adminSession{session: ses, ctx: ctx})
	}
	if err != nil {
		// If this fails the connection is closed, which rolls back as well.
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.storage.config.connectionTimeout)
		defer cancel()
		_ = ses.pg.Exec(rollback, "ROLLBACK").Close()
		return e.storage.failure(op, table, err)
	}
	if err := ses.pg.Exec(ctx, "COMMIT").Close(); err != nil {
		return e.storage.writeFailure(op, table, err)
	}
	return nil
}

// dryRun runs body in a transaction that may only read.
func (e engine) dryRun(ctx context.Context, op string, table storage.TableName, show func(string), body func(sqlstore.Session) error) error {
	return e.Read(ctx, op, table, func(ses sqlstore.Session) error {
		ses.(*adminSession).show = show
		return body(ses)
	})
}

// isCollision reports whether an administrative call has failed only because
// another session made a change of the same kind at the same time.
func isCollision(err error) bool {
	switch code := sqlState(err); code {
	case codeSerialization, codeDeadlock, "42P06", "42P07", "42710":
		return true
	case codeUniqueViolation, "XX000":
		refusal := new(pgconn.PgError)
		return errors.As(err, &refusal) && (refusal.SchemaName == "pg_catalog" || strings.Contains(refusal.Message, "concurrently"))
	}
	return false
}

// An adminSession makes the steps of administration.
type adminSession struct {
	*session
	ctx  context.Context
	show func(statement string) // of a dry run
}

// Execute implements [sqlstore.Session].
func (s *adminSession) Execute(text string, args ...any) error {
	if s.show != nil {
		s.show(dialect.Literals(text, args...))
		return nil
	}
	_, err := s.Query(text, args...)
	return err
}

// Query implements [sqlstore.Session]. Parameters and results are texts.
func (s *adminSession) Query(text string, args ...any) ([][]string, error) {
	params := make([][]byte, len(args))
	for i, arg := range args {
		if arg != nil {
			params[i] = []byte(fmt.Sprint(arg))
		}
	}
	result := s.pg.ExecParams(s.ctx, text, params, nil, nil, nil)
	var rows [][]string
	for result.NextRow() {
		row := make([]string, len(result.Values()))
		for i, field := range result.Values() {
			row[i] = string(field)
		}
		rows = append(rows, row)
	}
	_, err := result.Close()
	return rows, err
}

// found reports whether a query returns a row.
func (s *adminSession) found(query string, args ...any) (bool, error) {
	rows, err := s.Query(query, args...)
	return len(rows) > 0, err
}

// Atomically implements [sqlstore.Session]. The session is in a transaction.
func (s *adminSession) Atomically(body func() error) error { return body() }

// Namespaces implements [sqlstore.Session].
func (s *adminSession) Namespaces() ([]string, error) {
	rows, err := s.Query(`SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname<>'information_schema' AND nspname<>$1`, s.storage.config.metadataSchema)
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row[0]
	}
	return names, err
}

func (s *adminSession) hasNamespace(namespace string) (bool, error) {
	return s.found("SELECT 1 FROM pg_namespace WHERE nspname=$1", namespace)
}

// CreateNamespace implements [sqlstore.Session].
func (s *adminSession) CreateNamespace(namespace string) error {
	there, err := s.hasNamespace(namespace)
	if err != nil || there {
		return err
	}
	return s.Execute(dialect.New().Text("CREATE SCHEMA ").Name(namespace).String())
}

// DropNamespace implements [sqlstore.Session]: any table, view or sequence of the
// schema keeps it.
func (s *adminSession) DropNamespace(op, namespace string) error {
	if why := (engine{s.storage}).CheckNamespace(namespace); why != "" {
		return storage.Invalidf(op, storage.TableName{Namespace: namespace}, "%s", why)
	}
	there, err := s.hasNamespace(namespace)
	if err != nil || !there {
		return err
	}
	populated, err := s.found("SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname=$1 LIMIT 1", namespace)
	if err != nil {
		return err
	}
	if populated {
		return &storage.Error{Op: op, Table: storage.TableName{Namespace: namespace}, Class: storage.ErrNotEmpty}
	}
	return s.Execute(dialect.New().Text("DROP SCHEMA ").Name(namespace).String())
}
