// Package handtable has tables for tests of the runtime that are written by
// hand, with the operations that generated repositories have.
package handtable

import (
	"context"
	"iter"

	scalar "github.com/scalargen/scalargen/runtime"
)

// Codec turns keys and records into values and back, as generated functions do.
type Codec[R, K any] struct {
	Key    func(key *K, to []scalar.Value)
	Encode func(record *R, to []scalar.Value)
	Decode func(from *scalar.Row, record *R)
}

func (c *Codec[R, K]) key(def *scalar.TableDef) func(*K) []scalar.Value {
	return func(key *K) []scalar.Value {
		to := make([]scalar.Value, def.KeyLen())
		c.Key(key, to)
		return to
	}
}

func (c *Codec[R, K]) record(def *scalar.TableDef, record R) []scalar.Value {
	to := make([]scalar.Value, len(def.Columns))
	c.Encode(&record, to)
	return to
}

// Table is a table with transactions.
type Table[R, K any] struct {
	scalar.Table
	Codec[R, K]
}

// Get reads a record.
func (t *Table[R, K]) Get(ctx context.Context, run scalar.Runner, key K) (R, error) {
	return scalar.GetRecord(ctx, t.On(run), t.key(t.Def)(&key), t.Decode)
}

// GetAll reads records.
func (t *Table[R, K]) GetAll(ctx context.Context, run scalar.Runner, keys []K) ([]*R, error) {
	return scalar.GetRecords(ctx, t.On(run), keys, t.key(t.Def), t.Decode)
}

// Scan iterates over records.
func (t *Table[R, K]) Scan(ctx context.Context, run scalar.Runner, of scalar.Scannable[R]) iter.Seq2[R, error] {
	return scalar.ScanRecords(ctx, t.On(run), of, t.Decode)
}

// Insert adds a record.
func (t *Table[R, K]) Insert(ctx context.Context, run scalar.Runner, record R) error {
	return t.Table.Insert(ctx, run, t.record(t.Def, record))
}

// Upsert writes a record.
func (t *Table[R, K]) Upsert(ctx context.Context, run scalar.Runner, record R) error {
	return t.Table.Upsert(ctx, run, t.record(t.Def, record))
}

// Update changes a record.
func (t *Table[R, K]) Update(ctx context.Context, run scalar.Runner, key K, set ...scalar.Assign[R]) error {
	return t.Table.Update(ctx, run, t.key(t.Def)(&key), scalar.Assignments(set))
}

// UpdateIf changes a record on a condition.
func (t *Table[R, K]) UpdateIf(ctx context.Context, run scalar.Runner, key K, cond scalar.Cond[R, scalar.Data], set ...scalar.Assign[R]) error {
	return t.Table.UpdateIf(ctx, run, t.key(t.Def)(&key), scalar.Condition(cond), scalar.Assignments(set))
}

// Delete removes a record.
func (t *Table[R, K]) Delete(ctx context.Context, run scalar.Runner, key K) error {
	return t.Table.Delete(ctx, run, t.key(t.Def)(&key))
}

// DeleteIf removes a record on a condition.
func (t *Table[R, K]) DeleteIf(ctx context.Context, run scalar.Runner, key K, cond scalar.Cond[R, scalar.Data]) error {
	return t.Table.DeleteIf(ctx, run, t.key(t.Def)(&key), scalar.Condition(cond))
}

// StorageTable is a table without transactions.
type StorageTable[R, K any] struct {
	scalar.StorageTable
	Codec[R, K]
}

// Get reads a record.
func (t *StorageTable[R, K]) Get(ctx context.Context, db *scalar.DB, key K) (R, error) {
	return scalar.GetRecord(ctx, t.On(db), t.key(t.Def)(&key), t.Decode)
}

// GetAll reads records.
func (t *StorageTable[R, K]) GetAll(ctx context.Context, db *scalar.DB, keys []K) ([]*R, error) {
	return scalar.GetRecords(ctx, t.On(db), keys, t.key(t.Def), t.Decode)
}

// Scan iterates over records.
func (t *StorageTable[R, K]) Scan(ctx context.Context, db *scalar.DB, of scalar.Scannable[R]) iter.Seq2[R, error] {
	return scalar.ScanRecords(ctx, t.On(db), of, t.Decode)
}

// Insert adds a record.
func (t *StorageTable[R, K]) Insert(ctx context.Context, db *scalar.DB, record R) error {
	return t.StorageTable.Insert(ctx, db, t.record(t.Def, record))
}

// Upsert writes a record.
func (t *StorageTable[R, K]) Upsert(ctx context.Context, db *scalar.DB, record R) error {
	return t.StorageTable.Upsert(ctx, db, t.record(t.Def, record))
}

// Update changes a record.
func (t *StorageTable[R, K]) Update(ctx context.Context, db *scalar.DB, key K, set ...scalar.Assign[R]) error {
	return t.StorageTable.Update(ctx, db, t.key(t.Def)(&key), scalar.Assignments(set))
}

// UpdateIf changes a record on a condition.
func (t *StorageTable[R, K]) UpdateIf(ctx context.Context, db *scalar.DB, key K, cond scalar.Cond[R, scalar.Data], set ...scalar.Assign[R]) error {
	return t.StorageTable.UpdateIf(ctx, db, t.key(t.Def)(&key), scalar.Condition(cond), scalar.Assignments(set))
}

// Delete removes a record.
func (t *StorageTable[R, K]) Delete(ctx context.Context, db *scalar.DB, key K) error {
	return t.StorageTable.Delete(ctx, db, t.key(t.Def)(&key))
}

// DeleteIf removes a record on a condition.
func (t *StorageTable[R, K]) DeleteIf(ctx context.Context, db *scalar.DB, key K, cond scalar.Cond[R, scalar.Data]) error {
	return t.StorageTable.DeleteIf(ctx, db, t.key(t.Def)(&key), scalar.Condition(cond))
}
