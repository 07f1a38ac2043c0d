package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A range belongs to its table.
func rangeOfOtherTable(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Scan(ctx, db, order.OrdersOf(1)) // ERROR "cannot use order.OrdersOf(1) (value of struct type order.OrderRange) as scalar.Scannable[order.Statement] value in argument to order.Statements.Scan: order.OrderRange does not implement scalar.Scannable[order.Statement] (wrong type for method scan) have scan(*order.Order) *scalar.scanRequest want scan(*order.Statement) *scalar.scanRequest"
}
