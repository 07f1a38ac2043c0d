package mysql

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"

	"github.com/scalargen/scalargen/storage"
)

// encode returns what is bound for v (storage spec, sections 4.1 and 4.3), or
// why v cannot be stored.
//
// Dates and times are bound as text, as the driver would do with a [time.Time]:
// no time zone has a say in it.
func encode(v storage.Value) (bound driver.Value, why string) {
	if v.IsNull() {
		return nil, ""
	}
	switch v.Type() {
	case storage.Boolean:
		return v.Bool(), ""
	case storage.Float:
		return encodeFloat(shortest(v.Float32()))
	case storage.Double:
		return encodeFloat(v.Float64())
	case storage.Text:
		return v.Text(), ""
	case storage.Blob:
		return v.Bytes(), ""
	case storage.Date:
		return string(appendDate(make([]byte, 0, dateLen), v.Int64())), ""
	case storage.Time:
		return string(appendTime(make([]byte, 0, microTimeLen), v.Int64()/1000, 6)), ""
	case storage.Timestamp, storage.TimestampTZ:
		return string(appendTimestamp(make([]byte, 0, milliTimestampLen), v.Int64())), ""
	default:
		return v.Int64(), ""
	}
}

// shortest returns the double whose decimal digits are the fewest that identify
// f. A FLOAT column is a double to the server (REAL), and Java writes these
// digits into it: 0.1, where widening gives 0.10000000149011612. In keys and
// conditions the two differ.
func shortest(f float32) float64 {
	widened := float64(f)
	const exact = 1 << 24 // integers up to here have one spelling
	if widened == math.Trunc(widened) && math.Abs(widened) <= exact {
		return widened
	}
	var buffer [32]byte
	digits := strconv.AppendFloat(buffer[:0], widened, 'e', -1, 32)
	if !bytes.Contains(digits, []byte(".")) {
		// Java has two digits at least (storage spec, section 1.3): 1.4E-45, not 1e-45.
		digits = strconv.AppendFloat(buffer[:0], widened, 'e', 1, 32)
	}
	d, err := strconv.ParseFloat(string(digits), 64)
	if err != nil {
		return widened // infinite
	}
	return d
}

func encodeFloat(f float64) (driver.Value, string) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, "MySQL has neither NaN nor infinities"
	}
	return f + 0, "" // −0.0 becomes 0.0, as in Java's statements
}

// decode is the inverse of encode for what the driver returns: nil, int64,
// uint64, float32, float64, or bytes that are good until the next row. It
// refuses what encode never writes.
func decode(t storage.Type, stored driver.Value) (storage.Value, error) {
	var v storage.Value
	ok := false
	switch stored := stored.(type) {
	case nil:
		return storage.Null(t), nil
	case int64:
		v, ok = decodeInteger(t, stored)
	case uint64:
		v, ok = decodeInteger(t, int64(stored))
		ok = ok && stored <= math.MaxInt64
	case float32:
		v, ok = decodeFloat(t, float64(stored))
	case float64:
		v, ok = decodeFloat(t, stored)
	case []byte:
		v, ok = decodeBytes(t, stored)
	}
	if !ok {
		return storage.Value{}, fmt.Errorf("holds %s, which is not a %s", describe(stored), t)
	}
	return v, nil
}

func decodeInteger(t storage.Type, n int64) (v storage.Value, ok bool) {
	switch t {
	case storage.Boolean:
		return storage.BooleanValue(n == 1), n == 0 || n == 1
	case storage.Int:
		return storage.IntValue(int32(n)), int64(int32(n)) == n
	case storage.BigInt:
		return storage.BigIntValue(n), true
	default:
		return storage.Value{}, false
	}
}

func decodeFloat(t storage.Type, f float64) (v storage.Value, ok bool) {
	switch t {
	case storage.Float:
		return storage.FloatValue(float32(f)), true
	case storage.Double:
		return storage.DoubleValue(f), true
	default:
		return storage.Value{}, false
	}
}

func decodeBytes(t storage.Type, b []byte) (v storage.Value, ok bool) {
	switch t {
	case storage.Text:
		return storage.TextValue(string(b)), true
	case storage.Blob:
		return storage.BlobValue(b), true
	case storage.Boolean: // BIT(1) of an imported table
		if len(b) != 1 || b[0] > 1 {
			return v, false
		}
		return storage.BooleanValue(b[0] == 1), true
	case storage.Date:
		days, ok := parseDate(b)
		return storage.DateValue(int32(days)), ok
	case storage.Time:
		micros, ok := parseTime(b)
		return storage.TimeValue(micros * 1000), ok
	case storage.Timestamp:
		millis, ok := parseTimestamp(b)
		return storage.TimestampValue(millis), ok
	case storage.TimestampTZ:
		millis, ok := parseTimestamp(b)
		return storage.TimestampTZValue(millis), ok
	default:
		return v, false
	}
}

// describe names a stored value for an error message.
func describe(stored driver.Value) string {
	if b, isBytes := stored.([]byte); isBytes {
		return storage.TextValue(string(b)).String()
	}
	return fmt.Sprintf("the number %v", stored)
}
