package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A condition belongs to its table.
func conditionOfOtherTable(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.UpdateIf(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Ge(order.ItemColumns.Price, 30), scalar.Set(order.StatementColumns.Count, 1)) // ERROR "cannot use scalar.Ge(order.ItemColumns.Price, 30) (value of struct type scalar.Cond[order.Item, scalar.Data]) as scalar.Cond[order.Statement, scalar.Data] value in argument to order.Statements.UpdateIf"
}
