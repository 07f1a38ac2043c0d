package storage

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Type is one of ScalarDB's eleven column types.
type Type uint8

// The column types. The zero Type is none of them.
const (
	Boolean Type = iota + 1
	Int
	BigInt
	Float
	Double
	Text
	Blob
	Date
	Time
	Timestamp
	TimestampTZ
)

var typeNames = [...]string{
	Boolean: "BOOLEAN", Int: "INT", BigInt: "BIGINT", Float: "FLOAT", Double: "DOUBLE", Text: "TEXT",
	Blob: "BLOB", Date: "DATE", Time: "TIME", Timestamp: "TIMESTAMP", TimestampTZ: "TIMESTAMPTZ",
}

// Types lists all column types in their declared order.
func Types() []Type {
	return []Type{Boolean, Int, BigInt, Float, Double, Text, Blob, Date, Time, Timestamp, TimestampTZ}
}

// String returns the upper-case name that ScalarDB's metadata uses.
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return "Type(" + strconv.Itoa(int(t)) + ")"
	}
	return typeNames[t]
}

// ParseType is the inverse of [Type.String]; letter case does not matter.
func ParseType(name string) (Type, bool) {
	for t, n := range typeNames {
		if n != "" && strings.EqualFold(n, name) {
			return Type(t), true
		}
	}
	return 0, false
}

// Value is one typed column value or a typed NULL. Values are immutable and
// comparable: == is equality of type and bits, so a NULL equals a NULL of its
// type, −0.0 differs from 0.0 and a NaN equals itself, as in Java's natural
// comparison. The zero Value belongs to no type.
//
// Values carry numbers, not Go types of the calendar: DATE is days since
// 1970-01-01, TIME nanoseconds since midnight in whole microseconds, TIMESTAMP
// and TIMESTAMPTZ milliseconds since 1970-01-01T00:00:00 (UTC for the latter).
type Value struct {
	typ  Type
	null bool
	num  uint64
	str  string
}

// Null returns the NULL of type t.
func Null(t Type) Value { return Value{typ: t, null: true} }

// BooleanValue returns a BOOLEAN.
func BooleanValue(v bool) Value {
	if v {
		return Value{typ: Boolean, num: 1}
	}
	return Value{typ: Boolean}
}

// IntValue returns an INT.
func IntValue(v int32) Value { return Value{typ: Int, num: uint64(int64(v))} }

// BigIntValue returns a BIGINT.
func BigIntValue(v int64) Value { return Value{typ: BigInt, num: uint64(v)} }

// FloatValue returns a FLOAT. All NaNs become Java's canonical one.
func FloatValue(v float32) Value {
	if v != v {
		const canonicalNaN = 0x7fc00000
		return Value{typ: Float, num: canonicalNaN}
	}
	return Value{typ: Float, num: uint64(math.Float32bits(v))}
}

// DoubleValue returns a DOUBLE. All NaNs become Java's canonical one.
func DoubleValue(v float64) Value {
	if v != v {
		const canonicalNaN = 0x7ff8000000000000
		return Value{typ: Double, num: canonicalNaN}
	}
	return Value{typ: Double, num: math.Float64bits(v)}
}

// TextValue returns a TEXT, which storages take as valid UTF-8 only. Empty text
// is not NULL.
func TextValue(v string) Value { return Value{typ: Text, str: v} }

// BlobValue returns a BLOB holding a copy of v. An empty or nil slice is the
// empty BLOB, not NULL.
func BlobValue(v []byte) Value { return Value{typ: Blob, str: string(v)} }

// DateValue returns a DATE from days since 1970-01-01.
func DateValue(days int32) Value { return Value{typ: Date, num: uint64(int64(days))} }

// TimeValue returns a TIME from nanoseconds since midnight.
func TimeValue(nanos int64) Value { return Value{typ: Time, num: uint64(nanos)} }

// TimestampValue returns a TIMESTAMP from milliseconds since
// 1970-01-01T00:00:00 on the wall clock.
func TimestampValue(millis int64) Value { return Value{typ: Timestamp, num: uint64(millis)} }

