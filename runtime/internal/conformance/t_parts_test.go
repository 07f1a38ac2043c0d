package conformance

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var _ = items(
	item{ID: "T06", Title: "The first version that was read is the one that counts; what read-only transactions and single operations remember", Verdict: pass, Test: readSets},
	item{ID: "T07", Title: "A storage failure during an iteration is a storage error", Verdict: difference,
		Reason: "errors are values, and scans are pages without a cursor that could fail to close", Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				for name, failure := range map[string]error{"down": down(), "unclassified": errRefused} {
					run(t, name, func(t *testing.T) {
						w := threeItems(s, t)
						w.pages(1)
						c := w.clientWith(failNth("scan", 2, failure))
						x := c.begin(a.begin()...)
						want(t, "scan", x.keys(scanOf(c.table(itemTable), 1)), "0 storage")
						want(t, "the same again", x.keys(scanOf(c.table(itemTable), 1)), "0 2 4")
						want(t, "commit", x.commit(), "ok")
					})
				}
			})
		}},
	item{ID: "T08", Title: "Several writes of a record become one; whether it is read before commit follows from them", Verdict: pass, Test: func(t *testing.T, s *suite) {
		const absentV3 = "put if absent: v=3 cat=8 tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000"
		for _, c := range []struct {
			composed
			reads int // of the commit before it prepares
		}{
			{composed{"upsert and upsert", present, func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "first", x.upsert(ref, "v", 2, "cat", 8), "ok")
				return x.upsert(ref, "v", 3, "w", "x")
			}, "put if tx_id=T0: v=3 w=x cat=8 tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000" + beforeOfCommitted, nil}, 1},
			{composed{"insert and upsert", missing, func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "first", x.insert(ref, "v", 2, "cat", 8), "ok")
				return x.upsert(ref, "v", 3)
			}, absentV3, nil}, 0},
			{composed{"insert and update", missing, func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "first", x.insert(ref, "v", 2, "cat", 8), "ok")
				return x.update(ref, "v", 3)
			}, absentV3, nil}, 0},
			{composed{"delete and insert", present, func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "first", x.delete(ref), "ok")
				return x.insert(ref, "v", 2)
			}, "put if tx_id=T0: v=2 w=NULL cat=NULL tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000 tx_committed_at=NULL" + beforeOfCommitted, nil}, 1},
			{composed{"delete and upsert, absent", missing, func(x *tx, ref commit.Ref) string {
				want(x.c.w.t, "first", x.delete(ref), "ok")
				return x.upsert(ref, "v", 2)
			}, "put if absent: v=2 w=NULL cat=NULL tx_id=tx-1 tx_state=1 tx_version=1 tx_prepared_at=1000000 tx_committed_at=NULL", nil}, 1},
		} {
			c.run(t, s, func(t *testing.T, a axes, w *world) {
				var j journal
				e := w.clientWith(j.around)
				x := e.begin(a.begin()...)
				want(t, "write", c.write(x, e.item(1, 1)), "ok")
				e.sent()
				want(t, "commit", x.commit(), "ok")
				want(t, "reads of the commit", e.sentOf("get"), c.reads)
				want(t, "prepare", j.of("prepare"), c.on())
			})
		}
	}},
	item{ID: "T09", Title: "The write set of a coordinator row is, byte for byte, what ScalarDB 3.19 writes", Verdict: pass, Test: storedWriteSets},
	item{ID: "T12", Title: "A record that somebody else has completed is no failure, anything else is; a decision that is there is only read", Verdict: pass, Test: func(t *testing.T, s *suite) {
		for name, l := range map[string]leftover{
			"forward":        {state: commit.Prepared, decision: commit.Committed},
			"forward delete": {state: commit.Deleted, decision: commit.Committed},
			"back":           {state: commit.Prepared, decision: commit.Aborted},
			"back insert":    {state: commit.Prepared, decision: commit.Aborted, insert: true},
		} {
			run(t, name, func(t *testing.T) {
				s.each(t, byKind, func(t *testing.T, a axes) {
					for _, tt := range []struct {
						name    string
						failure error
						outcome string
					}{{"completed", nil, "ok"}, {"by somebody else", refused(), "ok"}, {"down", down(), "storage"}, {"lost", lost(), "storage"}} {
						run(t, tt.name, func(t *testing.T) {
							w := s.world(t)
							l.leave(w, a.Kind)
							decisions := w.decisions()
							c := w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
								if (phase == "finish" || phase == "roll back") && tt.failure != nil {
									return tt.failure
								}
								return send(ctx)
							})
							c.item(1, 1)
							c.sent()
							done, err := c.RecoverRecord(t.Context(), c.item(1, 1))
							want(t, "recovery", outcome(err), tt.outcome)
							want(t, "done", done, true)
							want(t, "decisions written", c.sentOf("decide"), 0)
							want(t, "decisions", w.decisions(), decisions)
						})
					}
				})
			})
		}
	}},
)

