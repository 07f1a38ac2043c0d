package conformance

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// imported stores a record as it was before its table was imported: it has no
// metadata.
func (w *world) imported(name storage.TableName, p, c, v int) {
	w.t.Helper()
	w.write(name, key(p, c), "v", v, "cat", 7)
}

// importedWrites are the ways to write an imported record, each with what it
// prepares and what is stored in the end.
var importedWrites = []struct {
	name            string
	write           func(x *tx, ref commit.Ref) string
	prepared, final string
}{
	{"get and update", func(x *tx, ref commit.Ref) string { return x.get(ref) + " " + x.update(ref, "v", 2) },
		"v=2 cat=7 tx_id=T9 tx_state=1 " + importedImage, importedFinal},
	{"update", func(x *tx, ref commit.Ref) string { return oldVersion + " " + x.update(ref, "v", 2) },
		"v=2 cat=7 tx_id=T9 tx_state=1 " + importedImage, importedFinal},
	{"get and upsert", func(x *tx, ref commit.Ref) string { return x.get(ref) + " " + x.upsert(ref, "v", 2) },
		"v=2 cat=7 tx_id=T9 tx_state=1 " + importedImage, importedFinal},
	{"upsert, read at commit", func(x *tx, ref commit.Ref) string { return oldVersion + " " + x.upsert(ref, "v", 2) },
		"v=2 cat=7 tx_id=T9 tx_state=1 " + importedImage, importedFinal},
	{"scan and update", func(x *tx, ref commit.Ref) string { return x.read(ref, byScan) + " " + x.update(ref, "v", 2) },
		"v=2 cat=7 tx_id=T9 tx_state=1 " + importedImage, importedFinal},
	{"get and delete", func(x *tx, ref commit.Ref) string { return x.get(ref) + " " + x.delete(ref) },
		"v=1 cat=7 tx_id=T9 tx_state=2 " + importedImage, absent},
	{"delete, read at commit", func(x *tx, ref commit.Ref) string { return oldVersion + " " + x.delete(ref) },
		"v=1 cat=7 tx_id=T9 tx_state=2 " + importedImage, absent},
}

const (
	importedImage = "tx_version=1 tx_prepared_at=1000000 before_tx_version=0 before_v=1 before_cat=7"
	importedFinal = "v=2 cat=7 tx_id=T9 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000"
)

// onNullID reports whether a mutation is made on condition that the record has
// no tx_id, and nothing else.
func onNullID(m storage.Mutation) bool {
	return m.Condition == storage.If && len(m.Where) == 1 && m.Where[0].Column == m.Table.Column("tx_id") && m.Where[0].Operator == storage.IsNull
}

// writeImported writes an imported record in one of these ways; interfere runs
// before it is prepared. It returns how the commit ends, whether prepare was on
// condition of no tx_id, and the record when it was prepared.
func writeImported(t *testing.T, s *suite, a axes, way int, interfere func(w *world)) (w *world, end string, conditioned bool, prepared string) {
	w = s.world(t)
	w.imported(itemTable, 1, 1, 1)
	var onNull atomic.Bool
	c := w.clientWith(func(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
		switch phase {
		case "prepare":
			onNull.Store(onNullID(call.Mutations[0]))
			if interfere != nil {
				interfere(w)
			}
		case "decide":
			prepared = w.item(1, 1)
		}
		return send(ctx)
	})
	x := c.begin(a.begin(withID("T9"))...)
	want(t, "read and write", importedWrites[way].write(x, c.item(1, 1)), oldVersion+" ok")
	end = x.commit()
	c.drain()
	return w, end, onNull.Load(), prepared
}