// TimestampTZValue returns a TIMESTAMPTZ from Unix milliseconds.
func TimestampTZValue(millis int64) Value { return Value{typ: TimestampTZ, num: uint64(millis)} }

// InvalidValue returns a Value of no type that carries the reason why there is
// none. An operation that meets it is refused with the reason.
func InvalidValue(reason string) Value { return Value{str: reason} }

// Type returns the column type, zero for the zero Value.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.null }

// IsZero reports whether v belongs to no type. Its Text may tell why.
func (v Value) IsZero() bool { return v.typ == 0 }

// Bool returns a BOOLEAN's value, false for NULL.
func (v Value) Bool() bool { return v.num != 0 }

// Int64 returns the number of an INT, BIGINT, DATE, TIME, TIMESTAMP or
// TIMESTAMPTZ in the unit of its constructor, 0 for NULL.
func (v Value) Int64() int64 { return int64(v.num) }

// Float32 returns a FLOAT's value, 0 for NULL.
func (v Value) Float32() float32 { return math.Float32frombits(uint32(v.num)) }

// Float64 returns a DOUBLE's value, 0 for NULL.
func (v Value) Float64() float64 { return math.Float64frombits(v.num) }

// Text returns a TEXT's value, or a BLOB's bytes as a string without copying;
// "" for NULL.
func (v Value) Text() string { return v.str }

// Bytes returns a copy of a BLOB's bytes, never nil unless v is NULL.
func (v Value) Bytes() []byte {
	if v.null {
		return nil
	}
	return append([]byte{}, v.str...)
}

// String renders v for messages: NULL, or the value in Go syntax with long
// texts and blobs cut.
func (v Value) String() string {
	const maxShown = 40
	if v.null {
		return "NULL"
	}
	switch v.typ {
	case Boolean:
		return strconv.FormatBool(v.Bool())
	case Int, BigInt:
		return strconv.FormatInt(v.Int64(), 10)
	case Float:
		return strconv.FormatFloat(float64(v.Float32()), 'g', -1, 32)
	case Double:
		return strconv.FormatFloat(v.Float64(), 'g', -1, 64)
	case Text:
		if len(v.str) > maxShown {
			return strconv.Quote(v.str[:maxShown]) + fmt.Sprintf("… (%d bytes)", len(v.str))
		}
		return strconv.Quote(v.str)
	case Blob:
		if len(v.str) > maxShown {
			return fmt.Sprintf("x'%x…' (%d bytes)", v.str[:maxShown], len(v.str))
		}
		return fmt.Sprintf("x'%x'", v.str)
	case Date:
		return time.Unix(v.Int64()*86400, 0).UTC().Format("2006-01-02")
	case Time:
		return time.Unix(0, v.Int64()).UTC().Format("15:04:05.999999")
	case Timestamp:
		return time.UnixMilli(v.Int64()).UTC().Format("2006-01-02T15:04:05.999")
	case TimestampTZ:
		return time.UnixMilli(v.Int64()).UTC().Format("2006-01-02T15:04:05.999Z")
	default:
		return "no value"
	}
}

// Compare orders two values of the same type: NULL first, false before true,
// numbers by value with −0.0 before 0.0 and NaN last (Java's total order), TEXT
// and BLOB by their bytes. Byte order of UTF-8 is code-point order.
func Compare(a, b Value) int {
	if a.null || b.null {
		switch {
		case a.null && b.null:
			return 0
		case a.null:
			return -1
		default:
			return 1
		}
	}
	switch a.typ {
	case Text, Blob:
		return strings.Compare(a.str, b.str)
	case Float:
		return cmp.Compare(orderedBits(float64(a.Float32())), orderedBits(float64(b.Float32())))
	case Double:
		return cmp.Compare(orderedBits(a.Float64()), orderedBits(b.Float64()))
	default:
		return cmp.Compare(a.Int64(), b.Int64())
	}
}

// orderedBits maps f to an integer that sorts as Java's Double.compare does.
func orderedBits(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	bits := int64(math.Float64bits(f))
	if bits < 0 {
		return math.MinInt64 - bits - 1
	}
	return bits
}

// CompareKeys orders two lists of values lexicographically; a proper prefix
// comes first.
func CompareKeys(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
