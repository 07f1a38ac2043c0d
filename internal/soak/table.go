//go:build linux

package soak

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
)

// table is one of the two tables, with the operations that a generated
// repository has.
type table[R any] struct {
	scalar.Table
	letter string // the table in keys of the history
	decode func(*scalar.Row, *R)
	encode func(*R) []scalar.Value
}

// key is the primary key of both tables.
type key struct {
	partition string
	column    int32
}

func (k *key) values() []scalar.Value {
	return []scalar.Value{scalar.TextValue(k.partition), scalar.IntValue(k.column)}
}

// name is the key in a history.
func (t *table[R]) name(k key) string { return fmt.Sprintf("%s%02d", t.prefix(k.partition), k.column) }

// prefix is what the keys of a partition begin with in a history.
func (t *table[R]) prefix(partition string) string { return t.letter + "/" + partition + "/" }

func (t *table[R]) get(ctx context.Context, run scalar.Runner, k key) (R, error) {
	return scalar.GetRecord(ctx, t.On(run), k.values(), t.decode)
}

func (t *table[R]) getAll(ctx context.Context, run scalar.Runner, keys []key) ([]*R, error) {
	return scalar.GetRecords(ctx, t.On(run), keys, (*key).values, t.decode)
}

func (t *table[R]) scan(ctx context.Context, run scalar.Runner, of scalar.Scannable[R]) iter.Seq2[R, error] {
	return scalar.ScanRecords(ctx, t.On(run), of, t.decode)
}

// list is a record whose value is a list of numbers.
type list struct {
	key
	items string // decimal numbers, separated by commas
	tag   int32  // see tagOf
}

// register is a record whose value is one number. amount is what an account
// holds beside it.
type register struct {
	key
	n      int64
	amount int32
	tag    int32
}

var (
	listItems    = scalar.Column[list, string, scalar.Data, scalar.Text]{Pos: 2, Encode: scalar.TextValue}
	listTag      = scalar.Column[list, int32, scalar.Data, scalar.Ordered]{Pos: 3, Encode: scalar.IntValue}
	listOf       = scalar.Column[list, string, scalar.Key, scalar.Text]{Pos: 0, Encode: scalar.TextValue}
	registerN    = scalar.Column[register, int64, scalar.Data, scalar.Ordered]{Pos: 2, Encode: scalar.BigIntValue}
	registerHeld = scalar.Column[register, int32, scalar.Data, scalar.Ordered]{Pos: 3, Encode: scalar.IntValue}
	registerTag  = scalar.Column[register, int32, scalar.Data, scalar.Ordered]{Pos: 4, Encode: scalar.IntValue}
)

// tables are both tables in one namespace.
type tables struct {
	lists     table[list]
	registers table[register]
}

func newTables(namespace string) *tables {
	def := func(name string, columns ...scalar.ColumnDef) scalar.Table {
		columns = append([]scalar.ColumnDef{{Name: "p", Type: scalar.TypeText}, {Name: "c", Type: scalar.TypeInt}}, columns...)
		columns = append(columns, scalar.ColumnDef{Name: "tag", Type: scalar.TypeInt})
		return scalar.Table{Def: &scalar.TableDef{
			TableName: scalar.TableName{Namespace: namespace, Name: name}, Columns: columns,
			Partition: []int{0}, Clustering: []scalar.ClusteringDef{{Column: 1}}, Indexes: []int{len(columns) - 1},
		}}
	}
	return &tables{
		lists: table[list]{
			Table:  def("lists", scalar.ColumnDef{Name: "items", Type: scalar.TypeText}),
			letter: "L",
			decode: func(from *scalar.Row, r *list) {
				r.partition, r.column, r.items, r.tag = from.Text(0), from.Int(1), from.Text(2), from.Int(3)
			},
			encode: func(r *list) []scalar.Value {
				return append(r.values(), scalar.TextValue(r.items), scalar.IntValue(r.tag))
			},
		},
		registers: table[register]{
			Table:  def("registers", scalar.ColumnDef{Name: "n", Type: scalar.TypeBigInt}, scalar.ColumnDef{Name: "amount", Type: scalar.TypeInt}),
			letter: "R",
			decode: func(from *scalar.Row, r *register) {
				r.partition, r.column, r.n, r.amount, r.tag = from.Text(0), from.Int(1), from.BigInt(2), from.Int(3), from.Int(4)
			},
			encode: func(r *register) []scalar.Value {
				return append(r.values(), scalar.BigIntValue(r.n), scalar.IntValue(r.amount), scalar.IntValue(r.tag))
			},
		},
	}
}

func (t *tables) definitions() []*scalar.TableDef {
	return []*scalar.TableDef{t.lists.Def, t.registers.Def}
}

// residues is by how much the numbers of an index value are apart.
const residues = 4

// columns is the number of records in a partition.
const columns = 8

// listPartition is the k-th partition of lists of an epoch, registerPartition that
// of registers, and accounts the partition of registers that hold amounts.
func listPartition(epoch, k int) string     { return fmt.Sprintf("e%05d-%03d", epoch, k) }
func registerPartition(epoch, k int) string { return fmt.Sprintf("e%05d-r%02d", epoch, k) }
func accounts(epoch int) string             { return fmt.Sprintf("e%05d-a", epoch) }

// bounds are those of the partitions of an epoch, the upper one excluded.
func bounds(epoch int) (from, to string) {
	return fmt.Sprintf("e%05d-", epoch), fmt.Sprintf("e%05d.", epoch)
}

// tagOf is the value in the indexed column of a record in the k-th partition of an
// epoch that holds n: an index value selects records of one partition.
func tagOf(epoch, k int, n int64) int32 {
	const partitions = 1000
	return int32((epoch*partitions+k)*residues) + int32(n%residues)
}

// numbers returns what a list holds.
func (r *list) numbers() history.Result {
	var numbers []int64
	for text := range strings.SplitSeq(r.items, ",") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			n = -1 // nobody writes it, so the checker will tell
		}
		numbers = append(numbers, n)
	}
	return history.Numbers(numbers...)
}
