package misuse

import (
	strict "github.com/scalargen/scalargen/golden/types_required/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// SetOrNull may write NULL, too.
func nullOrValueToRequired() {
	_ = scalar.SetOrNull(strict.SampleColumns.AText, scalar.Some("x")) // ERROR "scalar.Text does not satisfy scalar.Nullable (scalar.Text missing in github.com/scalargen/scalargen/runtime.NullBool | github.com/scalargen/scalargen/runtime.NullOrdered | github.com/scalargen/scalargen/runtime.NullText)"
}
