package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/customer"
)

// A partition of one record needs no range.
func rangeOfTableWithoutClusteringKey() {
	_ = customer.CustomersOf(1) // ERROR "undefined: customer.CustomersOf"
}
