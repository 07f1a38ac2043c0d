package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Mutations have no OR.
func orInCondition(ctx context.Context, db *scalar.DB) {
	c := order.StatementColumns
	_ = order.Statements.DeleteIf(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Or(scalar.Eq(c.Count, 1), scalar.Eq(c.Count, 2))) // ERROR "cannot use scalar.Or(scalar.Eq(c.Count, 1), scalar.Eq(c.Count, 2)) (value of interface type scalar.Filter[order.Statement]) as scalar.Cond[order.Statement, scalar.Data] value in argument to order.Statements.DeleteIf: need type assertion"
}
