package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// Bounds come before Reverse, Where and Limit.
func boundAfterReverse() {
	_ = order.StatementsOf("o-1").Reverse().ItemIDFrom(3) // ERROR `order.StatementsOf("o-1").Reverse().ItemIDFrom undefined (type scalar.Range[order.Statement] has no field or method ItemIDFrom)`
}
