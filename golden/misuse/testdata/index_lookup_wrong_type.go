package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// An indexed value has the type of the column.
func indexLookupWrongType(ctx context.Context, db *scalar.DB) {
	_ = order.Orders.ByOrderID(ctx, db, 3) // ERROR "cannot use 3 (untyped int constant) as string value in argument to order.Orders.ByOrderID"
}
