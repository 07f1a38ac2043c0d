package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key is a value with named columns.
func keyColumnsInPlaceOfKey(ctx context.Context, db *scalar.DB) {
	_, _ = order.Statements.Get(ctx, db, "o-1", 3) // ERROR "too many arguments in call to order.Statements.Get have (context.Context, *scalar.DB, string, number) want (context.Context, scalar.Runner, order.StatementKey)"
}
