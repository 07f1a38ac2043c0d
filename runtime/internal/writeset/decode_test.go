package writeset

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/scalargen/scalargen/storage"
)

// The following build messages that Encode never writes.

func message(num protowire.Number, body ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), bytes.Join(body, nil))
}

func text(num protowire.Number, s string) []byte { return message(num, []byte(s)) }

func varint(num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
}

func fixed32(num protowire.Number) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(nil, num, protowire.Fixed32Type), 1)
}

func fixed64(num protowire.Number) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, num, protowire.Fixed64Type), 1)
}

func group(num protowire.Number, body ...[]byte) []byte {
	return protowire.AppendGroup(protowire.AppendTag(nil, num, protowire.StartGroupType), num, bytes.Join(body, nil))
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// inColumn returns a write set of one record whose key column has this body.
func inColumn(body ...[]byte) []byte {
	return inEntry(text(entryNamespace, "ns"), text(entryTable, "t"), message(entryPartition, message(keyColumn, body...)))
}

func inEntry(body ...[]byte) []byte { return inGroup(message(groupEntry, body...)) }

func inGroup(body ...[]byte) []byte {
	return concat(varint(writeSetVersion, 1), message(writeSetGroups, message(groupsGroup, body...)))
}

// ofType returns a write set whose key column has a value of type typ, encoded
// as value.
func ofType(typ storage.Type, value ...[]byte) []byte {
	return inColumn(text(columnName, "c"), message(valueFields[typ], value...))
}

func TestRefusesWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	empty := message(writeSetGroups)
	for name, data := range map[string][]byte{
		"payload unset":                            varint(writeSetVersion, 1),
		"payload of another kind":                  concat(varint(writeSetVersion, 1), message(3)),
		"version 2":                                concat(varint(writeSetVersion, 2), empty),
		"version 2, told after the payload":        concat(empty, varint(writeSetVersion, 2)),
		"version 2, with a payload of other types": concat(varint(writeSetVersion, 2), text(writeSetGroups, "\xff")),
		"version -1":                               concat(varint(writeSetVersion, 1<<64-1), empty),
		"column of a type that does not exist":     inColumn(text(columnName, "c"), message(13)),
		"column without value":                     inColumn(text(columnName, "c")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if groups, err := Decode(data); !errors.Is(err, ErrUnknownPayload) {
				t.Errorf("read as %v, error %v; want an unknown payload", groups, err)
			}
		})
	}
}

