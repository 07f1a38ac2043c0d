package scalar_test

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
)

// The tables of these tests, as scalargen would generate them from a schema:
// test.orders has two clustering columns of mixed order and an index, test.kinds
// every type both nullable and required and the three ways of a custom Go type,
// test.audit takes no part in transactions.

var testSchema = scalar.Schema{&orders, &kinds, &audit}

type Order struct {
	CustomerID int32
	Timestamp  int64
	Seq        int32
	OrderID    scalar.Null[string] `json:",omitzero"`
	Total      scalar.Null[int32]  `json:",omitzero"`
}

type OrderKey struct {
	CustomerID int32
	Timestamp  int64
	Seq        int32
}

var orderColumns = struct {
	CustomerID scalar.Column[Order, int32, scalar.Key, scalar.Ordered]
	Timestamp  scalar.Column[Order, int64, scalar.Key, scalar.Ordered]
	Seq        scalar.Column[Order, int32, scalar.Key, scalar.Ordered]
	OrderID    scalar.Column[Order, string, scalar.Data, scalar.NullText]
	Total      scalar.Column[Order, int32, scalar.Data, scalar.NullOrdered]
}{
	CustomerID: scalar.Column[Order, int32, scalar.Key, scalar.Ordered]{Pos: 0, Encode: scalar.IntValue},
	Timestamp:  scalar.Column[Order, int64, scalar.Key, scalar.Ordered]{Pos: 1, Encode: scalar.BigIntValue},
	Seq:        scalar.Column[Order, int32, scalar.Key, scalar.Ordered]{Pos: 2, Encode: scalar.IntValue},
	OrderID:    scalar.Column[Order, string, scalar.Data, scalar.NullText]{Pos: 3, Encode: scalar.TextValue},
	Total:      scalar.Column[Order, int32, scalar.Data, scalar.NullOrdered]{Pos: 4, Encode: scalar.IntValue},
}

type orderRange struct{ scalar.Range[Order] }

func ordersOf(customerID int32) orderRange {
	return orderRange{scalar.RangeOf[Order](scalar.IntValue(customerID))}
}

func (r orderRange) TimestampFrom(v int64) orderRange {
	return orderRange{scalar.RangeStart(r.Range, scalar.BigIntValue(v), true)}
}

func (r orderRange) TimestampAfter(v int64) orderRange {
	return orderRange{scalar.RangeStart(r.Range, scalar.BigIntValue(v), false)}
}

func (r orderRange) TimestampTo(v int64) orderRange {
	return orderRange{scalar.RangeEnd(r.Range, scalar.BigIntValue(v), true)}
}

func (r orderRange) TimestampBefore(v int64) orderRange {
	return orderRange{scalar.RangeEnd(r.Range, scalar.BigIntValue(v), false)}
}

func (r orderRange) TimestampIs(v int64) orderTimestampRange {
	return orderTimestampRange{scalar.RangeIs(r.Range, scalar.BigIntValue(v))}
}

type orderTimestampRange struct{ scalar.Range[Order] }

func (r orderTimestampRange) SeqFrom(v int32) orderTimestampRange {
	return orderTimestampRange{scalar.RangeStart(r.Range, scalar.IntValue(v), true)}
}

func (r orderTimestampRange) SeqBefore(v int32) orderTimestampRange {
	return orderTimestampRange{scalar.RangeEnd(r.Range, scalar.IntValue(v), false)}
}

func allOrders() scalar.Selection[Order] { return scalar.SelectAll[Order]() }

func ordersByOrderID(orderID string) scalar.Selection[Order] {
	return scalar.SelectIndex[Order](3, scalar.TextValue(orderID))
}

func ordersDef() *scalar.TableDef {
	return &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "test", Name: "orders"},
		Columns: []scalar.ColumnDef{
			{Name: "customer_id", Type: scalar.TypeInt},
			{Name: "timestamp", Type: scalar.TypeBigInt},
			{Name: "seq", Type: scalar.TypeInt},
			{Name: "order_id", Type: scalar.TypeText},
			{Name: "total", Type: scalar.TypeInt},
		},
		Partition:  []int{0},
		Clustering: []scalar.ClusteringDef{{Column: 1, Order: scalar.Desc}, {Column: 2, Order: scalar.Asc}},
		Indexes:    []int{3},
	}
}

