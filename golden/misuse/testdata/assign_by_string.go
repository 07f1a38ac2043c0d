package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Columns have no names at run time.
func assignByString(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Update(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Set("count", 1)) // ERROR "in call to scalar.Set, cannot infer R"
}
