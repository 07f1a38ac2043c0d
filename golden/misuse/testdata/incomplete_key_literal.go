package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A key literal without names must be complete.
func incompleteKeyLiteral() {
	_ = order.StatementKey{"o-1"} // ERROR "too few values in struct literal of type order.StatementKey"
}
