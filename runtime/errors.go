package scalar

import (
	"errors"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// What became of an operation, for [errors.Is]. Every error of this package
// that is not the context's or the application's own matches one of them and is
// an [*Error] or, for configurations, a [*ConfigError].
var (
	// ErrConflict: another transaction got in the way; nothing of this one is
	// or will be visible. Retry the whole transaction, as [DB.Transact] does.
	ErrConflict = commit.ErrConflict
	// ErrUncommittedRecord is an ErrConflict with a transaction that is still
	// running: it holds the record prepared and has not decided.
	ErrUncommittedRecord = commit.ErrUncommittedRecord
	// ErrUnknownStatus: the transaction may or may not have been committed. Do
	// not retry blindly. If it was, its writes become visible in time; ask
	// [DB.Status] with Error.TxID, and keep asking while it cannot tell, or settle
	// it with [DB.Abort].
	//
	// Neither knows anything after a commit in one phase ([OnePhaseCommit]; the
	// Code is DB-CORE-40005), with [DatabaseTransactions], and without transactions,
	// where there is no TxID. Then read a record that was written: if it shows
	// that write, all was committed; if it does not, the request may still arrive,
	// or somebody has written since. Of deletes alone it cannot be told later.
	ErrUnknownStatus = commit.ErrUnknownStatus
	// ErrCondition: the condition of an UpdateIf or DeleteIf did not hold, or
	// there was no record. The transaction goes on.
	ErrCondition = commit.ErrCondition
	// ErrNotFound: there is no record with the key.
	ErrNotFound = errors.New("record not found")
	// ErrAlreadyExists: an inserted record exists and is committed. Retrying
	// cannot help.
	ErrAlreadyExists = commit.ErrAlreadyExists
	// ErrClosed: the transaction has ended or the DB is closed.
	ErrClosed = commit.ErrClosed
	// ErrInvalid: the request can never succeed as it is: a value out of its
	// range, a zero range, a table that is not deployed as the generated code
	// expects. The message says what to change.
	ErrInvalid = commit.ErrInvalid
	// ErrStorage: the database failed in another way. Nothing of the
	// transaction is visible. The cause is wrapped.
	ErrStorage = commit.ErrStorage
)

// Error is the error type of this package.
type Error struct {
	Kind     error     // one of the errors above
	TxID     string    // the transaction, "" if there is none yet
	Code     string    // ScalarDB's code for the situation, such as DB-CORE-20013; "" if it has none
	Table    TableName // the table concerned, zero if there is none
	Key      string    // the record concerned, rendered for people; "" if there is none
	Message  string    // what happened and what to do
	Attempts int       // how often [DB.Transact] tried, if more than once; 0 elsewhere
	Err      error     // the cause, nil if there is none
}

// Error gives what happened, to which record, in which transaction, and why.
func (e *Error) Error() string { return (*commit.Error)(e).Error() }

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error { return (*commit.Error)(e).Unwrap() }

// public turns the engine's error into this package's. A closed storage means
// that the DB is closed, whatever the engine was doing when it found out.
func public(err error) error {
	e, ok := err.(*commit.Error)
	if !ok {
		return err
	}
	if e.Kind == ErrStorage && errors.Is(e.Err, storage.ErrClosed) {
		e.Kind = ErrClosed
	}
	return (*Error)(e)
}
