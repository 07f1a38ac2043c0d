package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var oldTable = storage.TableName{Namespace: "shop", Name: "old"}

// oldDefinition is a table without indexes of before images, as older versions
// made them. The key column c has an index, too.
func oldDefinition() *storage.Table {
	def := userTable(oldTable)
	def.Indexes = append(def.Indexes, def.Column("c"))
	return commit.TransactionTable(def, true)
}

func eventual(o *commit.Options) { o.EventuallyConsistentIndexes = true }

// withCat is the scan of the whole table for records with that cat.
func withCat(t *commit.Table, cat int) commit.Scan {
	return filtered(wholeTable(t), where(t, "cat", storage.Eq, cat))
}

var _ = items(
	item{ID: "H10", Title: "Committed records with a prepared one between them: it is recovered, and returned if it counts", Verdict: difference,
		Reason: "an index is checked before the first record is returned, so a scan that is stopped early is complete like any other and has no conflict to report; " +
			"a scan of the whole table looks at both images of each record at once, and READ_COMMITTED gets the version before there, also of a record in flight",
		Test: func(t *testing.T, s *suite) {
			for _, n := range neighbours() {
				run(t, n.name, func(t *testing.T) {
					s.each(t, byIsolation|byMode, func(t *testing.T, a axes) { n.read(t, s, a) })
				})
			}
		}},
	item{ID: "H12", Title: "Eventually consistent indexes: what moves away is not looked for", Verdict: pass,
		Variants: anyVariant, Test: func(t *testing.T, s *suite) {
			for name, prepare := range map[string]func(w *world) storage.TableName{
				"with indexes of before images": func(*world) storage.TableName { return itemTable },
				"without": func(w *world) storage.TableName {
					w.create(oldDefinition())
					return oldTable
				},
			} {
				run(t, name, func(t *testing.T) {
					s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
						w := s.world(t)
						table := prepare(w)
						w.preparedIn(table, 1, 1, commit.Prepared, w.justNow(), a.Kind.id("T1"), "cat", 20)
						left := w.row(table, 1, 1)
						c := w.client(eventual)
						x := c.begin(a.begin()...)
						keys, end := "", "ok"
						if a.is(commit.Serializable) {
							if end = "conflict"; table == oldTable { // validation looks at both images
								keys, end = "invalid", "ok"
							}
						}
						want(t, "keys", x.keys(byCat(c.table(table), 7)), keys)
						want(t, "commit", x.commit(), end)
						c.drain()
						want(t, "stored", w.row(table, 1, 1), left)
					})
				})
			}
		}},
	item{ID: "H13", Title: "SERIALIZABLE refuses an index without one of the before images, unless it is on a key column", Verdict: difference,
		Variants: anyVariant,
		Reason:   "a scan of the whole table with a condition on the column is allowed: its filter looks at both images",
		Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := s.world(t)
				w.create(oldDefinition())
				w.committed(oldTable, 1, 1, "v", 1, "cat", 7)
				w.committed(oldTable, 1, 2, "v", 1, "cat", 8)
				c := w.client()
				table := c.table(oldTable)
				onKey := commit.Scan{Table: table, Kind: storage.IndexScan, Index: table.Meta().Column("c"), IndexValue: storage.IntValue(1)}
				wanted := "1"
				if a.is(commit.Serializable) {
					wanted = "invalid"
				}
				for _, way := range indexReads {
					want(t, way.name, way.keys(c.begin(a.begin()...), byCat(table, 7)), wanted)
					want(t, way.name+" on a key column", way.keys(c.begin(a.begin()...), onKey), "1")
				}
				x := c.begin(a.begin()...)
				want(t, "table", x.keys(withCat(table, 7)), "1")
				want(t, "key column", x.keys(onKey), "1")
				want(t, "commit", x.commit(), "ok")
			})
			run(t, "whole table sees what is in flight", func(t *testing.T) {
				s.each(t, byMode|byKind, func(t *testing.T, a axes) {
					w := s.world(t)
					w.create(oldDefinition())
					w.preparedIn(oldTable, 1, 1, commit.Prepared, w.justNow(), a.Kind.id("T1"), "cat", 20)
					c := w.client()
					a.Isolation = commit.Serializable
					want(t, "keys", c.begin(a.begin()...).keys(withCat(c.table(oldTable), 7)), "uncommitted")
				})
			})
		}},
	item{ID: "H15", Title: "SERIALIZABLE: a record that matches is prepared by another transaction after the read: conflict", Verdict: pass, Test: func(t *testing.T, s *suite) {
		type read struct {
			name string
			scan func(*commit.Table, int) commit.Scan
			stop int
		}
		for _, r := range []read{
			{"index", byCat, 0}, {"index stopped early", byCat, 1}, {"table", withCat, 0}, {"table stopped early", withCat, 1},
		} {
			for name, prepare := range map[string]func(w *world, id string){
				"update":    func(w *world, id string) { w.prepared(1, 1, commit.Prepared, w.justNow(), id) },
				"move away": func(w *world, id string) { w.prepared(1, 1, commit.Prepared, w.justNow(), id, "cat", 20) },
				"delete":    func(w *world, id string) { w.prepared(1, 1, commit.Deleted, w.justNow(), id) },
				"move in":   func(w *world, id string) { w.prepared(1, 2, commit.Prepared, w.justNow(), id, "before_cat", 10) },
				"insert":    func(w *world, id string) { w.preparedInsert(1, 3, w.justNow(), id) },
			} {
				phantom := name == "move in" || name == "insert"
				if phantom && r.stop > 0 {
					continue // behind what the caller has seen
				}
				run(t, r.name+", "+name, func(t *testing.T) {
					s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
						w := s.world(t)
						w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
						w.committed(itemTable, 1, 2, "v", 1, "cat", 10)
						c := w.client()
						x := c.begin(a.begin()...)
						want(t, "keys", x.firstKeys(r.scan(c.table(itemTable), 7), r.stop), "1")
						end, written := "ok", "v=5"
						if a.is(commit.Serializable) {
							end, written = "conflict", absent
						}
						if a.ReadOnly {
							written = absent
						} else {
							want(t, "write", x.upsert(c.in(otherTable, 1, 1), "v", 5), "ok")
						}
						prepare(w, a.Kind.id("T1"))
						want(t, "commit", x.commit(), end)
						c.drain()
						later := w.client()
						want(t, "written", later.begin().get(later.in(otherTable, 1, 1)), written)
					})
				})
			}
		}
	}},
)

