package writeset

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

func FuzzDecode(f *testing.F) {
	for _, v := range vectors {
		f.Add(unhex(f, v.hex))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := Decode(data)
		if err != nil {
			if groups != nil || errors.Is(err, ErrMalformed) == errors.Is(err, ErrUnknownPayload) {
				t.Fatalf("groups %v beside error %v, which must be of one kind", groups, err)
			}
			return
		}
		again, err := Decode(Encode(groups))
		if err != nil || !reflect.DeepEqual(again, groups) {
			t.Fatalf("read as\n%v\nwritten and read as\n%v, error %v", groups, again, err)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		want := randomGroups(rand.New(rand.NewPCG(seed, 0)))
		got, err := Decode(Encode(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("written\n%v\nread\n%v, error %v", want, got, err)
		}
	})
}

func randomGroups(r *rand.Rand) []Group {
	return several(r, 0, func() Group {
		return Group{Child: randomText(r), Entries: several(r, 0, func() Entry {
			return Entry{
				Participant: randomText(r), Table: storage.TableName{Namespace: "n" + randomText(r), Name: "t" + randomText(r)},
				Partition:  several(r, 1, func() Column { return randomColumn(r) }),
				Clustering: several(r, 0, func() Column { return randomColumn(r) }),
			}
		})}
	})
}

// several returns up to four results of create and at least so many, nil for none.
func several[T any](r *rand.Rand, atLeast int, create func() T) []T {
	var all []T
	for range atLeast + r.IntN(5-atLeast) {
		all = append(all, create())
	}
	return all
}

// randomText returns a text that is often empty and seldom long.
func randomText(r *rand.Rand) string {
	runes := make([]rune, r.IntN(3)*r.IntN(100))
	for i := range runes {
		runes[i] = rune(r.IntN(0xd800))
	}
	return string(runes)
}

func randomColumn(r *rand.Rand) Column {
	types := storage.Types()
	typ := types[r.IntN(len(types))]
	// Short numbers are as likely as long ones.
	bits := r.Uint64() >> r.IntN(64)
	if r.IntN(2) == 0 {
		bits = -bits
	}
	between := func(lowest, highest int64) int64 {
		return lowest + int64(bits%uint64(highest-lowest+1))
	}
	c := Column{Name: "c" + randomText(r)}
	switch typ {
	case storage.Boolean:
		c.Value = storage.BooleanValue(bits%2 == 0)
	case storage.Int:
		c.Value = storage.IntValue(int32(bits))
	case storage.BigInt:
		c.Value = storage.BigIntValue(int64(bits))
	case storage.Float:
		c.Value = storage.FloatValue(math.Float32frombits(uint32(bits)))
	case storage.Double:
		c.Value = storage.DoubleValue(math.Float64frombits(bits))
	case storage.Text:
		c.Value = storage.TextValue(randomText(r))
	case storage.Blob:
		c.Value = storage.BlobValue([]byte(randomText(r)))
	case storage.Date:
		c.Value = storage.DateValue(int32(between(storage.MinDate, storage.MaxDate)))
	case storage.Time:
		c.Value = storage.TimeValue(between(0, storage.MaxTime/1000) * 1000)
	case storage.Timestamp:
		c.Value = storage.TimestampValue(between(storage.MinTimestamp, storage.MaxTimestamp))
	case storage.TimestampTZ:
		c.Value = storage.TimestampTZValue(between(storage.MinTimestamp, storage.MaxTimestamp))
	}
	if r.IntN(8) == 0 {
		c.Value = storage.Null(typ)
	}
	return c
}
