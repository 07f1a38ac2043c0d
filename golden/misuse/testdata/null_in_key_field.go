package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A key field takes no Null.
func nullInKeyField() {
	_ = order.Statement{OrderID: scalar.Some("o-1")} // ERROR `cannot use scalar.Some("o-1") (value of struct type scalar.Null[string]) as string value in struct literal`
}
