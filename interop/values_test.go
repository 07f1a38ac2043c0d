package interop

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

// sameValue compares values as they are stored: −0.0 is 0.0 where a database
// does not know it.
func (db *database) sameValue() cmp.Option {
	return cmp.Comparer(func(a, b storage.Value) bool { return db.stored(a) == db.stored(b) })
}

func (db *database) stored(v storage.Value) storage.Value {
	if db.negativeZero || v.IsNull() {
		return v
	}
	switch {
	case v.Type() == storage.Float && v.Float32() == 0:
		return storage.FloatValue(0)
	case v.Type() == storage.Double && v.Float64() == 0:
		return storage.DoubleValue(0)
	}
	return v
}

// extremes returns values of a type that keys hold, in the ascending order of
// all storages.
func (db *database) extremes(t storage.Type) []storage.Value {
	var values []storage.Value
	switch t {
	case storage.Boolean:
		values = []storage.Value{storage.BooleanValue(false), storage.BooleanValue(true)}
	case storage.Int:
		for _, n := range []int32{math.MinInt32, -1, 0, 1, math.MaxInt32} {
			values = append(values, storage.IntValue(n))
		}
	case storage.BigInt:
		for _, n := range []int64{math.MinInt64, -1<<53 - 1, -1, 0, 1 << 31, 1<<53 + 1, math.MaxInt64} {
			values = append(values, storage.BigIntValue(n))
		}
	case storage.Float:
		for _, f := range []float32{-math.MaxFloat32, -1, -0.1, -math.SmallestNonzeroFloat32, 0, math.SmallestNonzeroFloat32, 0.1, 1 << 24, math.MaxFloat32} {
			values = append(values, storage.FloatValue(f))
		}
		if db.infinities {
			values = slices.Insert(values, 0, storage.FloatValue(float32(math.Inf(-1))))
			values = append(values, storage.FloatValue(float32(math.Inf(1))))
		}
	case storage.Double:
		for _, f := range []float64{-math.MaxFloat64, -1, -0.1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 0.1, 1 << 53, math.MaxFloat64} {
			values = append(values, storage.DoubleValue(f))
		}
		if db.infinities {
			values = slices.Insert(values, 0, storage.DoubleValue(math.Inf(-1)))
			values = append(values, storage.DoubleValue(math.Inf(1)))
		}
	case storage.Text:
		// By UTF-8 the last is the greatest, by UTF-16 it is not. The third ends
		// in a blank, which some collations ignore.
		for _, s := range []string{" ", "A", "A ", "Z", "a", `a"b'c\d%_$`, "aé", "a\u0301", strings.Repeat("k", db.longKey()), "é", "日本", "\uff5e", "😀"} {
			values = append(values, storage.TextValue(s))
		}
		if db.padded {
			values = slices.DeleteFunc(values, func(v storage.Value) bool { return strings.HasSuffix(v.Text(), " ") })
		}
		slices.SortFunc(values, func(a, b storage.Value) int { return strings.Compare(a.Text(), b.Text()) })
	case storage.Blob:
		for _, b := range [][]byte{{0}, {0, 0}, {0, 1}, {1}, {0x7f}, {0x80}, bytes.Repeat([]byte{0x81}, db.longKey()), {0xff}, {0xff, 0xff}} {
			values = append(values, storage.BlobValue(b))
		}
	case storage.Date:
		for _, day := range []string{"1000-01-01", "1582-10-04", "1582-10-05", "1582-10-15", "1969-12-31", "1970-01-01", "2024-02-29", "9999-12-31"} {
			at, _ := time.Parse(time.DateOnly, day)
			values = append(values, storage.DateValue(int32(at.Unix()/86400)))
		}
	case storage.Time:
		for _, n := range []int64{0, 1_000, 45_296_123_456_000, 86_399_999_999_000} {
			values = append(values, storage.TimeValue(n))
		}
	case storage.Timestamp:
		for _, ms := range instants {
			values = append(values, storage.TimestampValue(ms))
		}
	case storage.TimestampTZ:
		for _, ms := range instants {
			values = append(values, storage.TimestampTZValue(ms))
		}
	}
	return values
}

// instants are milliseconds since 1970: the first and last that there are, those
// around the beginning of the Gregorian calendar, and those around 1970, where
// the packed form changes its rule. At 510_323_400_000 (1986-03-04 17:30 UTC) the
// clocks of Kathmandu had just been moved by a quarter of an hour.
var instants = []int64{
	-30_610_224_000_000, -12_219_292_800_001, -12_219_292_800_000, -2_208_988_800_001,
	-1_500, -1_001, -1_000, -999, -1, 0, 1, 999, 504_901_800_000, 504_902_699_999, 510_323_400_000, 253_402_300_799_999,
}

