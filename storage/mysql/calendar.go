package mysql

import (
	"bytes"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// The text of dates and times as the server reads and writes it.
const (
	dateLen           = len("2006-01-02")
	timeLen           = len("15:04:05")
	microTimeLen      = len("15:04:05.000000")
	milliTimestampLen = len("2006-01-02 15:04:05.000")

	secondsPerDay = 86_400
)

func appendDate(b []byte, days int64) []byte {
	year, month, day := time.Unix(days*secondsPerDay, 0).UTC().Date()
	b = appendDigits(b, year, 4)
	b = appendDigits(append(b, '-'), int(month), 2)
	return appendDigits(append(b, '-'), day, 2)
}

// appendTime appends a time of day whose unit is the given decimal fraction of
// a second.
func appendTime(b []byte, n int64, decimals int) []byte {
	unit := int64(1)
	for range decimals {
		unit *= 10
	}
	seconds, fraction := n/unit, n%unit
	b = appendDigits(b, int(seconds/3600), 2)
	b = appendDigits(append(b, ':'), int(seconds/60%60), 2)
	b = appendDigits(append(b, ':'), int(seconds%60), 2)
	return appendDigits(append(b, '.'), int(fraction), decimals)
}

func appendTimestamp(b []byte, millis int64) []byte {
	const millisPerDay = secondsPerDay * 1000
	days, rest := millis/millisPerDay, millis%millisPerDay
	if rest < 0 {
		days, rest = days-1, rest+millisPerDay
	}
	return appendTime(append(appendDate(b, days), ' '), rest, 3)
}

func appendDigits(b []byte, n, width int) []byte {
	var digits [6]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[:width]...)
}

// parseDate reads 2006-01-02. It refuses what is no date of the calendar, as
// 0000-00-00, and what is out of the range of a DATE.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != dateLen || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, month, day := parseDigits(b[:4]), parseDigits(b[5:7]), parseDigits(b[8:])
	if year < 0 || month < 0 || day < 0 {
		return 0, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day || int(date.Month()) != month {
		return 0, false
	}
	seconds := date.Unix()
	days = seconds / secondsPerDay // exact
	return days, storage.MinDate <= days && days <= storage.MaxDate
}

// parseTime reads 15:04:05 with up to six decimals, in microseconds. It refuses
// what is no time of day, which TIME columns may hold as well.
func parseTime(b []byte) (micros int64, ok bool) {
	if len(b) < timeLen || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	hour, minute, second := parseDigits(b[:2]), parseDigits(b[3:5]), parseDigits(b[6:8])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	fraction, ok := parseFraction(b[timeLen:])
	return int64(hour*3600+minute*60+second)*1_000_000 + fraction, ok
}

// parseTimestamp reads 2006-01-02 15:04:05 with up to six decimals, of which
// those beyond the millisecond must be zero.
func parseTimestamp(b []byte) (millis int64, ok bool) {
	date, clock, found := bytes.Cut(b, []byte{' '})
	if !found {
		return 0, false
	}
	days, isDate := parseDate(date)
	micros, isTime := parseTime(clock)
	return days*secondsPerDay*1000 + micros/1000, isDate && isTime && micros%1000 == 0
}

// parseFraction reads the decimals after a second, in microseconds.
func parseFraction(b []byte) (micros int64, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] != '.' || len(b) < 2 || len(b) > 7 {
		return 0, false
	}
	n := parseDigits(b[1:])
	for range 7 - len(b) {
		n *= 10
	}
	return int64(n), n >= 0
}

// parseDigits returns the number that b spells, −1 if it holds anything but
// digits.
func parseDigits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
