package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A condition on a key column cannot hide in All.
func mixedCondition() {
	_ = scalar.All(scalar.Eq(order.StatementColumns.Count, 3), scalar.Eq(order.StatementColumns.ItemID, 3)) // ERROR "in call to scalar.All, type scalar.Cond[order.Statement, scalar.Key] of scalar.Eq(order.StatementColumns.ItemID, 3) does not match inferred type scalar.Cond[order.Statement, scalar.Data] for scalar.Cond[R, C]"
}
