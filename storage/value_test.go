package storage_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

func TestTypeNamesRoundTrip(t *testing.T) {
	t.Parallel()
	if n := len(storage.Types()); n != 11 {
		t.Fatalf("%d types, ScalarDB has 11", n)
	}
	for _, typ := range storage.Types() {
		for _, name := range []string{typ.String(), strings.ToLower(typ.String())} {
			if got, ok := storage.ParseType(name); !ok || got != typ {
				t.Errorf("ParseType(%q) = %s, %t", name, got, ok)
			}
		}
	}
	for _, name := range []string{"", "INTEGER", "TEXT ", "Type(0)"} {
		if got, ok := storage.ParseType(name); ok {
			t.Errorf("ParseType(%q) = %s", name, got)
		}
	}
	if got := storage.Type(99).String(); got != "Type(99)" {
		t.Errorf("Type(99) is called %s", got)
	}
}

func TestAccessorsReturnWhatWasPutIn(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{math.MinInt64, math.MinInt32, -1, 0, 1, math.MaxInt32, math.MaxInt64} {
		for _, v := range []storage.Value{storage.BigIntValue(n), storage.TimeValue(n), storage.TimestampValue(n), storage.TimestampTZValue(n)} {
			if v.Int64() != n {
				t.Errorf("%s of %d holds %d", v.Type(), n, v.Int64())
			}
		}
		for _, v := range []storage.Value{storage.IntValue(int32(n)), storage.DateValue(int32(n))} {
			if v.Int64() != int64(int32(n)) {
				t.Errorf("%s of %d holds %d", v.Type(), int32(n), v.Int64())
			}
		}
	}
	for _, f := range []float64{math.Inf(-1), -1.5, math.Copysign(0, -1), 0, math.SmallestNonzeroFloat64, math.MaxFloat64, math.Inf(1)} {
		if got := storage.DoubleValue(f).Float64(); math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("DOUBLE of %g holds %g", f, got)
		}
		if got := storage.FloatValue(float32(f)).Float32(); math.Float32bits(got) != math.Float32bits(float32(f)) {
			t.Errorf("FLOAT of %g holds %g", float32(f), got)
		}
	}
	if !storage.BooleanValue(true).Bool() || storage.BooleanValue(false).Bool() {
		t.Error("BOOLEAN mixes up true and false")
	}
	if got := storage.TextValue("é\x00").Text(); got != "é\x00" {
		t.Errorf("TEXT holds %q", got)
	}
}

func TestBlobsAreCopied(t *testing.T) {
	t.Parallel()
	source := []byte("abc")
	v := storage.BlobValue(source)
	source[0] = 'x'
	v.Bytes()[1] = 'x'
	if got := v.Bytes(); !bytes.Equal(got, []byte("abc")) {
		t.Errorf("the value changed to %q", got)
	}
	if empty := storage.BlobValue(nil); empty.Bytes() == nil || empty.IsNull() {
		t.Errorf("the empty BLOB is %v, NULL %t", empty.Bytes(), empty.IsNull())
	}
	if null := storage.Null(storage.Blob); null.Bytes() != nil {
		t.Errorf("bytes of NULL are %v", null.Bytes())
	}
}

func TestNullAndZeroValues(t *testing.T) {
	t.Parallel()
	for _, typ := range storage.Types() {
		v := storage.Null(typ)
		if !v.IsNull() || v.IsZero() || v.Type() != typ {
			t.Errorf("NULL of %s: %+v", typ, v)
		}
		if v.Bool() || v.Int64() != 0 || v.Float32() != 0 || v.Float64() != 0 || v.Text() != "" {
			t.Errorf("NULL of %s holds something", typ)
		}
	}
	if zero := (storage.Value{}); !zero.IsZero() || zero.IsNull() || zero.Type() != 0 {
		t.Errorf("zero Value: %+v", zero)
	}
}

func TestEqualityIsTypeAndBits(t *testing.T) {
	t.Parallel()
	payload := math.Float64frombits(0x7ff0000000000123)
	for _, c := range []struct {
		name string
		a, b storage.Value
		same bool
	}{
		{"NaN", storage.DoubleValue(math.NaN()), storage.DoubleValue(math.NaN()), true},
		{"NaN of another payload", storage.DoubleValue(math.NaN()), storage.DoubleValue(payload), true},
		{"negative NaN", storage.DoubleValue(math.NaN()), storage.DoubleValue(math.Copysign(math.NaN(), -1)), true},
		{"FLOAT NaN of another payload", storage.FloatValue(float32(math.NaN())), storage.FloatValue(math.Float32frombits(0xff800001)), true},
		{"zeros", storage.DoubleValue(0), storage.DoubleValue(math.Copysign(0, -1)), false},
		{"NULLs of a type", storage.Null(storage.Int), storage.Null(storage.Int), true},
		{"NULLs of two types", storage.Null(storage.Int), storage.Null(storage.BigInt), false},
		{"numbers of two types", storage.IntValue(1), storage.BigIntValue(1), false},
		{"NULL and empty", storage.Null(storage.Text), storage.TextValue(""), false},
		{"TEXT and BLOB", storage.TextValue("a"), storage.BlobValue([]byte("a")), false},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%s: equal %t, want %t", c.name, c.a == c.b, c.same)
		}
	}
}

func TestValuesInMessages(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]storage.Value{
		"NULL":                     storage.Null(storage.Text),
		"true":                     storage.BooleanValue(true),
		"-7":                       storage.IntValue(-7),
		"9007199254740993":         storage.BigIntValue(9007199254740993),
		"0.1":                      storage.FloatValue(0.1),
		"1e+23":                    storage.DoubleValue(1e23),
		"NaN":                      storage.DoubleValue(math.NaN()),
		`"a\nb"`:                   storage.TextValue("a\nb"),
		"x'00ff'":                  storage.BlobValue([]byte{0, 255}),
		"x''":                      storage.BlobValue(nil),
		"1000-01-01":               storage.DateValue(storage.MinDate),
		"9999-12-31":               storage.DateValue(storage.MaxDate),
		"23:59:59.999999":          storage.TimeValue(storage.MaxTime),
		"00:00:00":                 storage.TimeValue(0),
		"1000-01-01T00:00:00":      storage.TimestampValue(storage.MinTimestamp),
		"1969-12-31T23:59:59.999":  storage.TimestampValue(-1),
		"9999-12-31T23:59:59.999Z": storage.TimestampTZValue(storage.MaxTimestamp),
		"no value":                 {},
		`"` + strings.Repeat("a", 40) + `"… (41 bytes)`:   storage.TextValue(strings.Repeat("a", 41)),
		"x'" + strings.Repeat("61", 40) + "…' (50 bytes)": storage.BlobValue(bytes.Repeat([]byte("a"), 50)),
	} {
		if diff := cmp.Diff(want, v.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.Type(), diff)
		}
	}
}
