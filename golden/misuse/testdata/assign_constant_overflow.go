package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Constants must fit the column.
func assignConstantOverflow() {
	_ = scalar.Set(order.StatementColumns.Count, 1<<40) // ERROR "cannot use 1 << 40 (untyped int constant 1099511627776) as int32 value in argument to scalar.Set (overflows)"
}
