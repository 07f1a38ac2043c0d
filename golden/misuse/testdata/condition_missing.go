package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// UpdateIf needs a condition; Update is without.
func conditionMissing(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.UpdateIf(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Set(order.StatementColumns.Count, 1)) // ERROR "cannot use scalar.Set(order.StatementColumns.Count, 1) (value of struct type scalar.Assign[order.Statement]) as scalar.Cond[order.Statement, scalar.Data] value in argument to order.Statements.UpdateIf"
}
