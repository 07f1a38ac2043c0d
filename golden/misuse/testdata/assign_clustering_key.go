package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// The same holds for clustering keys.
func assignClusteringKey(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Update(ctx, db, order.StatementKey{OrderID: "o-1", ItemID: 3}, scalar.Set(order.StatementColumns.ItemID, 4)) // ERROR "in call to scalar.Set, type scalar.Column[order.Statement, int32, scalar.Key, scalar.Ordered] of order.StatementColumns.ItemID does not match inferred type scalar.Column[order.Statement, int32, scalar.Data, O] for scalar.Column[R, T, scalar.Data, O]"
}
