package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A column that is not in the key is not in the key type.
func unknownKeyColumn() {
	_ = order.StatementKey{Count: 3} // ERROR "unknown field Count in struct literal of type order.StatementKey"
}
