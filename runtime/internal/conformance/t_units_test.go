package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "T01", Title: "What prepare sends: condition, version and before image, for puts, inserts and deletes of records that are there, imported or absent", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			insertThenDelete := func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "insert", x.insert(ref, "v", 2), "ok")
				return x.delete(ref)
			}
			deleteThenPut := func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "delete", x.delete(ref), "ok")
				return x.upsert(ref, "v", 2)
			}
			for _, c := range []composed{
				{"put over a version", present, putV, "put if tx_id=T0: v=2 tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000" + beforeOfCommitted, nil},
				{"put over an imported record", imported, putV, "put if tx_id is null: v=2 tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000" + beforeOfImported, nil},
				{"put of an absent record", missing, putV, "put if absent: v=2 tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000", nil},
				{"insert", missing, func(x *tx, ref commit.Ref) string { return x.insert(ref, "v", 2) },
					"put if absent: v=2 tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000", nil},
				{"insert over a version that was read", present, insertOverRead,
					"put if absent: v=2 tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000", []commit.Isolation{commit.ReadCommitted}},
				{"delete of a version", present, (*tx).delete, "put if tx_id=T0: tx_id=tx-1 tx_state=2 tx_version=2 tx_prepared_at=1000000" + beforeOfCommitted, nil},
				{"delete of an imported record", imported, (*tx).delete, "put if tx_id is null: tx_id=tx-1 tx_state=2 tx_version=1 tx_prepared_at=1000000" + beforeOfImported, nil},
				{"delete of an absent record", missing, (*tx).delete, "put if absent: tx_id=tx-1 tx_state=2 tx_version=1 tx_prepared_at=1000000", nil},
				{"delete of an own insert", missing, insertThenDelete, "put if absent: tx_id=tx-1 tx_state=2 tx_version=1 tx_prepared_at=1000000", nil},
				{"put after an own delete", present, deleteThenPut,
					"put if tx_id=T0: v=2 w=NULL cat=NULL tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000 tx_committed_at=NULL" + beforeOfCommitted, nil},
			} {
				c.run(t, s, func(t *testing.T, a axes, w *world) {
					var j journal
					e := w.clientWith(j.around)
					x := e.begin(a.begin()...)
					want(t, "write", c.write(x, e.item(1, 1)), "ok")
					x.commit()
					want(t, "prepare", j.of("prepare"), c.on())
				})
			}
		}},
	item{ID: "T02", Title: "What completes a record: own puts and deletes, with and without a version before, and those of others", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, c := range []composed{
			{"put over a version", present, putV, "put if tx_id=tx-1 tx_state=1: tx_state=3 tx_committed_at=1000005" + nothingBefore, nil},
			{"put over an imported record", imported, putV, "put if tx_id=tx-1 tx_state=1: tx_state=3 tx_committed_at=1000005" + nothingBefore, nil},
			{"put of an absent record", missing, putV, "put if tx_id=tx-1 tx_state=1: tx_state=3 tx_committed_at=1000005", nil},
			{"delete of a version", present, (*tx).delete, "delete if tx_id=tx-1 tx_state=2", nil},
			{"delete of an absent record", missing, (*tx).delete, "delete if tx_id=tx-1 tx_state=2", nil},
		} {
			c.run(t, s, func(t *testing.T, a axes, w *world) {
				var j journal
				e := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
					if phase == "prepare" {
						w.now.Add(5) // the decision is made later
					}
					return j.around(ctx, phase, call, send)
				})
				x := e.begin(a.begin()...)
				want(t, "write", c.write(x, e.item(1, 1)), "ok")
				want(t, "commit", x.commit(), "ok")
				want(t, "completion", j.of("finish"), c.on())
			})
		}
		run(t, "without clustering key", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				flat := flatTable(w)
				w.write(flat, []storage.Value{storage.IntValue(1)}, "v", 1, "tx_id", "T0", "tx_state", commit.Committed, "tx_version", 1)
				var j journal
				e := w.clientWith(j.around)
				x := e.begin(a.begin()...)
				at := func(p int32) commit.Ref {
					return commit.Ref{Table: e.table(flat), Key: []storage.Value{storage.IntValue(p)}}
				}
				want(t, "insert", x.insert(at(0), "v", 2), "ok")
				want(t, "upsert", x.upsert(at(1), "v", 2), "ok")
				want(t, "delete", x.delete(at(2)), "ok")
				want(t, "commit", x.commit(), "ok")
				want(t, "completion", j.of("finish"), strings.Join([]string{
					"shop.flat 0 put if tx_id=tx-1 tx_state=1: tx_state=3 tx_committed_at=1000000",
					"shop.flat 1 put if tx_id=tx-1 tx_state=1: tx_state=3 tx_committed_at=1000000 before_tx_id=NULL before_tx_state=NULL" +
						" before_tx_version=NULL before_tx_prepared_at=NULL before_tx_committed_at=NULL before_v=NULL",
					"shop.flat 2 delete if tx_id=tx-1 tx_state=2",
				}, "\n"))
			})
		})
		for _, c := range []struct {
			name string
			leftover
			want string
		}{
			{"recovered put", leftover{state: commit.Prepared, decision: commit.Committed}, "put if tx_id=T1 tx_state=1: tx_state=3 tx_committed_at=77" + nothingBefore},
			{"recovered insert", leftover{state: commit.Prepared, decision: commit.Committed, insert: true}, "put if tx_id=T1 tx_state=1: tx_state=3 tx_committed_at=77" + nothingBefore},
			{"recovered delete", leftover{state: commit.Deleted, decision: commit.Committed}, "delete if tx_id=T1 tx_state=2"},
		} {
			run(t, c.name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					c.leave(w, plainID)
					var j journal
					e := w.clientWith(j.around)
					e.begin(a.begin()...).get(e.item(1, 1))
					e.drain()
					want(t, "completion", j.of("finish"), "shop.item 1 1 "+c.want)
				})
			})
		}
	}},
	item{ID: "T03", Title: "What rolls a record back: the before image, or its removal; nothing where somebody else has been there", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, c := range []composed{
			{"put over a version", present, putV, "put if tx_id=tx-1 tx_state=1: v=1 w=NULL cat=7 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20" + nothingBefore, nil},
			{"delete of a version", present, (*tx).delete, "put if tx_id=tx-1 tx_state=2: v=1 w=NULL cat=7 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20" + nothingBefore, nil},
			{"put over an imported record", imported, putV,
				"put if tx_id=tx-1 tx_state=1: v=1 w=NULL cat=7 tx_id=NULL tx_state=NULL tx_version=NULL tx_prepared_at=NULL tx_committed_at=NULL" + nothingBefore, nil},
			{"delete of an imported record", imported, (*tx).delete,
				"put if tx_id=tx-1 tx_state=2: v=1 w=NULL cat=7 tx_id=NULL tx_state=NULL tx_version=NULL tx_prepared_at=NULL tx_committed_at=NULL" + nothingBefore, nil},
			{"insert", missing, func(x *tx, ref commit.Ref) string { return x.insert(ref, "v", 2) }, "delete if tx_id=tx-1 tx_state=1", nil},
			{"delete of an absent record", missing, (*tx).delete, "delete if tx_id=tx-1 tx_state=2", nil},
		} {
			c.run(t, s, func(t *testing.T, a axes, w *world) {
				before := w.item(1, 1)
				var j journal
				abortedBehind(w, a, j.around, c.write)
				want(t, "rollback", j.of("roll back"), c.on())
				want(t, "stored", w.item(1, 1), before)
			})
		}
		for name, meanwhile := range map[string]func(w *world){
			"not prepared":   func(w *world) { w.erase(itemTable, key(1, 1)) },
			"another writer": func(w *world) { w.prepared(1, 1, commit.Prepared, w.justNow(), "T9") },
			"rolled back before": func(w *world) {
				c := w.client()
				done, err := c.RecoverRecord(w.t.Context(), c.item(1, 1))
				ok(w.t, err)
				want(w.t, "recovered", done, true)
			},
			"committed by another": func(w *world) { w.committed(itemTable, 1, 1, "v", 8, "tx_id", "T9") },
		} {
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					present(w)
					var j journal
					stored := ""
					abortedBehind(w, a, func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
						j.note(phase, call)
						err := send(ctx)
						if phase == "decide" {
							meanwhile(w)
							stored = w.item(1, 1)
						}
						return err
					}, putV)
					want(t, "rollback", j.of("roll back", "finish"), "")
					want(t, "stored", w.item(1, 1), stored)
				})
			})
		}
	}},
	item{ID: "T04", Title: "What a one-phase commit sends", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for _, c := range []composed{
			{"put over a version", present, putV,
				"put if tx_id=T0: v=2 tx_id=tx-1 tx_state=3 tx_version=2 tx_prepared_at=1000000 tx_committed_at=1000000" + nothingBefore, nil},
			{"put over an imported record", imported, putV,
				"put if tx_id is null: v=2 tx_id=tx-1 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000" + nothingBefore, nil},
			{"put of an absent record", missing, putV, "put if absent: v=2 tx_id=tx-1 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000", nil},
			{"insert", missing, func(x *tx, ref commit.Ref) string { return x.insert(ref, "v", 2) },
				"put if absent: v=2 tx_id=tx-1 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000", nil},
			{"insert over a version that was read", present, insertOverRead,
				"put if absent: v=2 tx_id=tx-1 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000", []commit.Isolation{commit.ReadCommitted}},
			{"delete of a version", present, (*tx).delete, "delete if tx_id=T0", nil},
			{"delete of an imported record", imported, (*tx).delete, "delete if tx_id is null", nil},
		} {
			c.run(t, s, func(t *testing.T, a axes, w *world) {
				// Reads of an absent record must be validated; a pre-read is none.
				var j journal
				e := w.clientWith(j.around, onePhase)
				x := e.begin(a.begin()...)
				want(t, "write", c.write(x, e.item(1, 1)), "ok")
				x.commit()
				want(t, "request", j.of("one phase"), c.on())
				want(t, "anything else", j.of("prepare", "decide", "finish", "roll back"), "")
			})
		}
	}},
)

