package conformance

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "S01", Title: "A Java writer that crashes at each step before a Go reader, and the other way round, for every shape of an id", Verdict: elsewhere, Reason: "`interop`, TestDeaths and TestUndecidedRecords"},
	item{ID: "S02", Title: "Coordinator tables with 3, 4 and 5 columns, in the orders in which ScalarDB 3.16 to its head create them", Verdict: pass, Test: coordinatorShapes},
	item{ID: "S03", Title: "Java parses and finishes a write set that Go wrote, and the other way round", Verdict: elsewhere, Reason: "`interop`, TestWriteSets, TestGroups and TestDecidedRecords"},
	item{ID: "S04", Title: "Invariants hold with both engines on the same tables under faults", Verdict: elsewhere, Reason: "`interop`, TestTransfers"},
	item{ID: "S05", Title: "Before images that an old version has left on committed records change nothing", Verdict: pass, Test: leftoverBeforeImages},
)

// shape is a coordinator table as some version creates it.
type shape struct {
	name    string
	columns []string
}

var shapes = []shape{
	{"3 columns", []string{"tx_id", "tx_state", "tx_created_at"}},
	{"4 columns, children", []string{"tx_id", "tx_child_ids", "tx_state", "tx_created_at"}},
	{"4 columns, write set", []string{"tx_id", "tx_state", "tx_created_at", "tx_write_set"}},
	{"5 columns, release", []string{"tx_id", "tx_child_ids", "tx_state", "tx_created_at", "tx_write_set"}},
	{"5 columns, head", []string{"tx_id", "tx_child_ids", "tx_write_set", "tx_state", "tx_created_at"}},
}

func (s shape) has(column string) bool { return slices.Contains(s.columns, column) }

func (s shape) table() *storage.Table {
	types := map[string]storage.Type{
		"tx_id": storage.Text, "tx_child_ids": storage.Text, "tx_write_set": storage.Blob, "tx_state": storage.Int, "tx_created_at": storage.BigInt,
	}
	t := &storage.Table{TableName: stateTable, Partition: []int{0}}
	for _, name := range s.columns {
		t.Columns = append(t.Columns, storage.Column{Name: name, Type: types[name]})
	}
	return t
}

func coordinatorShapes(t *testing.T, s *suite) {
	for _, shape := range shapes {
		run(t, shape.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				run(t, "own transactions", func(t *testing.T) { decidesIn(s.world(t), shape, a) })
				run(t, "own groups", func(t *testing.T) { groupsIn(s.world(t), shape, a) })
			})
			s.each(t, byKind, func(t *testing.T, a axes) {
				if a.Kind == plainID || shape.has("tx_child_ids") {
					run(t, "left by others", func(t *testing.T) { recoversWith(t, s, shape, a.Kind) })
				}
			})
		})
	}
	run(t, "as this engine creates them", func(t *testing.T) {
		for i, children := range []bool{false, true} {
			for j, writeSets := range []bool{false, true} {
				var names []string
				for _, c := range commit.CoordinatorTable("coordinator", children, writeSets).Columns {
					names = append(names, c.Name)
				}
				want(t, fmt.Sprint("children ", children, ", write sets ", writeSets), fmt.Sprint(names), fmt.Sprint(shapes[i+2*j].columns))
			}
		}
	})
}

