package storage

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// The ranges of ScalarDB's calendar types (storage spec, section 1.1), in the
// units of [Value].
const (
	MinDate        = -354285            // 1000-01-01
	MaxDate        = 2932896            // 9999-12-31
	MaxTime        = 86_399_999_999_000 // 23:59:59.999999
	MinTimestamp   = -30_610_224_000_000
	MaxTimestamp   = 253_402_300_799_999
	timeResolution = 1000 // nanoseconds
)

// CheckGet reports, as an [ErrInvalid], why get can never succeed on any
// storage. Adapters call the Check functions before they turn to the database,
// so that all of them refuse the same requests.
func CheckGet(get *Get) error {
	if err := checkKey("get", get.Table, get.Key); err != nil {
		return err
	}
	return checkProjection("get", get.Table, get.Columns)
}

// CheckScan reports, as an [ErrInvalid], why scan can never succeed on any
// storage.
func CheckScan(scan *Scan) error {
	const op = "scan"
	t := scan.Table
	if t == nil {
		return Invalidf(op, TableName{}, "the scan names no table")
	}
	if scan.Kind != PartitionScan && (len(scan.Partition) > 0 || len(scan.Start.Values) > 0 || len(scan.End.Values) > 0 || scan.Backward) {
		return Invalidf(op, t.TableName, "only a partition scan has a partition key, bounds and a direction")
	}
	switch scan.Kind {
	case PartitionScan:
		if len(scan.Partition) != len(t.Partition) {
			return Invalidf(op, t.TableName, "the partition key has %d values, the table's has %d columns", len(scan.Partition), len(t.Partition))
		}
		for i, v := range scan.Partition {
			if why := checkKeyValue(t.Columns[t.Partition[i]], v); why != "" {
				return Invalidf(op, t.TableName, "%s", why)
			}
		}
		if err := checkBounds(op, t, scan.Start.Values, scan.End.Values); err != nil {
			return err
		}
	case IndexScan:
		if !t.Indexed(scan.Index) {
			return Invalidf(op, t.TableName, "column %s has no index", t.columnName(scan.Index))
		}
		if scan.IndexValue.IsNull() {
			return Invalidf(op, t.TableName, "an index holds no NULL: column %s", t.columnName(scan.Index))
		}
		if why := checkValue(t.Columns[scan.Index], scan.IndexValue); why != "" {
			return Invalidf(op, t.TableName, "%s", why)
		}
	case FullScan:
	default:
		return Invalidf(op, t.TableName, "unknown kind of scan %d", scan.Kind)
	}
	if scan.Limit < 0 {
		return Invalidf(op, t.TableName, "the limit %d is negative", scan.Limit)
	}
	for _, conjunction := range scan.Where {
		if len(conjunction) == 0 {
			return Invalidf(op, t.TableName, "a conjunction without a predicate: leave it out, or leave the filter empty to let every row pass")
		}
		for i := range conjunction {
			if why := checkPredicate(t, &conjunction[i]); why != "" {
				return Invalidf(op, t.TableName, "%s", why)
			}
		}
	}
	return checkProjection(op, t, scan.Columns)
}

// CheckTable reports, as an [ErrInvalid], why table can be created on no
// storage.
func CheckTable(table *Table) error {
	const op = "create table"
	if table.Namespace == "" || table.Name == "" {
		return Invalidf(op, table.TableName, "namespace and table need a name")
	}
	for i, c := range table.Columns {
		if why := checkColumn(c); why != "" {
			return Invalidf(op, table.TableName, "%s", why)
		}
		if table.Column(c.Name) != i {
			return Invalidf(op, table.TableName, "column %s is defined twice", c.Name)
		}
	}
	if len(table.Partition) == 0 {
		return Invalidf(op, table.TableName, "the partition key has no column")
	}
	if why := checkPositions(table, table.PrimaryKey()); why != "" {
		return Invalidf(op, table.TableName, "the primary key names %s", why)
	}
	if why := checkPositions(table, table.Indexes); why != "" {
		return Invalidf(op, table.TableName, "the list of indexes names %s", why)
	}
	return nil
}

func checkColumn(c Column) string {
	switch {
	case c.Name == "":
		return "a column has no name"
	case c.Type == 0 || int(c.Type) >= len(typeNames):
		return "column " + c.Name + " has no valid type"
	}
	return ""
}

