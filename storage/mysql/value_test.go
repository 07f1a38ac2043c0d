package mysql

import (
	"cmp"
	"math"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

func TestFloatsAreBoundAsTheirShortestDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    float32
		want float64
	}{
		{0.1, 0.1}, {-0.1, -0.1}, {1, 1}, {16777216, 16777216}, {16777218, 16777218}, {123456789, 1.2345679e+08}, {1e10, 1e10},
		{math.MaxFloat32, 3.4028235e38}, {math.SmallestNonzeroFloat32, 1.4e-45}, {3e-45, 2.8e-45}, {3.3, 3.3},
	} {
		if got := shortest(c.f); got != c.want {
			t.Errorf("shortest(%g) = %g, want %g", c.f, got, c.want)
		}
		if got := float32(shortest(c.f)); got != c.f {
			t.Errorf("shortest(%g) reads as %g", c.f, got)
		}
	}
	if bound, _ := encode(storage.DoubleValue(math.Copysign(0, -1))); math.Signbit(bound.(float64)) {
		t.Error("−0.0 keeps its sign")
	}
}

func TestNotANumberIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []storage.Value{storage.DoubleValue(math.NaN()), storage.DoubleValue(math.Inf(1)), storage.FloatValue(float32(math.Inf(-1)))} {
		if _, why := encode(v); why == "" {
			t.Errorf("%v is bound", v)
		}
	}
}

// TestDecodeIsTheInverseOfEncode lacks what the driver turns into other types.
func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	t.Parallel()
	for _, typ := range []storage.Type{storage.Int, storage.BigInt, storage.Float, storage.Double, storage.Text, storage.Blob, storage.Date, storage.Time, storage.Timestamp, storage.TimestampTZ} {
		for _, v := range append(storagetest.Extremes(typ), storage.Null(typ)) {
			bound, why := encode(v)
			if why != "" {
				continue
			}
			if text, isText := bound.(string); isText {
				bound = []byte(text)
			}
			got, err := decode(typ, bound)
			if err != nil || got != v && compareBytes(got, v) != 0 {
				t.Errorf("%v: %v, %v", v, got, err)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ    storage.Type
		stored any
	}{
		{storage.Boolean, int64(2)}, {storage.Boolean, []byte{2}}, {storage.Boolean, []byte("11")}, {storage.Int, int64(math.MaxInt32 + 1)},
		{storage.BigInt, uint64(math.MaxUint64)}, {storage.Int, 1.5}, {storage.Text, int64(1)}, {storage.Double, []byte("1")},
		{storage.Date, []byte("0000-00-00")}, {storage.Date, []byte("2023-02-29")}, {storage.Date, []byte("2023-2-9")}, {storage.Date, []byte("0999-12-31")},
		{storage.Date, []byte("2023-13-01")}, {storage.Date, []byte("2023-01-00")}, {storage.Date, []byte("+023-01-01")},
		{storage.Time, []byte("24:00:00")}, {storage.Time, []byte("-1:00:00")}, {storage.Time, []byte("838:59:59")}, {storage.Time, []byte("12:60:00")},
		{storage.Time, []byte("12:00:60")}, {storage.Time, []byte("12:00:00.")}, {storage.Time, []byte("12:00:00.1234567")}, {storage.Time, []byte("12:00:00.-1")},
		{storage.Timestamp, []byte("2023-01-01")}, {storage.Timestamp, []byte("2023-01-01 00:00:00.0001")}, {storage.TimestampTZ, []byte("2023-01-01T00:00:00")},
		{storage.TimestampTZ, []byte("0000-00-00 00:00:00")},
	} {
		if v, err := decode(c.typ, c.stored); err == nil {
			t.Errorf("%v as %v: %v", c.stored, c.typ, v)
		}
	}
}

func TestFractionsOfASecondMayBeShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1970-01-01 00:00:01": 1000, "1970-01-01 00:00:01.5": 1500, "1970-01-01 00:00:01.123000": 1123, "1969-12-31 23:59:59.999": -1,
	} {
		if got, ok := parseTimestamp([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d, %t, want %d", text, got, ok, want)
		}
	}
}

// FuzzCalendar checks that what is read is written in the same way.
func FuzzCalendar(f *testing.F) {
	for _, seed := range []string{"2026-08-04", "12:34:56.123456", "2026-08-04 14:46:49.123", "0000-00-00 00:00:00", "-12:00:00", "9999-12-31 23:59:59.999"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if days, ok := parseDate(text); ok && string(appendDate(nil, days)) != string(text) {
			t.Errorf("%q is read as %s", text, appendDate(nil, days))
		}
		if micros, ok := parseTime(text); ok {
			if again, ok := parseTime(appendTime(nil, micros, 6)); !ok || again != micros {
				t.Errorf("%q is read as %d", text, micros)
			}
		}
		if millis, ok := parseTimestamp(text); ok {
			if again, ok := parseTimestamp(appendTimestamp(nil, millis)); !ok || again != millis {
				t.Errorf("%q is read as %d", text, millis)
			}
		}
	})
}

func TestOrderOfCollations(t *testing.T) {
	t.Parallel()
	text := storage.TextValue
	for _, c := range []struct {
		collation string
		a, b      storage.Value
		want      int
	}{
		{"utf8mb4_bin", text("a"), text("a "), 0},
		{"utf8mb4_bin", text("a"), text("a\t"), 1}, // a tab is less than a space
		{"utf8mb4_bin", text("a\x00"), text("a"), -1},
		{"utf8mb4_bin", text(""), text("   "), 0},
		{"utf8mb4_bin", text("a  b"), text("a "), 1},
		{"utf8mb4_bin", text("\U0001F600"), text("\uffee"), 1},
		{"utf8mb4_bin", storage.BlobValue([]byte("a")), storage.BlobValue([]byte("a ")), -1},
		{"utf8mb4_0900_bin", text("a"), text("a "), -1},
		{"utf8mb4_nopad_bin", text("a"), text("a "), -1},
		{"utf8mb4_bin", storage.DoubleValue(math.Copysign(0, -1)), storage.DoubleValue(0), 0},
		{"utf8mb4_bin", storage.FloatValue(-1), storage.FloatValue(0), -1},
		{"utf8mb4_bin", storage.Null(storage.Text), text(""), -1},
	} {
		if got := cmp.Compare(orderOf(c.collation).compare()(c.a, c.b), 0); got != c.want {
			t.Errorf("%s: %v and %v: %d, want %d", c.collation, c.a, c.b, got, c.want)
		}
	}
	for _, collation := range []string{"utf8mb4_0900_ai_ci", "utf8mb4_general_ci", "latin1_bin", ""} {
		if orderOf(collation).compare() != nil {
			t.Errorf("%s: an order is given", collation)
		}
	}
}

func TestPatternsAreEscapedByBackslash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, escape, want string }{
		{`a_b%`, "", `a_b%`}, {`a\b`, "", `a\\b`}, {`50%%_`, "%", `50\%_`}, {`a__b\`, "_", `a\_b\\`},
	} {
		if got := backslashed(c.pattern, c.escape); got != c.want {
			t.Errorf("%s escaped by %q: %s, want %s", c.pattern, c.escape, got, c.want)
		}
	}
}
