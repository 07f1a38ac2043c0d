package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// The same holds for deletes.
func conditionOnKeyInDelete(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.DeleteIf(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Gt(order.StatementColumns.ItemID, 3)) // ERROR "cannot use scalar.Gt(order.StatementColumns.ItemID, 3) (value of struct type scalar.Cond[order.Statement, scalar.Key]) as scalar.Cond[order.Statement, scalar.Data] value in argument to order.Statements.DeleteIf"
}
