package misuse

import (
	"github.com/scalargen/scalargen/golden/types/out/kinds"
	strict "github.com/scalargen/scalargen/golden/types_required/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A column that scalargen.yaml declares required is never NULL.
func nullToRequired() {
	_ = scalar.SetNull(strict.SampleColumns.AInt) // ERROR "scalar.Ordered does not satisfy scalar.Nullable (scalar.Ordered missing in github.com/scalargen/scalargen/runtime.NullBool | github.com/scalargen/scalargen/runtime.NullOrdered | github.com/scalargen/scalargen/runtime.NullText)"
	_ = scalar.SetNull(kinds.SampleColumns.AInt)
}
