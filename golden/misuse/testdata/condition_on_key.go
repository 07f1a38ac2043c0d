package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Who updates a record has its key, and a condition on it is a mistake.
func conditionOnKey(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.UpdateIf(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Eq(order.StatementColumns.ItemID, 3), scalar.Set(order.StatementColumns.Count, 1)) // ERROR "cannot use scalar.Eq(order.StatementColumns.ItemID, 3) (value of struct type scalar.Cond[order.Statement, scalar.Key]) as scalar.Cond[order.Statement, scalar.Data] value in argument to order.Statements.UpdateIf"
}
