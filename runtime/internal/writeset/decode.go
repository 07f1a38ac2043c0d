package writeset

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/scalargen/scalargen/storage"
)

// Decode is the inverse of [Encode]. No groups and no error mean that the
// transaction wrote nothing. A NULL column means that nothing is known, and is
// not to be passed here: zero bytes are an error.
//
// Errors match [ErrUnknownPayload] or [ErrMalformed] and tell the position in
// the write set, never a value. The result does not refer to data.
func Decode(data []byte) ([]Group, error) {
	if len(data) == 0 {
		return nil, malformed("it has no bytes")
	}
	var version int32
	var payload []byte
	known := false
	for f, err := range fields(data) {
		if err != nil {
			return nil, err
		}
		switch f.num {
		case writeSetVersion:
			var v uint64
			v, err = f.varint()
			version = int32(v)
		case writeSetGroups:
			known = true
			payload, err = f.merge(payload)
		}
		if err != nil {
			return nil, err
		}
	}
	if version != 0 && version != schemaVersion {
		return nil, fmt.Errorf("schema version %d: %w", version, ErrUnknownPayload)
	}
	if !known {
		return nil, fmt.Errorf("no known payload: %w", ErrUnknownPayload)
	}
	return messages(payload, groupsGroup, "group", decodeGroup)
}

func decodeGroup(b []byte) (g Group, err error) {
	for f, err := range fields(b) {
		if err != nil {
			return g, err
		}
		if f.num != groupChild {
			continue
		}
		if g.Child, err = f.text(); err != nil {
			return g, err
		}
		if g.Child == "" {
			// Taken as absent, it would make the parent id the owner of the records.
			return g, malformed("the child id is empty")
		}
	}
	g.Entries, err = messages(b, groupEntry, "entry", decodeEntry)
	return g, err
}

func decodeEntry(b []byte) (e Entry, err error) {
	var partition, clustering []byte
	for f, err := range fields(b) {
		if err != nil {
			return e, err
		}
		switch f.num {
		case entryParticipant:
			e.Participant, err = f.text()
		case entryNamespace:
			e.Table.Namespace, err = f.text()
		case entryTable:
			e.Table.Name, err = f.text()
		case entryPartition:
			partition, err = f.merge(partition)
		case entryClustering:
			clustering, err = f.merge(clustering)
		}
		if err != nil {
			return e, err
		}
	}
	if e.Table.Namespace == "" || e.Table.Name == "" {
		return e, malformed("namespace or table has no name")
	}
	if e.Partition, err = messages(partition, keyColumn, "partition-key column", decodeColumn); err != nil {
		return e, err
	}
	if len(e.Partition) == 0 {
		return e, malformed("the partition key is missing")
	}
	e.Clustering, err = messages(clustering, keyColumn, "clustering-key column", decodeColumn)
	return e, err
}

func decodeColumn(b []byte) (c Column, err error) {
	var typ storage.Type
	var value []byte
	for f, err := range fields(b) {
		if err != nil {
			return c, err
		}
		if f.num == columnName {
			c.Name, err = f.text()
		} else if t := slices.Index(valueFields[:], f.num); t >= 0 {
			if typ != storage.Type(t) { // another member of the oneof replaces the one before
				typ, value = storage.Type(t), nil
			}
			value, err = f.merge(value)
		}
		if err != nil {
			return c, err
		}
	}
	if c.Name == "" {
		return c, malformed("it has no name")
	}
	if typ == 0 {
		return c, fmt.Errorf("no value of a known type: %w", ErrUnknownPayload)
	}
	if c.Value, err = decodeValue(typ, value); err != nil {
		return c, fmt.Errorf("%s value: %w", typ, err)
	}
	return c, nil
}

// decodeValue reads one of the messages of valueFields.
func decodeValue(typ storage.Type, b []byte) (storage.Value, error) {
	v := storage.Null(typ)
	for f, err := range fields(b) {
		if err != nil {
			return v, err
		}
		if f.num != valueValue {
			continue
		}
		if v, err = f.value(typ); err != nil {
			return v, err
		}
	}
	return v, nil
}