func readSets(t *testing.T, s *suite) {
	run(t, "the first version counts", func(t *testing.T) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			present(w)
			var j journal
			c := w.clientWith(j.around)
			x := c.begin(a.begin()...)
			want(t, "get", x.get(c.item(1, 1)), "v=1 cat=7")
			w.otherUpdates(1, 1, "v", 5)
			want(t, "again", x.read(c.item(1, 1), a.Access), repeated(a, "v=1 cat=7", "v=5 cat=7"))
			want(t, "write", x.upsert(c.item(1, 1), "v", 2), "ok")
			want(t, "commit", x.commit(), "conflict")
			want(t, "prepare", j.of("prepare"), "shop.item 1 1 put if tx_id=T0: v=2 tx_id=tx-1 tx_state=1 tx_version=2 tx_prepared_at=1000000"+beforeOfCommitted)
		})
	})
	run(t, "scan and get of a read-only transaction", func(t *testing.T) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			present(w)
			c := w.client()
			x := c.begin(a.begin()...)
			want(t, "scan", x.read(c.item(1, 1), byScan), "v=1 cat=7")
			c.sent()
			x.get(c.item(1, 1))
			want(t, "reads", c.sentOf("get") == 1, a.ReadOnly || a.is(commit.ReadCommitted))
		})
	})
	run(t, "single operation", func(t *testing.T) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			present(w)
			c := w.client()
			x := c.begin(a.begin(func(o *commit.BeginOptions) { o.OneOperation = true })...)
			want(t, "get", x.get(c.item(1, 1)), "v=1 cat=7")
			w.otherUpdates(1, 1, "v", 5)
			want(t, "get again", x.get(c.item(1, 1)), "v=5 cat=7")
			c.sent()
			want(t, "commit", x.commit(), serialConflict(a))
			want(t, "validated", c.sentOf("get") > 0, a.is(commit.Serializable))
		})
	})
}

