package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// Bounds have the type of the column.
func rangeWrongType() {
	_ = order.StatementsOf("o-1").ItemIDFrom("3") // ERROR `cannot use "3" (untyped string constant) as int32 value in argument to order.StatementsOf("o-1").ItemIDFrom`
}
