package misuse

import (
	"github.com/scalargen/scalargen/golden/keys_1_partition/out/shapes"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A clustering column can be bounded only if those before it are fixed.
func rangeOnLaterColumn() {
	r := shapes.Shape1_2AscDescsOf("eu")
	_ = r.DayIs(scalar.Date{}).HourFrom(3)
	_ = r.HourFrom(3) // ERROR "r.HourFrom undefined (type shapes.Shape1_2AscDescRange has no field or method HourFrom)"
}
