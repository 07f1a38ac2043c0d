package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A column is compared with values of its type.
func compareWrongType() {
	_ = scalar.Eq(order.StatementColumns.Count, "3") // ERROR `cannot use "3" (untyped string constant) as int32 value in argument to scalar.Eq`
}
