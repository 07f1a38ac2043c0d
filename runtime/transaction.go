package scalar

import (
	"context"
	"iter"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/native"
	"github.com/scalargen/scalargen/storage"
)

// manager says whose transactions a DB uses.
type manager uint8

const (
	consensusCommit manager = iota
	databaseOwn             // ScalarDB's transaction manager jdbc
	singleOperation         // none
)

// String returns the name that configuration uses.
func (m manager) String() string {
	return [...]string{"consensus-commit", "jdbc", "single-crud-operation"}[m]
}

// transaction is what a [Tx] works with: a transaction of the engine, or one of
// the database. Both report errors of package commit.
type transaction interface {
	ID() string
	Active() bool
	Observe(ctx context.Context, attempt int) context.Context
	Commit(ctx context.Context) error
	Rollback()
	RollbackFor(reason error)
	Expire(why string) bool

	get(ctx context.Context, b *binding, key []Value) (storage.Row, error)
	getAll(ctx context.Context, b *binding, keys [][]Value) ([]storage.Row, error)
	scan(ctx context.Context, b *binding, s commit.Scan) iter.Seq2[storage.Row, error]
	insert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error
	upsert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error
	update(ctx context.Context, b *binding, key []Value, changes commit.Changes, where []storage.Predicate) error
	remove(ctx context.Context, b *binding, key []Value, where []storage.Predicate) error
}

var (
	_ transaction = (*engineTx)(nil)
	_ transaction = nativeTx{}
)

type engineTx struct{ commit.Tx }

func (tx *engineTx) get(ctx context.Context, b *binding, key []Value) (storage.Row, error) {
	rows, err := tx.Get(ctx, commit.Ref{Table: b.table, Key: key})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func (tx *engineTx) getAll(ctx context.Context, b *binding, keys [][]Value) ([]storage.Row, error) {
	refs := make([]commit.Ref, len(keys))
	for i, key := range keys {
		refs[i] = commit.Ref{Table: b.table, Key: key}
	}
	return tx.Get(ctx, refs...)
}

func (tx *engineTx) scan(ctx context.Context, _ *binding, s commit.Scan) iter.Seq2[storage.Row, error] {
	return tx.Scan(ctx, s)
}

func (tx *engineTx) insert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error {
	return tx.Insert(ctx, commit.Ref{Table: b.table, Key: key}, changes)
}

func (tx *engineTx) upsert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error {
	return tx.Upsert(ctx, commit.Ref{Table: b.table, Key: key}, changes)
}

func (tx *engineTx) update(ctx context.Context, b *binding, key []Value, changes commit.Changes, where []storage.Predicate) error {
	return tx.Update(ctx, commit.Ref{Table: b.table, Key: key}, changes, where)
}

func (tx *engineTx) remove(ctx context.Context, b *binding, key []Value, where []storage.Predicate) error {
	return tx.Delete(ctx, commit.Ref{Table: b.table, Key: key}, where)
}

type nativeTx struct{ *native.Tx }

func (tx nativeTx) get(ctx context.Context, b *binding, key []Value) (storage.Row, error) {
	rows, err := tx.Get(ctx, b.deployed, key)
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func (tx nativeTx) getAll(ctx context.Context, b *binding, keys [][]Value) ([]storage.Row, error) {
	return tx.Get(ctx, b.deployed, keys...)
}

func (tx nativeTx) scan(ctx context.Context, b *binding, s commit.Scan) iter.Seq2[storage.Row, error] {
	return tx.Scan(ctx, b.request(s))
}

func (tx nativeTx) insert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error {
	return tx.Insert(ctx, b.deployed, key, changes)
}

func (tx nativeTx) upsert(ctx context.Context, b *binding, key []Value, changes commit.Changes) error {
	return tx.Upsert(ctx, b.deployed, key, changes)
}

func (tx nativeTx) update(ctx context.Context, b *binding, key []Value, changes commit.Changes, where []storage.Predicate) error {
	return tx.Update(ctx, b.deployed, key, changes, where)
}

func (tx nativeTx) remove(ctx context.Context, b *binding, key []Value, where []storage.Predicate) error {
	return tx.Delete(ctx, b.deployed, key, where)
}

// begin starts a transaction of the DB's transaction manager.
func (db *DB) begin(o txOptions, oneOperation bool) (*Tx, error) {
	if err := db.needTransactions("DB-CORE-10139"); err != nil {
		return nil, err
	}
	if db.refusal != nil {
		return nil, db.refused()
	}
	below := commit.BeginOptions{ID: o.id, Isolation: commit.Isolation(o.isolation), ReadOnly: o.readOnly, OneOperation: oneOperation}
	if db.native != nil {
		own, err := db.native.Begin(below)
		if err != nil {
			return nil, public(err)
		}
		return &Tx{db: db, tx: nativeTx{own}, attempt: 1, fullScans: o.fullScans, attributes: o.attributes}, nil
	}
	both := new(struct { // one allocation
		Tx
		engine engineTx
	})
	both.Tx = Tx{db: db, tx: &both.engine, attempt: 1, fullScans: o.fullScans, attributes: o.attributes}
	if err := db.engine.BeginIn(&both.engine.Tx, below); err != nil {
		return nil, public(err)
	}
	return &both.Tx, nil
}

// isolationName is what observers are told of a transaction's isolation level.
func (db *DB) isolationName(o *txOptions) string {
	if db.manager == databaseOwn {
		return native.Isolation
	}
	return o.isolation.String()
}
