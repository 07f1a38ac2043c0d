package misuse

import (
	"github.com/scalargen/scalargen/golden/keys_1_partition/out/shapes"
	scalar "github.com/scalargen/scalargen/runtime"
)

// No clustering column can be left out.
func rangeSkipsAColumn() {
	r := shapes.Shape1_3DescAscDescsOf("eu")
	_ = r.DayIs(scalar.Date{}).HourIs(3).SeqTo(9)
	_ = r.DayIs(scalar.Date{}).SeqTo(9) // ERROR "r.DayIs(scalar.Date{}).SeqTo undefined (type shapes.Shape1_3DescAscDescDayRange has no field or method SeqTo)"
}
