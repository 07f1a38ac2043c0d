package native

import (
	"context"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// Insert writes a record that must not exist. It reports
// [commit.ErrAlreadyExists] if it does, and the transaction goes on.
func (tx *Tx) Insert(ctx context.Context, table *storage.Table, key []storage.Value, changes commit.Changes) error {
	err := tx.write(ctx, put(table, key, changes, storage.IfNotExists))
	if !conditionFalse(err) {
		return err
	}
	return tx.unmet(commit.ErrAlreadyExists, table, key, "the record to insert exists")
}

// Upsert writes a record whether or not it exists.
func (tx *Tx) Upsert(ctx context.Context, table *storage.Table, key []storage.Value, changes commit.Changes) error {
	return tx.write(ctx, put(table, key, changes, storage.Always))
}

// Update changes a record. Without a condition it does nothing if there is no
// record; with one it reports [commit.ErrCondition] if there is none or the
// condition does not hold.
func (tx *Tx) Update(ctx context.Context, table *storage.Table, key []storage.Value, changes commit.Changes, condition []storage.Predicate) error {
	return tx.writeIf(ctx, put(table, key, changes, storage.IfExists), condition)
}

// Delete removes a record. Without a condition it does nothing if there is no
// record; with one it reports [commit.ErrCondition] as Update does.
func (tx *Tx) Delete(ctx context.Context, table *storage.Table, key []storage.Value, condition []storage.Predicate) error {
	return tx.writeIf(ctx, &storage.Mutation{Table: table, Op: storage.Delete, Key: key}, condition)
}

func put(table *storage.Table, key []storage.Value, changes commit.Changes, condition storage.Precondition) *storage.Mutation {
	return &storage.Mutation{Table: table, Op: storage.Put, Key: key, Columns: changes.Columns, Values: changes.Values, Condition: condition}
}

func (tx *Tx) writeIf(ctx context.Context, m *storage.Mutation, condition []storage.Predicate) error {
	if condition != nil {
		m.Condition, m.Where = storage.If, condition
	}
	err := tx.write(ctx, m)
	switch {
	case !conditionFalse(err):
		return err
	case condition == nil:
		return nil
	}
	return tx.unmet(commit.ErrCondition, m.Table, m.Key, "there is no record, or the condition does not hold")
}

// write runs one mutation. It passes [storage.ErrCondition] on.
func (tx *Tx) write(ctx context.Context, m *storage.Mutation) error {
	if err := tx.enterAlone(active); err != nil {
		return err
	}
	defer tx.leaveAlone()
	if tx.readOnly {
		return &commit.Error{Kind: commit.ErrInvalid, Code: "DB-CORE-10211", TxID: tx.id, Table: m.Table.TableName, Message: "the transaction is read-only"}
	}
	return tx.use(ctx, subject{m.Table, m.Key}, func(below storage.Transaction) error {
		if err := tx.finishScans(ctx, below, m); err != nil {
			return err
		}
		err := below.Mutate(ctx, m)
		tx.wrote = tx.wrote || err == nil
		return err
	})
}

func (tx *Tx) unmet(kind error, table *storage.Table, key []storage.Value, message string) error {
	return &commit.Error{Kind: kind, TxID: tx.id, Table: table.TableName, Key: table.FormatKey(key), Message: message}
}