var _ = items(
	item{ID: "N01", Title: "Imported records are read as committed ones, along every access path", Verdict: pass, Test: func(t *testing.T, s *suite) {
		s.each(t, byIsolation|byMode|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.imported(itemTable, 1, 1, 1)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "read", x.read(c.item(1, 1), a.Access), oldVersion)
			want(t, "commit", x.commit(), "ok")
			want(t, "looked for a decision", strings.Contains(c.sent(), "decision"), false)
			done, err := c.RecoverRecord(t.Context(), c.item(1, 1))
			ok(t, err)
			want(t, "nothing to recover", done, true)
			c.drain()
			want(t, "stored", w.item(1, 1), oldVersion)
		})
	}},
	item{ID: "N02", Title: "Writing an imported record: on condition that it has no tx_id, as version 1, with 0 as the version before", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			for i, way := range importedWrites {
				run(t, way.name, func(t *testing.T) {
					s.each(t, byIsolation, func(t *testing.T, a axes) {
						w, end, conditioned, prepared := writeImported(t, s, a, i, nil)
						want(t, "commit", end, "ok")
						want(t, "on condition of no tx_id", conditioned, true)
						want(t, "prepared", prepared, way.prepared)
						want(t, "stored", w.item(1, 1), way.final)
					})
				})
				run(t, way.name+", overtaken", func(t *testing.T) {
					s.each(t, byIsolation, func(t *testing.T, a axes) {
						w, end, _, _ := writeImported(t, s, a, i, func(w *world) { w.committed(itemTable, 1, 1, "v", 5) })
						want(t, "commit", end, "conflict")
						want(t, "stored", w.item(1, 1), "v=5 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20")
					})
				})
			}
			run(t, "taken back", func(t *testing.T) { takeBackImported(t, s) })
		}},
	item{ID: "N03", Title: "Records prepared over imported ones are recovered like others; one that is rolled back has no metadata again", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			for name, tt := range map[string]struct {
				left leftover
				encounter
			}{
				"update, committed": {updateCommitted, encounter{newVersion, oldVersion, forward, "COMMITTED 77"}},
				"update, aborted":   {updateAborted, encounter{oldVersion, oldVersion, back, "ABORTED 77"}},
				"update, in flight": {updateInFlight, encounter{"uncommitted", oldVersion, asLeft, "none"}},
				"update, expired":   {expiredUpdate, encounter{oldVersion, oldVersion, back, "ABORTED 1000000"}},
				"delete, committed": {deleteCommitted, encounter{absent, oldVersion, forward, "COMMITTED 77"}},
				"delete, aborted":   {deleteAborted, encounter{oldVersion, oldVersion, back, "ABORTED 77"}},
				"delete, in flight": {deleteInFlight, encounter{"uncommitted", oldVersion, asLeft, "none"}},
				"delete, expired":   {expiredDelete, encounter{oldVersion, oldVersion, back, "ABORTED 1000000"}},
			} {
				tt.left.imported = true
				run(t, name, func(t *testing.T) { tt.left.read(t, s, tt.encounter) })
				if tt.fate == back {
					run(t, name+", written again", func(t *testing.T) { writeRestored(t, s, tt.left) })
				}
			}
		}},
	item{ID: "N04", Title: "Transfers between imported tables, and deletes of different imported records, commit", Verdict: pass, Test: func(t *testing.T, s *suite) {
		run(t, "transfer", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) { transferImported(t, s, a) })
		})
		run(t, "deletes", func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.imported(itemTable, 1, 1, 1)
				w.imported(itemTable, 1, 2, 1)
				c := w.client()
				one, two := c.begin(a.begin()...), c.begin(a.begin()...)
				want(t, "get", one.get(c.item(1, 1)), oldVersion)
				want(t, "get", two.get(c.item(1, 2)), oldVersion)
				want(t, "delete", one.delete(c.item(1, 1)), "ok")
				want(t, "delete", two.delete(c.item(1, 2)), "ok")
				want(t, "commit", one.commit(), "ok")
				want(t, "commit", two.commit(), "ok")
				c.drain()
				want(t, "stored", w.item(1, 1)+" "+w.item(1, 2), absent+" "+absent)
			})
		})
	}},
	item{ID: "N05", Title: "Imported tables whose metadata is in a second table", Verdict: difference,
		Reason: "such tables, a private preview for JDBC databases only, are refused with an error that says why; they are never read or written without their metadata",
		Test: func(t *testing.T, s *suite) {
			w := s.world(t)
			name := storage.TableName{Namespace: "shop", Name: "customer"}
			data := userTable(name)
			metadata := commit.TransactionTable(data, false)
			metadata.Name += "_tx_metadata"
			metadata.Columns = append(metadata.Columns[:2:2], metadata.Columns[len(data.Columns):]...)
			metadata.Indexes = nil
			w.create(data)
			w.create(metadata)
			c := w.client()
			for _, part := range []string{"customer", "customer_tx_metadata", "customer_scalardb"} {
				_, err := c.Table(t.Context(), storage.TableName{Namespace: "shop", Name: part})
				want(t, part, outcome(err), "invalid")
				want(t, part+": code", codeOf(err), "DB-CORE-10016")
				var refusal *commit.Error
				want(t, part+": says why", errors.As(err, &refusal) && strings.Contains(refusal.Message,
					map[bool]string{true: "there is no such table", false: "takes no part in transactions"}[part == "customer_scalardb"]), true)
			}
		}},
)

