package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/customer"
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A record belongs to its table.
func recordOfOtherTable(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Insert(ctx, db, customer.Customer{CustomerID: 1}) // ERROR "cannot use customer.Customer{…} (value of struct type customer.Customer) as order.Statement value in argument to order.Statements.Insert"
}