// longKey is the length of a long key.
func (db *database) longKey() int {
	if db.keyBytes > 0 {
		return db.keyBytes
	}
	return 1000
}

// plainOnly returns further values, which only a column outside of keys and
// indexes holds everywhere.
func (db *database) plainOnly(t storage.Type) []storage.Value {
	values := []storage.Value{storage.Null(t)}
	switch t {
	case storage.Text:
		values = append(values, storage.TextValue(""), storage.TextValue("line\r\n\tbreak"), storage.TextValue(strings.Repeat("日", 100_000)))
	case storage.Blob:
		values = append(values, storage.BlobValue(nil), storage.BlobValue(bytes.Repeat([]byte{0, 0xff, 0x27}, 100_000)))
	case storage.Float:
		values = append(values, storage.FloatValue(float32(math.Copysign(0, -1))))
		if db.nan {
			values = append(values, storage.FloatValue(float32(math.NaN())))
		}
	case storage.Double:
		values = append(values, storage.DoubleValue(math.Copysign(0, -1)))
		if db.nan {
			values = append(values, storage.DoubleValue(math.NaN()))
		}
	}
	return values
}

// The columns of a table of valuesTable.
const (
	keyColumn = iota
	orderColumn
	indexColumn
	plainColumn
	markColumn
)

// valuesTable has a type everywhere a column can be.
func valuesTable(db *database, t storage.Type, order storage.Order) *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: db.namespace("types"), Name: strings.ToLower(t.String() + "_" + order.String())},
		Columns:   []storage.Column{keyColumn: {Name: "k", Type: t}, orderColumn: {Name: "o", Type: t}, indexColumn: {Name: "i", Type: t}, plainColumn: {Name: "p", Type: t}, markColumn: {Name: "m", Type: storage.Int}},
		Partition: []int{keyColumn}, Clustering: []storage.ClusteringColumn{{Column: orderColumn, Order: order}}, Indexes: []int{indexColumn},
	}
}

// Every value of every type survives as partition key, clustering key of either
// order, indexed and plain column, whoever writes and whoever reads; ranges and
// conditions agree on it.
func TestValues(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		clients := map[string]client{}
		for _, l := range libraries {
			clients[l.name] = l.open(t, db, options{})
		}
		for i, typ := range storage.Types() {
			for j, order := range []storage.Order{storage.Asc, storage.Desc} {
				table := valuesTable(db, typ, order)
				ok(t, clients[libraries[(i+j)%2].name].administration().create(t.Context(), table))
				for _, writer := range libraries {
					t.Run(fmt.Sprintf("%s %s written by %s", typ, order, writer.name), func(t *testing.T) {
						records := valueRecords(db, typ)
						write(t, clients[writer.name], table, records)
						for _, reader := range libraries {
							t.Run("read by "+reader.name, func(t *testing.T) {
								readsValues(t, db, clients[reader.name], table, records)
							})
						}
						comparesValues(t, db, clients[writer.other().name].raw(), table, records)
						erase(t, clients[writer.other().name], table, records)
					})
				}
			}
		}
	})
}

// valueRecords has one partition with all values as clustering key, and each
// value as the key of a partition.
func valueRecords(db *database, typ storage.Type) []storage.Row {
	values, plain := db.extremes(typ), db.plainOnly(typ)
	var records []storage.Row
	for i, v := range values {
		p := v
		if i < len(plain) {
			p = plain[i]
		}
		mark := storage.Null(storage.Int)
		records = append(records, storage.Row{keyColumn: values[0], orderColumn: v, indexColumn: v, plainColumn: p, markColumn: mark})
		if i > 0 {
			records = append(records, storage.Row{keyColumn: v, orderColumn: values[0], indexColumn: storage.Null(typ), plainColumn: v, markColumn: mark})
		}
	}
	return records
}

func write(t *testing.T, c client, table *storage.Table, records []storage.Row) {
	t.Helper()
	tx := must(c.begin(t.Context(), begin{}))(t)
	for _, record := range records {
		if err := tx.insert(t.Context(), table, record); err != nil {
			t.Fatalf("insert %s: %v", show(table, record), err)
		}
	}
	ok(t, tx.commit(t.Context()))
}

