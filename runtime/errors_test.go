package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
)

var conflictOfTheDatabase error = &storage.Error{Op: "mutate", Class: storage.ErrConflict, Err: errors.New("deadlock")}

var kindsOfError = map[string]error{
	"ErrConflict": scalar.ErrConflict, "ErrUncommittedRecord": scalar.ErrUncommittedRecord, "ErrUnknownStatus": scalar.ErrUnknownStatus,
	"ErrCondition": scalar.ErrCondition, "ErrNotFound": scalar.ErrNotFound, "ErrAlreadyExists": scalar.ErrAlreadyExists,
	"ErrClosed": scalar.ErrClosed, "ErrInvalid": scalar.ErrInvalid, "ErrStorage": scalar.ErrStorage,
}

// Every kind is told apart from all others, but for a record in use, which is a
// conflict.
func TestErrorKindsAreDistinct(t *testing.T) {
	t.Parallel()
	for name, kind := range kindsOfError {
		err := fmt.Errorf("order: %w", &scalar.Error{Kind: kind})
		for other, target := range kindsOfError {
			want := name == other || name == "ErrUncommittedRecord" && other == "ErrConflict"
			if errors.Is(err, target) != want {
				t.Errorf("an %s is %s: %t", name, other, !want)
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	table := scalar.TableName{Namespace: "test", Name: "orders"}
	for want, e := range map[string]scalar.Error{
		"record not found": {Kind: scalar.ErrNotFound},
		"record not found: test.orders(customer_id=1)":                                     {Kind: scalar.ErrNotFound, Table: table, Key: "(customer_id=1)"},
		"invalid request: test.orders: no limit":                                           {Kind: scalar.ErrInvalid, Table: table, Message: "no limit"},
		"conflict with another transaction (given up after 3 attempts) [transaction tx-9]": {Kind: scalar.ErrConflict, Attempts: 3, TxID: "tx-9"},
		"closed [DB-CORE-10043]":                                                           {Kind: scalar.ErrClosed, Code: "DB-CORE-10043"},
		"storage failure: reading [DB-CORE-30039 transaction tx-9]: disk on fire": {
			Kind: scalar.ErrStorage, Message: "reading", Code: "DB-CORE-30039", TxID: "tx-9", Err: errors.New("disk on fire"),
		},
	} {
		if e.Error() != want {
			t.Errorf("text is %q, want %q", e.Error(), want)
		}
	}
}

func TestErrorsTellWhatTheyKnow(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, orders.Insert(t.Context(), db, first))
	cause := errors.New("disk on fire")
	scalartest.Inject(db, scalartest.FailNext(scalartest.Get, cause))
	var id string
	err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
		id = tx.ID()
		return second(orders.Get(ctx, tx, keyOfOrder(first)))
	})
	var e *scalar.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Kind != scalar.ErrStorage || e.TxID != id || e.Code != "DB-CORE-30039" || e.Table != orders.Def.TableName || e.Key != "(customer_id=1, timestamp=10, seq=1)" {
		t.Errorf("error has %+v", e)
	}
	wantError(t, err, cause)
	var below *storage.Error
	if !errors.As(err, &below) {
		t.Errorf("%v has lost the storage's error", err)
	}
}

func TestARecordInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.Crash(scalartest.AfterPrepare, 1))
		wantError(t, orders.Insert(t.Context(), db, first), scalartest.ErrCrashed)
		for level, kind := range map[scalar.Isolation]error{
			scalar.Snapshot: scalar.ErrUncommittedRecord, scalar.Serializable: scalar.ErrUncommittedRecord, scalar.ReadCommitted: scalar.ErrNotFound,
		} {
			tx := begin(t, db, scalar.WithIsolation(level))
			err := second(orders.Get(t.Context(), tx, keyOfOrder(first)))
			wantError(t, err, kind, tx.ID())
			if kind == scalar.ErrUncommittedRecord {
				wantError(t, err, scalar.ErrConflict, "transaction tx-1 has prepared the record and not decided yet: retry", "DB-CORE-20017")
			}
			tx.Rollback(t.Context())
		}
		begin := time.Now()
		must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error { // outlives the 15 seconds
			if _, err := orders.Get(ctx, tx, keyOfOrder(first)); !errors.Is(err, scalar.ErrNotFound) {
				return err
			}
			return orders.Insert(ctx, tx, first)
		}))
		if took := time.Since(begin); took < 14*time.Second || took > 17*time.Second {
			t.Errorf("the record was free after %v, want about 15s", took)
		}
	})
}
