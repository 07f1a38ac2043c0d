package native

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// errInterrupted is what a commit is thought to end with until it has another
// end.
var errInterrupted = errors.New("the storage panicked")

// Commit commits the transaction of the database and ends this one whatever comes
// of it. A context that has ended aborts it; from then on ctx stops nothing.
//
// It reports [commit.ErrConflict], [commit.ErrInvalid] or [commit.ErrStorage] if
// nothing of the transaction is or will be visible, also because an earlier call
// has failed, and [commit.ErrUnknownStatus] if it has written and the reply to the
// commit is lost.
func (tx *Tx) Commit(ctx context.Context) error {
	from, err := tx.claim()
	if err != nil {
		return err
	}
	defer tx.leaveAlone() // which rolls back what is not committed
	err = errInterrupted
	defer func() { tx.end(err) }()
	if from == failed {
		err = tx.failedBefore()
	} else {
		err = tx.commit(ctx)
	}
	return err
}

func (tx *Tx) commit(ctx context.Context) error {
	e := &commit.Error{TxID: tx.id}
	switch {
	case tx.manager.isClosed():
		e.Kind, e.Message = commit.ErrClosed, "the database handle is closed"
		return e
	case tx.scanning.Load() > 0:
		e.Kind, e.Code = commit.ErrInvalid, "DB-CORE-10205"
		e.Message = "a scan of the transaction is still being iterated: leave the loop, or stop the iterator, before the commit"
		return e
	case ctx.Err() != nil:
		e.Kind, e.Message, e.Err = commit.ErrStorage, "the transaction was given up before it was committed", ctx.Err()
		return e
	case tx.below == nil:
		return nil
	}
	err := tx.conclude(ctx)
	switch {
	case err == nil:
		return nil
	case storage.NotApplied(err) || !tx.wrote:
		e = requestFailed(err)
		e.TxID = tx.id
		return e
	}
	e.Kind, e.Err = commit.ErrUnknownStatus, err
	e.Message = "the commit was sent, but whether it was made is not known, and the database keeps no record of it: read a record that the transaction has written"
	return e
}
