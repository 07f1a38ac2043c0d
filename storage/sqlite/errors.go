package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	codes "modernc.org/sqlite/lib"

	"github.com/scalargen/scalargen/storage"
)

// failure wraps err, which came from a call that had not begun to commit:
// whatever it was, nothing was applied.
func failure(op string, table storage.TableName, err error) error {
	if known := new(storage.Error); errors.As(err, &known) {
		return err
	}
	return classified(op, table, classOf(err), err)
}

// commitFailure wraps err, which came from a COMMIT or from a statement that
// commits by itself.
func commitFailure(op string, table storage.TableName, err error) error {
	class := classOf(err)
	if class == nil && !undone(err) {
		class = storage.ErrUnknown
	}
	return classified(op, table, class, err)
}

func classified(op string, table storage.TableName, class, err error) error {
	if err == class {
		err = nil // the class says it all
	}
	return &storage.Error{Op: op, Table: table, Class: class, Err: explain(err)}
}

// classOf returns the class of an error that promises that nothing was applied,
// nil if there is none.
func classOf(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, storage.ErrClosed) {
		return storage.ErrClosed
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	switch code := resultCode(err); code & primaryCode {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return storage.ErrConflict
	case codes.SQLITE_TOOBIG:
		return storage.ErrInvalid
	case codes.SQLITE_ERROR:
		// SQLite has no codes of its own for these.
		switch message := err.Error(); {
		case strings.Contains(message, "no such table"):
			return storage.ErrTableNotFound
		case strings.Contains(message, "no such column"), strings.Contains(message, "has no column named"):
			return storage.ErrInvalid
		}
	}
	return nil
}

// undone reports whether SQLite is known to have rolled back the statement or
// COMMIT that failed with err, so that it cannot come back after a crash. It
// cannot be known after an I/O error: the commit record may be in the log
// although writing it through failed, and the process that recovers the log
// would find it.
func undone(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrClosed) {
		return true // only a wait for the lock is ever cut short
	}
	switch resultCode(err) & primaryCode {
	case codes.SQLITE_ERROR, codes.SQLITE_PERM, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_NOTADB,
		codes.SQLITE_SCHEMA, codes.SQLITE_CONSTRAINT, codes.SQLITE_MISMATCH, codes.SQLITE_AUTH, codes.SQLITE_RANGE,
		// The commit record is the last thing written, and it is the one that
		// is missing.
		codes.SQLITE_FULL:
		return true
	}
	return false
}

// explain adds to SQLite's terse message what to do.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var advice string
	switch resultCode(err) & primaryCode {
	case codes.SQLITE_FULL:
		advice = "the disk or the quota is full: free space and repeat"
	case codes.SQLITE_READONLY:
		advice = "the file or its directory cannot be written: SQLite needs both to be writable"
	case codes.SQLITE_CANTOPEN:
		advice = "the file cannot be opened: check that its directory exists and that both can be read and written"
	case codes.SQLITE_NOTADB:
		advice = "the file is not a SQLite database, or it is encrypted"
	case codes.SQLITE_CORRUPT:
		advice = "the file is damaged: run PRAGMA integrity_check and restore a backup"
	case codes.SQLITE_IOERR:
		advice = "the operating system failed to read or write the file"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", advice, err)
}

// isDuplicateKey reports whether an INSERT found its key taken.
func isDuplicateKey(err error) bool {
	code := resultCode(err)
	return code == codes.SQLITE_CONSTRAINT_PRIMARYKEY || code == codes.SQLITE_CONSTRAINT_UNIQUE
}
