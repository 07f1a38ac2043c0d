package java

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

func TestColumnsAsJSON(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]storage.Value{
		`["c","BOOLEAN","true"]`:                storage.BooleanValue(true),
		`["c","INT","-2147483648"]`:             storage.IntValue(math.MinInt32),
		`["c","BIGINT","9223372036854775807"]`:  storage.BigIntValue(math.MaxInt64),
		`["c","FLOAT","2147483648"]`:            storage.FloatValue(float32(math.Copysign(0, -1))),
		`["c","DOUBLE","18442240474082181120"]`: storage.DoubleValue(math.Inf(-1)),
		`["c","TEXT",""]`:                       storage.TextValue(""),
		`["c","TEXT","日\u003c\n\u0000"]`:        storage.TextValue("日<\n\x00"),
		`["c","BLOB","AP8="]`:                   storage.BlobValue([]byte{0, 0xff}),
		`["c","DATE","-354285"]`:                storage.DateValue(-354285),
		`["c","TIME","86399999999000"]`:         storage.TimeValue(86_399_999_999_000),
		`["c","TIMESTAMP","-1"]`:                storage.TimestampValue(-1),
		`["c","TIMESTAMPTZ","253402300799999"]`: storage.TimestampTZValue(253_402_300_799_999),
		`["c","BLOB",null]`:                     storage.Null(storage.Blob),
	} {
		got, err := json.Marshal(column{"c", v})
		if err != nil || string(got) != want {
			t.Errorf("%v is written %s, %v; want %s", v, got, err, want)
		}
		var back column
		if err := json.Unmarshal([]byte(want), &back); err != nil || back != (column{"c", v}) {
			t.Errorf("%s is read as %v, %v", want, back, err)
		}
	}
	for _, malformed := range []string{`["c","INT","x"]`, `["c","NUMBER","1"]`, `[null,"INT","1"]`, `["c","FLOAT","4294967296"]`, `["c","BLOB","?"]`} {
		var c column
		if err := json.Unmarshal([]byte(malformed), &c); err == nil {
			t.Errorf("%s is read as %v", malformed, c)
		}
	}
}
