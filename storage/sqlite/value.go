package sqlite

import (
	"cmp"
	"fmt"
	"math"

	"github.com/scalargen/scalargen/storage"
)

// encode returns what is bound for v (storage spec, section 4.1), or why v
// cannot be stored.
func encode(v storage.Value) (bound any, why string) {
	if v.IsNull() {
		return nil, ""
	}
	switch v.Type() {
	case storage.Text:
		return v.Text(), ""
	case storage.Blob:
		return v.Bytes(), ""
	case storage.Float:
		return encodeFloat(float64(v.Float32()))
	case storage.Double:
		return encodeFloat(v.Float64())
	case storage.Timestamp, storage.TimestampTZ:
		return storage.PackTimestamp(v.Int64()), ""
	default:
		return v.Int64(), ""
	}
}

func encodeFloat(f float64) (any, string) {
	if math.IsNaN(f) {
		return nil, "SQLite has no NaN"
	}
	return f, ""
}

// cell receives one column of a row as SQLite holds it: nil, int64, float64,
// string or []byte.
type cell struct {
	stored any
}

// Scan implements [sql.Scanner].
func (c *cell) Scan(stored any) error {
	c.stored = stored
	return nil
}

// decode is the inverse of encode. It refuses what encode never returns.
func (c *cell) decode(t storage.Type) (storage.Value, error) {
	var v storage.Value
	ok := false
	switch stored := c.stored.(type) {
	case nil:
		return storage.Null(t), nil
	case string:
		v, ok = storage.TextValue(stored), t == storage.Text
	case []byte:
		v, ok = storage.BlobValue(stored), t == storage.Blob
	case float64:
		switch t {
		case storage.Float:
			v, ok = storage.FloatValue(float32(stored)), true
		case storage.Double:
			v, ok = storage.DoubleValue(stored), true
		}
	case int64:
		v, ok = decodeInteger(t, stored)
	}
	if !ok {
		return storage.Value{}, fmt.Errorf("holds %s, which is not a %s", describe(c.stored), t)
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
	case storage.Date:
		return storage.DateValue(int32(n)), storage.MinDate <= n && n <= storage.MaxDate
	case storage.Time:
		return storage.TimeValue(n), 0 <= n && n <= storage.MaxTime && n%1000 == 0
	case storage.Timestamp, storage.TimestampTZ:
		millis := storage.UnpackTimestamp(n)
		v = storage.TimestampValue(millis)
		if t == storage.TimestampTZ {
			v = storage.TimestampTZValue(millis)
		}
		return v, storage.MinTimestamp <= millis && millis <= storage.MaxTimestamp && storage.PackTimestamp(millis) == n
	default:
		return storage.Value{}, false
	}
}

// describe names a stored value for an error message.
func describe(stored any) string {
	switch v := stored.(type) {
	case string:
		return "the text " + storage.TextValue(v).String()
	case []byte:
		return "the blob " + storage.BlobValue(v).String()
	case float64:
		return fmt.Sprintf("the number %g", v)
	default:
		return fmt.Sprintf("the integer %d", v)
	}
}

// compare is the order of SQLite, which is that of [storage.Compare] except
// that the two zeros are equal.
func compare(a, b storage.Value) int {
	if a.IsNull() || b.IsNull() {
		return storage.Compare(a, b)
	}
	switch a.Type() {
	case storage.Float:
		return cmp.Compare(a.Float32(), b.Float32())
	case storage.Double:
		return cmp.Compare(a.Float64(), b.Float64())
	default:
		return storage.Compare(a, b)
	}
}
