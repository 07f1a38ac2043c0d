package scalarotel

import (
	"context"
	"errors"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// The values of scalardb.transaction.outcome and, but for committed, of
// scalardb.phase.outcome.
const (
	committed  = "committed"
	rolledBack = "rolled_back" // by the application, or because of what the records say
	conflict   = "conflict"    // somebody else got in the way; nothing is visible
	unknown    = "unknown"     // committed or not, nobody knows yet
	failed     = "failed"      // of a transaction: nothing is visible
)

// ending is how a piece of work ended.
type ending struct {
	outcome   string
	errorType string // error.type, "" if it is no failure
	text      string // of a failed span, without anything of the data
}

// classEnding is what an error of a class makes of the work.
type classEnding struct {
	class error
	ending
}

// endings has the ending for each class of errors. The first that matches
// counts: what package scalar says goes before the cause that it wraps, except
// that a closed storage or the end of a context says more than that the storage
// failed. The storage's own classes come last, for work that passes on its errors.
var endings = []classEnding{
	{scalar.ErrUnknownStatus, ending{unknown, "unknown_status", "transaction status unknown"}},
	{scalar.ErrConflict, ending{outcome: conflict}},
	{scalar.ErrAlreadyExists, ending{outcome: rolledBack}},
	{scalar.ErrCondition, ending{outcome: rolledBack}},
	{scalar.ErrNotFound, ending{outcome: rolledBack}},
	{scalar.ErrInvalid, ending{failed, "invalid", "invalid request"}},
	{scalar.ErrClosed, ending{failed, "closed", "transaction or database handle closed"}},
	{storage.ErrClosed, ending{failed, "closed", "storage closed"}},
	{context.Canceled, ending{failed, "canceled", "context canceled"}},
	{context.DeadlineExceeded, ending{failed, "timeout", "context deadline exceeded"}},
	{scalar.ErrStorage, storageFailure},
	{storage.ErrCondition, ending{outcome: conflict}},
	{storage.ErrConflict, ending{outcome: conflict}},
	{storage.ErrInvalid, ending{failed, "invalid", "invalid request"}},
}

var storageFailure = ending{failed, "storage", "storage failure"}

// gaveUp is a Transact whose last attempt was in conflict: here the caller is
// left with it.
var gaveUp = ending{conflict, "conflict", "given up after conflicts with other transactions"}

// endingOf classifies the end of a phase; committed means that a part of a
// transaction went well. An error without a class is the application's own where
// its code runs, and a failure of the storage elsewhere.
func endingOf(p observe.Phase, err error) ending {
	if err == nil {
		return ending{outcome: committed}
	}
	for _, e := range endings {
		if !errors.Is(err, e.class) {
			continue
		}
		if p == observe.Transact && e.outcome == conflict {
			return gaveUp
		}
		return e.ending
	}
	if isTransaction(p) {
		return ending{outcome: rolledBack}
	}
	return storageFailure
}

// detailsOf returns ScalarDB's code and the table that an error names. The
// engine and package scalar have a type each for the same error.
func detailsOf(err error) (code string, table storage.TableName) {
	if inner, ok := errors.AsType[*commit.Error](err); ok {
		return inner.Code, inner.Table
	}
	if outer, ok := errors.AsType[*scalar.Error](err); ok {
		return outer.Code, outer.Table
	}
	return "", storage.TableName{}
}
