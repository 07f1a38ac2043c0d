package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key is no range.
func scanAKey(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Scan(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}) // ERROR "cannot use order.StatementKey{…} (value of struct type order.StatementKey) as scalar.Scannable[order.Statement] value in argument to order.Statements.Scan: order.StatementKey does not implement scalar.Scannable[order.Statement] (missing method scan)"
}
