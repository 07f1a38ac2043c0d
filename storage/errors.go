package storage

import (
	"errors"
	"fmt"
)

// The outcomes of a storage call that a caller decides upon, for [errors.Is].
var (
	// ErrCondition: a precondition of the group was false; nothing was applied.
	ErrCondition = errors.New("condition not satisfied")
	// ErrConflict: the database gave the group up for another one that runs
	// (deadlock, serialization failure, lock timeout); nothing was applied, and
	// the same call may succeed later.
	ErrConflict = errors.New("conflict with a concurrent request")
	// ErrUnknown: the group may or may not have been applied, or may still be.
	ErrUnknown = errors.New("outcome unknown")
	// ErrTableNotFound: there is no such table, or it has no metadata.
	ErrTableNotFound = errors.New("table not found")
	// ErrTableExists: the table is there already.
	ErrTableExists = errors.New("table exists already")
	// ErrNotEmpty: tables remain in the namespace.
	ErrNotEmpty = errors.New("namespace not empty")
	// ErrInvalid: the request can never succeed on this storage (a value out of
	// its range, a name it cannot hold); nothing was applied.
	ErrInvalid = errors.New("invalid request")
	// ErrUnknownStorage: [Open] has no adapter of the name that the configuration
	// gives.
	ErrUnknownStorage = errors.New("unknown storage")
	// ErrClosed: the storage was closed before the call.
	ErrClosed = errors.New("storage is closed")
)

// Error is the error type of adapters: what was tried on which table, its
// outcome class, and the database's own error.
type Error struct {
	Op    string    // "get", "scan", "mutate", "create table", …
	Table TableName // zero if no table is concerned
	Class error     // one of the errors above, nil for a plain failure
	Err   error     // the cause, may be nil
}

// Error names the operation, the table, the class and the cause.
func (e *Error) Error() string {
	s := e.Op
	if e.Table != (TableName{}) {
		s += " " + e.Table.String()
	}
	if e.Class != nil {
		s += ": " + e.Class.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns class and cause.
func (e *Error) Unwrap() []error {
	errs := make([]error, 0, 2)
	if e.Class != nil {
		errs = append(errs, e.Class)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Invalidf returns an [ErrInvalid] for table.
func Invalidf(op string, table TableName, format string, args ...any) error {
	return &Error{Op: op, Table: table, Class: ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// NotApplied reports whether err promises that a Mutate had no effect and will
// have none.
func NotApplied(err error) bool {
	if errors.Is(err, ErrUnknown) {
		return false
	}
	var classified *Error
	if errors.As(err, &classified) {
		return true
	}
	// An error that does not come from an adapter's classification promises
	// nothing, a cancelled context least of all.
	return errors.Is(err, ErrCondition) || errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrClosed)
}
