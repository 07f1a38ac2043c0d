package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A whole-table scan has no order.
func reverseWholeTable() {
	_ = order.AllStatements().Reverse() // ERROR "order.AllStatements().Reverse undefined (type scalar.Selection[order.Statement] has no field or method Reverse)"
}
