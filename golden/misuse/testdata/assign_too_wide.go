package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A variable of another width is not converted.
func assignTooWide() {
	var n int64 = 1 << 40
	_ = scalar.Set(order.StatementColumns.Count, n) // ERROR "in call to scalar.Set, type int64 of n does not match inferred type int32 for T"
}
