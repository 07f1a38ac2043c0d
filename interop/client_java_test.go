package interop

import (
	"context"
	"testing"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/storage"
)

type javaClient struct {
	*java.Session
}

func openJava(t *testing.T, db *database, o options) client {
	t.Helper()
	process := o.process
	if process == nil {
		process = javaProcess(t)
	}
	properties := db.with(o.properties)
	if o.byRecord {
		properties["interop.atomicity"] = "RECORD"
	}
	s, err := process.Open(t.Context(), properties)
	ok(t, err)
	t.Cleanup(func() { s.Close(context.Background()) }) // fails if the session has died
	return javaClient{s}
}

func (c javaClient) begin(ctx context.Context, b begin) (transaction, error) {
	tx, err := c.Begin(ctx, java.Begin{ID: b.id, ReadOnly: b.readOnly, Isolation: b.isolation})
	return javaTx{tx}, err
}

func (c javaClient) status(ctx context.Context, id string) (string, error) { return c.State(ctx, id) }

func (c javaClient) abort(ctx context.Context, id string) (string, error) { return c.Abort(ctx, id) }

func (c javaClient) finish(ctx context.Context, id string) (bool, error) { return c.Finish(ctx, id) }

func (c javaClient) recoverRecord(ctx context.Context, t *storage.Table, key []storage.Value) (bool, error) {
	return c.Recover(ctx, t, key)
}

func (c javaClient) arm(ctx context.Context, p java.Point) error { return c.Arm(ctx, p) }

func (c javaClient) close(ctx context.Context) error { return c.Close(ctx) }

func (c javaClient) raw() rawStorage { return javaRaw{c.Storage()} }

type javaRaw struct{ *java.Operations }

func (r javaRaw) get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error) {
	return r.Get(ctx, t, key)
}

func (r javaRaw) scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error) {
	return r.Scan(ctx, q)
}

func (r javaRaw) mutate(ctx context.Context, group []storage.Mutation) error {
	return r.Mutate(ctx, group)
}

type javaTx struct{ *java.Tx }

func (tx javaTx) get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error) {
	return tx.Get(ctx, t, key)
}

func (tx javaTx) scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error) {
	return tx.Scan(ctx, q)
}

func (tx javaTx) insert(ctx context.Context, t *storage.Table, record storage.Row) error {
	columns := nonKey(t)
	return tx.Insert(ctx, t, t.Key(record), columns, pick(record, columns))
}

func (tx javaTx) upsert(ctx context.Context, t *storage.Table, record storage.Row) error {
	columns := nonKey(t)
	return tx.Upsert(ctx, t, t.Key(record), columns, pick(record, columns))
}

func (tx javaTx) update(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	return tx.Update(ctx, t, key, columns, values)
}

func (tx javaTx) remove(ctx context.Context, t *storage.Table, key []storage.Value) error {
	return tx.Delete(ctx, t, key)
}

func (tx javaTx) commit(ctx context.Context) error { return tx.Commit(ctx) }

func (tx javaTx) rollback(ctx context.Context) error { return tx.Rollback(ctx) }
