package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A selection belongs to its table.
func selectionOfOtherTable(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Scan(ctx, db, order.AllItems()) // ERROR "cannot use order.AllItems() (value of struct type scalar.Selection[order.Item]) as scalar.Scannable[order.Statement] value in argument to order.Statements.Scan: scalar.Selection[order.Item] does not implement scalar.Scannable[order.Statement] (wrong type for method scan) have scan(*order.Item) *scalar.scanRequest want scan(*order.Statement) *scalar.scanRequest"
}
