package scalar

import (
	"context"
	"iter"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// Runner is what operations of repositories run on: a [*Tx], or a [*DB], on
// which each operation is a transaction of its own that is not retried.
type Runner interface {
	// session returns the handle and the transaction to use, nil for a
	// transaction of the operation's own.
	session() (*DB, *Tx)
}

// operate runs op in the runner's transaction, or in one of its own.
func operate(ctx context.Context, run Runner, def *TableDef, readOnly bool, op func(tx *Tx, b *binding) error) error {
	db, tx := run.session()
	b, err := db.bind(ctx, def)
	if err != nil {
		return within(tx, err)
	}
	if tx != nil {
		return within(tx, op(tx, b))
	}
	if tx, err = db.begin(txOptions{readOnly: readOnly, isolation: db.isolation}, true); err != nil {
		return err
	}
	if err := op(tx, b); err != nil {
		tx.Rollback(ctx)
		return within(tx, err)
	}
	return tx.Commit(ctx)
}

// within puts the id of the transaction on an error of a layer that does not
// know it.
func within(tx *Tx, err error) error {
	if e, ok := err.(*Error); ok && tx != nil && e.TxID == "" {
		e.TxID = tx.ID()
	}
	return err
}

func get(ctx context.Context, run Runner, def *TableDef, key []Value) (*Row, error) {
	rows, err := getAll(ctx, run, def, [][]Value{key})
	if err != nil {
		return nil, err
	}
	if rows[0].values == nil {
		return nil, notFound(run, def, rows[0].binding, key)
	}
	return &rows[0], nil
}

func notFound(run Runner, def *TableDef, b *binding, key []Value) error {
	_, tx := run.session()
	return within(tx, &Error{Kind: ErrNotFound, Table: def.TableName, Key: b.deployed.FormatKey(key)})
}

func getAll(ctx context.Context, run Runner, def *TableDef, keys [][]Value) ([]Row, error) {
	rows := make([]Row, len(keys))
	err := operate(ctx, run, def, true, func(tx *Tx, b *binding) error {
		refs := make([]commit.Ref, len(keys))
		for i, key := range keys {
			if err := b.checkKey(b.key, key); err != nil {
				return err
			}
			refs[i] = commit.Ref{Table: b.table, Key: key}
		}
		found, err := tx.tx.Get(ctx, refs...)
		for i, values := range found {
			rows[i] = Row{binding: b, values: values}
		}
		return public(err)
	})
	return rows, err
}

// scan runs a scan in the runner's transaction, or in one of its own that is
// committed after the last record.
func scan(ctx context.Context, run Runner, def *TableDef, q *scanRequest) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		stopped := false
		err := operate(ctx, run, def, true, func(tx *Tx, b *binding) error {
			s, err := b.scan(q)
			if err != nil {
				return err
			}
			for values, err := range tx.tx.Scan(ctx, s) {
				if err != nil {
					return public(err)
				}
				if stopped = !yield(&Row{binding: b, values: values}, nil); stopped {
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

func insert(ctx context.Context, run Runner, def *TableDef, record []Value) error {
	return operate(ctx, run, def, false, func(tx *Tx, b *binding) error {
		key, changes, err := b.record(record)
		if err != nil {
			return err
		}
		return public(tx.tx.Insert(ctx, commit.Ref{Table: b.table, Key: key}, changes))
	})
}

func upsert(ctx context.Context, run Runner, def *TableDef, record []Value) error {
	return operate(ctx, run, def, false, func(tx *Tx, b *binding) error {
		key, changes, err := b.record(record)
		if err != nil {
			return err
		}
		return public(tx.tx.Upsert(ctx, commit.Ref{Table: b.table, Key: key}, changes))
	})
}

func update(ctx context.Context, run Runner, def *TableDef, key []Value, set []Assignment, condition []predicate) error {
	return operate(ctx, run, def, false, func(tx *Tx, b *binding) error {
		changes, where, err := b.update(key, set, condition)
		if err != nil {
			return err
		}
		return public(tx.tx.Update(ctx, commit.Ref{Table: b.table, Key: key}, changes, where))
	})
}

func remove(ctx context.Context, run Runner, def *TableDef, key []Value, condition []predicate) error {
	return operate(ctx, run, def, false, func(tx *Tx, b *binding) error {
		if err := b.checkKey(b.key, key); err != nil {
			return err
		}
		where, err := b.predicates(condition)
		if err != nil {
			return err
		}
		return public(tx.tx.Delete(ctx, commit.Ref{Table: b.table, Key: key}, where))
	})
}

// update checks what an update gives.
func (b *binding) update(key []Value, set []Assignment, condition []predicate) (commit.Changes, []storage.Predicate, error) {
	if err := b.checkKey(b.key, key); err != nil {
		return commit.Changes{}, nil, err
	}
	changes, err := b.assignments(key, set)
	if err != nil {
		return changes, nil, err
	}
	where, err := b.predicates(condition)
	return changes, where, err
}
