package misuse

import (
	"time"

	"github.com/scalargen/scalargen/golden/types/out/kinds"
	scalar "github.com/scalargen/scalargen/runtime"
)

// DATE and TIMESTAMPTZ are not the same type.
func compareDateWithTime() {
	_ = scalar.Ge(kinds.SampleColumns.ADate, time.Now()) // ERROR "in call to scalar.Ge, type time.Time of time.Now() does not match inferred type scalar.Date for T"
}
