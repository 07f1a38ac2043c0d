package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Set takes a value; what may be NULL goes through SetOrNull.
func nullAsPlainValue() {
	_ = scalar.Set(order.StatementColumns.Count, scalar.Some[int32](1)) // ERROR "in call to scalar.Set, type scalar.Null[int32] of scalar.Some[int32](1) does not match inferred type int32 for T"
	_ = scalar.SetOrNull(order.StatementColumns.Count, scalar.Some[int32](1))
}