// storedWriteSets compares tx_write_set with what Java's WriteSetEncoder makes
// of the same records, and for the types with package writeset, whose vectors
// come from there.
func storedWriteSets(t *testing.T, s *suite) {
	stored := func(w *world, id string) string {
		w.t.Helper()
		row := w.coordinatorValues(id)
		if row == nil {
			w.t.Fatalf("transaction %s has no decision", id)
		}
		return hex.EncodeToString(row["tx_write_set"].Bytes())
	}
	run(t, "composite keys and no clustering key", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			orders := storage.TableName{Namespace: "sales", Name: "orders"}
			accounts := storage.TableName{Namespace: "bank", Name: "acct"}
			w.create(commit.TransactionTable(&storage.Table{
				TableName: orders,
				Columns: []storage.Column{
					{Name: "customer", Type: storage.Text}, {Name: "region", Type: storage.Int}, {Name: "day", Type: storage.Date}, {Name: "seq", Type: storage.BigInt},
				},
				Partition: []int{0, 1}, Clustering: []storage.ClusteringColumn{{Column: 2}, {Column: 3}},
			}, false))
			w.create(commit.TransactionTable(&storage.Table{
				TableName: accounts, Columns: []storage.Column{{Name: "id", Type: storage.Text}}, Partition: []int{0},
			}, false))
			c := w.client(withWriteSets)
			x := c.begin(a.begin()...)
			order := commit.Ref{Table: c.table(orders), Key: []storage.Value{
				storage.TextValue("Smith"), storage.IntValue(3), storage.DateValue(19_782), storage.BigIntValue(42)}}
			want(t, "delete", x.delete(commit.Ref{Table: c.table(accounts), Key: []storage.Value{storage.TextValue("A")}}), "ok")
			want(t, "insert", x.insert(order), "ok")
			want(t, "commit", x.commit(), "ok")
			want(t, "write set, puts first", stored(w, x.ID()), "0801126d0a6b124e120573616c65731a066f726465727322230a130a08637573746f6d65723a070a05536d6974680a0c"+
				"0a06726567696f6e1a0208032a180a0b0a036461794a04088cb5020a090a037365712202082a1219120462616e6b1a0461636374220b0a090a0269643a030a0141")
		})
	})
	run(t, "nothing written", func(t *testing.T) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := s.world(t)
			c := w.client(withWriteSets, alwaysDecide)
			x := c.begin(a.begin()...)
			want(t, "commit", x.commit(), "ok")
			want(t, "write set", stored(w, x.ID()), "08011200")
		})
	})
	run(t, "every type of a key", func(t *testing.T) {
		for _, v := range []storage.Value{
			storage.BooleanValue(true), storage.IntValue(-1), storage.BigIntValue(-1 << 53), storage.FloatValue(1.5), storage.DoubleValue(0.1), storage.TextValue("日本😀"),
			storage.BlobValue([]byte{0, 0xff}), storage.DateValue(storage.MinDate), storage.TimeValue(storage.MaxTime),
			storage.TimestampValue(-1_970), storage.TimestampTZValue(7_005),
		} {
			run(t, v.Type().String(), func(t *testing.T) {
				w := s.world(t)
				name := storage.TableName{Namespace: "ns", Name: "t"}
				w.create(commit.TransactionTable(&storage.Table{
					TableName: name, Columns: []storage.Column{{Name: "c", Type: v.Type()}}, Partition: []int{0},
				}, false))
				c := w.client(withWriteSets)
				x := c.begin()
				want(t, "insert", x.insert(commit.Ref{Table: c.table(name), Key: []storage.Value{v}}), "ok")
				want(t, "commit", x.commit(), "ok")
				want(t, "write set", stored(w, x.ID()), hex.EncodeToString(writeset.Encode([]writeset.Group{
					{Entries: []writeset.Entry{{Table: name, Partition: []writeset.Column{{Name: "c", Value: v}}}}},
				})))
			})
		}
	})
	run(t, "members of a group", func(t *testing.T) {
		s.world(t).bubble(func(w *world) {
			c := w.client(withWriteSets, groupCommits)
			a, b := c.begin(), c.begin()
			want(w.t, "insert", a.insert(c.item(1, 1)), "ok")
			want(w.t, "insert", b.insert(c.item(1, 2)), "ok")
			first := b.waits()
			want(w.t, "commits", a.commit()+first(), "okok")
			want(w.t, "write set", stored(w, parentOf(a)), hex.EncodeToString(writeset.Encode([]writeset.Group{
				{Child: childOf(a), Entries: itemEntries(1, 1)}, {Child: childOf(b), Entries: itemEntries(1, 2)},
			})))
		})
	})
	run(t, "abort", func(t *testing.T) {
		w := s.world(t)
		present(w)
		c := w.client(withWriteSets)
		x := c.begin()
		want(t, "upsert", x.upsert(c.item(1, 1), "v", 2), "ok")
		want(t, "get", x.get(c.item(1, 1)), "v=2 cat=7")
		w.otherUpdates(1, 1, "v", 5)
		want(t, "commit", x.commit(), "conflict")
		want(t, "write set", stored(w, x.ID()), hex.EncodeToString(writeset.Encode([]writeset.Group{{Entries: itemEntries(1, 1)}})))
	})
}

// itemEntries is what a write set says of an item, given by the numbers of its
// key, or of several.
func itemEntries(keys ...int) []writeset.Entry {
	var entries []writeset.Entry
	for i := 0; i < len(keys); i += 2 {
		k := key(keys[i], keys[i+1])
		entries = append(entries, writeset.Entry{Table: itemTable, Partition: []writeset.Column{{Name: "p", Value: k[0]}}, Clustering: []writeset.Column{{Name: "c", Value: k[1]}}})
	}
	return entries
}
