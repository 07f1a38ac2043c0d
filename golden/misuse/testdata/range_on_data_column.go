package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// Only clustering columns can be bounded.
func rangeOnDataColumn() {
	_ = order.StatementsOf("o-1").CountFrom(3) // ERROR `order.StatementsOf("o-1").CountFrom undefined (type order.StatementRange has no field or method CountFrom)`
}
