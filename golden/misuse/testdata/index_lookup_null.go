package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// NULL is in no index.
func indexLookupNull(ctx context.Context, db *scalar.DB) {
	_ = order.Orders.ByOrderID(ctx, db, scalar.Null[string]{}) // ERROR "cannot use scalar.Null[string]{} (value of struct type scalar.Null[string]) as string value in argument to order.Orders.ByOrderID"
}
