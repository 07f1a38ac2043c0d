package scalar

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// Preparation is a transaction that is about to prepare its records.
type Preparation struct {
	TxID   string
	Writes []PreparedWrite
}

// PreparedWrite is one record that a transaction writes.
type PreparedWrite struct {
	Table  TableName
	Key    []Value // of the primary key, in its order
	Delete bool
}

// BeforePrepare sets a hook that is told of each transaction that is about to
// prepare its records (not of those that commit in one phase). The transaction
// goes on meanwhile and is decided after wait, which may be nil, has returned. An
// error of either aborts it and is in the [ErrStorage] that the commit reports; a
// panic of either aborts it and goes on.
func BeforePrepare(hook func(ctx context.Context, p Preparation) (wait func(context.Context) error, err error)) Option {
	return func(o *options) {
		o.engine.BeforePrepare = func(ctx context.Context, p commit.Preparation) (_ func(context.Context) error, err error) {
			told := Preparation{TxID: p.TxID, Writes: make([]PreparedWrite, len(p.Writes))}
			for i, w := range p.Writes {
				told.Writes[i] = PreparedWrite(w)
			}
			defer catch(&err)
			wait, err := hook(ctx, told)
			if err != nil || wait == nil {
				return nil, err
			}
			return func(ctx context.Context) (err error) {
				defer catch(&err)
				return wait(ctx)
			}, nil
		}
	}
}

// hookPanic carries a panic of a hook past the engine, which must take the
// records back before it goes on.
type hookPanic struct{ value any }

func (p hookPanic) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func catch(err *error) {
	if p := recover(); p != nil {
		*err = hookPanic{p}
	}
}

// commit commits the transaction and lets a panic of its hook go on.
func (tx *Tx) commit(ctx context.Context) error {
	err := tx.tx.Commit(ctx)
	if err == nil {
		return nil
	}
	var p hookPanic
	if errors.As(err, &p) {
		panic(p.value)
	}
	return public(err)
}