func checkPositions(table *Table, positions []int) string {
	for i, p := range positions {
		if p < 0 || p >= len(table.Columns) {
			return fmt.Sprintf("column %d of %d", p, len(table.Columns))
		}
		if slices.Contains(positions[:i], p) {
			return fmt.Sprintf("column %s twice", table.Columns[p].Name)
		}
	}
	return ""
}

func checkKey(op string, t *Table, key []Value) error {
	if t == nil {
		return Invalidf(op, TableName{}, "the request names no table")
	}
	if len(key) != t.KeyLen() {
		return Invalidf(op, t.TableName, "the key has %d values, the table's primary key has %d columns", len(key), t.KeyLen())
	}
	for i, v := range key {
		if why := checkKeyValue(t.Columns[t.keyColumn(i)], v); why != "" {
			return Invalidf(op, t.TableName, "%s", why)
		}
	}
	return nil
}

func checkBounds(op string, t *Table, start, end []Value) error {
	for _, bound := range [][]Value{start, end} {
		if len(bound) > len(t.Clustering) {
			return Invalidf(op, t.TableName, "a bound of %d values, the clustering key has %d columns", len(bound), len(t.Clustering))
		}
		for i, v := range bound {
			if why := checkKeyValue(t.Columns[t.Clustering[i].Column], v); why != "" {
				return Invalidf(op, t.TableName, "%s", why)
			}
		}
	}
	if len(start) == 0 || len(end) == 0 {
		return nil
	}
	if last := len(start) - 1; len(start) != len(end) || !slices.Equal(start[:last], end[:last]) {
		return Invalidf(op, t.TableName, "the two bounds must have the same length and differ at most in the last value")
	}
	return nil
}

func checkProjection(op string, t *Table, columns []int) error {
	// An empty list that is not nil is more likely a mistake than the wish for
	// rows without values.
	if columns != nil && len(columns) == 0 {
		return Invalidf(op, t.TableName, "an empty list of columns: nil asks for all of them")
	}
	for _, c := range columns {
		if c < 0 || c >= len(t.Columns) {
			return Invalidf(op, t.TableName, "there is no column %d", c)
		}
	}
	return nil
}

func checkPredicate(t *Table, p *Predicate) string {
	if p.Column < 0 || p.Column >= len(t.Columns) {
		return fmt.Sprintf("there is no column %d", p.Column)
	}
	column := t.Columns[p.Column]
	switch p.Operator {
	case IsNull, IsNotNull:
		return ""
	case Eq, Ne, Gt, Ge, Lt, Le:
	case Like, NotLike:
		if column.Type != Text {
			return fmt.Sprintf("%s needs a TEXT column, %s is %s", p.Operator, column.Name, column.Type)
		}
		if why := CheckLike(p.Value.str, p.Escape); why != "" {
			return "column " + column.Name + ": " + why
		}
	default:
		return fmt.Sprintf("unknown operator %d", p.Operator)
	}
	if p.Value.null {
		return fmt.Sprintf("column %s: %s NULL never holds; use IS NULL or IS NOT NULL", column.Name, p.Operator)
	}
	return checkValue(column, p.Value)
}

func checkKeyValue(column Column, v Value) string {
	if v.null {
		return "key column " + column.Name + " is NULL"
	}
	if (v.typ == Text || v.typ == Blob) && v.str == "" {
		return "key column " + column.Name + " is empty"
	}
	return checkValue(column, v)
}

func checkValue(column Column, v Value) string {
	if v.typ != column.Type {
		return fmt.Sprintf("column %s is %s, the value is of type %s", column.Name, column.Type, v.typ)
	}
	if v.null {
		return ""
	}
	n, inRange := v.Int64(), true
	switch v.typ {
	case Text:
		if !utf8.ValidString(v.str) {
			return "column " + column.Name + ": the text is not valid UTF-8"
		}
	case Date:
		inRange = MinDate <= n && n <= MaxDate
	case Time:
		inRange = 0 <= n && n <= MaxTime && n%timeResolution == 0
	case Timestamp, TimestampTZ:
		inRange = MinTimestamp <= n && n <= MaxTimestamp
	}
	if !inRange {
		return fmt.Sprintf("column %s: %d is out of the range of %s", column.Name, n, v.typ)
	}
	return ""
}

// keyColumn returns the position of the i-th primary-key column.
func (t *Table) keyColumn(i int) int {
	if i < len(t.Partition) {
		return t.Partition[i]
	}
	return t.Clustering[i-len(t.Partition)].Column
}

func (t *Table) columnName(position int) string {
	if position < 0 || position >= len(t.Columns) {
		return fmt.Sprint(position)
	}
	return t.Columns[position].Name
}
