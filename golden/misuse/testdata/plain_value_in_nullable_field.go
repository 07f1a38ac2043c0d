package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A nullable field takes a Null.
func plainValueInNullableField() {
	_ = order.Statement{OrderID: "o-1", Count: 3} // ERROR "cannot use 3 (untyped int constant) as scalar.Null[int32] value in struct literal"
	_ = order.Statement{OrderID: "o-1", Count: scalar.Some[int32](3)}
}
