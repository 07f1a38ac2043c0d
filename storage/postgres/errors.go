package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/scalargen/scalargen/storage"
)

// SQLSTATEs that are looked for by more than one place.
const (
	codeSerialization   = "40001"
	codeDeadlock        = "40P01"
	codeUniqueViolation = "23505"
	codeInvalidText     = "22P02"
	codeNotEmpty        = "2BP01"
	codeFailedBefore    = "25P02"
)

// failure wraps err, which came from something that writes nothing, or before
// anything was sent that does: nothing was applied.
func (s *Storage) failure(op string, table storage.TableName, err error) error {
	if known := new(storage.Error); errors.As(err, &known) {
		return err
	}
	return s.classified(op, table, classOf(err), err)
}

// writeFailure wraps err, which came after a request that writes was begun to be
// sent.
//
// An ERROR is the server's word that it has rolled back. A FATAL one is not: a
// server that shuts down may have committed before, and a proxy may speak for a
// server that it has lost. Nor is silence: the request may have arrived, and may
// still be carried out.
func (s *Storage) writeFailure(op string, table storage.TableName, err error) error {
	if known := new(storage.Error); errors.As(err, &known) {
		return err
	}
	class := classOf(err)
	if class == nil && !isRefused(err) && !pgconn.SafeToRetry(err) {
		class = storage.ErrUnknown
	}
	return s.classified(op, table, class, err)
}

func (s *Storage) classified(op string, table storage.TableName, class, err error) error {
	if err == class {
		err = nil // the class says it all
	}
	return &storage.Error{Op: op, Table: table, Class: class, Err: s.explain(err)}
}

// isRefused reports whether the server has said that it rolled back.
func isRefused(err error) bool {
	return sqlState(err) != ""
}

func severity(err *pgconn.PgError) string {
	if err.SeverityUnlocalized != "" {
		return err.SeverityUnlocalized
	}
	return err.Severity
}

// sqlState returns the SQLSTATE of an ERROR, "" if err is none.
func sqlState(err error) string {
	if err == nil {
		return ""
	}
	refusal := new(pgconn.PgError)
	if errors.As(err, &refusal) && severity(refusal) == "ERROR" {
		return refusal.Code
	}
	return ""
}

// classOf returns the class of an error that promises that nothing was applied,
// nil if there is none.
func classOf(err error) error {
	if errors.Is(err, storage.ErrClosed) {
		return storage.ErrClosed
	}
	switch code := sqlState(err); code {
	case "":
		return nil
	case codeSerialization, codeDeadlock, "55P03":
		return storage.ErrConflict
	case "42P01", "3F000":
		return storage.ErrTableNotFound
	case codeNotEmpty:
		return storage.ErrNotEmpty
	case "42703", "42804", "42883", "42P18", "42P10", // the table has other columns than the definition
		"22001", "22003", "22007", "22008", "22021", "22P03", "22P05", // a value that the column does not take
		"54000", "54001", "54011", "54023": // a limit of the server, as the size of an index entry
		return storage.ErrInvalid
	}
	return nil
}

// isStale reports whether a prepared statement may have failed because the schema
// is another one since it was prepared, or because the connection has lost it. A
// newly prepared one may succeed.
func isStale(err error) bool {
	code := sqlState(err)
	return isOutdated(err) || strings.HasPrefix(code, "42") && code != "42501"
}

// isOutdated reports whether a prepared statement has certainly failed for one of
// these reasons.
func isOutdated(err error) bool {
	switch sqlState(err) {
	case "26000":
		return true
	case "0A000":
		refusal := new(pgconn.PgError)
		return errors.As(err, &refusal) && refusal.Routine == "RevalidateCachedQuery"
	}
	return false
}

// advice says by SQLSTATE what to do.
var advice = map[string]string{
	"28P01": "the password is wrong, or the user has none: check scalar.db.username and scalar.db.password",
	"28000": "the server does not let this user in from here: see pg_hba.conf",
	"3D000": "there is no such database: create it, or correct the name in the URL",
	"42501": "the user lacks a right: grant it, or connect as the owner",
	"25006": "the server or the session is read-only: connect to the primary",
	"53100": "the disk of the server is full: free space and repeat",
	"53200": "the server is out of memory",
	"53300": "the server has no free connection: raise max_connections, or lower scalar.db.jdbc.connection_pool.max_total",
	"54000": "a limit of the server: an index entry holds about 2700 bytes",
	"55P03": "a lock was held for longer than lock_timeout",
	"57014": "the statement was cancelled, or took longer than statement_timeout",
	"57P01": "the server is shutting down",
	"57P02": "the server has crashed and restarts",
	"57P03": "the server is starting up or shutting down: repeat in a moment",
	"0A000": "the table was changed while it was in use: repeat",
}

// explain adds the server and what to do. Neither it nor the driver's errors
// hold the password.
func (s *Storage) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	refusal := new(pgconn.PgError)
	if errors.As(err, &refusal) {
		if todo := advice[refusal.Code]; todo != "" {
			return fmt.Errorf("PostgreSQL at %s: %s: %w", s.target, todo, err)
		}
	}
	return fmt.Errorf("PostgreSQL at %s: %w", s.target, err)
}
