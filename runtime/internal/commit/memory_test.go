package commit

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// endless is a storage whose tables hold size records that are made when they are
// read, so that what a scan keeps is all there is in memory.
type endless struct {
	*memory.Storage
	size int
}

const endlessPage = 500

func (s endless) Scan(_ context.Context, scan *storage.Scan) (*storage.Page, error) {
	from, _ := scan.After.(int)
	page := &storage.Page{}
	t := scan.Table
	for c := from; c < min(from+endlessPage, s.size); c++ {
		row := make(storage.Row, len(t.Columns))
		for i, column := range t.Columns {
			row[i] = storage.Null(column.Type)
		}
		row[t.Column("p")], row[t.Column("c")] = intValue(1), intValue(c)
		row[t.Column("w")] = storage.TextValue(fmt.Sprint("text of record ", c))
		row[t.Column("tx_id")], row[t.Column("tx_state")] = storage.TextValue("t0"), intValue(int(Committed))
		page.Rows = append(page.Rows, row)
	}
	if from+endlessPage < s.size {
		page.Next = from + endlessPage
	}
	return page, nil
}

func TestReadCommittedScanHoldsOnePage(t *testing.T) {
	const most = 4 << 20
	records := 1_000_000
	if raceEnabled {
		records = 50_000 // takes as long
	}
	ctx := t.Context()
	e := New(endless{newWorld(t).store, records}, Options{MetadataTTL: -1})
	table := e.must(t, itemName)
	for _, tt := range []struct {
		name    string
		scan    Scan
		options BeginOptions
	}{
		{"partition, read-only", partition(table, 1), BeginOptions{Isolation: ReadCommitted, ReadOnly: true}},
		{"table, one operation", Scan{Table: table, Kind: storage.FullScan}, BeginOptions{Isolation: ReadCommitted, OneOperation: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tx, err := e.Begin(tt.options)
			ok(t, err)
			before, n := heap(), 0
			for _, err := range tx.Scan(ctx, tt.scan) {
				ok(t, err)
				if n++; n%(records/4) == 0 {
					if now := heap(); now > before+most {
						t.Fatalf("%d bytes are held after %d records", now-before, n)
					}
				}
			}
			if n != records {
				t.Errorf("%d records, want %d", n, records)
			}
			ok(t, tx.Commit(ctx))
		})
	}
}

func TestTenThousandTransactionsHoldBoundedMemory(t *testing.T) {
	const transactions, most = 10_000, 8 << 10 // bytes per transaction
	ctx := t.Context()
	w := newWorld(t)
	e := w.engine(nil, func(o *Options) { o.NewID, o.AsyncCommit = nil, true })
	for p := range transactions {
		w.item(p, 1, "t0", "v", 1, "w", "some text")
	}
	before := heap()
	open := make([]*Tx, transactions)
	for p := range open {
		open[p] = begin(t, e, Snapshot)
		ref := item(t, e, p, 1)
		get(t, open[p], ref)
		ok(t, update(ctx, open[p], ref, 2))
	}
	if each := (heap() - min(before, heap())) / transactions; each > most {
		t.Errorf("an open transaction holds %d bytes, want %d at most", each, most)
	}
	var wait sync.WaitGroup
	for _, tx := range open {
		wait.Go(func() {
			if err := tx.Commit(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	clear(open)
	ok(t, e.Close(ctx))
	for p := range transactions {
		if got := w.storedItem(p, 1); got[:3] != "v=2" {
			t.Fatalf("record %d: %s", p, got)
		}
	}
}
