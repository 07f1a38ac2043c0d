package scalar

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// The calendar range of DATE, TIMESTAMP and TIMESTAMPTZ: years 1000 to 9999.
const (
	minDays   = -354285 // 1000-01-01
	maxDays   = 2932896 // 9999-12-31
	dayMillis = 24 * 60 * 60 * 1000
	minMillis = minDays * dayMillis
	maxMillis = (maxDays+1)*dayMillis - 1
	dayNanos  = int64(24 * time.Hour)
)

// Date is a day of the calendar, without a time and without a zone: the Go type
// of DATE. The zero Date is 1970-01-01. Dates are comparable with ==.
type Date struct{ days int32 }

// NewDate returns the day; months and days out of their range carry over, as in
// [time.Date]. Years outside 1000–9999 are refused when the date is written.
func NewDate(year int, month time.Month, day int) Date {
	return dateOfDays(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// dateOfDays keeps a day that is out of the range of Date out of the range of
// DATE as well, instead of wrapping around to a day that could be written.
func dateOfDays(days int64) Date {
	return Date{int32(min(max(days, math.MinInt32), math.MaxInt32))}
}

// DateOf returns the day of t in t's own location.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q must look like 2006-01-02", s)
	}
	return DateOf(t), nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d.days)*86400, 0).UTC() }

// Date returns year, month and day.
func (d Date) Date() (year int, month time.Month, day int) { return d.utc().Date() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date { return dateOfDays(int64(d.days) + int64(n)) }

// In returns midnight at the start of d in loc.
func (d Date) In(loc *time.Location) time.Time {
	year, month, day := d.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, loc)
}

// Compare returns −1, 0 or 1 as d is before, the same as or after other.
func (d Date) Compare(other Date) int { return cmp.Compare(d.days, other.days) }

// String returns 2006-01-02.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// TimeOfDay is a time on a clock with microseconds, without a day and without a
// zone: the Go type of TIME. The zero TimeOfDay is midnight. Times are
// comparable with ==.
type TimeOfDay struct{ nanos int64 }

// NewTimeOfDay returns the time; finer digits than a microsecond are cut off.
// Times outside 00:00–24:00 are refused when written.
func NewTimeOfDay(hour, minute, second, nanosecond int) TimeOfDay {
	return timeOfDay(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(nanosecond))
}

// TimeOfDayOf returns the clock time of t in t's own location.
func TimeOfDayOf(t time.Time) TimeOfDay {
	return NewTimeOfDay(t.Hour(), t.Minute(), t.Second(), t.Nanosecond())
}

func timeOfDay(d time.Duration) TimeOfDay { return TimeOfDay{int64(d.Truncate(time.Microsecond))} }

// ParseTimeOfDay reads 15:04:05 with up to nine digits after the second.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	t, err := time.Parse(time.TimeOnly, s)
	if err != nil {
		return TimeOfDay{}, fmt.Errorf("time %q must look like 15:04:05.999999", s)
	}
	return TimeOfDayOf(t), nil
}

// SinceMidnight returns the time as a duration.
func (t TimeOfDay) SinceMidnight() time.Duration { return time.Duration(t.nanos) }

// Compare returns −1, 0 or 1 as t is before, the same as or after other.
func (t TimeOfDay) Compare(other TimeOfDay) int { return cmp.Compare(t.nanos, other.nanos) }

// String returns 15:04:05 with as many digits after the second as are not zero.
func (t TimeOfDay) String() string {
	return time.Unix(0, t.nanos).UTC().Format("15:04:05.999999")
}

// MarshalText writes 15:04:05.999999.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads 15:04:05.999999.
func (t *TimeOfDay) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTimeOfDay(string(text))
	return err
}

// DateTime is a day and a time with milliseconds, without a zone: the Go type of
// TIMESTAMP. The zero DateTime is 1970-01-01T00:00:00. DateTimes are comparable
// with ==.
type DateTime struct{ millis int64 }

// NewDateTime returns the wall clock that t shows in its own location; finer
// digits than a millisecond are cut off. Years outside 1000–9999 are refused
// when it is written.
func NewDateTime(t time.Time) DateTime {
	year, month, day := t.Date()
	wall := time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	return DateTime{wall.UnixMilli()}
}

// ParseDateTime reads 2006-01-02T15:04:05 with up to nine digits after the
// second.
func ParseDateTime(s string) (DateTime, error) {
	t, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		return DateTime{}, fmt.Errorf("timestamp %q must look like 2006-01-02T15:04:05.999", s)
	}
	return NewDateTime(t), nil
}

// In returns the instant at which clocks in loc show d.
func (d DateTime) In(loc *time.Location) time.Time {
	t := time.UnixMilli(d.millis).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc)
}

// Compare returns −1, 0 or 1 as d is before, the same as or after other.
func (d DateTime) Compare(other DateTime) int { return cmp.Compare(d.millis, other.millis) }

// String returns 2006-01-02T15:04:05 with as many digits after the second as
// are not zero.
func (d DateTime) String() string {
	return time.UnixMilli(d.millis).UTC().Format("2006-01-02T15:04:05.999")
}

// MarshalText writes 2006-01-02T15:04:05.999.
func (d DateTime) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02T15:04:05.999.
func (d *DateTime) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDateTime(string(text))
	return err
}
