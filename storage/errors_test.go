package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

func TestErrorNamesOperationTableClassAndCause(t *testing.T) {
	t.Parallel()
	table := storage.TableName{Namespace: "shop", Name: "items"}
	cause := errors.New("disk full")
	for want, err := range map[string]error{
		"get shop.items: disk full":                             &storage.Error{Op: "get", Table: table, Err: cause},
		"mutate shop.items: outcome unknown: disk full":         &storage.Error{Op: "mutate", Table: table, Class: storage.ErrUnknown, Err: cause},
		"namespaces: storage is closed":                         &storage.Error{Op: "namespaces", Class: storage.ErrClosed},
		"scan shop.items: invalid request: limit -1 is too low": storage.Invalidf("scan", table, "limit %d is too low", -1),
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
	err := &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: context.DeadlineExceeded}
	if !errors.Is(err, storage.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrConflict) {
		t.Errorf("%v does not unwrap to its class and cause alone", err)
	}
}

func TestNotApplied(t *testing.T) {
	t.Parallel()
	plain := errors.New("broken pipe")
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"condition", storage.ErrCondition, true},
		{"conflict", &storage.Error{Class: storage.ErrConflict}, true},
		{"invalid, wrapped", fmt.Errorf("x: %w", storage.Invalidf("mutate", storage.TableName{}, "y")), true},
		{"closed", storage.ErrClosed, true},
		{"no such table", &storage.Error{Class: storage.ErrTableNotFound}, true},
		{"classified as plain failure", &storage.Error{Err: plain}, true},
		{"cancelled before the effect", &storage.Error{Err: context.Canceled}, true},
		{"unknown", &storage.Error{Class: storage.ErrUnknown, Err: plain}, false},
		{"unknown beside another class", errors.Join(storage.ErrUnknown, storage.ErrConflict), false},
		{"unknown within a classified error", &storage.Error{Err: storage.ErrUnknown}, false},
		{"not classified", plain, false},
		{"cancelled, not classified", context.Canceled, false},
	} {
		if got := storage.NotApplied(c.err); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
