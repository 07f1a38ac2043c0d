package interop

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// library is one of the two.
type library struct {
	name string
	open func(t *testing.T, db *database, o options) client
}

var (
	goLibrary   = library{"go", openGo}
	javaLibrary = library{"java", openJava}
	libraries   = []library{goLibrary, javaLibrary}
)

func (l library) other() library {
	if l.name == goLibrary.name {
		return javaLibrary
	}
	return goLibrary
}

// options say how a client is opened.
type options struct {
	properties storage.Properties
	// past makes the client live a minute ago, and future in a minute, so that
	// what one of them prepares has expired for the other at once. Java's clock
	// stays; one of the two is always Go's.
	past, future bool
	// byRecord makes a group of mutations no larger than a record, as in
	// storages without transactions.
	byRecord bool
	// process runs a Java client in a process of its own.
	process *java.Process
}

// client is a program that uses a library.
type client interface {
	administration() administration
	begin(ctx context.Context, b begin) (transaction, error)
	status(ctx context.Context, id string) (string, error)
	abort(ctx context.Context, id string) (string, error)
	finish(ctx context.Context, id string) (bool, error)
	recoverRecord(ctx context.Context, t *storage.Table, key []storage.Value) (bool, error)
	// raw reads and writes the storage below, as the library does it.
	raw() rawStorage
	// arm lets the client die at a storage request, and counts requests.
	arm(ctx context.Context, p java.Point) error
	close(ctx context.Context) error
}

type begin struct {
	id        string
	readOnly  bool
	isolation string // "" for the configured one
}

// transaction is one of a client. Records are rows of all columns.
type transaction interface {
	ID() string
	get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error)
	scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error)
	insert(ctx context.Context, t *storage.Table, record storage.Row) error
	upsert(ctx context.Context, t *storage.Table, record storage.Row) error
	update(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error
	remove(ctx context.Context, t *storage.Table, key []storage.Value) error
	// commit reports java.ErrDead if the client dies on the way.
	commit(ctx context.Context) error
	rollback(ctx context.Context) error
}

// rawStorage has what java.Operations and storage.Storage share.
type rawStorage interface {
	get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error)
	scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error)
	mutate(ctx context.Context, group []storage.Mutation) error
}

// outcome names what an error of either library says.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, java.ErrDead):
		return "dead"
	case errors.Is(err, scalar.ErrUnknownStatus), errors.Is(err, java.ErrUnknownStatus):
		return "unknown"
	case errors.Is(err, scalar.ErrConflict), errors.Is(err, scalar.ErrAlreadyExists), errors.Is(err, java.ErrConflict):
		return "conflict"
	case errors.Is(err, scalar.ErrCondition), errors.Is(err, storage.ErrCondition), errors.Is(err, java.ErrCondition):
		return "condition"
	default:
		return "failed: " + err.Error()
	}
}

// nonKey returns the columns of t outside the primary key.
func nonKey(t *storage.Table) []int {
	var columns []int
	for i := range t.Columns {
		if !t.InPrimaryKey(i) {
			columns = append(columns, i)
		}
	}
	return columns
}

func pick(row storage.Row, columns []int) []storage.Value {
	values := make([]storage.Value, len(columns))
	for i, c := range columns {
		values[i] = row[c]
	}
	return values
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns v unless there is an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// show renders a row with the names of its columns, texts in full.
func show(t *storage.Table, row storage.Row) string {
	if row == nil {
		return "absent"
	}
	s := ""
	for i, v := range row {
		switch {
		case v.IsNull():
		case v.Type() == storage.Text:
			s += fmt.Sprintf("%s=%q ", t.Columns[i].Name, v.Text())
		default:
			s += fmt.Sprintf("%s=%v ", t.Columns[i].Name, v)
		}
	}
	return s
}

// rowsDiffer returns how got differs from want, "" if it does not.
func rowsDiffer(want, got any) string {
	return cmp.Diff(want, got, cmp.Comparer(func(a, b storage.Value) bool { return a == b }))
}
