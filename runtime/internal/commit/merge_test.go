package commit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// randomScan returns a scan of item and the rows of model that it selects, in
// order for a partition.
func randomScan(r *rand.Rand, t *Table, model map[recordID]*modelRow) (Scan, []recordID) {
	var scan Scan
	in := func(recordID) bool { return true }
	switch r.IntN(4) {
	case 0:
		scan = Scan{Table: t, Kind: storage.FullScan}
	case 1:
		cat := r.IntN(3)
		scan = Scan{Table: t, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(cat)}
		in = func(id recordID) bool { return model[id].cat == cat }
	default:
		p := r.IntN(2)
		scan = partition(t, p)
		scan.Backward = r.IntN(2) == 0
		low, high := -1, 100
		if r.IntN(2) == 0 {
			low = r.IntN(6)
			inclusive := r.IntN(2) == 0
			scan.Start = storage.Bound{Values: []storage.Value{intValue(low)}, Inclusive: inclusive}
			if !inclusive {
				low++
			}
		}
		if r.IntN(2) == 0 {
			high = r.IntN(6)
			inclusive := r.IntN(2) == 0
			scan.End = storage.Bound{Values: []storage.Value{intValue(high)}, Inclusive: inclusive}
			if !inclusive {
				high--
			}
		}
		in = func(id recordID) bool { return id.p == p && id.c >= low && id.c <= high }
	}
	if r.IntN(2) == 0 {
		low, word := r.IntN(3), fmt.Sprint("w", r.IntN(2))
		scan.Where = storage.Filter{
			{where(t, "v", storage.Ge, low), where(t, "w", storage.Eq, word)},
			{where(t, "c", storage.Gt, 3), where(t, "cat", storage.Ne, 1)},
		}
		reach := in
		in = func(id recordID) bool {
			m := model[id]
			return reach(id) && (m.v >= low && m.w == word || id.c > 3 && m.cat != 1)
		}
	}
	if r.IntN(2) == 0 {
		scan.Limit = 1 + r.IntN(4)
	}
	var selected []recordID
	for id := range model {
		if in(id) {
			selected = append(selected, id)
		}
	}
	slices.SortFunc(selected, func(a, b recordID) int { return compareRows(simRow{id: a}, simRow{id: b}) })
	if scan.Backward {
		slices.Reverse(selected)
	}
	return scan, selected
}

// modelRow is a record of item; every column is set.
type modelRow struct {
	v, cat int
	w      string
}

func (m *modelRow) String() string { return fmt.Sprintf("v=%d w=%s cat=%d", m.v, m.w, m.cat) }

// A scan returns what it would if the transaction's own writes had been applied
// first: in the right places, with partial updates completed before the filter
// sees them, up to the limit.
func TestScanSeesOwnWrites(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(400) {
				testOwnWrites(t, seed, isolation)
			}
		})
	}
}

func testOwnWrites(t *testing.T, seed uint64, isolation Isolation) {
	t.Helper()
	ctx := t.Context()
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t, memory.WithPageSize(1+r.IntN(4)))
	model := map[recordID]*modelRow{}
	random := func() *modelRow {
		return &modelRow{v: r.IntN(4), cat: r.IntN(3), w: fmt.Sprint("w", r.IntN(2))}
	}
	for p := range 2 {
		for c := range 6 {
			if r.IntN(2) == 0 {
				m := random()
				model[recordID{p, c}] = m
				w.item(p, c, "t0", "v", m.v, "cat", m.cat, "w", m.w)
			}
		}
	}
	e := w.engine(nil)
	tx := begin(t, e, isolation)
	table := e.must(t, itemName)
	for range 3 + r.IntN(10) {
		id := recordID{r.IntN(2), r.IntN(6)}
		ref := item(t, e, id.p, id.c)
		m, exists := model[id]
		switch r.IntN(6) {
		case 0:
			if exists {
				continue
			}
			n := random()
			model[id] = n
			ok(t, tx.Insert(ctx, ref, set(table, "v", n.v, "cat", n.cat, "w", n.w)))
		case 1:
			n := random()
			changes := set(table, "v", n.v, "cat", n.cat, "w", n.w)
			if exists && r.IntN(2) == 0 {
				n.cat, n.w = m.cat, m.w
				changes = set(table, "v", n.v)
			}
			model[id] = n
			ok(t, tx.Upsert(ctx, ref, changes))
		case 2:
			n := r.IntN(4)
			if exists {
				model[id] = &modelRow{n, m.cat, m.w}
			}
			ok(t, tx.Update(ctx, ref, set(table, "v", n), nil))
		case 3:
			delete(model, id)
			ok(t, tx.Delete(ctx, ref, nil))
		default:
			checkScan(t, ctx, seed, tx, r, table, model)
		}
	}
	checkScan(t, ctx, seed, tx, r, table, model)
	if err := tx.Commit(ctx); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	tx = begin(t, e, isolation)
	for range 5 {
		checkScan(t, ctx, seed, tx, r, table, model)
	}
	ok(t, tx.Commit(ctx))
}