// ordersTable returns the table for a definition that need not be the deployed one.
func ordersTable(def *scalar.TableDef) handtable.Table[Order, OrderKey] {
	return handtable.Table[Order, OrderKey]{
		Table: scalar.Table{Def: def},
		Codec: handtable.Codec[Order, OrderKey]{
			Key: func(k *OrderKey, to []scalar.Value) {
				to[0] = scalar.IntValue(k.CustomerID)
				to[1] = scalar.BigIntValue(k.Timestamp)
				to[2] = scalar.IntValue(k.Seq)
			},
			Encode: func(r *Order, to []scalar.Value) {
				to[0] = scalar.IntValue(r.CustomerID)
				to[1] = scalar.BigIntValue(r.Timestamp)
				to[2] = scalar.IntValue(r.Seq)
				to[3] = scalar.NullValue(scalar.TypeText, r.OrderID, scalar.TextValue)
				to[4] = scalar.NullValue(scalar.TypeInt, r.Total, scalar.IntValue)
			},
			Decode: func(from *scalar.Row, r *Order) {
				r.CustomerID = from.Int(0)
				r.Timestamp = from.BigInt(1)
				r.Seq = from.Int(2)
				r.OrderID = from.NullText(3)
				r.Total = from.NullInt(4)
			},
		},
	}
}

var orders = ordersTable(ordersDef())

func keyOfOrder(r Order) OrderKey { return OrderKey{r.CustomerID, r.Timestamp, r.Seq} }

// Kinds has a nullable column of every type, a required one of every type, and
// columns with custom Go types.
type Kinds struct {
	ID string

	Boolean     scalar.Null[bool]
	Int         scalar.Null[int32]
	BigInt      scalar.Null[int64]
	Float       scalar.Null[float32]
	Double      scalar.Null[float64]
	Text        scalar.Null[string]
	Blob        scalar.Null[[]byte]
	Date        scalar.Null[scalar.Date]
	Time        scalar.Null[scalar.TimeOfDay]
	Timestamp   scalar.Null[scalar.DateTime]
	TimestampTZ scalar.Null[time.Time]

	BooleanR     bool
	IntR         int32
	BigIntR      int64
	FloatR       float32
	DoubleR      float64
	TextR        string
	BlobR        []byte
	DateR        scalar.Date
	TimeR        scalar.TimeOfDay
	TimestampR   scalar.DateTime
	TimestampTZR time.Time

	Name   scalar.Null[CustomerName]
	Status OrderStatus
	Ref    scalar.Null[uuid.UUID]
}

type KindsKey struct{ ID string }

// CustomerName is a named type over the natural one.
type CustomerName string

func encodeCustomerName(v CustomerName) scalar.Value { return scalar.TextValue(string(v)) }

func decodeCustomerName(from *scalar.Row, column int) CustomerName {
	return CustomerName(from.Text(column))
}

// OrderStatus is an enum.
type OrderStatus string

const (
	Placed  OrderStatus = "placed"
	Shipped OrderStatus = "shipped"
)

func encodeOrderStatus(v OrderStatus) scalar.Value {
	switch v {
	case Placed, Shipped:
		return scalar.TextValue(string(v))
	}
	return scalar.InvalidValue("%q is not a declared OrderStatus", v)
}

func decodeOrderStatus(from *scalar.Row, column int) OrderStatus {
	return scalar.ReadAs(from, column, from.Text(column), func(s string) (OrderStatus, error) {
		switch v := OrderStatus(s); v {
		case Placed, Shipped:
			return v, nil
		}
		return "", fmt.Errorf("%q is not a declared OrderStatus", s)
	})
}

func encodeUUID(v uuid.UUID) scalar.Value { return scalar.TextValue(v.String()) }

func decodeUUID(from *scalar.Row, column int) uuid.UUID {
	return scalar.ReadAs(from, column, from.Text(column), uuid.Parse)
}

