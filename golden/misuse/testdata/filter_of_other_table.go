package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A filter belongs to its table.
func filterOfOtherTable() {
	_ = order.AllStatements().Where(scalar.Gt(order.ItemColumns.Price, 3)) // ERROR "cannot use scalar.Gt(order.ItemColumns.Price, 3) (value of struct type scalar.Cond[order.Item, scalar.Data]) as scalar.Filter[order.Statement] value in argument to order.AllStatements().Where: scalar.Cond[order.Item, scalar.Data] does not implement scalar.Filter[order.Statement] (wrong type for method dnf) have dnf(*order.Item) storage.Filter want dnf(*order.Statement) storage.Filter"
}
