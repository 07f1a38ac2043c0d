package scalar_test

import (
	"math"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return loc
}

func TestDate(t *testing.T) {
	t.Parallel()
	d := scalar.NewDate(2024, time.February, 29)
	if y, m, day := d.Date(); y != 2024 || m != time.February || day != 29 {
		t.Errorf("Date: %d %v %d", y, m, day)
	}
	if d.String() != "2024-02-29" || d.Weekday() != time.Thursday {
		t.Errorf("%v is a %v", d, d.Weekday())
	}
	if scalar.NewDate(2024, 14, 30) != scalar.NewDate(2025, time.March, 2) {
		t.Errorf("months and days do not carry over: %v", scalar.NewDate(2024, 14, 30))
	}
	if (scalar.Date{}).String() != "1970-01-01" {
		t.Errorf("the zero Date is %v", scalar.Date{})
	}
	if got := d.AddDays(-60); got.String() != "2023-12-31" {
		t.Errorf("60 days before: %v", got)
	}
	if d.Compare(d.AddDays(1)) != -1 || d.Compare(d) != 0 || d.Compare(d.AddDays(-1)) != 1 {
		t.Error("Compare does not follow the calendar")
	}
}

// The day of an instant and the midnight of a day depend on the location.
func TestDateAndLocation(t *testing.T) {
	t.Parallel()
	tokyo := location(t, "Asia/Tokyo")
	instant := time.Date(2026, 3, 14, 20, 0, 0, 0, time.UTC)
	if got := scalar.DateOf(instant); got.String() != "2026-03-14" {
		t.Errorf("in UTC: %v", got)
	}
	if got := scalar.DateOf(instant.In(tokyo)); got.String() != "2026-03-15" {
		t.Errorf("in Tokyo: %v", got)
	}
	if got := scalar.NewDate(2026, 3, 15).In(tokyo); !got.Equal(time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("midnight in Tokyo: %v", got)
	}
}

// A date beyond what Date can hold must stay one that cannot be written.
func TestDatesDoNotWrapAround(t *testing.T) {
	t.Parallel()
	for _, d := range []scalar.Date{
		scalar.NewDate(2026, 1, 1).AddDays(1 << 32), scalar.NewDate(2026, 1, 1).AddDays(math.MinInt32),
		scalar.NewDate(6_000_000, 1, 1), scalar.NewDate(-6_000_000, 1, 1),
	} {
		wantError(t, kinds.Upsert(t.Context(), openDB(t), Kinds{ID: "x", Status: Placed, DateR: d}), scalar.ErrInvalid, "column date_r is out of range")
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"1000-01-01", "9999-12-31", "2024-02-29", "0999-12-31"} {
		d, err := scalar.ParseDate(good)
		if err != nil || d.String() != good {
			t.Errorf("%s is read as %v, %v", good, d, err)
		}
	}
	for _, bad := range []string{"", "2023-02-29", "2024-2-9", "2024-02-29T00:00:00", "24-02-29", "10000-01-01", " 2024-02-29"} {
		if d, err := scalar.ParseDate(bad); err == nil {
			t.Errorf("%q is read as %v", bad, d)
		}
	}
	_, err := scalar.ParseDate("soon")
	if want := `date "soon" must look like 2006-01-02`; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func TestTimeOfDay(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]scalar.TimeOfDay{
		"00:00:00":        {},
		"15:04:05":        scalar.NewTimeOfDay(15, 4, 5, 999),
		"15:04:05.000001": scalar.NewTimeOfDay(15, 4, 5, 1999),
		"23:59:59.999999": scalar.NewTimeOfDay(23, 59, 59, 999_999_999),
		"01:02:03.5":      scalar.NewTimeOfDay(1, 2, 3, 500_000_000),
	} {
		if v.String() != want {
			t.Errorf("%v, want %s", v, want)
		}
		back, err := scalar.ParseTimeOfDay(want)
		if err != nil || back != v {
			t.Errorf("%s is read as %v, %v", want, back, err)
		}
	}
	noon := scalar.NewTimeOfDay(12, 0, 0, 0)
	if noon.SinceMidnight() != 12*time.Hour || noon.Compare(scalar.TimeOfDay{}) != 1 || noon.Compare(noon) != 0 {
		t.Error("noon is not 12 hours after midnight")
	}
	if got := scalar.TimeOfDayOf(time.Date(2026, 3, 14, 1, 2, 3, 4567, time.FixedZone("", 3600))); got.String() != "01:02:03.000004" {
		t.Errorf("the clock shows %v", got)
	}
	for _, bad := range []string{"", "24:00:00", "15:04", "15:04:60", "x", "15:04:05Z"} {
		if v, err := scalar.ParseTimeOfDay(bad); err == nil {
			t.Errorf("%q is read as %v", bad, v)
		}
	}
}

func TestDateTime(t *testing.T) {
	t.Parallel()
	tokyo := location(t, "Asia/Tokyo")
	d := scalar.NewDateTime(time.Date(2026, 3, 14, 15, 9, 26, 535_897_932, tokyo))
	if d.String() != "2026-03-14T15:09:26.535" {
		t.Errorf("the wall clock shows %v", d)
	}
	if got := d.In(tokyo); !got.Equal(time.Date(2026, 3, 14, 6, 9, 26, 535_000_000, time.UTC)) {
		t.Errorf("in Tokyo: %v", got)
	}
	if (scalar.DateTime{}).String() != "1970-01-01T00:00:00" {
		t.Errorf("the zero DateTime is %v", scalar.DateTime{})
	}
	before := scalar.NewDateTime(time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC))
	if before.String() != "1969-12-31T23:59:59.999" || before.Compare(scalar.DateTime{}) != -1 {
		t.Errorf("a millisecond before: %v", before)
	}
	for _, good := range []string{"1000-01-01T00:00:00", "9999-12-31T23:59:59.999", "2026-03-14T15:09:26.5"} {
		v, err := scalar.ParseDateTime(good)
		if err != nil || v.String() != good {
			t.Errorf("%s is read as %v, %v", good, v, err)
		}
	}
	for _, bad := range []string{"", "2026-03-14", "2026-03-14 15:09:26", "2026-03-14T15:09:26Z", "2026-02-30T00:00:00"} {
		if v, err := scalar.ParseDateTime(bad); err == nil {
			t.Errorf("%q is read as %v", bad, v)
		}
	}
}

func FuzzParseCalendar(f *testing.F) {
	for _, s := range []string{"2024-02-29", "23:59:59.999999", "2026-03-14T15:09:26.535", "0000-00-00", "", "24:00:00", "15:04:05,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := scalar.ParseDate(s); err == nil {
			if back, err := scalar.ParseDate(d.String()); err != nil || back != d {
				t.Errorf("date %q: %v, again %v, %v", s, d, back, err)
			}
		}
		if v, err := scalar.ParseTimeOfDay(s); err == nil {
			if back, err := scalar.ParseTimeOfDay(v.String()); err != nil || back != v {
				t.Errorf("time %q: %v, again %v, %v", s, v, back, err)
			}
		}
		if v, err := scalar.ParseDateTime(s); err == nil {
			if back, err := scalar.ParseDateTime(v.String()); err != nil || back != v {
				t.Errorf("timestamp %q: %v, again %v, %v", s, v, back, err)
			}
		}
	})
}