// decidesIn commits, aborts and finishes transactions with a coordinator table.
func decidesIn(w *world, shape shape, a axes) {
	present(w)
	w.create(shape.table())
	c := w.client(withWriteSets)
	x := c.begin(a.begin()...)
	want(w.t, "update", x.update(c.item(1, 1), "v", 2), "ok")
	want(w.t, "insert", x.insert(c.item(1, 2), "v", 2), "ok")
	want(w.t, "commit", x.commit(), "ok")
	want(w.t, "row", w.coordinator(x.ID()), committedRow)
	want(w.t, "records", w.item(1, 1)+"; "+w.item(1, 2), version(x, "v=2 cat=7", 2)+"; "+version(x, "v=2", 1))
	aborted, err := c.Abort(context.Background(), "T9")
	ok(w.t, err)
	want(w.t, "abort by id", aborted, commit.Aborted)
	want(w.t, "statuses", w.status(x.ID())+" "+w.status("T9")+" "+w.status(parentID+"$T9"), "COMMITTED ABORTED UNKNOWN")
	y := c.begin(a.begin(withID("T9"))...)
	want(w.t, "update", y.update(c.item(1, 1), "v", 3), "ok")
	want(w.t, "commit of an aborted one", y.commit(), "conflict")
	finish := "not done"
	if shape.has("tx_write_set") {
		finish = "done"
		want(w.t, "write set", w.parts(x.ID()), ": item 1 1, item 1 2")
	}
	want(w.t, "finish", c.finish(x.ID()), finish)
	want(w.t, "row", w.coordinator(x.ID()) == absent, finish == "done")
}

