package scalar

import (
	"time"

	"github.com/scalargen/scalargen/storage"
)

// Row is one stored record while generated code decodes it. Columns are named
// by their position in the table definition. A NULL in a column that is read as
// not NULL makes the operation fail with [ErrInvalid], naming table, key and
// column.
type Row struct {
	binding *binding
	values  storage.Row
	err     error
}

func (r *Row) value(column int) Value { return r.values[r.binding.pos[column]] }

// required returns the value of a column that must not be NULL.
func (r *Row) required(column int) Value {
	v := r.value(column)
	if v.IsNull() {
		r.fail(column, "is NULL, but scalargen.yaml declares the column required")
	}
	return v
}

func (r *Row) fail(column int, problem string) {
	if r.err == nil {
		r.err = r.binding.columnError(r.key(), column, problem)
	}
}

func (r *Row) key() []Value { return r.binding.meta().Key(r.values) }

// Boolean reads a BOOLEAN that is not NULL.
//
//go:noinline
func (r *Row) Boolean(column int) bool { return r.required(column).Bool() }

// Int reads an INT that is not NULL.
//
//go:noinline
func (r *Row) Int(column int) int32 { return int32(r.required(column).Int64()) }

// BigInt reads a BIGINT that is not NULL.
//
//go:noinline
func (r *Row) BigInt(column int) int64 { return r.required(column).Int64() }

// Float reads a FLOAT that is not NULL.
//
//go:noinline
func (r *Row) Float(column int) float32 { return r.required(column).Float32() }

// Double reads a DOUBLE that is not NULL.
//
//go:noinline
func (r *Row) Double(column int) float64 { return r.required(column).Float64() }

// Text reads a TEXT that is not NULL.
//
//go:noinline
func (r *Row) Text(column int) string { return r.required(column).Text() }

// Blob reads a BLOB that is not NULL into a slice of its own.
//
//go:noinline
func (r *Row) Blob(column int) []byte { return r.required(column).Bytes() }

// Date reads a DATE that is not NULL.
//
//go:noinline
func (r *Row) Date(column int) Date { return Date{int32(r.required(column).Int64())} }

// Time reads a TIME that is not NULL.
//
//go:noinline
func (r *Row) Time(column int) TimeOfDay { return TimeOfDay{r.required(column).Int64()} }

// Timestamp reads a TIMESTAMP that is not NULL.
//
//go:noinline
func (r *Row) Timestamp(column int) DateTime { return DateTime{r.required(column).Int64()} }

// TimestampTZ reads a TIMESTAMPTZ that is not NULL, in UTC.
//
//go:noinline
func (r *Row) TimestampTZ(column int) time.Time {
	return time.UnixMilli(r.required(column).Int64()).UTC()
}

// ReadNull reads a nullable column: NULL, or what read returns.
func ReadNull[T any](r *Row, column int, read func(r *Row, column int) T) Null[T] {
	if r.value(column).IsNull() {
		return Null[T]{}
	}
	return Some(read(r, column))
}

// NullBoolean reads a BOOLEAN.
//
//go:noinline
func (r *Row) NullBoolean(column int) Null[bool] { return ReadNull(r, column, (*Row).Boolean) }

// NullInt reads an INT.
//
//go:noinline
func (r *Row) NullInt(column int) Null[int32] { return ReadNull(r, column, (*Row).Int) }

// NullBigInt reads a BIGINT.
//
//go:noinline
func (r *Row) NullBigInt(column int) Null[int64] { return ReadNull(r, column, (*Row).BigInt) }

// NullFloat reads a FLOAT.
//
//go:noinline
func (r *Row) NullFloat(column int) Null[float32] { return ReadNull(r, column, (*Row).Float) }

// NullDouble reads a DOUBLE.
//
//go:noinline
func (r *Row) NullDouble(column int) Null[float64] { return ReadNull(r, column, (*Row).Double) }

// NullText reads a TEXT.
//
//go:noinline
func (r *Row) NullText(column int) Null[string] { return ReadNull(r, column, (*Row).Text) }

// NullBlob reads a BLOB.
//
//go:noinline
func (r *Row) NullBlob(column int) Null[[]byte] { return ReadNull(r, column, (*Row).Blob) }

// NullDate reads a DATE.
//
//go:noinline
func (r *Row) NullDate(column int) Null[Date] { return ReadNull(r, column, (*Row).Date) }

// NullTime reads a TIME.
//
//go:noinline
func (r *Row) NullTime(column int) Null[TimeOfDay] { return ReadNull(r, column, (*Row).Time) }

// NullTimestamp reads a TIMESTAMP.
//
//go:noinline
func (r *Row) NullTimestamp(column int) Null[DateTime] {
	return ReadNull(r, column, (*Row).Timestamp)
}

// NullTimestampTZ reads a TIMESTAMPTZ.
//
//go:noinline
func (r *Row) NullTimestampTZ(column int) Null[time.Time] {
	return ReadNull(r, column, (*Row).TimestampTZ)
}

// ReadAs converts the stored value v of a column with a custom Go type. An
// error of convert makes the operation fail with [ErrInvalid], naming table, key
// and column.
func ReadAs[B, T any](r *Row, column int, v B, convert func(B) (T, error)) T {
	if r.value(column).IsNull() {
		var zero T
		return zero // required has reported it
	}
	t, err := convert(v)
	if err != nil {
		r.fail(column, "cannot be converted: "+err.Error())
	}
	return t
}
