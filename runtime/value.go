package scalar

import (
	"fmt"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// Value is one column value on its way to or from a storage. Applications meet
// Go types only; Values appear in generated code.
type Value = storage.Value

// TableName names a table.
type TableName = storage.TableName

// TableDef is a table as the schema defines it, with its columns in schema
// order and without the columns that the transaction engine adds.
type TableDef = storage.Table

// ColumnDef is one column of a [TableDef].
type ColumnDef = storage.Column

// ClusteringDef is one clustering-key column of a [TableDef].
type ClusteringDef = storage.ClusteringColumn

// The column types, for [ColumnDef].
const (
	TypeBoolean     = storage.Boolean
	TypeInt         = storage.Int
	TypeBigInt      = storage.BigInt
	TypeFloat       = storage.Float
	TypeDouble      = storage.Double
	TypeText        = storage.Text
	TypeBlob        = storage.Blob
	TypeDate        = storage.Date
	TypeTime        = storage.Time
	TypeTimestamp   = storage.Timestamp
	TypeTimestampTZ = storage.TimestampTZ
)

// The clustering orders, for [ClusteringDef].
const (
	Asc  = storage.Asc
	Desc = storage.Desc
)

// Generated code calls the encoders below, and the methods of [Row], for every
// column of every table. They are not inlined there: the copies would double
// what the compiler has to do and save a few nanoseconds.

// BooleanValue encodes a BOOLEAN.
//
//go:noinline
func BooleanValue(v bool) Value { return storage.BooleanValue(v) }

// IntValue encodes an INT.
//
//go:noinline
func IntValue(v int32) Value { return storage.IntValue(v) }

// BigIntValue encodes a BIGINT.
//
//go:noinline
func BigIntValue(v int64) Value { return storage.BigIntValue(v) }

// FloatValue encodes a FLOAT.
//
//go:noinline
func FloatValue(v float32) Value { return storage.FloatValue(v) }

// DoubleValue encodes a DOUBLE.
//
//go:noinline
func DoubleValue(v float64) Value { return storage.DoubleValue(v) }

// TextValue encodes a TEXT.
//
//go:noinline
func TextValue(v string) Value { return storage.TextValue(v) }

// BlobValue encodes a BLOB; nil is the empty BLOB.
//
//go:noinline
func BlobValue(v []byte) Value { return storage.BlobValue(v) }

// DateValue encodes a DATE.
//
//go:noinline
func DateValue(v Date) Value { return storage.DateValue(v.days) }

// TimeValue encodes a TIME.
//
//go:noinline
func TimeValue(v TimeOfDay) Value { return storage.TimeValue(v.nanos) }

// TimestampValue encodes a TIMESTAMP.
//
//go:noinline
func TimestampValue(v DateTime) Value { return storage.TimestampValue(v.millis) }

// TimestampTZValue encodes a TIMESTAMPTZ; digits finer than a millisecond are
// cut off.
//
//go:noinline
func TimestampTZValue(v time.Time) Value { return storage.TimestampTZValue(v.UnixMilli()) }

// InvalidValue encodes a Go value that has no column value, such as an enum
// constant that the schema does not declare. The operation that meets it is
// refused with [ErrInvalid] and the reason.
func InvalidValue(format string, args ...any) Value {
	return storage.InvalidValue(fmt.Sprintf(format, args...))
}

// NullValue encodes a nullable column of type t with a custom Go type.
//
//go:noinline
func NullValue[T any](t storage.Type, v Null[T], encode func(T) Value) Value {
	if !v.Valid {
		return storage.Null(t)
	}
	return encode(v.V)
}

// NullBooleanValue encodes a nullable BOOLEAN.
//
//go:noinline
func NullBooleanValue(v Null[bool]) Value { return NullValue(TypeBoolean, v, BooleanValue) }

// NullIntValue encodes a nullable INT.
//
//go:noinline
func NullIntValue(v Null[int32]) Value { return NullValue(TypeInt, v, IntValue) }

// NullBigIntValue encodes a nullable BIGINT.
//
//go:noinline
func NullBigIntValue(v Null[int64]) Value { return NullValue(TypeBigInt, v, BigIntValue) }

// NullFloatValue encodes a nullable FLOAT.
//
//go:noinline
func NullFloatValue(v Null[float32]) Value { return NullValue(TypeFloat, v, FloatValue) }

// NullDoubleValue encodes a nullable DOUBLE.
//
//go:noinline
func NullDoubleValue(v Null[float64]) Value { return NullValue(TypeDouble, v, DoubleValue) }

// NullTextValue encodes a nullable TEXT.
//
//go:noinline
func NullTextValue(v Null[string]) Value { return NullValue(TypeText, v, TextValue) }

// NullBlobValue encodes a nullable BLOB.
//
//go:noinline
func NullBlobValue(v Null[[]byte]) Value { return NullValue(TypeBlob, v, BlobValue) }

// NullDateValue encodes a nullable DATE.
//
//go:noinline
func NullDateValue(v Null[Date]) Value { return NullValue(TypeDate, v, DateValue) }

// NullTimeValue encodes a nullable TIME.
//
//go:noinline
func NullTimeValue(v Null[TimeOfDay]) Value { return NullValue(TypeTime, v, TimeValue) }

// NullTimestampValue encodes a nullable TIMESTAMP.
//
//go:noinline
func NullTimestampValue(v Null[DateTime]) Value { return NullValue(TypeTimestamp, v, TimestampValue) }

// NullTimestampTZValue encodes a nullable TIMESTAMPTZ.
//
//go:noinline
func NullTimestampTZValue(v Null[time.Time]) Value {
	return NullValue(TypeTimestampTZ, v, TimestampTZValue)
}

// checkRange tells why v is out of its type's range, or returns "".
func checkRange(v Value) string {
	if v.IsNull() {
		return ""
	}
	n := v.Int64()
	switch v.Type() {
	case storage.Date:
		if n < minDays || n > maxDays {
			return "a DATE must lie between 1000-01-01 and 9999-12-31"
		}
	case storage.Time:
		if n < 0 || n >= dayNanos {
			return "a TIME must lie between 00:00:00 and 23:59:59.999999"
		}
	case storage.Timestamp:
		if n < minMillis || n > maxMillis {
			return "a TIMESTAMP must lie between 1000-01-01T00:00:00.000 and 9999-12-31T23:59:59.999"
		}
	case storage.TimestampTZ:
		if n < minMillis || n > maxMillis {
			return "a TIMESTAMPTZ must lie between 1000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z"
		}
	}
	return ""
}
