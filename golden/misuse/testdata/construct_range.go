package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A range comes from the functions of the package.
func constructRange() order.StatementRange {
	return order.StatementRange{Partition: "o-1"} // ERROR "unknown field Partition in struct literal of type order.StatementRange"
}
