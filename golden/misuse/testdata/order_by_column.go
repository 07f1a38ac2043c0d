package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// The order of a scan is that of the clustering key or its reverse.
func orderByColumn() {
	_ = order.StatementsOf("o-1").OrderBy(order.StatementColumns.Count) // ERROR `order.StatementsOf("o-1").OrderBy undefined (type order.StatementRange has no field or method OrderBy)`
}
