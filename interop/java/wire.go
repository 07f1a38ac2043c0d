package java

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/scalargen/scalargen/storage"
)

// request is what the program reads; see its classes Session and Operations.
type request struct {
	ID      uint64 `json:"id"`
	Session string `json:"session"`
	Op      string `json:"op"`

	Properties storage.Properties `json:"properties,omitempty"`
	Tx         string             `json:"tx,omitempty"`
	Level      string             `json:"level,omitempty"`
	Attributes map[string]string  `json:"attributes,omitempty"`
	ReadOnly   bool               `json:"readOnly,omitempty"`

	Namespace      string      `json:"namespace,omitempty"`
	Table          string      `json:"table,omitempty"`
	Partition      []column    `json:"partition,omitempty"`
	Clustering     []column    `json:"clustering,omitempty"`
	Values         []column    `json:"values,omitempty"`
	Condition      any         `json:"condition,omitempty"`
	Index          []column    `json:"index,omitempty"`
	Start          []column    `json:"start,omitempty"`
	StartInclusive bool        `json:"startInclusive"`
	End            []column    `json:"end,omitempty"`
	EndInclusive   bool        `json:"endInclusive"`
	Orders         [][2]string `json:"orders,omitempty"`
	Limit          int         `json:"limit,omitempty"`
	Mutations      []*request  `json:"mutations,omitempty"`

	Definition *definition       `json:"definition,omitempty"`
	Column     string            `json:"column,omitempty"`
	Type       string            `json:"type,omitempty"`
	To         string            `json:"to,omitempty"`
	Types      map[string]string `json:"types,omitempty"`

	At     int  `json:"at"`
	Before bool `json:"before"`
	Halt   bool `json:"halt"`
}

// column is [name, type, value]; the program's class Wire says how a value is
// written.
type column struct {
	name  string
	value storage.Value
}

func (c column) MarshalJSON() ([]byte, error) {
	v := c.value
	if v.IsNull() {
		return json.Marshal([]any{c.name, v.Type().String(), nil})
	}
	var text string
	switch v.Type() {
	case storage.Boolean:
		text = strconv.FormatBool(v.Bool())
	case storage.Float:
		text = strconv.FormatUint(uint64(math.Float32bits(v.Float32())), 10)
	case storage.Double:
		text = strconv.FormatUint(math.Float64bits(v.Float64()), 10)
	case storage.Text:
		text = v.Text()
	case storage.Blob:
		text = base64.StdEncoding.EncodeToString(v.Bytes())
	default:
		text = strconv.FormatInt(v.Int64(), 10)
	}
	return json.Marshal([]string{c.name, v.Type().String(), text})
}

func (c *column) UnmarshalJSON(data []byte) error {
	var parts [3]*string
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if parts[0] == nil || parts[1] == nil {
		return fmt.Errorf("java: a column without name or type: %s", data)
	}
	c.name = *parts[0]
	t, known := storage.ParseType(*parts[1])
	if !known {
		return fmt.Errorf("java: column %s has the unknown type %s", c.name, *parts[1])
	}
	if parts[2] == nil {
		c.value = storage.Null(t)
		return nil
	}
	v, err := valueOf(t, *parts[2])
	if err != nil {
		return fmt.Errorf("java: column %s: %w", c.name, err)
	}
	c.value = v
	return nil
}

func valueOf(t storage.Type, text string) (storage.Value, error) {
	switch t {
	case storage.Boolean:
		v, err := strconv.ParseBool(text)
		return storage.BooleanValue(v), err
	case storage.Float:
		bits, err := strconv.ParseUint(text, 10, 32)
		return storage.FloatValue(math.Float32frombits(uint32(bits))), err
	case storage.Double:
		bits, err := strconv.ParseUint(text, 10, 64)
		return storage.DoubleValue(math.Float64frombits(bits)), err
	case storage.Text:
		return storage.TextValue(text), nil
	case storage.Blob:
		v, err := base64.StdEncoding.DecodeString(text)
		return storage.BlobValue(v), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch t {
	case storage.Int:
		return storage.IntValue(int32(n)), err
	case storage.BigInt:
		return storage.BigIntValue(n), err
	case storage.Date:
		return storage.DateValue(int32(n)), err
	case storage.Time:
		return storage.TimeValue(n), err
	case storage.Timestamp:
		return storage.TimestampValue(n), err
	default:
		return storage.TimestampTZValue(n), err
	}
}

// columnsAt names values by the columns of t at the positions.
func columnsAt(t *storage.Table, positions []int, values []storage.Value) []column {
	columns := make([]column, len(values))
	for i, v := range values {
		columns[i] = column{t.Columns[positions[i]].Name, v}
	}
	return columns
}

// onRecord addresses the record at key.
func (r *request) onRecord(t *storage.Table, key []storage.Value) *request {
	r.Namespace, r.Table = t.Namespace, t.Name
	positions, n := t.PrimaryKey(), len(t.Partition)
	r.Partition = columnsAt(t, positions[:n], key[:n])
	r.Clustering = columnsAt(t, positions[n:], key[n:])
	return r
}

// rowOf returns the values of all columns of t, the zero Value where the record
// has no such column.
func rowOf(t *storage.Table, columns []column) storage.Row {
	if columns == nil {
		return nil
	}
	row := make(storage.Row, len(t.Columns))
	for _, c := range columns {
		if i := t.Column(c.name); i >= 0 {
			row[i] = c.value
		}
	}
	return row
}

// definition is a table as ScalarDB's TableMetadata has it.
type definition struct {
	Columns    [][2]string `json:"columns"`
	Partition  []string    `json:"partition"`
	Clustering [][2]string `json:"clustering"`
	Indexes    []string    `json:"indexes"`
}

func definitionOf(t *storage.Table) *definition {
	d := &definition{Partition: []string{}, Clustering: [][2]string{}, Indexes: []string{}}
	for _, c := range t.Columns {
		d.Columns = append(d.Columns, [2]string{c.Name, c.Type.String()})
	}
	for _, c := range t.Partition {
		d.Partition = append(d.Partition, t.Columns[c].Name)
	}
	for _, c := range t.Clustering {
		d.Clustering = append(d.Clustering, [2]string{t.Columns[c.Column].Name, c.Order.String()})
	}
	for _, c := range t.Indexes {
		d.Indexes = append(d.Indexes, t.Columns[c].Name)
	}
	return d
}

func (d *definition) table(name storage.TableName) (*storage.Table, error) {
	t := &storage.Table{TableName: name}
	for _, c := range d.Columns {
		typ, known := storage.ParseType(c[1])
		if !known {
			return nil, fmt.Errorf("java: column %s of %s has the unknown type %s", c[0], name, c[1])
		}
		t.Columns = append(t.Columns, storage.Column{Name: c[0], Type: typ})
	}
	for _, c := range d.Partition {
		t.Partition = append(t.Partition, t.Column(c))
	}
	for _, c := range d.Clustering {
		order := storage.Asc
		if c[1] == storage.Desc.String() {
			order = storage.Desc
		}
		t.Clustering = append(t.Clustering, storage.ClusteringColumn{Column: t.Column(c[0]), Order: order})
	}
	for _, c := range d.Indexes {
		t.Indexes = append(t.Indexes, t.Column(c))
	}
	return t, nil
}
