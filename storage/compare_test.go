package storage_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func double(f float64) storage.Value { return storage.DoubleValue(f) }

// TestCompareOrder lists values in ascending order.
func TestCompareOrder(t *testing.T) {
	t.Parallel()
	text, blob := storage.TextValue, func(b ...byte) storage.Value { return storage.BlobValue(b) }
	for _, ascending := range [][]storage.Value{
		{storage.Null(storage.Boolean), storage.BooleanValue(false), storage.BooleanValue(true)},
		{storage.Null(storage.Int), storage.IntValue(math.MinInt32), storage.IntValue(-1), storage.IntValue(0), storage.IntValue(math.MaxInt32)},
		{storage.Null(storage.BigInt), storage.BigIntValue(math.MinInt64), storage.BigIntValue(-1), storage.BigIntValue(0), storage.BigIntValue(math.MaxInt64)},
		{storage.Null(storage.Double), double(math.Inf(-1)), double(-math.MaxFloat64), double(-1), double(-math.SmallestNonzeroFloat64), double(math.Copysign(0, -1)),
			double(0), double(math.SmallestNonzeroFloat64), double(1), double(math.MaxFloat64), double(math.Inf(1)), double(math.NaN())},
		{storage.FloatValue(float32(math.Inf(-1))), storage.FloatValue(-1), storage.FloatValue(float32(math.Copysign(0, -1))), storage.FloatValue(0),
			storage.FloatValue(math.SmallestNonzeroFloat32), storage.FloatValue(float32(math.Inf(1))), storage.FloatValue(float32(math.NaN()))},
		// U+1F600 is above U+FB00 by code point, but below it in UTF-16.
		{storage.Null(storage.Text), text(""), text("\x00"), text("A"), text("a"), text("a\x00"), text("aa"), text("b"), text("é"), text("\ufb00"), text("😀")},
		{storage.Null(storage.Blob), blob(), blob(0), blob(0, 0), blob(1), blob(0x7f), blob(0x80), blob(0xff), blob(0xff, 0)},
		{storage.Null(storage.Date), storage.DateValue(storage.MinDate), storage.DateValue(-1), storage.DateValue(0), storage.DateValue(storage.MaxDate)},
		{storage.Null(storage.Time), storage.TimeValue(0), storage.TimeValue(1000), storage.TimeValue(storage.MaxTime)},
		{storage.Null(storage.Timestamp), storage.TimestampValue(storage.MinTimestamp), storage.TimestampValue(-1), storage.TimestampValue(0), storage.TimestampValue(storage.MaxTimestamp)},
		{storage.Null(storage.TimestampTZ), storage.TimestampTZValue(-1), storage.TimestampTZValue(0)},
	} {
		for i, a := range ascending {
			for j, b := range ascending {
				if got, want := sign(storage.Compare(a, b)), cmp.Compare(i, j); got != want {
					t.Errorf("Compare(%s %s, %s) = %d, want %d", a.Type(), a, b, got, want)
				}
			}
		}
	}
}

func sign(n int) int { return cmp.Compare(n, 0) }

// randomValue returns NULLs and extreme values more often than others.
func randomValue(random *rand.Rand, typ storage.Type) storage.Value {
	switch random.IntN(8) {
	case 0:
		return storage.Null(typ)
	case 1, 2:
		extremes := storagetest.Extremes(typ)
		return extremes[random.IntN(len(extremes))]
	}
	bytes := make([]byte, random.IntN(4))
	for i := range bytes {
		bytes[i] = byte(random.IntN(256))
	}
	runes := make([]rune, random.IntN(4))
	for i := range runes {
		runes[i] = random.Int32N(utf8.MaxRune)
	}
	bits := random.Uint64()
	switch typ {
	case storage.Boolean:
		return storage.BooleanValue(bits&1 == 1)
	case storage.Int:
		return storage.IntValue(int32(bits))
	case storage.BigInt:
		return storage.BigIntValue(int64(bits))
	case storage.Float:
		return storage.FloatValue(math.Float32frombits(uint32(bits)))
	case storage.Double:
		return storage.DoubleValue(math.Float64frombits(bits))
	case storage.Text:
		return storage.TextValue(string(runes))
	case storage.Blob:
		return storage.BlobValue(bytes)
	case storage.Date:
		return storage.DateValue(int32(bits))
	case storage.Time:
		return storage.TimeValue(int64(bits))
	case storage.Timestamp:
		return storage.TimestampValue(int64(bits))
	default:
		return storage.TimestampTZValue(int64(bits))
	}
}

// TestCompareIsATotalOrder checks the laws on random values, and that the order
// never calls two values equal that == tells apart, or the other way round.
func TestCompareIsATotalOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, typ := range storage.Types() {
		for range 3000 {
			a, b, c := randomValue(random, typ), randomValue(random, typ), randomValue(random, typ)
			if storage.Compare(a, a) != 0 {
				t.Fatalf("%s: %s differs from itself", typ, a)
			}
			if sign(storage.Compare(a, b)) != -sign(storage.Compare(b, a)) {
				t.Fatalf("%s: %s and %s are not antisymmetric", typ, a, b)
			}
			if (storage.Compare(a, b) == 0) != (a == b) {
				t.Fatalf("%s: %s and %s: Compare %d, equal %t", typ, a, b, storage.Compare(a, b), a == b)
			}
			if storage.Compare(a, b) <= 0 && storage.Compare(b, c) <= 0 && storage.Compare(a, c) > 0 {
				t.Fatalf("%s: %s ≤ %s ≤ %s, but not the first ≤ the last", typ, a, b, c)
			}
		}
	}
}

// TestCompareAgreesWithGoOnNumbers: apart from zeros and NaN, Java's order is
// the usual one.
func TestCompareAgreesWithGoOnNumbers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		a, b := math.Float64frombits(random.Uint64()), math.Float64frombits(random.Uint64())
		if a != a || b != b || a == b {
			continue
		}
		if got, want := sign(storage.Compare(double(a), double(b))), cmp.Compare(a, b); got != want {
			t.Fatalf("Compare(%g, %g) = %d, want %d", a, b, got, want)
		}
	}
}

func TestCompareKeys(t *testing.T) {
	t.Parallel()
	one, two := storage.IntValue(1), storage.IntValue(2)
	ascending := [][]storage.Value{{}, {one}, {one, one}, {one, one, two}, {one, two}, {two}, {two, one}}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := sign(storage.CompareKeys(a, b)), cmp.Compare(i, j); got != want {
				t.Errorf("CompareKeys(%v, %v) = %d, want %d", a, b, got, want)
			}
		}
	}
	if !slices.IsSortedFunc(ascending, storage.CompareKeys) {
		t.Error("not sorted")
	}
}
