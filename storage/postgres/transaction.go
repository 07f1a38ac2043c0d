package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// A transaction is one of the server's.
type transaction struct {
	storage  *Storage
	ses      *session // nil when it has ended
	readOnly bool
	failed   error // why it can only be rolled back
}

// errEnded is told to who uses a transaction after its end.
var errEnded = errors.New("the transaction has ended")

// Begin starts a transaction at the isolation level of the storage's sessions. It
// is [storage.ErrConflict] if others keep all connections for longer than the
// connection timeout.
func (s *Storage) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	const op = "begin"
	ses, err := s.acquire(ctx)
	if errors.Is(err, errExhausted) {
		return nil, &storage.Error{Op: op, Class: storage.ErrConflict, Err: err}
	}
	if err != nil {
		return nil, s.failure(op, storage.TableName{}, err)
	}
	t := &transaction{storage: s, ses: ses, readOnly: options.ReadOnly}
	if !s.register(t) {
		s.release(ses)
		return nil, s.failure(op, storage.TableName{}, storage.ErrClosed)
	}
	text := "BEGIN"
	if options.ReadOnly {
		text = "BEGIN READ ONLY"
	}
	if err := ses.pg.Exec(ctx, text).Close(); err != nil {
		t.end()
		return nil, s.failure(op, storage.TableName{}, err)
	}
	return t, nil
}

// register notes an open transaction, unless the storage is closed.
func (s *Storage) register(t *transaction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.transactions[t] = struct{}{}
	return true
}

// end gives the session back. If the transaction is still open the pool closes
// the connection, which rolls back.
func (t *transaction) end() {
	t.storage.mu.Lock()
	delete(t.storage.transactions, t)
	t.storage.mu.Unlock()
	t.storage.release(t.ses)
	t.ses = nil
}

// use runs a request. Any error but a false condition leaves nothing to do but
// to roll back: to the server most of them are the end of the transaction anyway.
func (t *transaction) use(op string, table storage.TableName, request func() error) error {
	switch {
	case t.ses == nil:
		return t.storage.failure(op, table, errEnded)
	case t.failed != nil:
		return t.storage.failure(op, table, fmt.Errorf("the transaction can only be rolled back, since it has failed before: %v", t.failed))
	}
	err := request()
	if err == nil || errors.Is(err, storage.ErrCondition) {
		return err
	}
	// Whatever it is: nothing is applied before the commit.
	t.failed = t.storage.failure(op, table, err)
	return t.failed
}

// Table reads the definition of a table within the transaction.
func (t *transaction) Table(ctx context.Context, name storage.TableName) (table *storage.Table, err error) {
	var notFound error
	err = t.use("table", name, func() error {
		table, err = sqlstore.ReadTable(t.storage.administration, &adminSession{session: t.ses, ctx: ctx}, name)
		if errors.Is(err, storage.ErrTableNotFound) && t.ses.pg.TxStatus() == 'T' {
			notFound, err = err, nil
		}
		return err
	})
	return table, errors.Join(err, notFound)
}

// Get reads the records within the transaction.
func (t *transaction) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	var table storage.TableName
	if len(gets) > 0 && gets[0].Table != nil {
		table = gets[0].Table.TableName
	}
	err = t.use(opGet, table, func() error {
		rows = []storage.Row{}
		for i := range gets {
			if err := storage.CheckGet(&gets[i]); err != nil {
				return err
			}
		}
		if len(gets) > 0 {
			rows, err = t.ses.get(ctx, gets)
		}
		return err
	})
	return rows, err
}

// Scan reads one page within the transaction.
func (t *transaction) Scan(ctx context.Context, scan *storage.Scan) (page *storage.Page, err error) {
	var table storage.TableName
	if scan.Table != nil {
		table = scan.Table.TableName
	}
	err = t.use(opScan, table, func() error {
		p, err := t.storage.plan(scan)
		if err != nil {
			return err
		}
		page, err = t.ses.scan(ctx, p)
		return err
	})
	return page, err
}

// Mutate applies one mutation within the transaction. A check locks the record
// that it finds.
func (t *transaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	var table storage.TableName
	if m.Table != nil {
		table = m.Table.TableName
	}
	return t.use(opMutate, table, func() error {
		if err := storage.CheckGroup(t.storage.Info(""), []storage.Mutation{*m}); err != nil {
			return err
		}
		if t.readOnly {
			return storage.Invalidf(opMutate, table, "the transaction is read-only")
		}
		rows, err := t.ses.mutateOne(ctx, m, locking)
		if err == nil && !satisfied(m, rows) {
			return sqlstore.Unsatisfied(m)
		}
		return err
	})
}

// Commit ends the transaction, one that has failed by a rollback.
func (t *transaction) Commit(ctx context.Context) error {
	const op = "commit"
	if t.ses == nil {
		return t.storage.failure(op, storage.TableName{}, errEnded)
	}
	if t.failed != nil {
		err := fmt.Errorf("the transaction was rolled back, since it had failed before: %v", t.failed)
		return errors.Join(t.storage.failure(op, storage.TableName{}, err), t.Rollback(ctx))
	}
	defer t.end()
	if err := t.ses.pg.Exec(ctx, "COMMIT").Close(); err != nil {
		return t.storage.writeFailure(op, storage.TableName{}, err)
	}
	return nil
}

// Rollback gives the transaction up. To close the connection rolls back as well,
// which the pool does if the request for it fails.
func (t *transaction) Rollback(ctx context.Context) error {
	if t.ses == nil {
		return nil
	}
	defer t.end()
	if !t.ses.pg.IsClosed() && ctx.Err() == nil {
		_ = t.ses.pg.Exec(ctx, "ROLLBACK").Close()
	}
	return nil
}
