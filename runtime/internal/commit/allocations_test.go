package commit

import (
	"context"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// wideDefinition is a table of ten columns.
func wideDefinition() *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: "shop", Name: "wide"},
		Columns:   []storage.Column{{Name: "id", Type: storage.Int}},
		Partition: []int{0},
	}
	for i := range 9 {
		t.Columns = append(t.Columns, storage.Column{Name: fmt.Sprint("v", i), Type: storage.BigInt})
	}
	return t
}

// wideWorld has records 0 and 1 in a table of ten columns.
func wideWorld(t testing.TB, configure ...func(*Options)) (*Engine, [2]Ref) {
	t.Helper()
	w := newWorld(t)
	def := TransactionTable(wideDefinition(), false)
	w.create(def)
	var refs [2]Ref
	e := w.engine(nil, append(configure, func(o *Options) { o.NewID, o.Now = nil, nil })...)
	for id := range refs {
		w.committed(def.TableName, []storage.Value{intValue(id)}, fmt.Sprint("t", id), "v0", 1, "v1", 2, "v2", 3, "v3", 4, "v4", 5, "v5", 6, "v6", 7, "v7", 8, "v8", 9)
		refs[id] = Ref{Table: e.must(t, def.TableName), Key: []storage.Value{intValue(id)}}
	}
	return e, refs
}

func getOne(ctx context.Context, t testing.TB, e *Engine, ref Ref) {
	tx, err := e.Begin(BeginOptions{ReadOnly: true})
	ok(t, err)
	_, err = tx.Get(ctx, ref)
	ok(t, err)
	ok(t, tx.Commit(ctx))
}

func updateTwo(ctx context.Context, t testing.TB, e *Engine, refs [2]Ref, changes Changes) {
	tx, err := e.Begin(BeginOptions{})
	ok(t, err)
	_, err = tx.Get(ctx, refs[:]...)
	ok(t, err)
	for _, ref := range refs {
		ok(t, tx.Update(ctx, ref, changes, nil))
	}
	ok(t, tx.Commit(ctx))
}

func onePhase(o *Options) { o.OnePhase = true }

// What a whole transaction allocates, from begin to commit, the storage in
// memory included.
func TestAllocations(t *testing.T) {
	ctx := context.Background()
	for _, tt := range []struct {
		name string
		most float64
		run  func() func()
	}{
		{"get of ten columns", 4, func() func() {
			e, refs := wideWorld(t)
			return func() { getOne(ctx, t, e, refs[0]) }
		}},
		{"two records read and written, one phase", 17, func() func() {
			e, refs := wideWorld(t, onePhase)
			changes := set(refs[0].Table, "v0", 7)
			return func() { updateTwo(ctx, t, e, refs, changes) }
		}},
		{"two records read and written, two phases", 33, func() func() {
			e, refs := wideWorld(t)
			changes := set(refs[0].Table, "v0", 7)
			return func() { updateTwo(ctx, t, e, refs, changes) }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := testing.AllocsPerRun(200, tt.run())
			t.Logf("%.1f allocations", got)
			if got > tt.most && !raceEnabled {
				t.Errorf("%.1f allocations, want %.0f at most", got, tt.most)
			}
		})
	}
}