var kindsColumns = struct {
	Boolean  scalar.Column[Kinds, bool, scalar.Data, scalar.NullBool]
	Int      scalar.Column[Kinds, int32, scalar.Data, scalar.NullOrdered]
	Float    scalar.Column[Kinds, float32, scalar.Data, scalar.NullOrdered]
	Text     scalar.Column[Kinds, string, scalar.Data, scalar.NullText]
	Blob     scalar.Column[Kinds, []byte, scalar.Data, scalar.NullOrdered]
	Date     scalar.Column[Kinds, scalar.Date, scalar.Data, scalar.NullOrdered]
	Time     scalar.Column[Kinds, scalar.TimeOfDay, scalar.Data, scalar.NullOrdered]
	DateTime scalar.Column[Kinds, scalar.DateTime, scalar.Data, scalar.NullOrdered]
	Instant  scalar.Column[Kinds, time.Time, scalar.Data, scalar.NullOrdered]
	TextR    scalar.Column[Kinds, string, scalar.Data, scalar.Text]
	Status   scalar.Column[Kinds, OrderStatus, scalar.Data, scalar.Text]
	Ref      scalar.Column[Kinds, uuid.UUID, scalar.Data, scalar.NullText]
}{
	Boolean:  scalar.Column[Kinds, bool, scalar.Data, scalar.NullBool]{Pos: 1, Encode: scalar.BooleanValue},
	Int:      scalar.Column[Kinds, int32, scalar.Data, scalar.NullOrdered]{Pos: 2, Encode: scalar.IntValue},
	Float:    scalar.Column[Kinds, float32, scalar.Data, scalar.NullOrdered]{Pos: 4, Encode: scalar.FloatValue},
	Text:     scalar.Column[Kinds, string, scalar.Data, scalar.NullText]{Pos: 6, Encode: scalar.TextValue},
	Blob:     scalar.Column[Kinds, []byte, scalar.Data, scalar.NullOrdered]{Pos: 7, Encode: scalar.BlobValue},
	Date:     scalar.Column[Kinds, scalar.Date, scalar.Data, scalar.NullOrdered]{Pos: 8, Encode: scalar.DateValue},
	Time:     scalar.Column[Kinds, scalar.TimeOfDay, scalar.Data, scalar.NullOrdered]{Pos: 9, Encode: scalar.TimeValue},
	DateTime: scalar.Column[Kinds, scalar.DateTime, scalar.Data, scalar.NullOrdered]{Pos: 10, Encode: scalar.TimestampValue},
	Instant:  scalar.Column[Kinds, time.Time, scalar.Data, scalar.NullOrdered]{Pos: 11, Encode: scalar.TimestampTZValue},
	TextR:    scalar.Column[Kinds, string, scalar.Data, scalar.Text]{Pos: 17, Encode: scalar.TextValue},
	Status:   scalar.Column[Kinds, OrderStatus, scalar.Data, scalar.Text]{Pos: 24, Encode: encodeOrderStatus},
	Ref:      scalar.Column[Kinds, uuid.UUID, scalar.Data, scalar.NullText]{Pos: 25, Encode: encodeUUID},
}