func TestRefusesDamage(t *testing.T) {
	t.Parallel()
	key := message(entryPartition, message(keyColumn, text(columnName, "c"), message(valueFields[storage.Int], varint(valueValue, 1))))
	ns, table := text(entryNamespace, "ns"), text(entryTable, "t")
	if _, err := Decode(inEntry(ns, table, key)); err != nil {
		t.Fatalf("the undamaged entry is refused: %v", err)
	}
	zigzag := func(n int64) []byte { return varint(valueValue, protowire.EncodeZigZag(n)) }
	for name, data := range map[string][]byte{
		"nothing":                    {},
		"text":                       []byte("no write set"),
		"zeros":                      make([]byte, 16),
		"length beyond the end":      {0x08, 0x01, 0x12, 0x7f},
		"length of 2^63":             {0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01},
		"varint without end":         bytes.Repeat([]byte{0x80}, 20),
		"field number 0":             concat(inGroup(), []byte{0x00, 0x00}),
		"wire type 6":                concat(inGroup(), []byte{0x0e}),
		"group without end":          concat(inGroup(), []byte{0x1b}),
		"end of no group":            concat(inGroup(), []byte{0x1c}),
		"groups nested without end":  bytes.Repeat([]byte{0x1b}, 100_000),
		"empty child id":             inGroup(text(groupChild, "")),
		"empty entry":                inEntry(),
		"entry without namespace":    inEntry(table, key),
		"entry without table":        inEntry(ns, key),
		"entry without key":          inEntry(ns, table),
		"empty partition key":        inEntry(ns, table, message(entryPartition)),
		"column without name":        inColumn(message(valueFields[storage.Int], varint(valueValue, 1))),
		"clustering without name":    inEntry(ns, table, key, message(entryClustering, message(keyColumn, message(valueFields[storage.Int])))),
		"namespace not UTF-8":        inEntry(text(entryNamespace, "\xff"), table, key),
		"child id not UTF-8":         inGroup(text(groupChild, "\xff")),
		"text not UTF-8":             ofType(storage.Text, text(valueValue, "a\xff")),
		"DATE too early":             ofType(storage.Date, zigzag(storage.MinDate-1)),
		"DATE too late":              ofType(storage.Date, zigzag(storage.MaxDate+1)),
		"TIME negative":              ofType(storage.Time, varint(valueValue, 1<<64-1000)),
		"TIME of 24:00":              ofType(storage.Time, varint(valueValue, storage.MaxTime+1000)),
		"TIME in nanoseconds":        ofType(storage.Time, varint(valueValue, 1)),
		"TIMESTAMP too early":        ofType(storage.Timestamp, zigzag(storage.PackTimestamp(storage.MinTimestamp-1))),
		"TIMESTAMP too late":         ofType(storage.Timestamp, zigzag(storage.MaxTimestamp+1)),
		"TIMESTAMP smallest number":  ofType(storage.Timestamp, varint(valueValue, 1<<64-1)),
		"TIMESTAMP that is none":     ofType(storage.Timestamp, zigzag(-999)),
		"TIMESTAMPTZ that is none":   ofType(storage.TimestampTZ, zigzag(-1)),
		"version as text":            concat(text(writeSetVersion, "1"), message(writeSetGroups)),
		"payload as number":          concat(varint(writeSetVersion, 1), varint(writeSetGroups, 1)),
		"payload as proto2 group":    concat(varint(writeSetVersion, 1), group(writeSetGroups)),
		"group as number":            concat(varint(writeSetVersion, 1), message(writeSetGroups, varint(groupsGroup, 1))),
		"child id as number":         inGroup(varint(groupChild, 1)),
		"entry as fixed32":           inGroup(fixed32(groupEntry)),
		"participant as number":      inEntry(varint(entryParticipant, 1), ns, table, key),
		"namespace as fixed64":       inEntry(fixed64(entryNamespace), table, key),
		"table as number":            inEntry(ns, varint(entryTable, 1), key),
		"partition key as number":    inEntry(ns, table, varint(entryPartition, 1)),
		"clustering key as number":   inEntry(ns, table, key, varint(entryClustering, 1)),
		"column as number":           inEntry(ns, table, message(entryPartition, varint(keyColumn, 1))),
		"column name as number":      inColumn(varint(columnName, 1)),
		"INT without message":        inColumn(text(columnName, "c"), varint(valueFields[storage.Int], 1)),
		"BOOLEAN as text":            ofType(storage.Boolean, text(valueValue, "true")),
		"INT as fixed32":             ofType(storage.Int, fixed32(valueValue)),
		"BIGINT as fixed64":          ofType(storage.BigInt, fixed64(valueValue)),
		"FLOAT as fixed64":           ofType(storage.Float, fixed64(valueValue)),
		"DOUBLE as fixed32":          ofType(storage.Double, fixed32(valueValue)),
		"TEXT as number":             ofType(storage.Text, varint(valueValue, 1)),
		"BLOB as number":             ofType(storage.Blob, varint(valueValue, 1)),
		"DATE as fixed32":            ofType(storage.Date, fixed32(valueValue)),
		"TIME as fixed64":            ofType(storage.Time, fixed64(valueValue)),
		"TIMESTAMP as fixed64":       ofType(storage.Timestamp, fixed64(valueValue)),
		"TIMESTAMPTZ as text":        ofType(storage.TimestampTZ, text(valueValue, "now")),
		"second value of wrong type": ofType(storage.Int, varint(valueValue, 1), text(valueValue, "1")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if groups, err := Decode(data); !errors.Is(err, ErrMalformed) {
				t.Errorf("read as %v, error %v; want damage", groups, err)
			}
		})
	}
}

// A prefix of a write set must never be taken for a shorter write set.
func TestRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		data := unhex(t, v.hex)
		for n := range data {
			groups, err := Decode(data[:n])
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknownPayload) {
				t.Fatalf("%s: the first %d of %d bytes are read as %v, error %v", v.name, n, len(data), groups, err)
			}
		}
	}
}

func TestReadsVersionZeroAsOne(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{
		message(writeSetGroups),
		concat(varint(writeSetVersion, 0), message(writeSetGroups)),
		concat(message(writeSetGroups), varint(writeSetVersion, 1)),
	} {
		if groups, err := Decode(data); groups != nil || err != nil {
			t.Errorf("%x is read as %v, error %v; want no groups", data, groups, err)
		}
	}
}