// value reads f as the value field of type typ.
func (f field) value(typ storage.Type) (storage.Value, error) {
	none := storage.Value{}
	switch typ {
	case storage.Float:
		bits, err := f.number(protowire.Fixed32Type)
		return storage.FloatValue(math.Float32frombits(uint32(bits))), err
	case storage.Double:
		bits, err := f.number(protowire.Fixed64Type)
		return storage.DoubleValue(math.Float64frombits(bits)), err
	case storage.Text:
		s, err := f.text()
		return storage.TextValue(s), err
	case storage.Blob:
		b, err := f.merge(nil)
		return storage.BlobValue(b), err
	}
	bits, err := f.varint()
	if err != nil {
		return none, err
	}
	inRange := func(v storage.Value, lowest, highest int64) (storage.Value, error) {
		if n := v.Int64(); n < lowest || n > highest {
			return none, malformed("out of the type's range")
		}
		return v, nil
	}
	switch typ {
	case storage.Boolean:
		return storage.BooleanValue(protowire.DecodeBool(bits)), nil
	case storage.Int:
		return storage.IntValue(int32(bits)), nil
	case storage.BigInt:
		return storage.BigIntValue(int64(bits)), nil
	case storage.Date:
		days := protowire.DecodeZigZag(bits & math.MaxUint32)
		return inRange(storage.DateValue(int32(days)), storage.MinDate, storage.MaxDate)
	case storage.Time:
		if bits%1000 != 0 {
			return none, malformed("not in whole microseconds")
		}
		return inRange(storage.TimeValue(int64(bits)), 0, storage.MaxTime)
	}
	packed := protowire.DecodeZigZag(bits)
	if -1000 < packed && packed < 0 {
		return none, malformed("no instant is written as a number between −1000 and 0")
	}
	newValue := storage.TimestampValue
	if typ == storage.TimestampTZ {
		newValue = storage.TimestampTZValue
	}
	return inRange(newValue(storage.UnpackTimestamp(packed)), storage.MinTimestamp, storage.MaxTimestamp)
}

// messages decodes all fields of number num in b, which are nested messages.
func messages[M any](b []byte, num protowire.Number, name string, decode func([]byte) (M, error)) ([]M, error) {
	var all []M
	for f, err := range fields(b) {
		if err != nil {
			return nil, err
		}
		if f.num != num {
			continue
		}
		if f.typ != protowire.BytesType {
			return nil, f.wrongType()
		}
		m, err := decode(f.bytes)
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", name, len(all), err)
		}
		all = append(all, m)
	}
	return all, nil
}

// field is one field of a message on the wire.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bits  uint64 // of a varint, fixed32 or fixed64
	bytes []byte // of a length-delimited field
}

// fields yields the fields of message b in their order on the wire, and an
// error in place of the first that cannot be read.
func fields(b []byte) iter.Seq2[field, error] {
	return func(yield func(field, error) bool) {
		for at := 0; at < len(b); {
			f, n := consume(b[at:])
			if n < 0 {
				yield(field{}, malformed("field at byte %d: %v", at, protowire.ParseError(n)))
				return
			}
			if !yield(f, nil) {
				return
			}
			at += n
		}
	}
}

// consume returns the first field of b and its length, negative if it cannot
// be read.
func consume(b []byte) (f field, length int) {
	num, typ, tag := protowire.ConsumeTag(b)
	if tag < 0 {
		return f, tag
	}
	f.num, f.typ = num, typ
	b = b[tag:]
	var n int
	switch typ {
	case protowire.VarintType:
		f.bits, n = protowire.ConsumeVarint(b)
	case protowire.Fixed32Type:
		var bits uint32
		bits, n = protowire.ConsumeFixed32(b)
		f.bits = uint64(bits)
	case protowire.Fixed64Type:
		f.bits, n = protowire.ConsumeFixed64(b)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(b)
	default: // a group, which only an unknown field can be
		n = protowire.ConsumeFieldValue(num, typ, b)
	}
	if n < 0 {
		return f, n
	}
	return f, tag + n
}

func (f field) varint() (uint64, error) { return f.number(protowire.VarintType) }

func (f field) number(typ protowire.Type) (uint64, error) {
	if f.typ != typ {
		return 0, f.wrongType()
	}
	return f.bits, nil
}

func (f field) text() (string, error) {
	if f.typ != protowire.BytesType {
		return "", f.wrongType()
	}
	if !utf8.Valid(f.bytes) {
		return "", malformed("field %d is no valid UTF-8", f.num)
	}
	return string(f.bytes), nil
}

// merge appends f to what earlier fields of the same number held: a message
// that comes in several pieces is, by protobuf's rules, their concatenation.
func (f field) merge(earlier []byte) ([]byte, error) {
	if f.typ != protowire.BytesType {
		return nil, f.wrongType()
	}
	return append(earlier, f.bytes...), nil
}

func (f field) wrongType() error {
	return malformed("field %d has wire type %d", f.num, f.typ)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
