package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// brokenTransactor is a storage in memory whose transactions have one fault.
type brokenTransactor struct {
	*memory.Storage
	begin    func(s *memory.Storage, ctx context.Context, options *storage.TransactionOptions)
	table    func(tx storage.Transaction, ctx context.Context, name storage.TableName) (*storage.Table, error)
	get      func(s *memory.Storage, tx storage.Transaction, ctx context.Context, gets []storage.Get) ([]storage.Row, error)
	scan     func(s *memory.Storage, tx storage.Transaction, ctx context.Context, scan storage.Scan) (*storage.Page, error)
	mutate   func(s *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error
	commit   func(s *memory.Storage, tx storage.Transaction, ctx context.Context) error
	rollback func(tx storage.Transaction, ctx context.Context) error
}

func (b *brokenTransactor) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	if b.begin != nil {
		b.begin(b.Storage, ctx, &options)
	}
	tx, err := b.Storage.Begin(ctx, options)
	return &brokenTransaction{tx, b, ctx}, err
}

type brokenTransaction struct {
	storage.Transaction
	b     *brokenTransactor
	begun context.Context
}

func (tx *brokenTransaction) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	if tx.b.table != nil {
		return tx.b.table(tx.Transaction, ctx, name)
	}
	return tx.Transaction.Table(ctx, name)
}

func (tx *brokenTransaction) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	if tx.b.get != nil {
		return tx.b.get(tx.b.Storage, tx.Transaction, ctx, gets)
	}
	return tx.Transaction.Get(ctx, gets)
}

func (tx *brokenTransaction) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	if tx.b.scan != nil {
		return tx.b.scan(tx.b.Storage, tx.Transaction, ctx, *scan)
	}
	return tx.Transaction.Scan(ctx, scan)
}

func (tx *brokenTransaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	if tx.b.mutate != nil {
		return tx.b.mutate(tx.b.Storage, tx.Transaction, context.WithValue(ctx, beginContext{}, tx.begun), *m)
	}
	return tx.Transaction.Mutate(ctx, m)
}

// beginContext is the key of the context of Begin in that of a mutation.
type beginContext struct{}

func (tx *brokenTransaction) Commit(ctx context.Context) error {
	if tx.b.commit != nil {
		return tx.b.commit(tx.b.Storage, tx.Transaction, ctx)
	}
	return tx.Transaction.Commit(ctx)
}

func (tx *brokenTransaction) Rollback(ctx context.Context) error {
	if tx.b.rollback != nil {
		return tx.b.rollback(tx.Transaction, ctx)
	}
	return tx.Transaction.Rollback(ctx)
}

// atOnce applies what a transaction writes without the transaction.
func atOnce(s *memory.Storage, _ storage.Transaction, ctx context.Context, m storage.Mutation) error {
	return s.Mutate(ctx, []storage.Mutation{m})
}

func TestSuiteCatchesFaultsOfTransactions(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		broken brokenTransactor
		checks []string
	}{
		"writes are applied at once": {brokenTransactor{mutate: atOnce},
			[]string{"rollback", "own writes", "nothing is seen before the commit", "failed request", "read-only"}},
		"a rollback commits": {brokenTransactor{rollback: func(tx storage.Transaction, ctx context.Context) error {
			return tx.Commit(ctx)
		}}, []string{"rollback", "end"}},
		"a commit rolls back": {brokenTransactor{commit: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context) error {
			return tx.Rollback(ctx)
		}}, []string{"commit", "conditions", "pages", "definitions"}},
		"gets are outside": {brokenTransactor{get: func(s *memory.Storage, _ storage.Transaction, ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
			return s.Get(ctx, gets)
		}}, []string{"own writes", "end"}},
		"scans are outside": {brokenTransactor{scan: func(s *memory.Storage, _ storage.Transaction, ctx context.Context, scan storage.Scan) (*storage.Page, error) {
			return s.Scan(ctx, &scan)
		}}, []string{"own writes", "end"}},
		"conditions are ignored": {brokenTransactor{mutate: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
			m.Condition, m.Where = storage.Always, nil
			return tx.Mutate(ctx, &m)
		}}, []string{"conditions", "one of many inserts wins"}},
		"a false condition ends it": {brokenTransactor{mutate: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
			err := tx.Mutate(ctx, &m)
			if err != nil {
				_ = tx.Rollback(ctx)
			}
			return err
		}}, []string{"conditions"}},
		"a cursor does not outlast a write": {brokenTransactor{scan: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, scan storage.Scan) (*storage.Page, error) {
			scan.After = nil
			page, err := tx.Scan(ctx, &scan)
			if len(page.Rows) > 3 {
				page.Rows = page.Rows[1:]
			}
			return page, err
		}}, []string{"pages"}},
		"a table that is not there ends it": {brokenTransactor{table: func(tx storage.Transaction, ctx context.Context, name storage.TableName) (*storage.Table, error) {
			table, err := tx.Table(ctx, name)
			if err != nil {
				_ = tx.Rollback(ctx)
			}
			return table, err
		}}, []string{"definitions"}},
		"definitions are of other columns": {brokenTransactor{table: func(tx storage.Transaction, ctx context.Context, name storage.TableName) (*storage.Table, error) {
			table, err := tx.Table(ctx, name)
			if err == nil {
				table, err = table.WithoutIndex("owner")
			}
			return table, err
		}}, []string{"definitions"}},
		"a failed request is forgotten": {brokenTransactor{
			mutate: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				if _, err := tx.Table(ctx, m.Table.TableName); err != nil {
					return err
				}
				return tx.Mutate(ctx, &m)
			},
		}, []string{"failed request", "cancellation"}},
		"read-only means nothing": {brokenTransactor{begin: func(_ *memory.Storage, _ context.Context, o *storage.TransactionOptions) { o.ReadOnly = false }},
			[]string{"read-only"}},
		"the context of Begin is that of the transaction": {brokenTransactor{
			mutate: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
				if err := ctx.Value(beginContext{}).(context.Context).Err(); err != nil {
					return err
				}
				return tx.Mutate(ctx, &m)
			},
		}, []string{"context of Begin"}},
		"a cancelled write is made": {brokenTransactor{
			mutate: func(_ *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
				return errors.Join(tx.Mutate(context.WithoutCancel(ctx), &m), ctx.Err())
			},
		}, []string{"cancellation"}},
		"updates are lost": {brokenTransactor{
			get: func(s *memory.Storage, _ storage.Transaction, ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
				return s.Get(ctx, gets)
			},
			mutate: func(s *memory.Storage, tx storage.Transaction, ctx context.Context, m storage.Mutation) error {
				m.Condition, m.Where = storage.Always, nil
				return atOnce(s, tx, ctx, m)
			},
		}, []string{"transfers keep the sum"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, check := range fault.checks {
				var failures []string
				for attempt := 0; attempt < 5 && len(failures) == 0; attempt++ { // a race may be won by luck
					broken := fault.broken
					broken.Storage = memory.New(memory.WithPageSize(5))
					failures = record(&broken, checkNamed(t, "transaction/"+check), foreignInMemory)
				}
				if len(failures) == 0 {
					t.Errorf("check %q passes", check)
				}
			}
		})
	}
}
