package commit

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// What a transaction costs in storage calls, counted: dependent reads, one call
// per atomicity unit to prepare, one to decide, one per unit to finish.
func TestStorageCallsPerTransaction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		isolation Isolation
		storage   []memory.Option
		options   func(*BeginOptions)
		run       func(ctx context.Context, t *testing.T, e *Engine, tx *Tx)
		want      map[string]int
	}{
		{
			name: "get and update",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				get(t, tx, item(t, e, 1, 1))
				ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
			},
			want: map[string]int{"get": 1, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "get and update, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				get(t, tx, item(t, e, 1, 1))
				ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
			},
			want: map[string]int{"get": 1, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "read again, written again",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for range 3 {
					get(t, tx, item(t, e, 1, 1))
					ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
				}
			},
			want: map[string]int{"get": 1, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "two records, one unit",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				_, err := tx.Get(ctx, item(t, e, 1, 1), item(t, e, 2, 1))
				ok(t, err)
				ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
				ok(t, update(ctx, tx, item(t, e, 2, 1), 2))
			},
			want: map[string]int{"get": 1, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "two records, two units", storage: perPartition,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				_, err := tx.Get(ctx, item(t, e, 1, 1), item(t, e, 2, 1))
				ok(t, err)
				ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
				ok(t, update(ctx, tx, item(t, e, 2, 1), 2))
			},
			want: map[string]int{"get": 1, "prepare": 2, "decide": 1, "finish": 2},
		},
		{
			name: "three inserts of one partition", storage: perPartition,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for c := range 3 {
					ok(t, insert(ctx, tx, item(t, e, 7, c), c))
				}
			},
			want: map[string]int{"prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "groups of at most two", storage: []memory.Option{memory.WithAtomicity(storage.AtomicStorage, 2)},
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for c := range 5 {
					ok(t, insert(ctx, tx, item(t, e, 7, c), c))
				}
			},
			want: map[string]int{"prepare": 3, "decide": 1, "finish": 3},
		},
		{
			name: "ten records at once",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				refs := make([]Ref, 10)
				for c := range refs {
					refs[c] = item(t, e, 1, c)
				}
				_, err := tx.Get(ctx, refs...)
				ok(t, err)
			},
			want: map[string]int{"get": 1},
		},
		{
			name: "read-only", options: readOnly,
			run:  func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) { get(t, tx, item(t, e, 1, 1)) },
			want: map[string]int{"get": 1},
		},
		{
			name: "reads, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				get(t, tx, item(t, e, 1, 1))
				get(t, tx, item(t, e, 2, 1))
			},
			want: map[string]int{"get": 3},
		},
		{
			name: "pure read and write, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				get(t, tx, item(t, e, 2, 1))
				ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
			},
			want: map[string]int{"get": 2, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "absent read, SERIALIZABLE", isolation: Serializable,
			run:  func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) { get(t, tx, item(t, e, 8, 8)) },
			want: map[string]int{"get": 2},
		},
		{
			name: "scan, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
			},
			want: map[string]int{"scan": 2},
		},
		{
			name: "scan to its limit, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for c := range 5 {
					ok(t, insert(ctx, tx, item(t, e, 3, c), c))
				}
				scan := partition(e.must(t, itemName), 1)
				scan.Limit = 1
				ok(t, drain(ctx, tx, scan))
			},
			want: map[string]int{"scan": 2, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "two scans, SERIALIZABLE", isolation: Serializable,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 2)))
			},
			want: map[string]int{"scan": 6},
		},
		{
			name: "index scan",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, byCat(e.must(t, itemName), 1)))
			},
			want: map[string]int{"scan": 2},
		},
		{
			name: "index scan to its limit",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				scan := byCat(e.must(t, itemName), 5)
				scan.Limit = 2
				ok(t, drain(ctx, tx, scan))
			},
			want: map[string]int{"scan": 2},
		},
		{
			name: "index scan, SERIALIZABLE", isolation: Serializable, storage: []memory.Option{memory.WithPageSize(100)},
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, byCat(e.must(t, itemName), 1)))
			},
			want: map[string]int{"scan": 3},
		},
		{
			name: "the same scan twice",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
			},
			want: map[string]int{"scan": 1},
		},
		{
			name: "the same scan twice, READ_COMMITTED", isolation: ReadCommitted,
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
				ok(t, drain(ctx, tx, partition(e.must(t, itemName), 1)))
			},
			want: map[string]int{"scan": 2},
		},
		{
			name: "blind upserts",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for _, p := range []int{1, 2} {
					ref := item(t, e, p, 1)
					ok(t, tx.Upsert(ctx, ref, set(ref.Table, "v", 2)))
				}
			},
			want: map[string]int{"prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "blind upserts, one of what is not there",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				for _, p := range []int{1, 77} {
					ref := item(t, e, p, 1)
					ok(t, tx.Upsert(ctx, ref, set(ref.Table, "v", 2)))
				}
			},
			want: map[string]int{"get": 1, "prepare": 2, "decide": 1, "finish": 1},
		},
		{
			name: "blind upsert after a scan, SNAPSHOT",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ref := item(t, e, 1, 1)
				read(t, tx, item(t, e, 2, 1), "partition")
				ok(t, tx.Upsert(ctx, ref, set(ref.Table, "v", 2)))
			},
			want: map[string]int{"scan": 1, "prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "blind delete",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, tx.Delete(ctx, item(t, e, 1, 1), nil))
			},
			want: map[string]int{"prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "insert, then read and update it",
			run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
				ok(t, insert(ctx, tx, item(t, e, 7, 1), 1))
				get(t, tx, item(t, e, 7, 1))
				ok(t, update(ctx, tx, item(t, e, 7, 1), 2))
			},
			want: map[string]int{"prepare": 1, "decide": 1, "finish": 1},
		},
		{
			name: "nothing", run: func(context.Context, *testing.T, *Engine, *Tx) {}, want: map[string]int{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t, tt.storage...)
			w.item(1, 1, "t0", "cat", 1)
			w.item(2, 1, "t0")
			for c := range 6 {
				w.item(5, c, "t0", "cat", 5)
			}
			var calls counter
			e := w.engine(calls.around)
			tx := begin(t, e, tt.isolation)
			if tt.options != nil {
				tx = begin(t, e, tt.isolation, tt.options)
			}
			tt.run(ctx, t, e, tx)
			ok(t, tx.Commit(ctx))
			if diff := cmp.Diff(tt.want, calls.take()); diff != "" {
				t.Error("(-want +got):", diff)
			}
		})
	}
}

// A transaction without writes leaves no row behind unless it is asked to
// (spec 8.4).
func TestDecisionsOfTransactionsWithoutWrites(t *testing.T) {
	t.Parallel()
	for _, always := range []bool{false, true} {
		ctx := t.Context()
		w := newWorld(t)
		e := w.engine(nil, func(o *Options) { o.AlwaysDecide = always })
		wanted := [2]string{"absent", "absent"}
		if always {
			wanted = [2]string{"tx_state=3 tx_created_at=1000000", "tx_state=4 tx_created_at=1000000"}
		}
		good := begin(t, e, Serializable, withID("good"))
		get(t, good, item(t, e, 1, 1))
		ok(t, good.Commit(ctx))
		want(t, "committed", w.stored(stateName, storage.TextValue("good")), wanted[0])
		bad := begin(t, e, Serializable, withID("bad"))
		get(t, bad, item(t, e, 1, 1))
		w.item(1, 1, "t1")
		want(t, "commit", outcome(bad.Commit(ctx)), "conflict")
		want(t, "aborted", w.stored(stateName, storage.TextValue("bad")), wanted[1])
		w.remove(1, 1)
	}
}
