package lab

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// A history tells of an update what the transaction knows of it. Where it knows
// nothing, no absence may look as if it were the work of others.
func TestHistoryOfUpdates(t *testing.T) {
	t.Parallel()
	k, other := Key{0, 1}, Key{3, 6}
	key := historyKey(k)
	upd := func(v int) simDone { return simDone{simOp: &simOp{kind: update, key: k, v: v, when: -1}} }
	updIf := func(v, when int) simDone { return simDone{simOp: &simOp{kind: update, key: k, v: v, when: when}} }
	other2 := simDone{simOp: &simOp{kind: put, key: other, v: 11, when: -1}}
	index := func(category int, rows ...simRecordRead) simDone {
		return simDone{simOp: &simOp{kind: scan, scan: simScan{kind: storage.IndexScan, category: category}}, rows: rows}
	}
	first := func(rows ...simRecordRead) simDone { // the first record of the partition
		return simDone{simOp: &simOp{kind: scan, scan: simScan{kind: storage.PartitionScan, to: simPlaces - 1, limit: 1, category: -1}}, rows: rows}
	}
	read := func(rows ...simRecordRead) simDone {
		return simDone{simOp: &simOp{kind: get, key: k, when: -1}, rows: rows}
	}
	overwrite := simDone{simOp: &simOp{kind: put, key: k, v: 99, when: -1}}
	write, missed := func(n int64) history.Op { return history.Write(key, n) }, history.Get(key, history.None)
	for name, c := range map[string]struct {
		done []simDone
		left bool // the transaction left a version of the record
		want []history.Op
	}{
		"what it left":                      {[]simDone{upd(87)}, true, []history.Op{write(87)}},
		"what it did not leave":             {[]simDone{upd(87)}, false, []history.Op{missed}},
		"all updates in a row hit":          {[]simDone{upd(87), upd(93)}, true, []history.Op{write(87), write(93)}},
		"all updates in a row miss":         {[]simDone{upd(87), upd(93)}, false, []history.Op{missed, missed}},
		"conditional one after it":          {[]simDone{upd(87), updIf(93, 0), overwrite}, true, []history.Op{write(87), write(93), write(99)}},
		"conditional one of unknown end":    {[]simDone{updIf(93, 0)}, false, []history.Op{write(93)}},
		"shown by a scan of another update": {[]simDone{upd(87), upd(93), index(0, simRecordRead{k, 93}), overwrite}, true, []history.Op{write(87), write(93), write(99)}},
		"not shown by a scan":               {[]simDone{upd(87), index(0), overwrite}, true, []history.Op{missed, write(99)}},
		"not shown behind a limit":          {[]simDone{upd(87), first(simRecordRead{Key{0, 0}, 4}), overwrite}, true, []history.Op{write(87), write(99)}},
		"not shown before a limit":          {[]simDone{upd(87), first(simRecordRead{Key{0, 5}, 4}), overwrite}, true, []history.Op{missed, write(99)}},
		"read by itself":                    {[]simDone{upd(87), read(simRecordRead{k, 87}), overwrite}, true, []history.Op{write(87), history.Get(key, history.Number(87)), write(99)}},
		"read as absent":                    {[]simDone{upd(87), read(), overwrite}, true, []history.Op{missed, missed, write(99)}},
		"unknown":                           {[]simDone{upd(87), index(2), other2, overwrite}, true, []history.Op{write(87), history.Write(historyKey(other), 11), write(99)}},
	} {
		s := &simulation{net: &simNet{}}
		s.net.ledger.begin(nil)
		tx := &simTx{id: "A1", plan: &simStep{id: "A1", isolation: commit.Serializable}, done: c.done}
		if c.left {
			s.net.ledger.writes[k] = []simWrite{{by: "A1"}}
		}
		got := slices.DeleteFunc(s.historyOps(tx), func(o history.Op) bool { return o.Kind == history.RangeScan })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// Scans repeat if they read the same way, so the ways must look different.
func TestHistoryTellsAccessPathsApart(t *testing.T) {
	t.Parallel()
	scanned := func(kind storage.ScanKind, rows ...simRecordRead) history.Op {
		d := simDone{simOp: &simOp{kind: scan, scan: simScan{kind: kind, category: 2}}, rows: rows}
		return d.historyScan()
	}
	check := func(scans ...history.Op) history.Verdict {
		var file bytes.Buffer
		now := int64(0)
		w := history.NewWriter(&file, func() int64 { now++; return now })
		a, b := w.Process(), w.Process()
		a.Invoke("a")
		b.Invoke("b")
		a.Commit(history.Write(historyKey(Key{0, 1}), 95))
		b.Commit(scans...)
		h, err := history.Load(history.Source{Name: "scans", Reader: &file})
		if err != nil {
			t.Fatal(err)
		}
		return history.Check(h, history.Options{Level: history.Snapshot}).Verdict
	}
	row := simRecordRead{Key{0, 1}, 95}
	for _, kind := range []storage.ScanKind{storage.FullScan, storage.IndexScan} {
		if v := check(scanned(kind), scanned(kind, row)); v != history.Violation {
			t.Errorf("equal scans that differ: %v", v)
		}
	}
	if v := check(scanned(storage.FullScan), scanned(storage.IndexScan, row)); v != history.OK {
		t.Errorf("an index shows what a scan of the table has not shown: %v", v)
	}
}
