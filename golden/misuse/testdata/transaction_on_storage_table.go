package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/storage_tables/out/ops"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A table without transactions takes no part in one.
func transactionOnStorageTable(ctx context.Context, db *scalar.DB, tx *scalar.Tx) {
	_, _ = ops.Settings.Get(ctx, db, ops.SettingKey{Name: "x"})
	_, _ = ops.Settings.Get(ctx, tx, ops.SettingKey{Name: "x"}) // ERROR "cannot use tx (variable of type *scalar.Tx) as *scalar.DB value in argument to ops.Settings.Get"
}
