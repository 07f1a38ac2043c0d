package commit

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

// State is the state of a record or of a coordinator row, as stored (spec 1.2).
type State int32

// The states. A record is Prepared, Deleted or Committed; a coordinator row is
// Committed or Aborted.
const (
	Prepared  State = 1
	Deleted   State = 2
	Committed State = 3
	Aborted   State = 4
)

// String returns the name that ScalarDB uses.
func (s State) String() string {
	switch s {
	case Prepared:
		return "PREPARED"
	case Deleted:
		return "DELETED"
	case Committed:
		return "COMMITTED"
	case Aborted:
		return "ABORTED"
	default:
		return "UNKNOWN"
	}
}

// The columns that every transaction table has beside those of its schema
// (spec 1.2), in the order in which they are created.
var (
	transactionColumns = []storage.Column{
		{Name: "tx_id", Type: storage.Text},
		{Name: "tx_state", Type: storage.Int},
		{Name: "tx_version", Type: storage.Int},
		{Name: "tx_prepared_at", Type: storage.BigInt},
		{Name: "tx_committed_at", Type: storage.BigInt},
	}
	beforePrefix = "before_"
)

// TransactionTable returns def with the columns and indexes that the engine
// needs (spec 1.2, 1.5). eventualIndexes leaves out the before-image indexes.
func TransactionTable(def *storage.Table, eventualIndexes bool) *storage.Table {
	t := *def
	t.Columns = slices.Clone(def.Columns)
	t.Indexes = slices.Clone(def.Indexes)
	t.Columns = append(t.Columns, transactionColumns...)
	for _, c := range transactionColumns {
		t.Columns = append(t.Columns, storage.Column{Name: beforePrefix + c.Name, Type: c.Type})
	}
	for i, c := range def.Columns {
		if def.InPrimaryKey(i) {
			continue
		}
		t.Columns = append(t.Columns, storage.Column{Name: beforePrefix + c.Name, Type: c.Type})
		if def.Indexed(i) && !eventualIndexes {
			t.Indexes = append(t.Indexes, len(t.Columns)-1)
		}
	}
	return &t
}

// UserTable is the inverse of [TransactionTable]: the table as its schema
// defines it. It returns nil if t is no transaction table.
func UserTable(t *storage.Table) *storage.Table {
	bound, problem := newTable(t)
	if problem != "" {
		return nil
	}
	position := map[int]int{}
	def := &storage.Table{TableName: t.TableName}
	for _, c := range bound.user {
		position[c] = len(def.Columns)
		def.Columns = append(def.Columns, t.Columns[c])
	}
	for _, c := range t.Partition {
		def.Partition = append(def.Partition, position[c])
	}
	for _, c := range t.Clustering {
		def.Clustering = append(def.Clustering, storage.ClusteringColumn{Column: position[c.Column], Order: c.Order})
	}
	for _, c := range t.Indexes {
		if p, isUser := position[c]; isUser {
			def.Indexes = append(def.Indexes, p)
		}
	}
	return def
}

// Table is a deployed transaction table with the positions of its columns.
type Table struct {
	meta *storage.Table

	// Positions of the transaction's columns.
	txID, state, version, preparedAt, committedAt int

	user     []int // columns of the schema, in deployed order
	data     []int // those outside the primary key
	after    []int // columns that have a before image: data and the transaction's
	before   []int // their before images, in the same order
	beforeOf []int // by column: its before image, −1 if it has none

	nulls     []storage.Value // by position in before: the NULL to clear it with
	completed []int           // what a completion writes: committedAt, state, before

	// What keeps the version before where nobody has read it: its image, and the
	// number of the next one, or the number alone.
	keepImage, countUp []storage.Copy
	missed             atomic.Bool // the record that was last read for that was not there
}

// Meta returns the deployed definition with all columns.
func (t *Table) Meta() *storage.Table { return t.meta }

// Name returns the table's name.
func (t *Table) Name() storage.TableName { return t.meta.TableName }

