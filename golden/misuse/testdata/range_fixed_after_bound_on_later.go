package misuse

import (
	"github.com/scalargen/scalargen/golden/keys_1_partition/out/shapes"
	scalar "github.com/scalargen/scalargen/runtime"
)

// What is fixed cannot be bounded again.
func rangeFixedAfterBoundOnLater() {
	_ = shapes.Shape1_2AscDescsOf("eu").DayIs(scalar.Date{}).DayFrom(scalar.Date{}) // ERROR `shapes.Shape1_2AscDescsOf("eu").DayIs(scalar.Date{}).DayFrom undefined (type shapes.Shape1_2AscDescDayRange has no field or method DayFrom)`
}