func TestSkipsUnknownFieldsInEveryMessage(t *testing.T) {
	t.Parallel()
	unknown := concat(varint(100, 1), fixed32(101), fixed64(102), text(103, "\xff"), group(104, varint(1, 1), group(2)))
	wrap := func(num protowire.Number, body ...[]byte) []byte {
		return message(num, unknown, concat(body...), unknown)
	}
	column := wrap(keyColumn, text(columnName, "id"), wrap(valueFields[storage.Text], text(valueValue, "A")))
	data := concat(unknown, varint(writeSetVersion, 1), wrap(writeSetGroups, wrap(groupsGroup, wrap(groupEntry,
		text(entryNamespace, "bank"), text(entryTable, "acct"), wrap(entryPartition, column)))), unknown)
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Group{{Entries: []Entry{account("A")}}}, got, compareValues); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Protobuf's rules for a field that comes again: the last scalar counts,
// messages merge, a member of a oneof replaces another member.
func TestMergesRepeatedFields(t *testing.T) {
	t.Parallel()
	number := func(n uint64) []byte { return message(valueFields[storage.Int], varint(valueValue, n)) }
	column := func(body ...[]byte) []byte { return message(keyColumn, text(columnName, "c"), concat(body...)) }
	names := concat(text(entryNamespace, "ns"), text(entryTable, "t"))
	for name, test := range map[string]struct {
		data []byte
		want []Group
	}{
		"payload": {
			concat(message(writeSetGroups, message(groupsGroup, text(groupChild, "a"))), message(writeSetGroups, message(groupsGroup, text(groupChild, "b")))),
			[]Group{{Child: "a"}, {Child: "b"}},
		},
		"child id": {inGroup(text(groupChild, "a"), text(groupChild, "b")), []Group{{Child: "b"}}},
		"entry names": {
			inEntry(text(entryParticipant, "p"), text(entryParticipant, "q"), text(entryNamespace, "x"), text(entryTable, "y"), names, message(entryPartition, column(number(1)))),
			[]Group{{Entries: []Entry{by("q", one(storage.IntValue(1))[0].Entries[0])}}},
		},
		"partition key": {
			inEntry(names, message(entryPartition, column(number(1))), message(entryPartition, column(number(2)))),
			one(storage.IntValue(1), storage.IntValue(2)),
		},
		"same member":                {inColumn(text(columnName, "c"), number(1), number(2)), one(storage.IntValue(2))},
		"same member, then empty":    {inColumn(text(columnName, "c"), number(1), message(valueFields[storage.Int])), one(storage.IntValue(1))},
		"another member":             {inColumn(text(columnName, "c"), message(valueFields[storage.Text], text(valueValue, "a")), number(2)), one(storage.IntValue(2))},
		"another member, then empty": {inColumn(text(columnName, "c"), number(1), message(valueFields[storage.Text])), one(storage.Null(storage.Text))},
		"another member and back": {
			inColumn(text(columnName, "c"), number(1), message(valueFields[storage.Text]), message(valueFields[storage.Int])),
			one(storage.Null(storage.Int)),
		},
		"value": {ofType(storage.Int, varint(valueValue, 1), varint(valueValue, 2)), one(storage.IntValue(2))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, compareValues); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A reader of a 32-bit field takes the low 32 bits of a longer number.
func TestCutsNumbersToTheirWidth(t *testing.T) {
	t.Parallel()
	const above = 1 << 32
	for _, test := range []struct {
		data []byte
		want storage.Value
	}{
		{ofType(storage.Int, varint(valueValue, above+5)), storage.IntValue(5)},
		{ofType(storage.Date, varint(valueValue, above+protowire.EncodeZigZag(-5))), storage.DateValue(-5)},
		{ofType(storage.Boolean, varint(valueValue, above)), storage.BooleanValue(true)},
	} {
		got, err := Decode(test.data)
		if err != nil {
			t.Errorf("%s: %v", test.want.Type(), err)
		} else if diff := cmp.Diff(one(test.want), got, compareValues); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestResultDoesNotReferToTheInput(t *testing.T) {
	t.Parallel()
	want := []Group{{Child: "c", Entries: []Entry{by("p", order)}}}
	data := Encode(want)
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if diff := cmp.Diff(want, got, compareValues); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestErrorsTellThePositionAndNoValue(t *testing.T) {
	t.Parallel()
	data := Encode([]Group{{}, {Entries: []Entry{account("A"), account("secret-and-damaged")}}})
	copy(data[bytes.Index(data, []byte("damaged")):], "\xff")
	_, err := Decode(data)
	const want = "group 1: entry 1: partition-key column 0: TEXT value: the write set is damaged: field 1 is no valid UTF-8"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestWritesAnEmptyClusteringKeyAsNone(t *testing.T) {
	t.Parallel()
	e := account("A")
	e.Clustering = []Column{}
	if got, want := Encode([]Group{{Entries: []Entry{e}}}), Encode([]Group{{Entries: []Entry{account("A")}}}); !bytes.Equal(got, want) {
		t.Errorf("encoded to %x, want %x", got, want)
	}
}

func TestPanicsOnAValueOfNoType(t *testing.T) {
	t.Parallel()
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, `"c"`) {
			t.Errorf("panicked with %q, want the column's name", p)
		}
	}()
	Encode(one(storage.Value{}))
}
