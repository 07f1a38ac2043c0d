package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A range lies within one partition.
func rangeWithoutPartition() {
	_ = order.StatementsOf().ItemIDFrom(3) // ERROR "not enough arguments in call to order.StatementsOf have () want (string)"
}
