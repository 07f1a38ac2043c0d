package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key column cannot be assigned: the record would be another one.
func assignPartitionKey(ctx context.Context, db *scalar.DB) {
	key := order.StatementKey{OrderID: "o-1", ItemID: 3}
	_ = order.Statements.Update(ctx, db, key, scalar.Set(order.StatementColumns.Count, 1))
	_ = order.Statements.Update(ctx, db, key, scalar.Set(order.StatementColumns.OrderID, "o-2")) // ERROR "in call to scalar.Set, type scalar.Column[order.Statement, string, scalar.Key, scalar.Text] of order.StatementColumns.OrderID does not match inferred type scalar.Column[order.Statement, string, scalar.Data, O] for scalar.Column[R, T, scalar.Data, O]"
}
