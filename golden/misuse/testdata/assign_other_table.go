package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/customer"
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// An assignment belongs to its table.
func assignOtherTable(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Update(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Set(customer.CustomerColumns.CreditTotal, 1)) // ERROR "cannot use scalar.Set(customer.CustomerColumns.CreditTotal, 1) (value of struct type scalar.Assign[customer.Customer]) as scalar.Assign[order.Statement] value in argument to order.Statements.Update"
}
