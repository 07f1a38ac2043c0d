package commit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// readFunc are the reads of a transaction on the items (1,1), (1,5), (2,1).
type readFunc func(t *testing.T, e *Engine, tx *Tx)

func getting(ids ...recordID) readFunc {
	return func(t *testing.T, e *Engine, tx *Tx) {
		t.Helper()
		for _, id := range ids {
			get(t, tx, item(t, e, id.p, id.c))
		}
	}
}

// scanning reads partition p, or the whole table if p is 0, and breaks off after
// stop rows unless stop is 0.
func scanning(p, stop int) readFunc {
	return func(t *testing.T, e *Engine, tx *Tx) {
		t.Helper()
		scan := Scan{Table: e.must(t, itemName), Kind: storage.FullScan}
		if p > 0 {
			scan = partition(scan.Table, p)
		}
		count := 0
		for _, err := range tx.Scan(t.Context(), scan) {
			if err != nil {
				return // the application goes on without the rows
			}
			if count++; count == stop {
				return
			}
		}
	}
}

func reading(reads ...readFunc) readFunc {
	return func(t *testing.T, e *Engine, tx *Tx) {
		t.Helper()
		for _, read := range reads {
			read(t, e, tx)
		}
	}
}

// nthCall runs happen instead of the nth call of a phase, counted from the last reset.
type nthCall struct {
	counter
	phase  string
	nth    int
	happen aroundFunc
}

func (a *nthCall) around(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
	return a.counter.around(ctx, c, func(ctx context.Context) error {
		a.mu.Lock()
		hit := phase(c) == a.phase && a.phases[a.phase] == a.nth
		a.mu.Unlock()
		if hit {
			return a.happen(ctx, c, send)
		}
		return send(ctx)
	})
}

