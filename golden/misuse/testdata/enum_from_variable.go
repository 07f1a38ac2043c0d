package misuse

import (
	"github.com/scalargen/scalargen/golden/enums/out/shop"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A text is no enum until it is converted.
func enumFromVariable() {
	text := "PENDING"
	_ = scalar.Set(shop.OrderColumns.Status, text) // ERROR "cannot use text (variable of type string) as shop.Status value in argument to scalar.Set"
	_ = scalar.Set(shop.OrderColumns.Status, shop.StatusPending)
}
