package misuse

import (
	shapes2 "github.com/scalargen/scalargen/golden/keys_2_partition/out/shapes"
	scalar "github.com/scalargen/scalargen/runtime"
)

// The partition key is given in full.
func rangeWithPartOfPartitionKey() {
	_ = shapes2.Shape2_1AscsOf("eu").DayFrom(scalar.Date{}) // ERROR "not enough arguments in call to shapes2.Shape2_1AscsOf have (string) want (string, int32)"
}