// newTable finds the transaction's columns. It returns why meta is no
// transaction table, or "" (spec 1.1).
func newTable(meta *storage.Table) (*Table, string) {
	t := &Table{meta: meta, beforeOf: make([]int, len(meta.Columns))}
	own := make([]int, len(transactionColumns))
	for i, c := range transactionColumns {
		if own[i] = meta.Column(c.Name); own[i] < 0 {
			return nil, "it has no column " + c.Name
		}
	}
	t.txID, t.state, t.version, t.preparedAt, t.committedAt = own[0], own[1], own[2], own[3], own[4]
	for i, c := range meta.Columns {
		t.beforeOf[i] = -1
		if meta.InPrimaryKey(i) {
			t.user = append(t.user, i)
			continue
		}
		if twin := meta.Column(beforePrefix + c.Name); twin >= 0 && !meta.InPrimaryKey(twin) {
			t.beforeOf[i] = twin
			t.after = append(t.after, i)
			t.before = append(t.before, twin)
			t.nulls = append(t.nulls, storage.Null(meta.Columns[twin].Type))
			if !slices.Contains(own, i) {
				t.user = append(t.user, i)
				t.data = append(t.data, i)
			}
			continue
		}
		if original, isTwin := strings.CutPrefix(c.Name, beforePrefix); !isTwin || meta.Column(original) < 0 {
			return nil, "its column " + c.Name + " has no before image " + beforePrefix + c.Name
		}
	}
	for _, c := range own {
		if t.beforeOf[c] < 0 {
			return nil, "it has no column " + beforePrefix + meta.Columns[c].Name
		}
	}
	t.completed = append([]int{t.committedAt, t.state}, t.before...)
	for i, c := range t.after {
		t.keepImage = append(t.keepImage, storage.Copy{To: t.before[i], From: c})
	}
	t.countUp = []storage.Copy{{To: t.version, From: t.version, Plus: 1}}
	t.keepImage = append(t.keepImage, t.countUp...)
	return t, ""
}

// beforeIndexed reports whether the before image of column has an index.
func (t *Table) beforeIndexed(column int) bool {
	return t.beforeOf[column] >= 0 && t.meta.Indexed(t.beforeOf[column])
}

// The state of a row. NULL metadata is that of an imported, never written
// record (spec 1.4).

func (t *Table) idOf(row storage.Row) string { return row[t.txID].Text() }

func (t *Table) stateOf(row storage.Row) State { return State(row[t.state].Int64()) }

func (t *Table) isCommitted(row storage.Row) bool {
	return row[t.state].IsNull() || t.stateOf(row) == Committed
}

func (t *Table) expired(row storage.Row, now int64) bool {
	return now > row[t.preparedAt].Int64()+lifetime.Milliseconds()
}

func (t *Table) hasBeforeImage(row storage.Row) bool {
	return !row[t.beforeOf[t.txID]].IsNull() || !row[t.beforeOf[t.version]].IsNull()
}

// beforeImage returns the record as it was before it was prepared, nil if there
// was none (spec 7.2).
func (t *Table) beforeImage(row storage.Row) storage.Row {
	if !t.hasBeforeImage(row) {
		return nil
	}
	image := slices.Clone(row)
	for i, c := range t.after {
		image[c] = t.beforeValue(row, c)
		image[t.before[i]] = t.nulls[i]
	}
	return image
}

// beforeValue returns what column was before the record was prepared. Version 0
// is the trace that prepare leaves of a record without metadata (spec 1.4).
func (t *Table) beforeValue(row storage.Row, column int) storage.Value {
	v := row[t.beforeOf[column]]
	if column == t.version && !v.IsNull() && v.Int64() == 0 {
		return storage.Null(storage.Int)
	}
	return v
}

// afterImage returns a prepared record as it is once its transaction, decided
// at committedAt, has been completed.
func (t *Table) afterImage(row storage.Row, committedAt int64) storage.Row {
	image := slices.Clone(row)
	image[t.state] = storage.IntValue(int32(Committed))
	image[t.committedAt] = storage.BigIntValue(committedAt)
	for i, c := range t.before {
		image[c] = t.nulls[i]
	}
	return image
}
