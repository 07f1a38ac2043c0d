package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key column is never NULL.
func nullToKey() {
	_ = scalar.SetNull(order.StatementColumns.ItemID) // ERROR "in call to scalar.SetNull, type scalar.Column[order.Statement, int32, scalar.Key, scalar.Ordered] of order.StatementColumns.ItemID does not match inferred type scalar.Column[order.Statement, int32, scalar.Data, O] for scalar.Column[R, T, scalar.Data, O]"
}