func checkScan(t *testing.T, ctx context.Context, seed uint64, tx *Tx, r *rand.Rand, table *Table, model map[recordID]*modelRow) {
	t.Helper()
	scan, selected := randomScan(r, table, model)
	var got []recordID
	for row, err := range tx.Scan(ctx, scan) {
		ok(t, err)
		id := simRowOf(row).id
		got = append(got, id)
		if m := model[id]; m == nil || user(table, row) != fmt.Sprintf("p=%d c=%d %v", id.p, id.c, m) {
			t.Fatalf("seed %d: scan %+v returned %s, the record is %v", seed, scan, user(table, row), m)
		}
	}
	if scan.Kind == storage.PartitionScan {
		if scan.Limit > 0 && len(selected) > scan.Limit {
			selected = selected[:scan.Limit]
		}
		if !slices.Equal(got, selected) {
			t.Fatalf("seed %d: scan %+v returned %v, want %v", seed, scan, got, selected)
		}
		return
	}
	// Without an order any of the selected records may come first.
	wanted := len(selected)
	if scan.Limit > 0 {
		wanted = min(wanted, scan.Limit)
	}
	seen := map[recordID]bool{}
	for _, id := range got {
		if !slices.Contains(selected, id) || seen[id] {
			t.Fatalf("seed %d: scan %+v returned %v, want some of %v", seed, scan, got, selected)
		}
		seen[id] = true
	}
	if len(got) != wanted {
		t.Fatalf("seed %d: scan %+v returned %v, want %d of %v", seed, scan, got, wanted, selected)
	}
}

// A bound on a prefix of the clustering key compares the prefix only, where Java
// misses own writes (quirk Q3).
func TestOwnWritesWithinPrefixBounds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	name := storage.TableName{Namespace: "shop", Name: "two"}
	w.create(TransactionTable(&storage.Table{
		TableName: name,
		Columns:   []storage.Column{{Name: "p", Type: storage.Int}, {Name: "a", Type: storage.Int}, {Name: "b", Type: storage.Int}, {Name: "v", Type: storage.Int}},
		Partition: []int{0}, Clustering: []storage.ClusteringColumn{{Column: 1}, {Column: 2, Order: storage.Desc}},
	}, false))
	e := w.engine(nil)
	table := e.must(t, name)
	tx := begin(t, e, Snapshot)
	for _, key := range [][2]int{{1, 1}, {2, 3}, {2, 5}, {2, 9}, {3, 0}} {
		if key[1] == 5 {
			w.committed(name, []storage.Value{intValue(1), intValue(key[0]), intValue(key[1])}, "t0")
			continue
		}
		ok(t, tx.Insert(ctx, Ref{Table: table, Key: []storage.Value{intValue(1), intValue(key[0]), intValue(key[1])}}, Changes{}))
	}
	bound := func(inclusive bool, values ...int) storage.Bound {
		b := storage.Bound{Inclusive: inclusive}
		for _, v := range values {
			b.Values = append(b.Values, intValue(v))
		}
		return b
	}
	for _, tt := range []struct {
		name       string
		start, end storage.Bound
		backward   bool
		want       string
	}{
		{name: "all", want: "1.1 2.9 2.5 2.3 3.0 "},
		{name: "backward", backward: true, want: "3.0 2.3 2.5 2.9 1.1 "},
		{name: "to a prefix", end: bound(true, 2), want: "1.1 2.9 2.5 2.3 "},
		{name: "to before a prefix", end: bound(false, 2), want: "1.1 "},
		{name: "from a prefix", start: bound(true, 2), want: "2.9 2.5 2.3 3.0 "},
		{name: "from behind a prefix", start: bound(false, 2), want: "3.0 "},
		{name: "below a fixed column", start: bound(true, 2, 4), want: "2.9 2.5 "},
		{name: "between", start: bound(false, 2, 3), end: bound(true, 2, 5), want: "2.5 "},
	} {
		scan := Scan{Table: table, Kind: storage.PartitionScan, Partition: []storage.Value{intValue(1)}, Start: tt.start, End: tt.end, Backward: tt.backward}
		got := ""
		for row, err := range tx.Scan(ctx, scan) {
			ok(t, err)
			got += fmt.Sprintf("%d.%d ", row[1].Int64(), row[2].Int64())
		}
		want(t, tt.name, got, tt.want)
	}
}

