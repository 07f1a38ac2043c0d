package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Storages compare a column with a value only.
func compareTwoColumns() {
	_ = scalar.Eq(order.StatementColumns.Count, order.StatementColumns.Count) // ERROR "in call to scalar.Eq, type scalar.Column[order.Statement, int32, scalar.Data, scalar.NullOrdered] of order.StatementColumns.Count does not match inferred type int32 for T"
}
