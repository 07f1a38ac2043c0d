package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A value must have the column's type.
func assignWrongType(ctx context.Context, db *scalar.DB) {
	_ = scalar.Set(order.StatementColumns.Count, "x") // ERROR `cannot use "x" (untyped string constant) as int32 value in argument to scalar.Set`
}
