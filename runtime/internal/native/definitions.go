package native

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
)

type readerKey struct{}

// Reading returns a context in which [Definitions] are read by tx.
func Reading(ctx context.Context, tx *Tx) context.Context {
	return context.WithValue(ctx, readerKey{}, tx)
}

// Definitions returns s, of which Table reads over the connection of the
// transaction that ctx is from [Reading], if that holds one.
func Definitions(s storage.Storage) storage.Storage { return definitions{s} }

type definitions struct{ storage.Storage }

// Table reads a definition.
func (d definitions) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	if tx, ok := ctx.Value(readerKey{}).(*Tx); ok {
		return tx.table(ctx, d.Storage, name)
	}
	return d.Storage.Table(ctx, name)
}

// table reads a definition for a call that is about to enter. One that cannot
// will be refused then, with a definition or without.
func (tx *Tx) table(ctx context.Context, s storage.Storage, name storage.TableName) (*storage.Table, error) {
	if err := tx.enter(); err != nil {
		return nil, err
	}
	defer tx.leave()
	if err := tx.takeTurn(ctx, name); err != nil {
		return nil, err
	}
	defer tx.passTurn()
	if tx.below == nil {
		return s.Table(ctx, name)
	}
	table, err := tx.below.Table(ctx, name)
	if err != nil && !errors.Is(err, storage.ErrTableNotFound) {
		return nil, tx.fail(subject{table: &storage.Table{TableName: name}}.failed(err))
	}
	return table, err
}