// takeBackImported has a transaction fail after it has prepared an imported
// record: the record is as it was.
func takeBackImported(t *testing.T, s *suite) {
	for i, way := range importedWrites {
		run(t, way.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.imported(itemTable, 1, 1, 1)
				prepared := ""
				c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
					if phase == "decide" && prepared == "" {
						prepared = w.item(1, 1)
						w.coordinatorRow("T9", "tx_state", commit.Aborted, "tx_created_at", 5)
					}
					return send(ctx)
				})
				x := c.begin(a.begin(withID("T9"))...)
				want(t, "read and write", importedWrites[i].write(x, c.item(1, 1)), oldVersion+" ok")
				want(t, "commit", x.commit(), "conflict")
				c.drain()
				want(t, "prepared", prepared, way.prepared)
				want(t, "stored", w.item(1, 1), oldVersion)
			})
		})
	}
}

// writeRestored gets and updates a leftover over an imported record that is
// rolled back by the get.
func writeRestored(t *testing.T, s *suite, l leftover) {
	s.each(t, byIsolation|byKind, func(t *testing.T, a axes) {
		w := s.world(t)
		l.leave(w, a.Kind)
		c := w.client()
		x, ref := c.begin(a.begin(withID("T9"))...), c.item(1, 1)
		want(t, "get", x.get(ref), oldVersion)
		want(t, "update", x.update(ref, "v", 2), "ok")
		want(t, "commit", x.commit(), "ok")
		c.drain()
		want(t, "stored", w.item(1, 1), importedFinal)
	})
}

// transferImported moves 3 from a record to one of another table and to one of
// another namespace, twice, the second time from another client, and tries it
// against a transfer that has read the same records.
func transferImported(t *testing.T, s *suite, a axes) {
	w := s.world(t)
	tables := []storage.TableName{itemTable, otherTable, bankTable}
	for _, table := range tables {
		w.imported(table, 1, 1, 100)
	}
	transfer := func(x *tx, from, first, second int) {
		for i, v := range []int{from, first, second} {
			want(t, "update", x.update(x.c.in(tables[i], 1, 1), "v", v), "ok")
		}
	}
	balances := func() string {
		c := w.client()
		x := c.begin()
		var all []string
		for _, table := range tables {
			all = append(all, x.get(c.in(table, 1, 1)))
		}
		return strings.Join(all, ", ")
	}
	c, overtaken := w.client(), w.client()
	late := overtaken.begin(a.begin()...)
	for _, table := range tables {
		want(t, "get", late.get(overtaken.in(table, 1, 1)), "v=100 cat=7")
	}
	for n := 1; n <= 2; n++ {
		x := c.begin(a.begin()...)
		transfer(x, 100-3*n, 100+2*n, 100+n)
		want(t, "commit", x.commit(), "ok")
	}
	transfer(late, 0, 150, 150)
	want(t, "commit of the one overtaken", late.commit(), "conflict")
	c.drain()
	overtaken.drain()
	want(t, "balances", balances(), "v=94 cat=7, v=104 cat=7, v=102 cat=7")
}
