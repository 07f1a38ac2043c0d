package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/customer"
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key belongs to its table.
func keyOfOtherTable(ctx context.Context, db *scalar.DB) {
	_, _ = order.Statements.Get(ctx, db, customer.CustomerKey{CustomerID: 1}) // ERROR "cannot use customer.CustomerKey{…} (value of struct type customer.CustomerKey) as order.StatementKey value in argument to order.Statements.Get"
}
