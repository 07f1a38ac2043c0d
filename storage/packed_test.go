package storage_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// TestPackedTimestampVectors holds the vectors of the storage spec, section 1.2.
func TestPackedTimestampVectors(t *testing.T) {
	t.Parallel()
	for instant, want := range map[string]int64{
		"1970-01-01T00:00:00.000Z": 0,
		"1969-12-31T23:59:59.999Z": -1000,
		"1969-12-31T23:59:59.001Z": -1998,
		"1969-12-31T23:59:59.000Z": -1999,
		"1969-12-31T23:59:58.500Z": -2499,
		"1000-01-01T00:00:00.000Z": -30610224000999,
		"9999-12-31T23:59:59.999Z": 253402300799999,
	} {
		at, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := storage.PackTimestamp(at.UnixMilli()); got != want {
			t.Errorf("%s is packed to %d, want %d", instant, got, want)
		}
		if got := storage.UnpackTimestamp(want); got != at.UnixMilli() {
			t.Errorf("%d is unpacked to %s, want %s", want, time.UnixMilli(got).UTC(), instant)
		}
	}
}

func TestPackedTimestampsKeepOrder(t *testing.T) {
	t.Parallel()
	check := func(millis int64) {
		packed, next := storage.PackTimestamp(millis), storage.PackTimestamp(millis+1)
		if packed >= next {
			t.Fatalf("%d and the next millisecond are packed to %d and %d", millis, packed, next)
		}
		if got := storage.UnpackTimestamp(packed); got != millis {
			t.Fatalf("%d is packed to %d and unpacked to %d", millis, packed, got)
		}
		if -1000 < packed && packed < 0 {
			t.Fatalf("%d is packed to %d, which never occurs", millis, packed)
		}
	}
	for millis := int64(-5000); millis < 5000; millis++ {
		check(millis)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		check(storage.MinTimestamp + random.Int64N(storage.MaxTimestamp-storage.MinTimestamp))
	}
}
