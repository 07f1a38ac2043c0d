package scalar_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
)

func TestNullAccessors(t *testing.T) {
	t.Parallel()
	some, none := scalar.Some(int32(7)), scalar.Null[int32]{}
	if v, ok := some.Get(); v != 7 || !ok {
		t.Errorf("Get of 7: %d, %t", v, ok)
	}
	if v, ok := none.Get(); v != 0 || ok {
		t.Errorf("Get of NULL: %d, %t", v, ok)
	}
	if some.Or(1) != 7 || none.Or(1) != 1 {
		t.Errorf("Or(1): %d and %d, want 7 and 1", some.Or(1), none.Or(1))
	}
	if p := some.Ptr(); p == nil || *p != 7 {
		t.Errorf("Ptr of 7: %v", p)
	}
	if p := none.Ptr(); p != nil {
		t.Errorf("Ptr of NULL: %v", p)
	}
	*some.Ptr() = 8
	if some.V != 7 {
		t.Error("Ptr is no copy")
	}
	if scalar.FromPtr(some.Ptr()) != some || scalar.FromPtr[int32](nil) != none {
		t.Error("FromPtr is not the inverse of Ptr")
	}
	if some.IsZero() || !none.IsZero() || !scalar.Some(0).Valid {
		t.Error("IsZero is true for NULL alone")
	}
}

func TestNullIsComparable(t *testing.T) {
	t.Parallel()
	if scalar.Some("") == (scalar.Null[string]{}) {
		t.Error("the empty text equals NULL")
	}
	seen := map[scalar.Null[scalar.Date]]bool{scalar.Some(scalar.NewDate(2026, 1, 1)): true}
	if !seen[scalar.Some(scalar.NewDate(2026, 1, 1))] {
		t.Error("equal values differ as map keys")
	}
}

func TestNullString(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]fmt.Stringer{
		"NULL":       scalar.Null[string]{},
		"":           scalar.Some(""),
		"7":          scalar.Some(7),
		"true":       scalar.Some(true),
		"2026-03-14": scalar.Some(scalar.NewDate(2026, time.March, 14)),
	} {
		if got := v.String(); got != want {
			t.Errorf("%#v renders as %q, want %q", v, got, want)
		}
	}
}

func TestNullJSONLeavesOutNull(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		record Order
		want   string
	}{
		{Order{CustomerID: 1}, `{"CustomerID":1,"Timestamp":0,"Seq":0}`},
		{Order{Total: scalar.Some(int32(0)), OrderID: scalar.Some("")}, `{"CustomerID":0,"Timestamp":0,"Seq":0,"OrderID":"","Total":0}`},
	} {
		got, err := json.Marshal(test.record)
		must(t, err)
		if string(got) != test.want {
			t.Errorf("%+v is %s, want %s", test.record, got, test.want)
		}
		var back Order
		must(t, json.Unmarshal(got, &back))
		if diff := cmp.Diff(test.record, back); diff != "" {
			t.Errorf("round trip of %s (-want +got):\n%s", got, diff)
		}
	}
}

func TestNullJSON(t *testing.T) {
	t.Parallel()
	type all struct {
		B scalar.Null[bool]
		D scalar.Null[scalar.Date]
		T scalar.Null[scalar.TimeOfDay]
		W scalar.Null[scalar.DateTime]
		Z scalar.Null[time.Time]
		X scalar.Null[[]byte]
	}
	want := all{
		B: scalar.Some(false), D: scalar.Some(scalar.NewDate(2026, 3, 14)), T: scalar.Some(scalar.NewTimeOfDay(1, 2, 3, 4000)),
		Z: scalar.Some(time.Date(2026, 3, 14, 1, 2, 3, 0, time.UTC)), X: scalar.Some([]byte{1, 2}),
	}
	const text = `{"B":false,"D":"2026-03-14","T":"01:02:03.000004","W":null,"Z":"2026-03-14T01:02:03Z","X":"AQI="}`
	got, err := json.Marshal(want)
	must(t, err)
	if string(got) != text {
		t.Errorf("JSON is %s, want %s", got, text)
	}
	back := all{W: scalar.Some(scalar.DateTime{})} // null must empty it
	must(t, json.Unmarshal([]byte(text), &back))
	if diff := cmp.Diff(want, back, cmp.Comparer(func(a, b scalar.Date) bool { return a == b }),
		cmp.Comparer(func(a, b scalar.TimeOfDay) bool { return a == b }), cmp.Comparer(func(a, b scalar.DateTime) bool { return a == b })); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	for _, bad := range []string{`"x"`, `{}`, `1.5`, `nul`} {
		n := scalar.Null[int32]{}
		if err := json.Unmarshal([]byte(bad), &n); err == nil || n.Valid {
			t.Errorf("%s is read as %v, %v", bad, n, err)
		}
	}
}