// What validation sends and what comes of it: absences that a storage shows at
// several moments are looked at twice, and what changes before the second look
// is found; nothing is read beyond what the caller got; that a read cannot be
// repeated says nothing about its rows.
func TestRepetitionsOfReads(t *testing.T) {
	t.Parallel()
	type calls = map[string]int
	insert13 := func(w *world) { w.item(1, 3, "t1") }
	for _, tt := range []struct {
		name     string
		pageSize int // 0: one page holds all
		read     readFunc
		during   string // the phase of the call before which others run or which fails
		nth      int
		others   func(w *world) // nil: the call fails
		reading  bool           // the call is one of the reads, not of the commit
		want     string
		code     string
		calls    calls // of the commit
	}{
		{name: "one absent record", read: getting(recordID{3, 3}), want: "ok", calls: calls{"get": 1}},
		{name: "two absent records", read: getting(recordID{3, 3}, recordID{3, 4}), want: "ok", calls: calls{"get": 2}},
		{name: "two records", read: getting(recordID{1, 1}, recordID{1, 5}), want: "ok", calls: calls{"get": 1}},
		{name: "an absent record and one that is there", read: getting(recordID{1, 1}, recordID{3, 3}), want: "ok", calls: calls{"get": 2}},
		{name: "scan of one page", read: scanning(1, 0), want: "ok", calls: calls{"scan": 1}},
		{name: "two scans", read: reading(scanning(1, 0), scanning(2, 0)), want: "ok", calls: calls{"scan": 4}},
		{name: "scan and an absent record", read: reading(scanning(1, 0), getting(recordID{3, 3})), want: "ok", calls: calls{"scan": 2, "get": 2}},
		{name: "scan and a record", read: reading(scanning(1, 0), getting(recordID{2, 1})), want: "ok", calls: calls{"scan": 1, "get": 1}},
		{name: "scan of two pages", pageSize: 1, read: scanning(1, 0), want: "ok", calls: calls{"scan": 4}},
		{name: "scan of the table of three pages", pageSize: 1, read: scanning(0, 0), want: "ok", calls: calls{"scan": 6}},

		{name: "scan that failed", read: scanning(1, 0), reading: true, during: "scan", nth: 1, want: "ok", calls: calls{}},
		{name: "scan that failed, and another", read: reading(scanning(1, 0), scanning(2, 0)), reading: true, during: "scan", nth: 1, want: "ok", calls: calls{"scan": 1}},
		{name: "scan that failed at its second page", pageSize: 1, read: scanning(1, 0), reading: true, during: "scan", nth: 2, want: "ok", calls: calls{"scan": 1}},

		{name: "phantom between two looks at two pages", pageSize: 1, read: scanning(1, 0), during: "scan", nth: 3, others: insert13, want: "conflict", calls: calls{"scan": 4}},
		{name: "phantom between two looks at two scans", read: reading(scanning(1, 0), scanning(2, 0)), during: "scan", nth: 3, others: insert13, want: "conflict", calls: calls{"scan": 3}},
		{name: "phantom between two looks at the table", pageSize: 1, read: scanning(0, 0), during: "scan", nth: 4, others: insert13, want: "conflict", calls: calls{"scan": 5}},
		{name: "appears between two looks at keys", read: getting(recordID{1, 2}, recordID{1, 3}), during: "get", nth: 2, others: insert13, want: "conflict", calls: calls{"get": 2}},
		{name: "appears between two looks at a scan and a key", read: reading(scanning(2, 0), getting(recordID{1, 3})), during: "get", nth: 2, others: insert13, want: "conflict", calls: calls{"scan": 2, "get": 2}},

		{name: "broken off at the first page", pageSize: 1, read: scanning(1, 1), want: "ok", calls: calls{"scan": 1}},
		{name: "broken off at the last page", pageSize: 1, read: scanning(1, 2), want: "ok", calls: calls{"scan": 4}},
		{name: "table, broken off at the first page", pageSize: 1, read: scanning(0, 1), want: "ok", calls: calls{"scan": 1}},
		{name: "table, broken off at the second page", pageSize: 1, read: scanning(0, 2), want: "ok", calls: calls{"scan": 4}},
		{name: "table, broken off, new row among those read", read: scanning(0, 2), during: "scan", nth: 1, others: insert13, want: "ok", calls: calls{"scan": 1}},
		{name: "table, broken off, row read deleted", read: scanning(0, 2), during: "scan", nth: 1, others: func(w *world) { w.remove(1, 1) }, want: "conflict", calls: calls{"scan": 1}},

		{name: "repetition fails at once", read: scanning(1, 0), during: "scan", nth: 1, want: "storage", code: "DB-CORE-30037", calls: calls{"scan": 1}},
		{name: "repetition fails while a row is expected", pageSize: 1, read: scanning(1, 0), during: "scan", nth: 2, want: "storage", code: "DB-CORE-30037", calls: calls{"scan": 2}},
		{name: "repetition of the table fails while rows are expected", pageSize: 1, read: scanning(0, 0), during: "scan", nth: 2, want: "storage", code: "DB-CORE-30037", calls: calls{"scan": 2}},
		{name: "second look fails", pageSize: 1, read: scanning(1, 0), during: "scan", nth: 3, want: "storage", code: "DB-CORE-30037", calls: calls{"scan": 3}},
		{name: "look at an absent record fails", read: getting(recordID{3, 3}), during: "get", nth: 1, want: "storage", code: "DB-CORE-30037", calls: calls{"get": 1}},
		{name: "look at a record fails", read: getting(recordID{1, 1}), during: "get", nth: 1, want: "storage", code: "DB-CORE-30037", calls: calls{"get": 1}},
	} {
		for _, comparator := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s comparator=%v", tt.name, comparator), func(t *testing.T) {
				t.Parallel()
				var options []memory.Option
				if tt.pageSize > 0 {
					options = append(options, memory.WithPageSize(tt.pageSize))
				}
				if !comparator {
					options = append(options, memory.WithoutComparator())
				}
				w := newWorld(t, options...)
				for _, id := range []recordID{{1, 1}, {1, 5}, {2, 1}} {
					w.item(id.p, id.c, fmt.Sprint("t", id))
				}
				var a nthCall
				e := w.engine(a.around, func(o *Options) { o.SerialValidate = true })
				interfere := func() {
					a.phase, a.nth = tt.during, tt.nth
					a.happen = func(ctx context.Context, _ faulty.Call, send func(context.Context) error) error {
						if tt.others == nil {
							return failPlain()
						}
						tt.others(w)
						return send(ctx)
					}
				}
				tx := begin(t, e, Serializable)
				if tt.reading {
					interfere()
				}
				tt.read(t, e, tx)
				a.take()
				a.phase = ""
				if !tt.reading {
					interfere()
				}
				err := tx.Commit(t.Context())
				want(t, "commit", outcome(err), tt.want)
				if diff := cmp.Diff(tt.calls, a.take()); diff != "" {
					t.Errorf("calls of the commit (-want +got):\n%s", diff)
				}
				if tt.code != "" {
					var told *Error
					if !errors.As(err, &told) || told.Code != tt.code {
						t.Errorf("got %v, want code %s", err, tt.code)
					}
				}
			})
		}
	}
}

// A record that somebody else has prepared since the scan is a change if either
// of its images is one that the scan selects, and only then; an index value
// alone does not select it.
func TestValidationOfImagesUnderAFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		before, after int // column v of item (1,2)
		want          string
	}{
		{"neither image", 2, 3, "ok"},
		{"new image", 2, 1, "conflict"},
		{"before image", 1, 3, "conflict"},
	} {
		for _, kind := range []storage.ScanKind{storage.PartitionScan, storage.IndexScan, storage.FullScan} {
			t.Run(fmt.Sprint(tt.name, " ", kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.item(1, 1, "t0", "cat", 7, "v", 1)
				e := w.engine(nil)
				table := e.must(t, itemName)
				tx := begin(t, e, Serializable)
				scan := Scan{Table: table, Kind: kind, Index: colCat, IndexValue: intValue(7), Where: storage.Filter{{where(table, "v", storage.Eq, 1)}}}
				if kind == storage.PartitionScan {
					scan.Partition = []storage.Value{intValue(1)}
				}
				want(t, "scan", keysOf(tx, scan), "1")
				w.write(itemName, []storage.Value{intValue(1), intValue(2)}, "cat", 7, "v", tt.after,
					"tx_id", "t2", "tx_state", Prepared, "tx_version", 2, "tx_prepared_at", int(w.now.Load()),
					"before_cat", 7, "before_v", tt.before, "before_tx_id", "t1", "before_tx_state", Committed, "before_tx_version", 1)
				want(t, "commit", outcome(tx.Commit(t.Context())), tt.want)
			})
		}
	}
}
