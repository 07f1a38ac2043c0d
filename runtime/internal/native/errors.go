package native

import (
	"errors"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

func conditionFalse(err error) bool { return errors.Is(err, storage.ErrCondition) }

// requestFailed is the error of a request, or a commit, that had no effect.
func requestFailed(err error) *commit.Error {
	e := &commit.Error{Kind: commit.ErrStorage, Message: "the database failed, and the transaction was rolled back", Err: err}
	switch {
	case errors.Is(err, storage.ErrConflict):
		e.Kind, e.Message = commit.ErrConflict, "the database gave the transaction up for another one: retry it"
	case errors.Is(err, storage.ErrInvalid):
		e.Kind, e.Message = commit.ErrInvalid, "the database refused the request, and the transaction was rolled back"
	}
	return e
}

// failedBefore refuses a call after one that has failed.
func (tx *Tx) failedBefore() error {
	cause := tx.cause.Load()
	return &commit.Error{Kind: cause.Kind, TxID: tx.id, Message: "the transaction was rolled back when an earlier call failed", Err: cause}
}

func errClosed() *commit.Error {
	return &commit.Error{Kind: commit.ErrClosed, Message: "the database handle is closed"}
}
