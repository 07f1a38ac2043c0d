package scalarotel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// phases yields every phase.
func phases(yield func(observe.Phase) bool) {
	for p := observe.Transact; p <= observe.Group; p++ {
		if !yield(p) {
			return
		}
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	application := errors.New("not enough")
	of := func(kind, cause error) error { return &commit.Error{Kind: kind, TxID: "tx-1", Err: cause} }
	lost := &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
	for _, test := range []struct {
		name      string
		phase     observe.Phase
		err       error
		outcome   string
		errorType string
	}{
		{"commit", observe.Transaction, nil, committed, ""},
		{"commit after retries", observe.Transact, nil, committed, ""},
		{"conflict of an attempt", observe.Transaction, of(commit.ErrConflict, nil), conflict, ""},
		{"conflict that the application has wrapped", observe.Transaction, fmt.Errorf("reserve: %w", of(commit.ErrUncommittedRecord, nil)), conflict, ""},
		{"conflict of a phase", observe.Prepare, of(commit.ErrConflict, storage.ErrCondition), conflict, ""},
		{"given up after conflicts", observe.Transact, &scalar.Error{Kind: scalar.ErrConflict, Attempts: 9, Err: context.DeadlineExceeded}, conflict, "conflict"},
		{"unknown status", observe.Transaction, of(commit.ErrUnknownStatus, context.DeadlineExceeded), unknown, "unknown_status"},
		{"unknown status of a decision", observe.Decide, of(commit.ErrUnknownStatus, lost), unknown, "unknown_status"},
		{"storage failure", observe.Transaction, of(commit.ErrStorage, errors.New("disk full")), failed, "storage"},
		{"lost reply to what can be undone", observe.Prepare, of(commit.ErrStorage, lost), failed, "storage"},
		{"deadline", observe.Transaction, of(commit.ErrStorage, context.DeadlineExceeded), failed, "timeout"},
		{"cancellation", observe.Transact, context.Canceled, failed, "canceled"},
		{"handle closed", observe.Transaction, of(commit.ErrClosed, nil), failed, "closed"},
		{"storage closed", observe.Transaction, of(commit.ErrStorage, storage.ErrClosed), failed, "closed"},
		{"invalid request", observe.Transaction, of(commit.ErrInvalid, nil), failed, "invalid"},
		{"insert of what exists", observe.Transaction, of(commit.ErrAlreadyExists, nil), rolledBack, ""},
		{"condition", observe.Transact, of(commit.ErrCondition, nil), rolledBack, ""},
		{"not found", observe.Transact, &scalar.Error{Kind: scalar.ErrNotFound}, rolledBack, ""},
		{"rolled back by the application", observe.Transaction, application, rolledBack, ""},
		{"not retried, as the application says", observe.Transact, application, rolledBack, ""},
		{"group refused", observe.Group, &storage.Error{Op: "mutate", Class: storage.ErrCondition}, conflict, ""},
		{"group in a deadlock", observe.Group, storage.ErrConflict, conflict, ""},
		{"group without reply, which each member looks into", observe.Group, lost, failed, "storage"},
		{"group that the storage cannot hold", observe.Group, storage.ErrInvalid, failed, "invalid"},
		{"group, for whatever reason", observe.Group, errors.New("connection reset"), failed, "storage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := endingOf(test.phase, test.err)
			if got.outcome != test.outcome || got.errorType != test.errorType {
				t.Errorf("outcome %q, error type %q, want %q, %q", got.outcome, got.errorType, test.outcome, test.errorType)
			}
			if (got.text != "") != (got.errorType != "") {
				t.Errorf("error type %q with the status %q", got.errorType, got.text)
			}
		})
	}
}

// Every class of errors that a caller can meet has its place in the list.
func TestEveryErrorOfThePackageHasAnEnding(t *testing.T) {
	t.Parallel()
	for _, kind := range []error{
		scalar.ErrConflict, scalar.ErrUncommittedRecord, scalar.ErrUnknownStatus, scalar.ErrCondition, scalar.ErrNotFound,
		scalar.ErrAlreadyExists, scalar.ErrClosed, scalar.ErrInvalid, scalar.ErrStorage,
	} {
		if !slices.ContainsFunc(endings, func(e classEnding) bool { return errors.Is(kind, e.class) }) {
			t.Errorf("%v is not classified", kind)
		}
	}
}

func TestDetailsComeFromEitherErrorType(t *testing.T) {
	t.Parallel()
	table := storage.TableName{Namespace: "shop", Name: "orders"}
	for _, err := range []error{
		&commit.Error{Kind: commit.ErrConflict, Code: "DB-CORE-20002", Table: table},
		fmt.Errorf("reserve: %w", &scalar.Error{Kind: scalar.ErrConflict, Code: "DB-CORE-20002", Table: table}),
	} {
		if code, got := detailsOf(err); code != "DB-CORE-20002" || got != table {
			t.Errorf("%T: %q, %v", err, code, got)
		}
	}
	if code, got := detailsOf(nil); code != "" || got != (storage.TableName{}) {
		t.Errorf("no error: %q, %v", code, got)
	}
}
