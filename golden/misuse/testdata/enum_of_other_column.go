package misuse

import (
	"github.com/scalargen/scalargen/golden/enums/out/shop"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Enums of different columns are different types.
func enumOfOtherColumn() {
	_ = scalar.Set(shop.OrderColumns.Status, shop.ReturnStatusOpen) // ERROR "in call to scalar.Set, type shop.ReturnStatus of shop.ReturnStatusOpen does not match inferred type shop.Status for T"
}
