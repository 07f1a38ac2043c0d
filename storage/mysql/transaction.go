package mysql

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
)

// transaction is one of the server's transactions.
type transaction struct {
	storage  *Storage
	session  *session // nil when the transaction has ended
	readOnly bool
	failed   error // after which only a rollback makes sense
}

// Begin starts a transaction at the isolation level of [WithIsolation], or else
// the server's.
func (s *Storage) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	const op = "begin"
	text := "SET TRANSACTION ISOLATION LEVEL " + s.server.isolation + ";START TRANSACTION"
	if options.ReadOnly {
		text += " READ ONLY"
	}
	for attempt := 1; ; attempt++ {
		ses, err := s.sessions.acquire(ctx)
		if errors.Is(err, errExhausted) {
			return nil, &storage.Error{Op: op, Class: storage.ErrConflict, Err: err}
		}
		if err != nil {
			return nil, s.server.failure(op, storage.TableName{}, err)
		}
		if _, err = ses.command(ctx, text); err == nil {
			return &transaction{storage: s, session: ses, readOnly: options.ReadOnly}, nil
		}
		ses.broken = true
		s.sessions.release(ses)
		if !isLost(err) || ctx.Err() != nil || attempt == maxAttempts {
			return nil, s.server.failure(op, storage.TableName{}, err)
		}
		s.sessions.discard()
	}
}

// Table reads the definition over the connection of the transaction.
func (t *transaction) Table(ctx context.Context, name storage.TableName) (table *storage.Table, err error) {
	err = t.run(ctx, opTable, name, func() (err error) {
		table, err = t.storage.readTable(ctx, t.session, name)
		return err
	})
	return table, err
}

// Get reads the records in the transaction.
func (t *transaction) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	if len(gets) == 0 {
		return []storage.Row{}, nil
	}
	err = t.run(ctx, "get", tableOf(gets), func() (err error) {
		for i := range gets {
			if err := storage.CheckGet(&gets[i]); err != nil {
				return err
			}
		}
		rows, err = t.session.get(ctx, gets)
		return err
	})
	return rows, err
}

func tableOf(gets []storage.Get) (name storage.TableName) {
	if gets[0].Table != nil {
		name = gets[0].Table.TableName
	}
	return name
}

// Scan reads one page in the transaction.
func (t *transaction) Scan(ctx context.Context, scan *storage.Scan) (page *storage.Page, err error) {
	err = t.run(ctx, "scan", storage.TableName{}, func() error {
		p, err := t.storage.plan(scan)
		if err != nil {
			return err
		}
		page, err = t.session.scan(ctx, p)
		return err
	})
	return page, err
}

// Mutate applies one mutation in the transaction. What a check has found stays
// so until the transaction ends, but for the absence of a record below
// REPEATABLE READ.
func (t *transaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	return t.run(ctx, opMutate, storage.TableName{}, func() error {
		if err := storage.CheckGroup(t.storage.Info(""), []storage.Mutation{*m}); err != nil {
			return err
		}
		if t.readOnly {
			return storage.Invalidf(opMutate, m.Table.TableName, "the transaction was begun to read only")
		}
		if err := t.storage.server.checkLocks(m); err != nil {
			return err
		}
		return t.session.applyOne(ctx, m)
	})
}

// run runs f if the transaction is alive. A false precondition leaves it as it
// was, since the server undoes a statement that fails by itself.
func (t *transaction) run(ctx context.Context, op string, table storage.TableName, f func() error) error {
	if err := t.usable(ctx, op); err != nil {
		return err
	}
	err := f()
	if err == nil {
		return nil
	}
	classified := t.storage.server.failure(op, table, err)
	if !errors.Is(classified, storage.ErrCondition) && (op != opTable || !errors.Is(classified, storage.ErrTableNotFound)) {
		t.failed = errors.Join(errFailed, err)
		t.session.broken = t.session.broken || isLost(err)
	}
	return classified
}

var (
	errEnded  = errors.New("the transaction has ended")
	errFailed = errors.New("the transaction failed before, and can only be rolled back")
)

// usable reports why nothing can be done in the transaction. A context that is
// done fails it as well: whoever called does not know what was left out.
func (t *transaction) usable(ctx context.Context, op string) error {
	if t.session == nil {
		return &storage.Error{Op: op, Err: errEnded}
	}
	if t.failed == nil {
		t.failed = ctx.Err()
		return t.storage.server.failure(op, storage.TableName{}, t.failed)
	}
	return &storage.Error{Op: op, Err: t.failed}
}

// Commit ends the transaction.
func (t *transaction) Commit(ctx context.Context) error {
	const op = "commit"
	if err := t.usable(ctx, op); err != nil {
		_ = t.Rollback(ctx) // it reports nothing
		return err
	}
	_, err := t.session.command(ctx, "COMMIT")
	if err != nil {
		// A COMMIT that was refused leaves the transaction open.
		t.session.broken = true
	}
	t.end()
	return t.storage.server.writeFailure(op, storage.TableName{}, err)
}

// Rollback gives the transaction up.
func (t *transaction) Rollback(context.Context) error {
	if t.session == nil {
		return nil
	}
	if !t.session.broken {
		t.session.rollback()
	}
	t.end()
	return nil
}

func (t *transaction) end() {
	t.storage.sessions.release(t.session)
	t.session = nil
}
