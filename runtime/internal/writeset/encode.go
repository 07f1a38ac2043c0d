package writeset

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/scalargen/scalargen/storage"
)

// Encode returns the BLOB for the given groups, in their order. It is never
// empty: no groups make the write set of a transaction that wrote nothing.
//
// Names and values are those of records that a storage has accepted. Encode
// panics on a value of no type, because the entry could not be read back.
func Encode(groups []Group) []byte {
	var b []byte
	b = protowire.AppendTag(b, writeSetVersion, protowire.VarintType)
	b = protowire.AppendVarint(b, schemaVersion)
	b, payload := open(b, writeSetGroups)
	for i := range groups {
		b = appendGroup(b, &groups[i])
	}
	return closed(b, payload)
}

func appendGroup(b []byte, g *Group) []byte {
	b, group := open(b, groupsGroup)
	b = appendString(b, groupChild, g.Child)
	for i := range g.Entries {
		b = appendEntry(b, &g.Entries[i])
	}
	return closed(b, group)
}

func appendEntry(b []byte, e *Entry) []byte {
	b, entry := open(b, groupEntry)
	b = appendString(b, entryParticipant, e.Participant)
	b = appendString(b, entryNamespace, e.Table.Namespace)
	b = appendString(b, entryTable, e.Table.Name)
	b = appendKey(b, entryPartition, e.Partition)
	if len(e.Clustering) > 0 {
		b = appendKey(b, entryClustering, e.Clustering)
	}
	return closed(b, entry)
}

func appendKey(b []byte, num protowire.Number, columns []Column) []byte {
	b, key := open(b, num)
	for _, c := range columns {
		b = appendColumn(b, c)
	}
	return closed(b, key)
}

func appendColumn(b []byte, c Column) []byte {
	if c.Value.IsZero() {
		panic(fmt.Sprintf("writeset: key column %q has a value of no type", c.Name))
	}
	b, column := open(b, keyColumn)
	b = appendString(b, columnName, c.Name)
	b, value := open(b, valueFields[c.Value.Type()])
	if !c.Value.IsNull() {
		b = appendValue(b, c.Value)
	}
	return closed(closed(b, value), column)
}

func appendValue(b []byte, v storage.Value) []byte {
	tag := func(typ protowire.Type) { b = protowire.AppendTag(b, valueValue, typ) }
	switch v.Type() {
	case storage.Float:
		tag(protowire.Fixed32Type)
		return protowire.AppendFixed32(b, math.Float32bits(v.Float32()))
	case storage.Double:
		tag(protowire.Fixed64Type)
		return protowire.AppendFixed64(b, math.Float64bits(v.Float64()))
	case storage.Text, storage.Blob:
		tag(protowire.BytesType)
		return protowire.AppendString(b, v.Text())
	}
	tag(protowire.VarintType)
	switch v.Type() {
	case storage.Boolean:
		return protowire.AppendVarint(b, protowire.EncodeBool(v.Bool()))
	case storage.Date:
		return protowire.AppendVarint(b, protowire.EncodeZigZag(v.Int64()))
	case storage.Timestamp, storage.TimestampTZ:
		return protowire.AppendVarint(b, protowire.EncodeZigZag(storage.PackTimestamp(v.Int64())))
	default: // INT, BIGINT, TIME; a negative int32 is written as the int64
		return protowire.AppendVarint(b, uint64(v.Int64()))
	}
}

// appendString leaves out the empty string, which proto3 takes as the default
// of a plain field, and which means absent in the optional ones here.
func appendString(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

// open begins a nested message. What follows is its body, until closed is
// called with the returned position.
func open(b []byte, num protowire.Number) (_ []byte, body int) {
	b = append(protowire.AppendTag(b, num, protowire.BytesType), 0)
	return b, len(b)
}

// closed puts the length before the body that begins at position body, which
// has to move where its length takes more than the one byte set aside.
func closed(b []byte, body int) []byte {
	n := len(b) - body
	for range protowire.SizeVarint(uint64(n)) - 1 {
		b = append(b, 0)
	}
	copy(b[len(b)-n:], b[body:body+n])
	protowire.AppendVarint(b[:body-1], uint64(n))
	return b
}
