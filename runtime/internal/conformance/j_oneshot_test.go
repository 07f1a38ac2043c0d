package conformance

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "J01", Title: "An operation outside of a transaction reads what is committed: by key, many keys, scans to the end or stopped early", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.pages(2)
			for c := range 5 {
				w.committed(itemTable, 1, c, "v", c, "cat", 7)
			}
			db, log := w.db(nil, at(a))
			ctx := t.Context()
			got, err := itemRecords.Get(ctx, db, ItemKey{1, 3})
			ok(t, err)
			want(t, "get", show(got), "3: 3")
			_, err = itemRecords.Get(ctx, db, ItemKey{1, 9})
			want(t, "get of what is not there", outcome(err), "not found")
			all, err := itemRecords.GetAll(ctx, db, []ItemKey{{1, 4}, {1, 9}, {1, 0}})
			ok(t, err)
			want(t, "get all", fmt.Sprint(show(*all[0]), " ", all[1] == nil, " ", show(*all[2])), "4: 4 true 0: 0")
			for name, of := range map[string]scalar.Scannable[Item]{"scan": itemsOf(1), "full scan": allItems(), "index": itemsByCat(7)} {
				want(t, name, list(ctx, db, of, 0), "0: 0; 1: 1; 2: 2; 3: 3; 4: 4; ")
			}
			want(t, "stopped early", list(ctx, db, itemsOf(1), 3), "0: 0; 1: 1; 2: 2; ")
			log.sent()
			_ = list(ctx, db, itemsOf(1), 3)
			if !a.is(commit.Serializable) { // which reads again for validation
				want(t, "pages of a scan stopped early", log.sentOf("scan"), 2)
			}
			want(t, "decisions", w.decisions(), "")
		})
	}},
	item{ID: "J02", Title: "A write outside of a transaction is stored when it returns", Verdict: pass, Variants: settled, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := threeItems(s, t)
			db, _ := w.db(nil, at(a))
			ctx := t.Context()
			v := itemColumns.V
			ok(t, itemRecords.Insert(ctx, db, record(1, 1, 11)))
			ok(t, itemRecords.Upsert(ctx, db, record(1, 2, 12)))
			ok(t, itemRecords.Upsert(ctx, db, record(1, 3, 13)))
			ok(t, itemRecords.Update(ctx, db, ItemKey{1, 0}, scalar.Set(v, 10)))
			ok(t, itemRecords.UpdateIf(ctx, db, ItemKey{1, 1}, scalar.Eq(v, 11), scalar.Set(v, 21)))
			ok(t, itemRecords.DeleteIf(ctx, db, ItemKey{1, 3}, scalar.Gt(v, 12)))
			ok(t, itemRecords.Delete(ctx, db, ItemKey{1, 4}))
			ok(t, itemRecords.Delete(ctx, db, ItemKey{1, 5}))
			reader := w.client()
			want(t, "stored", reader.begin().rows(scanOf(reader.table(itemTable), 1)), "0: v=10; 1: v=21; 2: v=12;")
		})
	}},
	item{ID: "J03", Title: "Outside of a transaction an insert of an existing record is a conflict, an update of an absent one does nothing", Verdict: difference,
		Reason: "an insert of a committed record reports that it exists, which a retry cannot change", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := threeItems(s, t)
				before := w.item(1, 2)
				db, _ := w.db(nil, at(a))
				ctx := t.Context()
				v := itemColumns.V
				want(t, "insert", outcome(itemRecords.Insert(ctx, db, record(1, 2, 9))), "exists")
				want(t, "update", outcome(itemRecords.Update(ctx, db, ItemKey{1, 9}, scalar.Set(v, 9))), "ok")
				want(t, "update with a condition", outcome(itemRecords.UpdateIf(ctx, db, ItemKey{1, 9}, scalar.IsNull(v), scalar.Set(v, 9))), "condition")
				want(t, "delete with a condition", outcome(itemRecords.DeleteIf(ctx, db, ItemKey{1, 2}, scalar.Eq(v, 9))), "condition")
				want(t, "existing record", w.item(1, 2), before)
				want(t, "absent record", w.item(1, 9), absent)
			})
		}},
	item{ID: "J04", Title: "Outside of a transaction a failure is rolled back and reported for what it is; after an unknown outcome nothing is rolled back", Verdict: pass, Variants: twoPhase, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, tt := range []struct {
				name, phase string
				err         error
				want        string
				decision    string
				stored      string
			}{
				{"read", "get", down(), "storage", absent, "v=0"},
				{"conflict in prepare", "prepare", &storage.Error{Class: storage.ErrConflict}, "conflict", "tx_state=4 tx_created_at=1000000", "v=0"},
				{"overtaken", "prepare", &storage.Error{Class: storage.ErrCondition}, "conflict", "tx_state=4 tx_created_at=1000000", "v=0"},
				{"prepare", "prepare", down(), "storage", "tx_state=4 tx_created_at=1000000", "v=0"},
				{"decision", "decide", lost(), "unknown", absent, "uncommitted"},
				{"completion", "finish", down(), "ok", "tx_state=3 tx_created_at=1000000", "v=9"},
			} {
				run(t, tt.name, func(t *testing.T) {
					s.world(t).bubble(func(w *world) {
						w.committed(itemTable, 1, 0, "v", 0)
						db, log := w.db(fail(tt.phase, tt.err), at(a))
						err := itemRecords.Update(w.t.Context(), db, ItemKey{1, 0}, scalar.Set(itemColumns.V, 9))
						want(w.t, "update", outcome(err), tt.want)
						want(w.t, "rolled back", log.sentOf("roll back"), 0) // nothing was prepared, or nobody may touch it
						want(w.t, "decision", w.coordinator("tx-1"), tt.decision)
						want(w.t, "stored", w.stored(1, 0), tt.stored)
					})
				})
			}
			for _, nth := range []int{1, 2} {
				run(t, fmt.Sprint("page ", nth, " of a scan"), func(t *testing.T) {
					w := threeItems(s, t)
					w.pages(2)
					var pages atomic.Int32
					db, _ := w.db(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
						if phase == "scan" && int(pages.Add(1)) == nth {
							return down()
						}
						return send(ctx)
					}, at(a))
					want(t, "records", list(t.Context(), db, itemsOf(1), 0), []string{"storage", "0: 0; 2: 2; storage"}[nth-1])
					want(t, "decisions", w.decisions(), "")
				})
			}
			run(t, "scan over a record in flight", func(t *testing.T) {
				w := threeItems(s, t)
				w.prepared(1, 1, commit.Prepared, w.justNow(), "T1")
				db, _ := w.db(nil, at(a), scalar.UncommittedWait(0))
				records := "0: 0; uncommitted"
				if a.is(commit.ReadCommitted) {
					records = "0: 0; 1: 1; 2: 2; 4: 4; "
				}
				want(t, "records", list(t.Context(), db, itemsOf(1), 0), records)
				want(t, "decisions", w.decisions(), "")
			})
		})
	}},
)

// at makes the level of a the DB's.
func at(a axes) scalar.Option { return scalar.DefaultIsolation(scalar.Isolation(a.Isolation)) }

func show(r Item) string { return fmt.Sprint(r.C, ": ", r.V.V) }

// list renders what a scan yields: n records if n is not 0, and the outcome if it
// fails.
func list(ctx context.Context, run scalar.Runner, of scalar.Scannable[Item], n int) string {
	text := ""
	for r, err := range itemRecords.Scan(ctx, run, of) {
		if err != nil {
			return text + outcome(err)
		}
		text += show(r) + "; "
		if n--; n == 0 {
			break
		}
	}
	return text
}
