package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/storage_tables/out/ops"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A table with transactions does not take a storage.
func storageHandleOnTransactionTable(ctx context.Context, db *scalar.DB) {
	_, _ = ops.Jobs.Get(ctx, db.Storage(), ops.JobKey{ID: "x"}) // ERROR "cannot use db.Storage() (value of interface type storage.Storage) as scalar.Runner value in argument to ops.Jobs.Get: storage.Storage does not implement scalar.Runner (missing method session)"
}
