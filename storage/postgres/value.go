package postgres

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/scalargen/scalargen/storage"
)

const (
	// PostgreSQL counts days and microseconds from 2000-01-01.
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1_000_000
)

// encode appends the binary form of v, which is not NULL, for a parameter of a
// type of the server (storage spec, sections 4.1 and 4.2), or tells why v cannot
// be stored. The server infers the types of parameters from the columns, which
// in imported tables are not always those that this package creates.
func encode(dst []byte, v storage.Value, oid uint32) (encoded []byte, why string) {
	big := binary.BigEndian
	switch v.Type() {
	case storage.Boolean:
		switch oid {
		case pgtype.BoolOID:
			return append(dst, byte(v.Int64())), ""
		case pgtype.BitOID, pgtype.VarbitOID:
			return append(big.AppendUint32(dst, 1), byte(v.Int64())<<7), ""
		}
	case storage.Int, storage.BigInt:
		n := v.Int64()
		switch {
		case oid == pgtype.Int4OID && int64(int32(n)) == n:
			return big.AppendUint32(dst, uint32(n)), ""
		case oid == pgtype.Int8OID:
			return big.AppendUint64(dst, uint64(n)), ""
		case oid == pgtype.Int2OID && int64(int16(n)) == n:
			return big.AppendUint16(dst, uint16(n)), ""
		case oid == pgtype.Int4OID, oid == pgtype.Int2OID:
			return dst, fmt.Sprintf("%d is out of the range of the column's type %s", n, typeName(oid))
		}
	case storage.Float:
		switch oid {
		case pgtype.Float4OID:
			return big.AppendUint32(dst, math.Float32bits(v.Float32())), ""
		case pgtype.Float8OID:
			return big.AppendUint64(dst, math.Float64bits(float64(v.Float32()))), ""
		}
	case storage.Double:
		if oid == pgtype.Float8OID {
			return big.AppendUint64(dst, math.Float64bits(v.Float64())), ""
		}
	case storage.Text:
		switch oid {
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID:
			if strings.IndexByte(v.Text(), 0) >= 0 {
				return dst, "PostgreSQL holds no text with the character U+0000"
			}
			return append(dst, v.Text()...), ""
		}
	case storage.Blob:
		if oid == pgtype.ByteaOID {
			return append(dst, v.Text()...), ""
		}
	case storage.Date:
		if oid == pgtype.DateOID {
			return big.AppendUint32(dst, uint32(v.Int64()-epochDays)), ""
		}
	case storage.Time:
		if oid == pgtype.TimeOID {
			return big.AppendUint64(dst, uint64(v.Int64()/1000)), ""
		}
	case storage.Timestamp:
		if oid == pgtype.TimestampOID {
			return big.AppendUint64(dst, uint64(v.Int64()*1000-epochMicros)), ""
		}
	case storage.TimestampTZ:
		if oid == pgtype.TimestamptzOID {
			return big.AppendUint64(dst, uint64(v.Int64()*1000-epochMicros)), ""
		}
	}
	return dst, fmt.Sprintf("a column of the table in the database is of type %s, which takes no %s: read the table's definition again", typeName(oid), v.Type())
}