// Where only the database knows the order, merging is refused, not guessed.
func TestOwnWritesWithoutAComparator(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, memory.WithoutComparator())
	w.item(1, 1, "t0", "cat", 1)
	e := w.engine(nil)
	table := e.must(t, itemName)
	tx := begin(t, e, Snapshot)
	want(t, "before the write", keysOf(tx, partition(table, 1)), "1")
	ok(t, tx.Insert(ctx, item(t, e, 1, 2), set(table, "cat", 1)))
	want(t, "same partition", keysOf(tx, partition(table, 1)), "invalid")
	want(t, "other partition", keysOf(tx, partition(table, 2)), "")
	want(t, "whole table", keysOf(tx, Scan{Table: table, Kind: storage.FullScan}), "1 2")
	want(t, "index", keysOf(tx, Scan{Table: table, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(1)}), "1 2")
	ok(t, tx.Commit(ctx))
}

// Writes during an iteration do not show in it.
func TestWritesWhileScanning(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		ctx := t.Context()
		w := newWorld(t, memory.WithPageSize(1))
		for c := range 4 {
			w.item(1, c, "t0", "v", c)
		}
		e := w.engine(nil)
		table := e.must(t, itemName)
		tx := begin(t, e, isolation)
		seen := ""
		for row, err := range tx.Scan(ctx, partition(table, 1)) {
			ok(t, err)
			c := int(row[colC].Int64())
			seen += fmt.Sprint(c, "=", row[colV].Int64(), " ")
			ok(t, tx.Update(ctx, item(t, e, 1, c), set(table, "v", 100+c), nil))
			ok(t, tx.Upsert(ctx, item(t, e, 1, c+1), set(table, "v", 200+c)))
		}
		want(t, "scan", seen, "0=0 1=1 2=2 3=3 ")
		ok(t, tx.Commit(ctx))
		want(t, "stored", keysOf(begin(t, e, Snapshot), partition(table, 1)), "0 1 2 3 4")
	}
}

// A scan that stopped at its limit repeats, unless own writes ask for more rows.
func TestLimitedScanAfterAnOwnDelete(t *testing.T) {
	t.Parallel()
	for _, isolation := range isolations {
		w := newWorld(t)
		for _, c := range []int{1, 5, 9} {
			w.item(1, c, "t0", "cat", 7)
		}
		e := w.engine(nil)
		table := e.must(t, itemName)
		for _, scan := range []Scan{partition(table, 1), byCat(table, 7), {Table: table, Kind: storage.FullScan}} {
			scan.Limit = 2
			tx := begin(t, e, isolation)
			want(t, "before", keysOf(tx, scan), "1 5")
			ok(t, tx.Delete(t.Context(), item(t, e, 1, 1), nil))
			want(t, "after", keysOf(tx, scan), "5 9")
			tx.Rollback()
		}
	}
}