func erase(t *testing.T, c client, table *storage.Table, records []storage.Row) {
	t.Helper()
	tx := must(c.begin(t.Context(), begin{}))(t)
	for _, record := range records {
		ok(t, tx.remove(t.Context(), table, table.Key(record)))
	}
	ok(t, tx.commit(t.Context()))
}

func readsValues(t *testing.T, db *database, c client, table *storage.Table, records []storage.Row) {
	ctx := t.Context()
	tx := must(c.begin(ctx, begin{readOnly: true}))(t)
	for _, record := range records {
		row, err := tx.get(ctx, table, table.Key(record))
		if diff := cmp.Diff(record, row, db.sameValue()); diff != "" || err != nil {
			t.Errorf("get %s: %v\n%s", table.FormatKey(table.Key(record)), err, diff)
		}
		if v := record[indexColumn]; !v.IsNull() {
			rows, err := tx.scan(ctx, &storage.Scan{Table: table, Kind: storage.IndexScan, Index: indexColumn, IndexValue: v})
			if diff := cmp.Diff([]storage.Row{record}, rows, db.sameValue()); diff != "" || err != nil {
				t.Errorf("index %v: %v\n%s", v, err, diff)
			}
		}
	}
	all, err := tx.scan(ctx, &storage.Scan{Table: table, Kind: storage.FullScan})
	if len(all) != len(records) || err != nil {
		t.Errorf("scan of the table: %d records, want %d: %v", len(all), len(records), err)
	}
	readsRanges(t, db, tx, table, records)
	ok(t, tx.commit(ctx))
}

// readsRanges scans the first partition between every two of its values.
func readsRanges(t *testing.T, db *database, tx transaction, table *storage.Table, records []storage.Row) {
	var partition []storage.Row
	for _, record := range records {
		if record[keyColumn] == records[0][keyColumn] {
			partition = append(partition, record)
		}
	}
	n := len(partition)
	var ranges []storage.Scan
	for i := -1; i < n; i++ {
		for j := max(i, 0); j <= n; j++ {
			if (i+2*j)%3 != 0 && j-i > 1 && j < n {
				continue // every third of those that are not at an end and hold several values
			}
			q := storage.Scan{Table: table, Partition: partition[0][:1], Backward: (i+j)%2 == 0}
			if i >= 0 {
				q.Start = storage.Bound{Values: partition[i][orderColumn:indexColumn], Inclusive: j%3 != 0}
			}
			if j < n {
				q.End = storage.Bound{Values: partition[j][orderColumn:indexColumn], Inclusive: i%3 != 0}
			}
			ranges = append(ranges, q)
		}
	}
	for _, q := range ranges {
		var want []storage.Row
		for i, record := range partition {
			at := func(b storage.Bound) int {
				return slices.IndexFunc(partition, func(r storage.Row) bool { return len(b.Values) > 0 && r[orderColumn] == b.Values[0] })
			}
			start, end := at(q.Start), at(q.End)
			if (start < 0 || i > start || i == start && q.Start.Inclusive) && (end < 0 || i < end || i == end && q.End.Inclusive) {
				want = append(want, record)
			}
		}
		if (table.Clustering[0].Order == storage.Desc) != q.Backward {
			slices.Reverse(want)
		}
		rows, err := tx.scan(t.Context(), &q)
		if len(rows) == 0 {
			rows = nil
		}
		if diff := cmp.Diff(want, rows, db.sameValue()); diff != "" || err != nil {
			t.Errorf("scan from %v to %v, backward %v: %v\n%s", q.Start, q.End, q.Backward, err, diff)
		}
	}
}

// comparesValues writes where a column is what it is, and fails to where it is
// something else.
func comparesValues(t *testing.T, db *database, raw rawStorage, table *storage.Table, records []storage.Row) {
	for _, record := range records {
		put := storage.Mutation{
			Table: table, Key: table.Key(record), Columns: []int{markColumn}, Values: []storage.Value{storage.IntValue(1)}, Condition: storage.If,
		}
		equal, unequal := storage.Eq, storage.Ne
		if record[plainColumn].IsNull() {
			equal, unequal = storage.IsNull, storage.IsNotNull
		}
		for operator, want := range map[storage.Operator]string{equal: "ok", unequal: "condition"} {
			put.Where = []storage.Predicate{{Column: plainColumn, Operator: operator, Value: record[plainColumn]}}
			if got := outcome(raw.mutate(t.Context(), []storage.Mutation{put})); got != want {
				t.Errorf("put where %s %v: %s, want %s", operator, record[plainColumn], got, want)
			}
		}
	}
}
