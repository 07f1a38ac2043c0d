package memory

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// TestRowSetAgainstSortedSlice compares random replaces, seeks and ranges in
// both directions with a plain sorted slice.
func TestRowSetAgainstSortedSlice(t *testing.T) {
	t.Parallel()
	const keys, operations = 3000, 30_000
	random := rand.New(rand.NewPCG(1, 2))
	set := &rowSet{descending: []bool{false, true}}
	var model []storage.Row
	order := func(a, b storage.Row) int {
		if c := storage.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return -storage.Compare(a[1], b[1])
	}
	randomKey := func() storage.Row {
		n := random.Int32N(keys)
		return storage.Row{storage.IntValue(n / 50), storage.IntValue(n % 50)}
	}
	for n := range operations {
		key := randomKey()
		if random.IntN(operations) < n/2 { // grows first, shrinks later
			set.replace(key, nil)
			model = slices.DeleteFunc(model, func(r storage.Row) bool { return order(r, key) == 0 })
		} else {
			row := append(slices.Clone(key), storage.IntValue(int32(n)))
			set.replace(key, row)
			if i, found := slices.BinarySearchFunc(model, key, order); found {
				model[i] = row
			} else {
				model = slices.Insert(model, i, row)
			}
		}
		if n%100 != 0 {
			continue
		}
		from, to, backward := randomKey()[:1+random.IntN(2)], randomKey()[:1+random.IntN(2)], random.IntN(2) == 0
		afterFrom, afterTo := random.IntN(2) == 0, random.IntN(2) == 0
		var want []storage.Row
		for _, r := range model {
			low, high := set.compare(r, from), set.compare(r, to)
			if (low > 0 || low == 0 && !afterFrom) && (high < 0 || high == 0 && afterTo) {
				want = append(want, r)
			}
		}
		if backward {
			slices.Reverse(want)
		}
		got := slices.Collect(set.between(set.seek(from, afterFrom), set.seek(to, afterTo), backward))
		if !slices.EqualFunc(got, want, slices.Equal[storage.Row]) {
			t.Fatalf("operation %d: range from %v (after %t) to %v (after %t) backward %t: %d rows, want %d", n, from, afterFrom, to, afterTo, backward, len(got), len(want))
		}
		if row := set.get(key); (row == nil) != !slices.ContainsFunc(model, func(r storage.Row) bool { return order(r, key) == 0 }) {
			t.Fatalf("operation %d: get %v: %v", n, key, row)
		}
		for i, chunk := range set.chunks {
			if len(chunk) == 0 || len(chunk) > chunkSize {
				t.Fatalf("operation %d: chunk %d of %d has %d rows", n, i, len(set.chunks), len(chunk))
			}
		}
	}
}

// TestRowsInOrderFillChunks: a table that is loaded in key order, as by a
// generator of test data, must not waste half of its memory.
func TestRowsInOrderFillChunks(t *testing.T) {
	t.Parallel()
	set := &rowSet{descending: []bool{false}}
	const rows = 10 * chunkSize
	for n := range int32(rows) {
		row := storage.Row{storage.IntValue(n)}
		set.replace(row, row)
	}
	if len(set.chunks) != rows/chunkSize {
		t.Errorf("%d chunks, want %d", len(set.chunks), rows/chunkSize)
	}
}
