package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// LIKE is for TEXT.
func likeOnInt() {
	_ = scalar.Like(order.StatementColumns.Count, "1%") // ERROR "scalar.NullOrdered does not satisfy scalar.Textual (scalar.NullOrdered missing in github.com/scalargen/scalargen/runtime.Text | github.com/scalargen/scalargen/runtime.NullText)"
}
