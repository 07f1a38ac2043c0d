package conformance

import (
	"context"
	"errors"
	"fmt"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "R01", Title: "A function in a transaction: committed at its end, rolled back with its error or panic, retried after conflicts, not after an unknown outcome", Verdict: pass, Test: func(t *testing.T, s *suite) {
		errBusiness := errors.New("sold out")
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			run(t, "commits", func(t *testing.T) {
				w := threeItems(s, t)
				db, _ := w.db(nil)
				ok(t, db.Transact(t.Context(), func(ctx context.Context, x *scalar.Tx) error {
					want(t, "attempt", x.Attempt(), 1)
					r, err := itemRecords.Get(ctx, x, ItemKey{1, 2})
					if err != nil {
						return err
					}
					return itemRecords.Update(ctx, x, ItemKey{1, 2}, scalar.Set(itemColumns.V, r.V.V+1))
				}, levelOf(a)))
				want(t, "stored", w.stored(1, 2), "v=3")
			})
			run(t, "error", func(t *testing.T) {
				w := threeItems(s, t)
				db, log := w.db(nil)
				var ended *scalar.Tx
				attempts := 0
				err := db.Transact(t.Context(), func(ctx context.Context, x *scalar.Tx) error {
					ended = x
					attempts++
					ok(t, itemRecords.Insert(ctx, x, record(1, 1, 1)))
					return errBusiness
				}, levelOf(a))
				want(t, "the very error", err == errBusiness, true)
				want(t, "attempts", attempts, 1)
				want(t, "calls", log.sent(), "")
				want(t, "stored", w.item(1, 1), absent)
				want(t, "afterwards", outcome(itemRecords.Insert(t.Context(), ended, record(1, 1, 1))), "closed")
			})
			run(t, "panic", func(t *testing.T) {
				w := threeItems(s, t)
				db, _ := w.db(nil)
				var ended *scalar.Tx
				func() {
					defer func() { want(t, "panic", recover(), any("oops")) }()
					_ = db.Transact(t.Context(), func(ctx context.Context, x *scalar.Tx) error {
						ended = x
						ok(t, itemRecords.Insert(ctx, x, record(1, 1, 1)))
						panic("oops")
					}, levelOf(a))
				}()
				want(t, "stored", w.item(1, 1), absent)
				want(t, "afterwards", outcome(itemRecords.Insert(t.Context(), ended, record(1, 1, 1))), "closed")
			})
			run(t, "unknown outcome", func(t *testing.T) {
				s.world(t).bubble(func(w *world) {
					w.committed(itemTable, 1, 2, "v", 2)
					db, log := w.db(fail("decide", lost()))
					attempts := 0
					err := db.Transact(w.t.Context(), func(ctx context.Context, x *scalar.Tx) error {
						attempts++
						return itemRecords.Update(ctx, x, ItemKey{1, 2}, scalar.Set(itemColumns.V, 3))
					}, levelOf(a))
					want(w.t, "outcome", outcome(err), "unknown")
					want(w.t, "attempts", attempts, 1)
					want(w.t, "rolled back", log.sentOf("roll back"), 0)
					w.coordinatorRow("tx-1", "tx_state", 3, "tx_created_at", 77) // it did arrive
					want(w.t, "stored", w.stored(1, 2), "v=3")
				})
			})
			for _, at := range []string{"commit", "operation"} {
				run(t, "conflicts in the "+at, func(t *testing.T) {
					for name, limit := range map[string]int{"no limit": 0, "limit not reached": 4, "limit reached": 3} {
						run(t, name, func(t *testing.T) {
							s.world(t).bubble(func(w *world) {
								w.committed(itemTable, 1, 2, "v", 2)
								db, _ := w.db(nil)
								ids := map[string]bool{}
								err := db.Transact(w.t.Context(), func(ctx context.Context, x *scalar.Tx) error {
									ids[x.ID()] = true
									want(w.t, "attempt", x.Attempt(), len(ids))
									r, err := itemRecords.Get(ctx, x, ItemKey{1, 2})
									if err != nil {
										return err
									}
									if len(ids) <= 3 {
										if at == "operation" {
											return fmt.Errorf("wrapped: %w", &scalar.Error{Kind: scalar.ErrConflict})
										}
										w.otherUpdates(1, 2, "v", 10*len(ids))
									}
									return itemRecords.Update(ctx, x, ItemKey{1, 2}, scalar.Set(itemColumns.V, r.V.V+1))
								}, levelOf(a), scalar.TransactAttempts(limit))
								end, attempts := "ok", 4
								if limit == 3 {
									end, attempts = "conflict", 3
								}
								want(w.t, "outcome", outcome(err), end)
								want(w.t, "attempts", len(ids), attempts)
								stored := map[bool]string{true: "v=3", false: "v=31"}[at == "operation"]
								if limit == 3 {
									stored = map[bool]string{true: "v=2", false: "v=30"}[at == "operation"]
								}
								want(w.t, "stored", w.stored(1, 2), stored)
							})
						})
					}
				})
			}
		})
	}},
	item{ID: "R02", Title: "Without transactions each operation is one request on a table without the columns of the protocol; what needs a transaction is refused", Verdict: pass, Test: func(t *testing.T, s *suite) {
		w := s.world(t)
		bare := storage.TableName{Namespace: "shop", Name: "bare"}
		w.create(userTable(bare))
		w.pages(2)
		records := typedTable(bare)
		db, log := w.db(nil, scalar.WithoutTransactions())
		ctx, v := t.Context(), itemColumns.V
		one := func(t *testing.T, err error, end, calls string) {
			t.Helper()
			want(t, "outcome", outcome(err), end)
			want(t, "calls", log.sent(), calls)
		}
		for c := range int32(4) {
			r := record(1, c, c)
			r.Cat = scalar.Some(c % 2)
			one(t, records.Insert(ctx, db, r), "ok", "write")
		}
		one(t, records.Insert(ctx, db, record(1, 0, 9)), "exists", "write")
		one(t, records.Upsert(ctx, db, record(1, 4, 4)), "ok", "write")
		one(t, records.Update(ctx, db, ItemKey{1, 0}, scalar.Set(v, 10)), "ok", "write")
		one(t, records.Update(ctx, db, ItemKey{9, 9}, scalar.Set(v, 10)), "ok", "write")
		one(t, records.UpdateIf(ctx, db, ItemKey{1, 1}, scalar.Eq(v, 1), scalar.Set(v, 11)), "ok", "write")
		one(t, records.UpdateIf(ctx, db, ItemKey{1, 1}, scalar.Eq(v, 1), scalar.Set(v, 12)), "condition", "write")
		one(t, records.Delete(ctx, db, ItemKey{1, 2}), "ok", "write")
		one(t, records.DeleteIf(ctx, db, ItemKey{1, 3}, scalar.Eq(v, 9)), "condition", "write")
		got, err := records.Get(ctx, db, ItemKey{1, 1})
		one(t, err, "ok", "get")
		want(t, "get", show(got), "1: 11")
		_, err = records.Get(ctx, db, ItemKey{1, 2})
		one(t, err, "not found", "get")
		all, err := records.GetAll(ctx, db, []ItemKey{{1, 4}, {1, 2}})
		one(t, err, "ok", "get")
		want(t, "get all", show(*all[0])+fmt.Sprint(" ", all[1] == nil), "4: 4 true")
		for name, of := range map[string]scalar.Scannable[Item]{"0: 10; 1: 11; 3: 3; 4: 4; ": itemsOf(1), "1: 11; 3: 3; ": itemsByCat(1)} {
			text := ""
			for r, err := range records.Scan(ctx, db, of) {
				ok(t, err)
				text += show(r) + "; "
			}
			want(t, "scan", text, name)
		}
		want(t, "stored", w.row(bare, 1, 1), "v=11 cat=1")

		_, err = db.Begin(ctx)
		want(t, "begin", outcome(err)+" "+codeOf(err), "invalid DB-CORE-10139")
		want(t, "transact", outcome(db.Transact(ctx, func(context.Context, *scalar.Tx) error { return nil })), "invalid")
		_, err = db.Resume("nobody")
		want(t, "resume", outcome(err), "no transaction")
		status, err := db.Status(ctx, "nobody")
		want(t, "status", fmt.Sprint(status, " ", outcome(err)), "unknown invalid")
		_, err = db.Abort(ctx, "nobody")
		want(t, "abort by id", outcome(err), "invalid")
		_, err = itemRecords.Get(ctx, db, ItemKey{1, 1})
		want(t, "table with the columns of the protocol", outcome(err), "invalid")
	}},
)

// levelOf chooses the level of a for a transaction.
func levelOf(a axes) scalar.TxOption { return scalar.WithIsolation(scalar.Isolation(a.Isolation)) }