// neighbour is a record that a transaction has prepared, between two committed
// ones, all with cat = 7 before it or after it.
type neighbour struct {
	name string
	leftover
	before, after     int
	latest, index, rc bool // returned by SNAPSHOT and SERIALIZABLE; by READ_COMMITTED along the index; and from the whole table
}

func neighbours() []neighbour {
	var all []neighbour
	for _, d := range []struct {
		name     string
		decision commit.State
		expired  bool
	}{{"committed", commit.Committed, false}, {"aborted", commit.Aborted, false}, {"expired", 0, true}, {"in flight", 0, false}} {
		update := leftover{state: commit.Prepared, decision: d.decision, expired: d.expired}
		remove := leftover{state: commit.Deleted, decision: d.decision, expired: d.expired}
		committed := d.decision == commit.Committed
		all = append(all,
			neighbour{"update, " + d.name, update, 7, 7, true, true, true},
			// Along the index READ_COMMITTED rolls it forward first (H02).
			neighbour{"move away, " + d.name, update, 7, 20, !committed, !committed, true},
			neighbour{"move in, " + d.name, update, 10, 7, committed, false, false},
			neighbour{"delete, " + d.name, remove, 7, 7, !committed, true, true},
		)
	}
	return all
}

func (n neighbour) read(t *testing.T, s *suite, a axes) {
	w := s.world(t)
	w.committed(itemTable, 1, 0, "v", 1, "cat", 7)
	w.committed(itemTable, 1, 2, "v", 1, "cat", 7)
	inFlight := n.decision == 0 && !n.expired
	for _, r := range []struct {
		name  string
		scan  func(*commit.Table, int) commit.Scan
		stop  int
		found bool // in READ_COMMITTED
		fails bool
	}{
		{"index", byCat, 0, n.index, inFlight && (!a.is(commit.ReadCommitted) || n.before == 7)},
		{"index stopped early", byCat, 1, n.index, inFlight && (!a.is(commit.ReadCommitted) || n.before == 7)},
		{"table", withCat, 0, n.rc, inFlight && !a.is(commit.ReadCommitted)},
	} {
		n.leave(w, a.Kind, "cat", n.after, "before_cat", n.before)
		found := n.latest
		if a.is(commit.ReadCommitted) {
			found = r.found
		}
		wanted := "0 2"
		if found {
			wanted = "0 1 2"
		}
		c := w.client()
		x := c.begin(a.begin()...)
		got := x.firstKeys(r.scan(c.table(itemTable), 7), r.stop)
		switch {
		case r.fails:
			want(t, r.name, got[max(0, len(got)-len("uncommitted")):], "uncommitted") // a scan may return others first
		case r.stop > 0:
			want(t, r.name, fmt.Sprint(len(strings.Fields(got)), strings.Contains(wanted, got)), "1 true") // which one is open
			want(t, r.name+": commit", x.commit(), "ok")
		default:
			want(t, r.name, got, wanted)
			want(t, r.name+": commit", x.commit(), "ok")
		}
		c.drain()
	}
}