// decode is the inverse of encode; nil is NULL. It refuses what this package
// cannot have written.
func decode(b []byte, t storage.Type, oid uint32) (storage.Value, error) {
	if b == nil {
		return storage.Null(t), nil
	}
	var v storage.Value
	ok := false
	switch t {
	case storage.Boolean:
		switch {
		case oid == pgtype.BoolOID && len(b) == 1:
			v, ok = storage.BooleanValue(b[0] != 0), true
		case oid == pgtype.BitOID && len(b) == 5 && binary.BigEndian.Uint32(b) == 1:
			v, ok = storage.BooleanValue(b[4] != 0), true
		}
	case storage.Int:
		if n, is := integer(b, oid); is {
			v, ok = storage.IntValue(int32(n)), int64(int32(n)) == n
		}
	case storage.BigInt:
		if n, is := integer(b, oid); is {
			v, ok = storage.BigIntValue(n), true
		}
	case storage.Float:
		switch {
		case oid == pgtype.Float4OID && len(b) == 4:
			v, ok = storage.FloatValue(math.Float32frombits(binary.BigEndian.Uint32(b))), true
		case oid == pgtype.Float8OID && len(b) == 8:
			f := math.Float64frombits(binary.BigEndian.Uint64(b))
			v, ok = storage.FloatValue(float32(f)), float64(float32(f)) == f || f != f
		}
	case storage.Double:
		if oid == pgtype.Float8OID && len(b) == 8 {
			v, ok = storage.DoubleValue(math.Float64frombits(binary.BigEndian.Uint64(b))), true
		}
	case storage.Text:
		switch oid {
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID:
			v, ok = storage.TextValue(string(b)), true
		}
	case storage.Blob:
		v, ok = storage.BlobValue(b), oid == pgtype.ByteaOID
	case storage.Date:
		if oid == pgtype.DateOID && len(b) == 4 {
			n := int64(int32(binary.BigEndian.Uint32(b)))
			if n == math.MaxInt32 || n == math.MinInt32 {
				return v, fmt.Errorf("holds the date %s, which is not a DATE", infinity(n))
			}
			v, ok = storage.DateValue(int32(n+epochDays)), storage.MinDate <= n+epochDays && n+epochDays <= storage.MaxDate
		}
	case storage.Time:
		if oid == pgtype.TimeOID && len(b) == 8 {
			n := int64(binary.BigEndian.Uint64(b)) * 1000
			v, ok = storage.TimeValue(n), 0 <= n && n <= storage.MaxTime
		}
	case storage.Timestamp, storage.TimestampTZ:
		if (t == storage.Timestamp && oid == pgtype.TimestampOID || t == storage.TimestampTZ && oid == pgtype.TimestamptzOID) && len(b) == 8 {
			return timestamp(int64(binary.BigEndian.Uint64(b)), t)
		}
	}
	if !ok {
		if v.IsZero() {
			return v, fmt.Errorf("is of type %s in the database and holds no %s", typeName(oid), t)
		}
		return v, fmt.Errorf("holds a %s that is out of the range of %s", typeName(oid), t)
	}
	return v, nil
}

func integer(b []byte, oid uint32) (n int64, ok bool) {
	switch {
	case oid == pgtype.Int4OID && len(b) == 4:
		return int64(int32(binary.BigEndian.Uint32(b))), true
	case oid == pgtype.Int8OID && len(b) == 8:
		return int64(binary.BigEndian.Uint64(b)), true
	case oid == pgtype.Int2OID && len(b) == 2:
		return int64(int16(binary.BigEndian.Uint16(b))), true
	}
	return 0, false
}

func timestamp(micros int64, t storage.Type) (storage.Value, error) {
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		return storage.Value{}, fmt.Errorf("holds the time %s, which is not a %s", infinity(micros), t)
	}
	micros += epochMicros
	if micros%1000 != 0 {
		return storage.Value{}, fmt.Errorf("holds a time with microseconds, which is not a %s: truncate it to milliseconds", t)
	}
	millis := micros / 1000
	if millis < storage.MinTimestamp || millis > storage.MaxTimestamp {
		return storage.Value{}, fmt.Errorf("holds a time before the year 1000 or after 9999, which is not a %s", t)
	}
	if t == storage.TimestampTZ {
		return storage.TimestampTZValue(millis), nil
	}
	return storage.TimestampValue(millis), nil
}

func infinity(n int64) string {
	if n < 0 {
		return "-infinity"
	}
	return "infinity"
}

var types = pgtype.NewMap()

// typeName names a type of the server for messages.
func typeName(oid uint32) string {
	if t, known := types.TypeForOID(oid); known {
		return t.Name
	}
	return fmt.Sprintf("number %d", oid)
}

// compare is the order of a server that compares texts by their bytes: that of
// [storage.Compare] except that the two zeros are equal.
func compare(a, b storage.Value) int {
	if a.IsNull() || b.IsNull() {
		return storage.Compare(a, b)
	}
	switch a.Type() {
	case storage.Float:
		return compareFloats(float64(a.Float32()), float64(b.Float32()))
	case storage.Double:
		return compareFloats(a.Float64(), b.Float64())
	default:
		return storage.Compare(a, b)
	}
}

// compareFloats holds NaN for greater than all others.
func compareFloats(a, b float64) int {
	if a != a || b != b {
		return -cmp.Compare(a, b)
	}
	return cmp.Compare(a, b)
}
