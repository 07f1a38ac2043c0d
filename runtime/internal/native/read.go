package native

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// Get reads records, in one round trip where the database can. The result has one
// row per key, with all columns of the deployed table, nil where there is no
// record. Own writes are seen.
func (tx *Tx) Get(ctx context.Context, table *storage.Table, keys ...[]storage.Value) ([]storage.Row, error) {
	if err := tx.enter(); err != nil {
		return nil, err
	}
	defer tx.leave()
	if len(keys) == 0 {
		return nil, nil
	}
	gets := make([]storage.Get, len(keys))
	for i, key := range keys {
		gets[i] = storage.Get{Table: table, Key: key}
	}
	about := subject{table, keys[0]}
	if tx.oneOperation && len(gets) == 1 {
		rows, err := tx.manager.storage.Get(ctx, gets)
		if err != nil {
			return nil, tx.fail(about.failed(err))
		}
		return rows, nil
	}
	var rows []storage.Row
	err := tx.use(ctx, about, func(below storage.Transaction) (err error) {
		rows, err = below.Get(ctx, gets)
		return err
	})
	return rows, err
}
