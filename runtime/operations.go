package scalar

import (
	"context"
	"iter"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// Runner is what operations of repositories run on: a [*Tx], or a [*DB] or
// [DB.With], on which each operation is a transaction of its own that is not
// retried.
type Runner interface {
	session() session
}

// session is the handle and the transaction to use; nil for a transaction of the
// operation's own, begun with the options given.
type session struct {
	db      *DB
	tx      *Tx
	options []TxOption
}

func (s session) session() session { return s }

// operate runs op in the runner's transaction, or in one of its own.
func operate(ctx context.Context, run Runner, def *TableDef, readOnly bool, op func(ctx context.Context, tx *Tx, b *binding) error) error {
	s := run.session()
	b, err := s.db.bind(ctx, s.tx, def)
	if err != nil {
		return within(s.tx, err)
	}
	if tx := s.tx; tx != nil {
		if tx.registered {
			tx.db.active.touch(tx)
			defer tx.db.active.touch(tx) // it is idle from now on
		}
		return within(tx, op(ctx, tx, b))
	}
	o, err := s.db.txOptions(s.options)
	if err != nil {
		return err
	}
	o.id, o.readOnly = "", o.readOnly || readOnly // each operation needs an id of its own
	tx, err := s.db.begin(o, true)
	if err != nil {
		return err
	}
	ctx = tx.tx.Observe(ctx, 0)
	defer tx.tx.Rollback() // if the caller's loop panics; does nothing otherwise
	if err := op(ctx, tx, b); err != nil {
		tx.tx.RollbackFor(err)
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
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageGet(ctx, def, key)
	}
	row := new(Row)
	err := operate(ctx, run, def, true, func(ctx context.Context, tx *Tx, b *binding) error {
		if err := b.checkKey(b.key, key); err != nil {
			return err
		}
		values, err := tx.tx.get(ctx, b, key)
		row.binding, row.values = b, values
		return public(err)
	})
	switch {
	case err != nil:
		return nil, err
	case row.values == nil:
		return nil, notFound(run, def, row.binding, key)
	}
	return row, nil
}

func notFound(run Runner, def *TableDef, b *binding, key []Value) error {
	return within(run.session().tx, &Error{Kind: ErrNotFound, Table: def.TableName, Key: b.deployed.FormatKey(key)})
}

func getAll(ctx context.Context, run Runner, def *TableDef, keys [][]Value) ([]Row, error) {
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageGetAll(ctx, def, keys)
	}
	rows := make([]Row, len(keys))
	err := operate(ctx, run, def, true, func(ctx context.Context, tx *Tx, b *binding) error {
		for _, key := range keys {
			if err := b.checkKey(b.key, key); err != nil {
				return err
			}
		}
		found, err := tx.tx.getAll(ctx, b, keys)
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
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageScan(ctx, def, q, s.options...)
	}
	return func(yield func(*Row, error) bool) {
		stopped := false
		err := operate(ctx, run, def, true, func(ctx context.Context, tx *Tx, b *binding) error {
			s, err := b.scan(q)
			if err != nil {
				return err
			}
			if err := b.allowed(s.Kind, tx.fullScans); err != nil {
				return err
			}
			for values, err := range tx.tx.scan(ctx, b, s) {
				if err != nil {
					return public(err)
				}
				if tx.registered {
					tx.db.active.touch(tx)
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

// allowed refuses a scan of the whole table where they are switched off.
func (b *binding) allowed(kind storage.ScanKind, fullScans bool) error {
	if kind != storage.FullScan || fullScans {
		return nil
	}
	return &Error{Kind: ErrInvalid, Code: "DB-CORE-10006", Table: b.def.TableName,
		Message: "scans of whole tables are switched off: switch scalar.db.cross_partition_scan.enabled on, or allow them here with AllowFullScans(true)"}
}

func insert(ctx context.Context, run Runner, def *TableDef, record []Value) error {
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageInsert(ctx, def, record)
	}
	return operate(ctx, run, def, false, func(ctx context.Context, tx *Tx, b *binding) error {
		key, changes, err := b.record(record)
		if err != nil {
			return err
		}
		return public(tx.tx.insert(ctx, b, key, changes))
	})
}

func upsert(ctx context.Context, run Runner, def *TableDef, record []Value) error {
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageUpsert(ctx, def, record)
	}
	return operate(ctx, run, def, false, func(ctx context.Context, tx *Tx, b *binding) error {
		key, changes, err := b.record(record)
		if err != nil {
			return err
		}
		return public(tx.tx.upsert(ctx, b, key, changes))
	})
}

func update(ctx context.Context, run Runner, def *TableDef, key []Value, set []Assignment, condition []predicate) error {
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageUpdate(ctx, def, key, set, condition)
	}
	return operate(ctx, run, def, false, func(ctx context.Context, tx *Tx, b *binding) error {
		changes, where, err := b.update(key, set, condition)
		if err != nil {
			return err
		}
		return public(tx.tx.update(ctx, b, key, changes, where))
	})
}

func remove(ctx context.Context, run Runner, def *TableDef, key []Value, condition []predicate) error {
	if s := run.session(); s.db.manager == singleOperation {
		return s.db.storageDelete(ctx, def, key, condition)
	}
	return operate(ctx, run, def, false, func(ctx context.Context, tx *Tx, b *binding) error {
		if err := b.checkKey(b.key, key); err != nil {
			return err
		}
		where, err := b.predicates(condition)
		if err != nil {
			return err
		}
		return public(tx.tx.remove(ctx, b, key, where))
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
