package misuse

import (
	"github.com/scalargen/scalargen/golden/types/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// BOOLEAN has no order.
func orderingOnBoolean() {
	_ = scalar.Ge(kinds.SampleColumns.ABoolean, true) // ERROR "scalar.NullBool does not satisfy scalar.Comparable (scalar.NullBool missing in github.com/scalargen/scalargen/runtime.Ordered | github.com/scalargen/scalargen/runtime.Text | github.com/scalargen/scalargen/runtime.NullOrdered | github.com/scalargen/scalargen/runtime.NullText)"
	_ = scalar.Eq(kinds.SampleColumns.ABoolean, true)
}
