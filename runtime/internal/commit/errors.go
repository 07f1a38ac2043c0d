package commit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// The outcomes that a caller decides upon; package scalar documents them.
var (
	ErrConflict          = errors.New("conflict with another transaction")
	ErrUncommittedRecord = fmt.Errorf("%w that has not decided yet", ErrConflict)
	ErrUnknownStatus     = errors.New("transaction status unknown")
	ErrCondition         = errors.New("condition not satisfied")
	ErrAlreadyExists     = errors.New("record exists already")
	ErrClosed            = errors.New("closed")
	ErrInvalid           = errors.New("invalid request")
	ErrStorage           = errors.New("storage failure")
)

// Error is the engine's error. Package scalar converts it to its own type of
// the same shape and documents the fields.
type Error struct {
	Kind     error
	TxID     string
	Code     string
	Table    storage.TableName
	Key      string
	Message  string
	Attempts int
	Err      error
}

// storageError wraps a failed storage call. A request that the storage refuses
// as such is [ErrInvalid], everything else [ErrStorage].
func storageError(code string, table storage.TableName, key, message string, err error) *Error {
	kind := ErrStorage
	if errors.Is(err, storage.ErrInvalid) {
		kind = ErrInvalid
	}
	return &Error{Kind: kind, Code: code, Table: table, Key: key, Message: message, Err: err}
}

// Error gives what happened, to which record, in which transaction, and why.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Table != (storage.TableName{}) {
		fmt.Fprintf(&b, ": %s%s", e.Table, e.Key)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Attempts > 0 {
		fmt.Fprintf(&b, " (given up after %d attempts)", e.Attempts)
	}
	if e.Code != "" || e.TxID != "" {
		b.WriteString(" [" + strings.TrimSpace(e.Code+" "+prefixed("transaction ", e.TxID)) + "]")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
