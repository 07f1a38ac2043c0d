package misuse

import (
	strict "github.com/scalargen/scalargen/golden/types_required/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Neither if it is required.
func orderingOnRequiredBoolean() {
	_ = scalar.Lt(strict.SampleColumns.ABoolean, true) // ERROR "scalar.Bool does not satisfy scalar.Comparable (scalar.Bool missing in github.com/scalargen/scalargen/runtime.Ordered | github.com/scalargen/scalargen/runtime.Text | github.com/scalargen/scalargen/runtime.NullOrdered | github.com/scalargen/scalargen/runtime.NullText)"
}
