package scalar

import (
	"context"
	"errors"
	"iter"

	"github.com/scalargen/scalargen/storage"
)

// storageFailure turns the error of a storage call that had no effect into this
// package's.
func storageFailure(b *binding, key []Value, err error) error {
	e := &Error{Kind: ErrStorage, Table: b.def.TableName, Message: "the storage refused the request", Err: err}
	if key != nil {
		e.Key = b.deployed.FormatKey(key)
	}
	switch {
	case errors.Is(err, storage.ErrInvalid):
		e.Kind = ErrInvalid
	case errors.Is(err, storage.ErrConflict):
		e.Kind, e.Message = ErrConflict, "the database gave up the request for a concurrent one: retry"
	case errors.Is(err, storage.ErrClosed):
		e.Kind, e.Message = ErrClosed, "the database handle is closed"
	}
	return e
}

func (db *DB) storageGet(ctx context.Context, def *TableDef, key []Value) (*Row, error) {
	rows, err := db.storageGetAll(ctx, def, [][]Value{key})
	if err != nil {
		return nil, err
	}
	if rows[0].values == nil {
		return nil, &Error{Kind: ErrNotFound, Table: def.TableName, Key: rows[0].binding.deployed.FormatKey(key)}
	}
	return &rows[0], nil
}

func (db *DB) storageGetAll(ctx context.Context, def *TableDef, keys [][]Value) ([]Row, error) {
	b, err := db.bindStorage(ctx, def)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	gets := make([]storage.Get, len(keys))
	for i, key := range keys {
		if err := b.checkKey(b.key, key); err != nil {
			return nil, err
		}
		gets[i] = storage.Get{Table: b.deployed, Key: key}
	}
	found, err := db.storage.Get(ctx, gets)
	if err != nil {
		return nil, storageFailure(b, keys[0], err)
	}
	rows := make([]Row, len(keys))
	for i, values := range found {
		rows[i] = Row{binding: b, values: values}
	}
	return rows, nil
}

func (db *DB) storageScan(ctx context.Context, def *TableDef, q *scanRequest, options ...TxOption) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		b, err := db.bindStorage(ctx, def)
		if err != nil {
			yield(nil, err)
			return
		}
		s, err := b.scan(q)
		if err == nil {
			var o txOptions
			if o, err = db.txOptions(options); err == nil {
				err = b.allowed(s.Kind, o.fullScans)
			}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		request := b.request(s)
		for {
			page, err := db.storage.Scan(ctx, &request)
			if err != nil {
				yield(nil, storageFailure(b, nil, err))
				return
			}
			for _, values := range page.Rows {
				if !yield(&Row{binding: b, values: values}, nil) {
					return
				}
			}
			if s.Limit > 0 {
				if request.Limit -= len(page.Rows); request.Limit == 0 {
					return
				}
			}
			if request.After = page.Next; page.Next == nil {
				return
			}
		}
	}
}

func (db *DB) storageInsert(ctx context.Context, def *TableDef, record []Value) error {
	err := db.storagePut(ctx, def, record, storage.IfNotExists)
	if errors.Is(err, storage.ErrCondition) {
		e := err.(*Error)
		e.Kind, e.Message, e.Err = ErrAlreadyExists, "the record to insert exists", nil
	}
	return err
}

func (db *DB) storageUpsert(ctx context.Context, def *TableDef, record []Value) error {
	return db.storagePut(ctx, def, record, storage.Always)
}

func (db *DB) storagePut(ctx context.Context, def *TableDef, record []Value, condition storage.Precondition) error {
	b, err := db.bindStorage(ctx, def)
	if err != nil {
		return err
	}
	key, changes, err := b.record(record)
	if err != nil {
		return err
	}
	return db.mutate(ctx, b, storage.Mutation{Op: storage.Put, Key: key, Columns: changes.Columns, Values: changes.Values, Condition: condition})
}

func (db *DB) storageUpdate(ctx context.Context, def *TableDef, key []Value, set []Assignment, condition []predicate) error {
	b, err := db.bindStorage(ctx, def)
	if err != nil {
		return err
	}
	changes, where, err := b.update(key, set, condition)
	if err != nil {
		return err
	}
	return db.mutateIf(ctx, b, storage.Mutation{Op: storage.Put, Key: key, Columns: changes.Columns, Values: changes.Values}, where)
}

func (db *DB) storageDelete(ctx context.Context, def *TableDef, key []Value, condition []predicate) error {
	b, err := db.bindStorage(ctx, def)
	if err != nil {
		return err
	}
	if err := b.checkKey(b.key, key); err != nil {
		return err
	}
	where, err := b.predicates(condition)
	if err != nil {
		return err
	}
	return db.mutateIf(ctx, b, storage.Mutation{Op: storage.Delete, Key: key}, where)
}

// mutateIf writes if the condition holds. Without one it needs the record only
// to exist, and does nothing if it does not.
func (db *DB) mutateIf(ctx context.Context, b *binding, m storage.Mutation, where []storage.Predicate) error {
	m.Condition, m.Where = storage.IfExists, nil
	if where != nil {
		m.Condition, m.Where = storage.If, where
	}
	err := db.mutate(ctx, b, m)
	if !errors.Is(err, storage.ErrCondition) {
		return err
	}
	if where == nil {
		return nil
	}
	e := err.(*Error)
	e.Kind, e.Message, e.Err = ErrCondition, "there is no record, or the condition does not hold", nil
	return err
}

// mutate writes one record. A write that may have been applied is
// [ErrUnknownStatus].
func (db *DB) mutate(ctx context.Context, b *binding, m storage.Mutation) error {
	m.Table = b.deployed
	err := db.storage.Mutate(ctx, []storage.Mutation{m})
	if err == nil {
		return nil
	}
	failure := storageFailure(b, m.Key, err)
	if !storage.NotApplied(err) {
		e := failure.(*Error)
		e.Kind, e.Message = ErrUnknownStatus, "the write was sent, but whether it was applied is not known: read the record before you act"
	}
	return failure
}
