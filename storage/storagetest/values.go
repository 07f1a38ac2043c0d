package storagetest

import (
	"math"

	"github.com/scalargen/scalargen/storage"
)

// Extremes returns the values of a type on which storages go wrong: the ends
// of its range, what lies around zero and around the limits of floating point,
// what needs quoting, what sorts differently in UTF-16. NULL is not among them;
// empty TEXT and BLOB are. All are distinct.
func Extremes(t storage.Type) []storage.Value {
	switch t {
	case storage.Boolean:
		return values(storage.BooleanValue, false, true)
	case storage.Int:
		return values(storage.IntValue, math.MinInt32, -1, 0, 1, 256, math.MaxInt32)
	case storage.BigInt:
		const maxExact = 1 << 53
		return values(storage.BigIntValue, math.MinInt64, -maxExact-1, -maxExact, -1, 0, 1, maxExact, maxExact+1, math.MaxInt64)
	case storage.Float:
		return values(storage.FloatValue, float32(math.Inf(-1)), -math.MaxFloat32, -1.5, -math.SmallestNonzeroFloat32, float32(negativeZero()), 0,
			math.SmallestNonzeroFloat32, 0.1, 1, 16777217, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN()))
	case storage.Double:
		return values(storage.DoubleValue, math.Inf(-1), -math.MaxFloat64, -1.5, -math.SmallestNonzeroFloat64, negativeZero(), 0,
			math.SmallestNonzeroFloat64, 0.1, 1, 1e23, 9007199254740993, math.MaxFloat64, math.Inf(1), math.NaN())
	case storage.Text:
		return values(storage.TextValue, "", " ", "a", "A", "a ", "ab", "b", "é", "e\u0301", "日本語", "ﬀ", "😀", "\U0010ffff", "\uffee",
			"'", `"`, "`", `\`, "%", "_", "*", "[a]", "a\nb\r\tc", "NULL", "null", "0", "a\x00b", "\x00")
	case storage.Blob:
		return values(storage.BlobValue, []byte{}, []byte{0}, []byte{0, 0}, []byte{0, 1}, []byte{0x7f}, []byte{0x80}, []byte{0xff}, []byte{0xff, 0xff},
			[]byte(`'"\`), []byte("a"), allBytes())
	case storage.Date:
		// Around the epoch, a leap day, and the gap of the Julian calendar.
		return values(storage.DateValue, storage.MinDate, -141428, -141427, -1, 0, 1, 11016, storage.MaxDate)
	case storage.Time:
		return values(storage.TimeValue, 0, 1000, 999_999_000, 1_000_000_000, 43_200_000_000_000, 86_399_000_000_000, storage.MaxTime)
	case storage.Timestamp:
		return values(storage.TimestampValue, timestamps...)
	case storage.TimestampTZ:
		return values(storage.TimestampTZValue, timestamps...)
	}
	return nil
}

var timestamps = []int64{
	storage.MinTimestamp, storage.MinTimestamp + 1, -86_400_000, -1001, -1000, -999, -1, 0, 1, 999, 1000,
	951_782_400_123, storage.MaxTimestamp - 999, storage.MaxTimestamp,
}

// plainTexts sort alike under every collation.
var plainTexts = values(storage.TextValue, "a", "aa", "ab", "b", "ba", "c")

func values[T any](constructor func(T) storage.Value, list ...T) []storage.Value {
	out := make([]storage.Value, len(list))
	for i, v := range list {
		out[i] = constructor(v)
	}
	return out
}

func negativeZero() float64 { return math.Copysign(0, -1) }

func allBytes() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
