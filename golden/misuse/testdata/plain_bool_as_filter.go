package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
)

// A filter is built of columns, not of a Go function.
func plainBoolAsFilter() {
	_ = order.AllStatements().Where(func(s order.Statement) bool { return s.ItemID > 3 }) // ERROR "cannot use (func(s order.Statement) bool literal) (value of type func(s order.Statement) bool) as scalar.Filter[order.Statement] value in argument to order.AllStatements().Where: func(s order.Statement) bool does not implement scalar.Filter[order.Statement] (missing method dnf)"
}