var kinds = handtable.Table[Kinds, KindsKey]{
	Table: scalar.Table{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "test", Name: "kinds"},
		Columns: []scalar.ColumnDef{
			{Name: "id", Type: scalar.TypeText},
			{Name: "boolean_n", Type: scalar.TypeBoolean},
			{Name: "int_n", Type: scalar.TypeInt},
			{Name: "bigint_n", Type: scalar.TypeBigInt},
			{Name: "float_n", Type: scalar.TypeFloat},
			{Name: "double_n", Type: scalar.TypeDouble},
			{Name: "text_n", Type: scalar.TypeText},
			{Name: "blob_n", Type: scalar.TypeBlob},
			{Name: "date_n", Type: scalar.TypeDate},
			{Name: "time_n", Type: scalar.TypeTime},
			{Name: "timestamp_n", Type: scalar.TypeTimestamp},
			{Name: "timestamptz_n", Type: scalar.TypeTimestampTZ},
			{Name: "boolean_r", Type: scalar.TypeBoolean},
			{Name: "int_r", Type: scalar.TypeInt},
			{Name: "bigint_r", Type: scalar.TypeBigInt},
			{Name: "float_r", Type: scalar.TypeFloat},
			{Name: "double_r", Type: scalar.TypeDouble},
			{Name: "text_r", Type: scalar.TypeText},
			{Name: "blob_r", Type: scalar.TypeBlob},
			{Name: "date_r", Type: scalar.TypeDate},
			{Name: "time_r", Type: scalar.TypeTime},
			{Name: "timestamp_r", Type: scalar.TypeTimestamp},
			{Name: "timestamptz_r", Type: scalar.TypeTimestampTZ},
			{Name: "name", Type: scalar.TypeText},
			{Name: "status", Type: scalar.TypeText},
			{Name: "ref", Type: scalar.TypeText},
		},
		Partition: []int{0},
	}},
	Codec: handtable.Codec[Kinds, KindsKey]{
		Key: func(k *KindsKey, to []scalar.Value) { to[0] = scalar.TextValue(k.ID) },
		Encode: func(r *Kinds, to []scalar.Value) {
			to[0] = scalar.TextValue(r.ID)
			to[1] = scalar.NullValue(scalar.TypeBoolean, r.Boolean, scalar.BooleanValue)
			to[2] = scalar.NullValue(scalar.TypeInt, r.Int, scalar.IntValue)
			to[3] = scalar.NullValue(scalar.TypeBigInt, r.BigInt, scalar.BigIntValue)
			to[4] = scalar.NullValue(scalar.TypeFloat, r.Float, scalar.FloatValue)
			to[5] = scalar.NullValue(scalar.TypeDouble, r.Double, scalar.DoubleValue)
			to[6] = scalar.NullValue(scalar.TypeText, r.Text, scalar.TextValue)
			to[7] = scalar.NullValue(scalar.TypeBlob, r.Blob, scalar.BlobValue)
			to[8] = scalar.NullValue(scalar.TypeDate, r.Date, scalar.DateValue)
			to[9] = scalar.NullValue(scalar.TypeTime, r.Time, scalar.TimeValue)
			to[10] = scalar.NullValue(scalar.TypeTimestamp, r.Timestamp, scalar.TimestampValue)
			to[11] = scalar.NullValue(scalar.TypeTimestampTZ, r.TimestampTZ, scalar.TimestampTZValue)
			to[12] = scalar.BooleanValue(r.BooleanR)
			to[13] = scalar.IntValue(r.IntR)
			to[14] = scalar.BigIntValue(r.BigIntR)
			to[15] = scalar.FloatValue(r.FloatR)
			to[16] = scalar.DoubleValue(r.DoubleR)
			to[17] = scalar.TextValue(r.TextR)
			to[18] = scalar.BlobValue(r.BlobR)
			to[19] = scalar.DateValue(r.DateR)
			to[20] = scalar.TimeValue(r.TimeR)
			to[21] = scalar.TimestampValue(r.TimestampR)
			to[22] = scalar.TimestampTZValue(r.TimestampTZR)
			to[23] = scalar.NullValue(scalar.TypeText, r.Name, encodeCustomerName)
			to[24] = encodeOrderStatus(r.Status)
			to[25] = scalar.NullValue(scalar.TypeText, r.Ref, encodeUUID)
		},
		Decode: func(from *scalar.Row, r *Kinds) {
			r.ID = from.Text(0)
			r.Boolean = from.NullBoolean(1)
			r.Int = from.NullInt(2)
			r.BigInt = from.NullBigInt(3)
			r.Float = from.NullFloat(4)
			r.Double = from.NullDouble(5)
			r.Text = from.NullText(6)
			r.Blob = from.NullBlob(7)
			r.Date = from.NullDate(8)
			r.Time = from.NullTime(9)
			r.Timestamp = from.NullTimestamp(10)
			r.TimestampTZ = from.NullTimestampTZ(11)
			r.BooleanR = from.Boolean(12)
			r.IntR = from.Int(13)
			r.BigIntR = from.BigInt(14)
			r.FloatR = from.Float(15)
			r.DoubleR = from.Double(16)
			r.TextR = from.Text(17)
			r.BlobR = from.Blob(18)
			r.DateR = from.Date(19)
			r.TimeR = from.Time(20)
			r.TimestampR = from.Timestamp(21)
			r.TimestampTZR = from.TimestampTZ(22)
			r.Name = scalar.ReadNull(from, 23, decodeCustomerName)
			r.Status = decodeOrderStatus(from, 24)
			r.Ref = scalar.ReadNull(from, 25, decodeUUID)
		},
	},
}

