package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// So does a selection.
func indexSelectionWithoutIndex() {
	_ = order.StatementsByCount(3) // ERROR "undefined: order.StatementsByCount"
}
