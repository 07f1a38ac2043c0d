package misuse

import (
	"github.com/scalargen/scalargen/golden/types/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A BLOB is no TEXT.
func likeOnBlob() {
	_ = scalar.NotLike(kinds.SampleColumns.ABlob, "1%") // ERROR "scalar.NullOrdered does not satisfy scalar.Textual (scalar.NullOrdered missing in github.com/scalargen/scalargen/runtime.Text | github.com/scalargen/scalargen/runtime.NullText)"
}
