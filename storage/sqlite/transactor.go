package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scalargen/scalargen/storage"
)

var _ storage.Transactor = (*Storage)(nil)

// Begin starts a transaction, which is SERIALIZABLE as all of SQLite's are. One
// that may write locks the database at once (BEGIN IMMEDIATE): of two that had
// read before, only one could ever write, and the other would have read in vain.
// Hence they follow each other, and need no retries among themselves. One that is
// read-only sees the database as it is at its first read, and waits for nobody; in
// rollback-journal mode it keeps the commits of others waiting.
//
// Begin waits for the busy timeout at most until a connection is free, and as
// long again for other processes.
func (s *Storage) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	const op = "begin"
	pool, text := s.writer, "BEGIN IMMEDIATE"
	if options.ReadOnly {
		pool, text = s.readers, "BEGIN"
	}
	ses, err := s.await(ctx, pool)
	if err != nil {
		return nil, failure(op, storage.TableName{}, err)
	}
	if err := s.control(ctx, ses, text); err != nil {
		pool.release(ses)
		return nil, failure(op, storage.TableName{}, err)
	}
	return &transaction{storage: s, pool: pool, session: ses, readOnly: options.ReadOnly}, nil
}

// await waits for a session as for a lock: transactions keep theirs for as long as
// their programs like.
func (s *Storage) await(ctx context.Context, pool *pool) (*session, error) {
	limit := max(s.config.busyTimeout, lockSlice)
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ses, err := pool.acquire(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = &storage.Error{Op: "begin", Class: storage.ErrConflict, Err: fmt.Errorf("other transactions of this process kept all connections for %v", limit.Round(time.Millisecond))}
	}
	return ses, err
}

// transaction is a transaction of SQLite on a session of its own.
type transaction struct {
	storage  *Storage
	pool     *pool
	session  *session // nil when the transaction has ended
	readOnly bool
}

// do runs a request. What fails ends the transaction, unless it is intact: after
// some failures SQLite has rolled back by itself, and the next statement would
// commit alone.
func (tx *transaction) do(ctx context.Context, op string, table storage.TableName, intact error, run func(ses *session) error) error {
	if tx.session == nil {
		return &storage.Error{Op: op, Table: table, Class: storage.ErrClosed, Err: errors.New("the transaction has ended")}
	}
	var wait lockWait
	for {
		err := ctx.Err()
		if err == nil {
			err = run(tx.session)
		}
		if err == nil {
			return nil
		}
		repeat, err := wait.again(ctx, tx.storage, err)
		if repeat {
			continue
		}
		if intact == nil || !errors.Is(err, intact) {
			tx.end()
		}
		return failure(op, table, err)
	}
}

// end rolls back what is not committed and gives the session back.
func (tx *transaction) end() {
	tx.session.rollback()
	tx.release()
}

func (tx *transaction) release() {
	tx.pool.release(tx.session)
	tx.session = nil
}

// Table reads the definition of a table.
func (tx *transaction) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	const op = "table"
	var table *storage.Table
	err := tx.do(ctx, op, name, storage.ErrTableNotFound, func(ses *session) (err error) {
		table, err = tx.storage.readTable(ses, op, name)
		return err
	})
	return table, err
}

// Get reads the records one by one, as [Storage.Get] does.
func (tx *transaction) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	rows := make([]storage.Row, len(gets))
	for i := range gets {
		g := &gets[i]
		var table storage.TableName
		if g.Table != nil {
			table = g.Table.TableName
		}
		err := tx.do(ctx, "get", table, nil, func(ses *session) (err error) {
			if err := storage.CheckGet(g); err != nil {
				return err
			}
			rows[i], err = ses.get(g)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Scan reads one page, as [Storage.Scan] does.
func (tx *transaction) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	var table storage.TableName
	if scan.Table != nil {
		table = scan.Table.TableName
	}
	var page *storage.Page
	err := tx.do(ctx, "scan", table, nil, func(ses *session) error {
		if err := storage.CheckScan(scan); err != nil {
			return err
		}
		p, err := tx.storage.plan(scan)
		if err != nil {
			return err
		}
		page, err = ses.scan(ctx, p)
		return err
	})
	return page, err
}

// Mutate applies one mutation.
func (tx *transaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	var table storage.TableName
	if m.Table != nil {
		table = m.Table.TableName
	}
	return tx.do(ctx, opMutate, table, storage.ErrCondition, func(ses *session) error {
		if err := storage.CheckGroup(tx.storage.Info(""), []storage.Mutation{*m}); err != nil {
			return err
		}
		if tx.readOnly {
			return storage.Invalidf(opMutate, table, "the transaction is read-only")
		}
		return ses.apply(m)
	})
}

// Commit commits, and waits for readers of other processes to let it where they
// can be in the way.
func (tx *transaction) Commit(ctx context.Context) error {
	const op = "commit"
	if tx.session == nil {
		return &storage.Error{Op: op, Class: storage.ErrClosed, Err: errors.New("the transaction has ended")}
	}
	err := tx.storage.control(ctx, tx.session, "COMMIT")
	if err == nil {
		tx.release()
		return nil
	}
	tx.end()
	if tx.readOnly {
		return failure(op, storage.TableName{}, err)
	}
	return commitFailure(op, storage.TableName{}, err)
}

// Rollback gives the transaction up.
func (tx *transaction) Rollback(context.Context) error {
	if tx.session != nil {
		tx.end()
	}
	return nil
}