// flatTable makes a table without clustering key.
func flatTable(w *world) storage.TableName {
	name := storage.TableName{Namespace: "shop", Name: "flat"}
	w.create(commit.TransactionTable(&storage.Table{
		TableName: name,
		Columns:   []storage.Column{{Name: "p", Type: storage.Int}, {Name: "v", Type: storage.Int}},
		Partition: []int{0},
	}, false))
	return name
}

// abortedBehind runs a transaction that prepares item (1, 1) and then fails at
// item (9, 9), so that it is aborted and rolled back.
func abortedBehind(w *world, a axes, around around, write func(x *tx, ref commit.Ref) string, configure ...func(*commit.Options)) {
	w.t.Helper()
	w.committed(itemTable, 9, 9, "v", 9)
	w.restrict(storage.AtomicRecord, 0)
	c := w.clientWith(around, append(configure, func(o *commit.Options) { o.SerialPrepare = true })...)
	x := c.begin(a.begin()...)
	want(w.t, "write", write(x, c.item(1, 1)), "ok")
	want(w.t, "read", x.get(c.item(9, 9)), "v=9")
	want(w.t, "the other write", x.update(c.item(9, 9), "v", 0), "ok")
	w.otherUpdates(9, 9, "v", 10)
	want(w.t, "commit", x.commit(), "conflict")
	c.drain()
}

// onePhase lets a client commit without a decision where that can be.
func onePhase(o *commit.Options) { o.OnePhase = true }