// rawKinds is test.kinds as a package without any required column would be
// generated: it can store what kinds must refuse to read.
var rawKinds = handtable.Table[map[string]string, KindsKey]{
	Table: scalar.Table{Def: &scalar.TableDef{
		TableName: kinds.Def.TableName,
		Columns:   []scalar.ColumnDef{{Name: "id", Type: scalar.TypeText}, {Name: "status", Type: scalar.TypeText}, {Name: "ref", Type: scalar.TypeText}},
		Partition: []int{0},
	}},
	Codec: handtable.Codec[map[string]string, KindsKey]{
		Key: func(k *KindsKey, to []scalar.Value) { to[0] = scalar.TextValue(k.ID) },
		Encode: func(r *map[string]string, to []scalar.Value) {
			for i, name := range []string{"id", "status", "ref"} {
				to[i] = scalar.TextValue((*r)[name])
				if _, given := (*r)[name]; !given {
					to[i] = scalar.NullValue(scalar.TypeText, scalar.Null[string]{}, scalar.TextValue)
				}
			}
		},
		Decode: func(*scalar.Row, *map[string]string) {},
	},
}

type Audit struct {
	Day  scalar.Date
	Seq  int32
	Text scalar.Null[string]
	Kind scalar.Null[int32]
}

type AuditKey struct {
	Day scalar.Date
	Seq int32
}

var auditColumns = struct {
	Text scalar.Column[Audit, string, scalar.Data, scalar.NullText]
	Kind scalar.Column[Audit, int32, scalar.Data, scalar.NullOrdered]
}{
	Text: scalar.Column[Audit, string, scalar.Data, scalar.NullText]{Pos: 2, Encode: scalar.TextValue},
	Kind: scalar.Column[Audit, int32, scalar.Data, scalar.NullOrdered]{Pos: 3, Encode: scalar.IntValue},
}

func auditOf(day scalar.Date) scalar.Range[Audit] {
	return scalar.RangeOf[Audit](scalar.DateValue(day))
}

func auditByKind(kind int32) scalar.Selection[Audit] {
	return scalar.SelectIndex[Audit](3, scalar.IntValue(kind))
}

var audit = handtable.StorageTable[Audit, AuditKey]{
	StorageTable: scalar.StorageTable{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "test", Name: "audit"},
		Columns: []scalar.ColumnDef{
			{Name: "day", Type: scalar.TypeDate},
			{Name: "seq", Type: scalar.TypeInt},
			{Name: "text", Type: scalar.TypeText},
			{Name: "kind", Type: scalar.TypeInt},
		},
		Partition:  []int{0},
		Clustering: []scalar.ClusteringDef{{Column: 1, Order: scalar.Asc}},
		Indexes:    []int{3},
	}},
	Codec: handtable.Codec[Audit, AuditKey]{
		Key: func(k *AuditKey, to []scalar.Value) {
			to[0] = scalar.DateValue(k.Day)
			to[1] = scalar.IntValue(k.Seq)
		},
		Encode: func(r *Audit, to []scalar.Value) {
			to[0] = scalar.DateValue(r.Day)
			to[1] = scalar.IntValue(r.Seq)
			to[2] = scalar.NullValue(scalar.TypeText, r.Text, scalar.TextValue)
			to[3] = scalar.NullValue(scalar.TypeInt, r.Kind, scalar.IntValue)
		},
		Decode: func(from *scalar.Row, r *Audit) {
			r.Day = from.Date(0)
			r.Seq = from.Int(1)
			r.Text = from.NullText(2)
			r.Kind = from.NullInt(3)
		},
	},
}