// groupsIn commits a group with a coordinator table, which must have a column
// for its members.
func groupsIn(w *world, shape shape, a axes) {
	w.create(shape.table())
	w.bubble(func(w *world) {
		c := w.client(groupCommits, withWriteSets)
		x, y := c.begin(a.begin()...), c.begin(a.begin()...)
		want(w.t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
		want(w.t, "insert", y.insert(c.item(1, 2), "v", 2), "ok")
		first := x.commits()
		if !shape.has("tx_child_ids") {
			want(w.t, "commits", y.commit()+" "+first(), "invalid invalid")
			want(w.t, "rows", w.decisions(), "")
			want(w.t, "records", w.item(1, 1)+w.item(1, 2), absent+absent)
			return
		}
		want(w.t, "commits", y.commit()+" "+first(), "ok ok")
		want(w.t, "row", w.coordinator(parentOf(x)), groupRow(x, y))
		if shape.has("tx_write_set") {
			want(w.t, "write set", w.parts(parentOf(x)), "tx-1: item 1 1; tx-2: item 1 2")
		}
	})
}

// recoversWith reads what T1 has left, with its decision in a coordinator table.
func recoversWith(t *testing.T, s *suite, shape shape, k kind) {
	for _, decision := range []commit.State{commit.Committed, commit.Aborted, 0} {
		run(t, decision.String(), func(t *testing.T) {
			w := s.world(t)
			w.create(shape.table())
			l := leftover{state: commit.Prepared, decision: decision, expired: true}
			at := l.leave(w, k)
			read, stored := oldVersion, l.back()
			if decision == commit.Committed {
				read, stored = newVersion, l.forward(k, at)
			}
			c := w.client()
			want(t, "read", c.begin().get(c.item(1, 1)), read)
			c.drain()
			want(t, "stored", w.item(1, 1), stored)
		})
	}
}

// staleImages are records as versions before 3.16 leave them: committed, but
// with before images of cat = 7 and v = 1 that nobody has cleared.
var staleImages = map[string]struct {
	pairs  []any
	txID   string // as a condition of describe
	before string // the before image of a record prepared over it
	next   int    // the next version
	clean  string // what it is once the images are gone
}{
	"updated": {
		[]any{"tx_id", "T1", "tx_version", 2, "tx_prepared_at", 30, "tx_committed_at", 40,
			"before_tx_id", "T0", "before_tx_state", commit.Committed, "before_tx_version", 1, "before_tx_prepared_at", 10, "before_tx_committed_at", 20},
		"tx_id=T1",
		" before_tx_id=T1 before_tx_state=3 before_tx_version=2 before_tx_prepared_at=30 before_tx_committed_at=40 before_v=2 before_w=NULL before_cat=8",
		3, "v=2 cat=8 tx_id=T1 tx_state=3 tx_version=2 tx_prepared_at=30 tx_committed_at=40",
	},
	"rolled back to an import": {
		[]any{"tx_id", nil, "tx_state", nil, "tx_version", nil, "tx_prepared_at", nil, "tx_committed_at", nil, "before_tx_version", 0},
		"tx_id is null",
		" before_tx_id=NULL before_tx_state=NULL before_tx_version=0 before_tx_prepared_at=NULL before_tx_committed_at=NULL before_v=2 before_w=NULL before_cat=8",
		1, "v=2 cat=8",
	},
}

func leftoverBeforeImages(t *testing.T, s *suite) {
	for name, stale := range staleImages {
		world := func(t *testing.T) *world {
			t.Helper()
			w := s.world(t)
			w.committed(itemTable, 1, 1, append([]any{"v", 2, "cat", 8, "before_v", 1, "before_w", "old", "before_cat", 7}, stale.pairs...)...)
			return w
		}
		run(t, name, func(t *testing.T) {
			run(t, "read", func(t *testing.T) {
				s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
					w := world(t)
					stored := w.item(1, 1)
					c := w.client()
					table := c.table(itemTable)
					x := c.begin(a.begin()...)
					for _, by := range []access{byScan, byFirst, byTable, byGet} {
						want(t, by.String(), x.read(c.item(1, 1), by), "v=2 cat=8")
					}
					want(t, "index", x.rows(byCat(table, 8)), "1: v=2 cat=8;")
					want(t, "index, old value", x.rows(byCat(table, 7)), "")
					want(t, "filter", x.rows(filtered(scanOf(table, 1), where(table, "v", storage.Eq, 2))), "1: v=2 cat=8;")
					want(t, "filter, old value", x.rows(filtered(scanOf(table, 1), where(table, "v", storage.Eq, 1))), "")
					want(t, "filter of all, old value", x.rows(filtered(wholeTable(table), where(table, "w", storage.Eq, "old"))), "")
					want(t, "commit", x.commit(), "ok")
					c.drain()
					want(t, "stored", w.item(1, 1), stored)
					want(t, "decisions", w.decisions(), "")
				})
			})
			run(t, "write", func(t *testing.T) {
				for op, write := range map[string]func(x *tx, ref commit.Ref) string{
					"upsert": func(x *tx, ref commit.Ref) string { return x.upsert(ref, "v", 3) },
					"update": func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 3) },
					"delete": (*tx).delete,
				} {
					run(t, op, func(t *testing.T) {
						s.each(t, byIsolation, func(t *testing.T, a axes) {
							w := world(t)
							var j journal
							c := w.clientWith(j.around)
							x := c.begin(a.begin()...)
							want(t, "write", write(x, c.item(1, 1)), "ok")
							want(t, "commit", x.commit(), "ok")
							columns, stored := "v=3 tx_id=tx-1 tx_state=1", version(x, "v=3 cat=8", stale.next)
							if op == "delete" {
								columns, stored = "tx_id=tx-1 tx_state=2", absent
							}
							want(t, "prepare", j.of("prepare"),
								fmt.Sprintf("shop.item 1 1 put if %s: %s tx_version=%d tx_prepared_at=1000000%s", stale.txID, columns, stale.next, stale.before))
							want(t, "stored", w.item(1, 1), stored)
						})
						run(t, "in one phase", func(t *testing.T) {
							w := world(t)
							c := w.client(onePhase)
							x := c.begin()
							want(t, "write", write(x, c.item(1, 1)), "ok")
							want(t, "commit", x.commit(), "ok")
							stored := version(x, "v=3 cat=8", stale.next)
							if op == "delete" {
								stored = absent
							}
							want(t, "stored", w.item(1, 1), stored)
							want(t, "decisions", w.decisions(), "")
						})
						run(t, "rolled back", func(t *testing.T) {
							s.each(t, byIsolation, func(t *testing.T, a axes) {
								w := world(t)
								abortedBehind(w, a, nil, write)
								want(t, "stored", w.item(1, 1), stale.clean)
							})
						})
					})
				}
			})
		})
	}
}
