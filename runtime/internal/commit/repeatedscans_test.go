package commit

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// A scan that ran to the end of its range repeats from memory whatever is
// written afterwards: what others insert stays unseen, own writes show.
func TestCompleteScanRepeatsAfterAnOwnWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range []storage.ScanKind{storage.PartitionScan, storage.FullScan} {
		for _, isolation := range []Isolation{Snapshot, Serializable} {
			t.Run(fmt.Sprint(kind, " ", isolation), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.item(1, 1, "t0")
				w.item(1, 9, "t0")
				var calls counter
				e := w.engine(calls.around)
				table := e.must(t, itemName)
				scan := Scan{Table: table, Kind: kind}
				if kind == storage.PartitionScan {
					scan = partition(table, 1)
				}
				tx := begin(t, e, isolation)
				want(t, "first", keysOf(tx, scan), "1 9")
				ok(t, insert(t.Context(), tx, item(t, e, 1, 20), 1))
				other := begin(t, e, Snapshot)
				ok(t, insert(t.Context(), other, item(t, e, 1, 7), 1))
				ok(t, other.Commit(t.Context()))
				calls.take()
				want(t, "again", keysOf(tx, scan), "1 9 20")
				want(t, "calls", fmt.Sprint(calls.take()), "map[]")
			})
		}
	}
}

// A scan that stopped at its limit is no answer once own writes ask for more
// rows, but the scan that then runs to the end is one for good.
func TestCompleteScanReplacesALimitedOne(t *testing.T) {
	t.Parallel()
	for _, isolation := range []Isolation{Snapshot, Serializable} {
		t.Run(fmt.Sprint(isolation), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, c := range []int{1, 5, 9} {
				w.item(1, c, "t0")
			}
			var calls counter
			e := w.engine(calls.around)
			scan := partition(e.must(t, itemName), 1)
			scan.Limit = 2
			tx := begin(t, e, isolation)
			for i, step := range []struct {
				own   []int // records that the transaction deletes first
				keys  string
				calls string
			}{
				{nil, "1 5", "map[scan:1]"},
				{nil, "1 5", "map[]"},
				{[]int{1, 5}, "9", "map[scan:2]"},
				{nil, "9", "map[]"},
				{[]int{9}, "", "map[]"},
			} {
				ownDelete(step.own...)(t.Context(), t, e, tx)
				calls.take()
				want(t, fmt.Sprint("scan ", i), keysOf(tx, scan), step.keys)
				want(t, fmt.Sprint("calls of scan ", i), fmt.Sprint(calls.take()), step.calls)
			}
		})
	}
}
