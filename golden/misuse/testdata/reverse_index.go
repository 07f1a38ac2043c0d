package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// An index lookup has no order.
func reverseIndex() {
	_ = order.OrdersByOrderID("o-1").Reverse() // ERROR `order.OrdersByOrderID("o-1").Reverse undefined (type scalar.Selection[order.Order] has no field or method Reverse)`
}
