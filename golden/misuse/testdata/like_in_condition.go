package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/customer"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Mutations have no LIKE.
func likeInCondition(ctx context.Context, db *scalar.DB) {
	_ = customer.Customers.DeleteIf(ctx, db, customer.CustomerKey{CustomerID: 1}, scalar.Like(customer.CustomerColumns.Name, "A%")) // ERROR `cannot use scalar.Like(customer.CustomerColumns.Name, "A%") (value of interface type scalar.Filter[customer.Customer]) as scalar.Cond[customer.Customer, scalar.Data] value in argument to customer.Customers.DeleteIf: need type assertion`
}
