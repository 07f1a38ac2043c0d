package sqlite

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
)

// MutateBatch applies the groups in one transaction, so that all of them wait
// for the disk once. A group that fails is undone by itself, and the others go
// on; a failure that costs the whole transaction is the error of all groups
// that had not failed before.
//
// The context is looked at while waiting for the connection or a lock and
// between two groups. If it ends before the COMMIT, no group was applied.
func (s *Storage) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	errs := storage.CheckBatch(s.Info(""), groups)
	var pending []int
	for i, err := range errs {
		if err == nil && len(groups[i]) > 0 {
			pending = append(pending, i)
		}
	}
	if len(pending) == 0 {
		return errs
	}
	err := s.applyBatch(ctx, groups, pending, errs)
	if err == nil {
		return errs
	}
	for _, i := range pending {
		if errs[i] == nil {
			errs[i] = concerning(groups[i][0].Table.TableName, err)
		}
	}
	return errs
}

// applyBatch applies the pending groups and sets the errors of those that fail
// by themselves. The error that it returns is that of all others.
func (s *Storage) applyBatch(ctx context.Context, groups [][]storage.Mutation, pending []int, errs []error) error {
	ses, err := s.writer.acquire(ctx)
	if err != nil {
		return failure(opMutate, storage.TableName{}, err)
	}
	defer s.writer.release(ses)
	return s.transact(ctx, ses, opMutate, storage.TableName{}, func() error {
		for _, i := range pending {
			if err := ctx.Err(); err != nil {
				return err
			}
			intact, err := ses.applyGroup(groups[i])
			if !intact {
				return err
			}
			errs[i] = err
		}
		return nil
	})
}

// applyGroup applies a group within the transaction, all of it or nothing. If
// the transaction is not intact afterwards, nothing more may be done in it.
func (s *session) applyGroup(group []storage.Mutation) (intact bool, err error) {
	if len(group) == 1 {
		// A statement that fails leaves nothing behind.
		if err := s.apply(&group[0]); err != nil {
			return s.inTransaction(), failure(opMutate, group[0].Table.TableName, err)
		}
		return true, nil
	}
	if err := s.control("SAVEPOINT batched"); err != nil {
		return false, err
	}
	for i := range group {
		if err := s.apply(&group[i]); err != nil {
			// Without a transaction there is no savepoint to go back to.
			intact = s.control("ROLLBACK TO batched") == nil && s.control("RELEASE batched") == nil
			return intact, failure(opMutate, group[i].Table.TableName, err)
		}
	}
	err = s.control("RELEASE batched")
	return err == nil, err
}

// inTransaction reports whether the transaction outlived a failed statement.
// SQLite rolls it back by itself after a few kinds of failure, such as a full
// disk, and the next statement would then commit alone. If so, the session is
// left in a new transaction, which holds nothing.
func (s *session) inTransaction() bool { return s.control("BEGIN") != nil }

// concerning returns err, which transact returned, as the error of a group of
// the table.
func concerning(table storage.TableName, err error) error {
	known := new(storage.Error)
	if !errors.As(err, &known) {
		return err
	}
	return &storage.Error{Op: known.Op, Table: table, Class: known.Class, Err: known.Err}
}
