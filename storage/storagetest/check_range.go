package storagetest

import (
	"math/rand/v2"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func rangeChecks() []check {
	return []check{
		{"range/prefixes of mixed orders", checkMixedOrders},
		{"range/random", checkRandomRanges},
		{"range/partitions are apart", checkPartitionsApart},
	}
}

// mixed creates a table with three clustering columns of mixed orders and
// n³ rows in each of two partitions. The rows come in declared order.
func (h *harness) mixed(n int32) (t *storage.Table, rows []storage.Row) {
	t = h.create(ClusteringKey("c1", storage.Int, storage.Asc), PartitionKey("p", storage.Text), ClusteringKey("c2", storage.Text, storage.Desc), ClusteringKey("c3", storage.Int, storage.Asc), Column("v", storage.Int))
	for _, p := range []string{"p", "q"} {
		for i := range n * n * n {
			r := row(t, is("p", storage.TextValue(p)), is("c1", storage.IntValue(i%n)), is("c2", plainTexts[i/n%n]), is("c3", storage.IntValue(i/n/n)), is("v", storage.IntValue(i)))
			h.apply(putRow(t, r))
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b storage.Row) int { return h.clusteringOrder(t, a, b) })
	return t, rows
}

// clusteringOrder is the declared order of rows of one partition.
func (h *harness) clusteringOrder(t *storage.Table, a, b storage.Row) int {
	for _, c := range t.Clustering {
		if order := h.compare(a[c.Column], b[c.Column]); order != 0 {
			if c.Order == storage.Desc {
				return -order
			}
			return order
		}
	}
	return 0
}

// between returns the rows of a partition scan from rows in declared order.
func (h *harness) between(scan *storage.Scan, rows []storage.Row) []storage.Row {
	var out []storage.Row
	for _, r := range rows {
		if h.inPartition(scan, r) && h.beyond(scan, r, scan.Start, 1) && h.beyond(scan, r, scan.End, -1) {
			out = append(out, r)
		}
	}
	if scan.Backward {
		slices.Reverse(out)
	}
	return out
}

func (h *harness) inPartition(scan *storage.Scan, r storage.Row) bool {
	for i, c := range scan.Table.Partition {
		if h.compare(r[c], scan.Partition[i]) != 0 {
			return false
		}
	}
	return true
}

// beyond reports whether r lies on the side of the bound that the scan reads:
// 1 above, −1 below.
func (h *harness) beyond(scan *storage.Scan, r storage.Row, bound storage.Bound, side int) bool {
	for i, v := range bound.Values {
		order := h.compare(r[scan.Table.Clustering[i].Column], v) * side
		if i < len(bound.Values)-1 {
			if order != 0 {
				return false
			}
			continue
		}
		return order > 0 || order == 0 && bound.Inclusive
	}
	return true
}

func checkMixedOrders(h *harness) {
	const n = 3
	t, rows := h.mixed(n)
	i := storage.IntValue
	bounds := [][2][]storage.Value{
		{nil, nil},
		{key(i(1)), nil},
		{nil, key(i(1))},
		{key(i(0)), key(i(1))},
		{key(i(1)), key(i(1))},
		{key(i(1), plainTexts[1]), nil},
		{nil, key(i(1), plainTexts[1])},
		{key(i(1), plainTexts[0]), key(i(1), plainTexts[1])},
		{key(i(2), plainTexts[2]), key(i(2), plainTexts[2])},
		{key(i(1), plainTexts[1], i(1)), nil},
		{nil, key(i(1), plainTexts[1], i(1))},
		{key(i(1), plainTexts[1], i(0)), key(i(1), plainTexts[1], i(2))},
		{key(i(1)), key(i(0))},                               // empty: the start is above the end
		{key(i(9)), nil},                                     // beyond all rows
		{key(i(-5)), key(i(50))},                             // around all rows
		{key(i(1), plainTexts[5]), key(i(1), plainTexts[4])}, // empty
	}
	for _, b := range bounds {
		for flags := range 8 {
			scan := storage.Scan{
				Table: t, Partition: key(storage.TextValue("p")), Backward: flags&1 != 0,
				Start: storage.Bound{Values: b[0], Inclusive: flags&2 != 0}, End: storage.Bound{Values: b[1], Inclusive: flags&4 != 0},
			}
			h.wantScan(scan, h.between(&scan, rows))
		}
	}
}

// checkRandomRanges adds limits, filters and projections to ranges.
func checkRandomRanges(h *harness) {
	t, rows := h.mixed(4)
	random := rand.New(rand.NewPCG(h.seed, 1))
	h.Logf("seed %d (%s)", h.seed, SeedVariable)
	for range 150 {
		scan := h.randomRange(random, t, rows)
		h.wantScan(scan, h.expect(&scan, h.between(&scan, rows)))
	}
}

// randomRange takes its bounds from the clustering keys of rows.
func (h *harness) randomRange(random *rand.Rand, t *storage.Table, rows []storage.Row) storage.Scan {
	some := t.Key(rows[random.IntN(len(rows))])
	other := t.Key(rows[random.IntN(len(rows))])
	width := len(t.Partition)
	depth := random.IntN(len(t.Clustering) + 1)
	scan := storage.Scan{Table: t, Partition: some[:width], Backward: random.IntN(2) == 0, Limit: random.IntN(8)}
	if depth > 0 && random.IntN(3) > 0 {
		scan.Start = storage.Bound{Values: some[width : width+depth], Inclusive: random.IntN(2) == 0}
	}
	if depth > 0 && random.IntN(3) > 0 {
		end := append(append([]storage.Value{}, some[width:width+depth-1]...), other[width+depth-1])
		scan.End = storage.Bound{Values: end, Inclusive: random.IntN(2) == 0}
	}
	if random.IntN(3) == 0 {
		scan.Where = storage.Filter{{predicate(t, "v", comparisons[random.IntN(len(comparisons))], storage.IntValue(random.Int32N(40)))}}
	}
	if random.IntN(3) == 0 {
		scan.Columns = []int{t.Column("v"), t.Clustering[0].Column}
	}
	return scan
}

// checkPartitionsApart looks for partitions that run into their neighbours.
func checkPartitionsApart(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int))
	i := storage.IntValue
	var rows []storage.Row
	for p := range int32(5) {
		for c := range int32(4) {
			if p == 3 {
				continue // an empty partition in between
			}
			r := row(t, is("p", i(p)), is("c", i(c)), is("v", i(p)))
			rows = append(rows, r)
			h.apply(putRow(t, r))
		}
	}
	for p := range int32(6) {
		for _, backward := range []bool{false, true} {
			scan := storage.Scan{Table: t, Partition: key(i(p)), Backward: backward}
			h.wantScan(scan, h.between(&scan, rows))
			scan.Limit = 3
			h.wantScan(scan, h.between(&scan, rows))
			scan.Start = storage.Bound{Values: key(i(2)), Inclusive: true}
			h.wantScan(scan, h.between(&scan, rows))
		}
	}
}
