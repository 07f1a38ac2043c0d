package conformance

import (
	"context"
	"fmt"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
	"github.com/scalargen/scalargen/storage"
)

// Item is a record of itemTable as generated code has it.
type Item struct {
	P, C int32
	V    scalar.Null[int32]
	W    scalar.Null[string]
	Cat  scalar.Null[int32]
}

// ItemKey is its key.
type ItemKey struct{ P, C int32 }

// itemColumns are its columns.
var itemColumns = struct {
	P, C   scalar.Column[Item, int32, scalar.Key, scalar.Ordered]
	V, Cat scalar.Column[Item, int32, scalar.Data, scalar.NullOrdered]
	W      scalar.Column[Item, string, scalar.Data, scalar.NullText]
}{
	P:   scalar.Column[Item, int32, scalar.Key, scalar.Ordered]{Pos: 0, Encode: scalar.IntValue},
	C:   scalar.Column[Item, int32, scalar.Key, scalar.Ordered]{Pos: 1, Encode: scalar.IntValue},
	V:   scalar.Column[Item, int32, scalar.Data, scalar.NullOrdered]{Pos: 2, Encode: scalar.IntValue},
	W:   scalar.Column[Item, string, scalar.Data, scalar.NullText]{Pos: 3, Encode: scalar.TextValue},
	Cat: scalar.Column[Item, int32, scalar.Data, scalar.NullOrdered]{Pos: 4, Encode: scalar.IntValue},
}

// itemRecords is itemTable for one-shot operations and transactions of a
// [scalar.DB].
var itemRecords = typedTable(itemTable)

func typedTable(name storage.TableName) handtable.Table[Item, ItemKey] {
	return handtable.Table[Item, ItemKey]{
		Table: scalar.Table{Def: &scalar.TableDef{
			TableName: scalar.TableName(name),
			Columns: []scalar.ColumnDef{
				{Name: "p", Type: scalar.TypeInt}, {Name: "c", Type: scalar.TypeInt}, {Name: "v", Type: scalar.TypeInt},
				{Name: "w", Type: scalar.TypeText}, {Name: "cat", Type: scalar.TypeInt},
			},
			Partition: []int{0}, Clustering: []scalar.ClusteringDef{{Column: 1}}, Indexes: []int{4},
		}},
		Codec: handtable.Codec[Item, ItemKey]{
			Key: func(k *ItemKey, to []scalar.Value) { to[0], to[1] = scalar.IntValue(k.P), scalar.IntValue(k.C) },
			Encode: func(r *Item, to []scalar.Value) {
				to[0], to[1] = scalar.IntValue(r.P), scalar.IntValue(r.C)
				to[2] = scalar.NullValue(scalar.TypeInt, r.V, scalar.IntValue)
				to[3] = scalar.NullValue(scalar.TypeText, r.W, scalar.TextValue)
				to[4] = scalar.NullValue(scalar.TypeInt, r.Cat, scalar.IntValue)
			},
			Decode: func(from *scalar.Row, r *Item) {
				r.P, r.C = from.Int(0), from.Int(1)
				r.V, r.W, r.Cat = from.NullInt(2), from.NullText(3), from.NullInt(4)
			},
		},
	}
}

// record returns an Item with a v and nothing else.
func record(p, c, v int32) Item { return Item{P: p, C: c, V: scalar.Some(v)} }

// itemsOf, itemsByCat and allItems are what can be scanned.
func itemsOf(p int32) scalar.Range[Item] { return scalar.RangeOf[Item](scalar.IntValue(p)) }

func itemsByCat(cat int32) scalar.Selection[Item] {
	return scalar.SelectIndex[Item](4, scalar.IntValue(cat))
}

func allItems() scalar.Selection[Item] { return scalar.SelectAll[Item]() }

// db returns a DB on the storage of the world, as a program with generated code
// has one. Its calls are logged, and go through a, as those of a client do.
func (w *world) db(a around, options ...scalar.Option) (*scalar.DB, *client) {
	w.t.Helper()
	log := &client{w: w}
	environment := scalar.WithEnvironment(scalar.Environment{Now: w.clock, NewID: func() string { return fmt.Sprint("tx-", w.ids.Add(1)) }})
	all := append([]scalar.Option{environment, scalar.MetadataTTL(-1)}, w.suite.variant.db...)
	db := scalar.New(w.link(log, a), append(all, options...)...)
	w.t.Cleanup(func() { ok(w.t, db.Close(context.Background())) })
	return db, log
}
