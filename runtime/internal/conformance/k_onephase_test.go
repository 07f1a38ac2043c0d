package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// unit is how far a group of mutations can span.
type unit struct {
	name string
	storage.Atomicity
}

var units = []unit{
	{"record", storage.AtomicRecord}, {"partition", storage.AtomicPartition}, {"table", storage.AtomicTable},
	{"namespace", storage.AtomicNamespace}, {"storage", storage.AtomicStorage},
}

// place is where a record is.
type place struct {
	table storage.TableName
	p, c  int
}

// recordPairs are two records, which one group can hold if it can span the unit.
var recordPairs = []struct {
	name  string
	unit  storage.Atomicity
	first place
	other place
}{
	{"one partition", storage.AtomicPartition, place{itemTable, 1, 1}, place{itemTable, 1, 2}},
	{"two partitions", storage.AtomicTable, place{itemTable, 1, 1}, place{itemTable, 2, 1}},
	{"two tables", storage.AtomicNamespace, place{itemTable, 1, 1}, place{otherTable, 1, 1}},
	{"two namespaces", storage.AtomicStorage, place{itemTable, 1, 1}, place{bankTable, 1, 1}},
}

func (c *client) at(p place) commit.Ref { return c.in(p.table, p.p, p.c) }

// steps renders the calls of a commit, as in "prepare 2, decide 1, finish 2".
// Those of a phase may come in any order.
func (c *client) steps() string {
	sent := c.sent()
	if sent == "" {
		return ""
	}
	var steps []string
	counts := map[string]int{}
	for phase := range strings.SplitSeq(sent, ", ") {
		if counts[phase] == 0 {
			steps = append(steps, phase)
		}
		counts[phase]++
	}
	for i, phase := range steps {
		steps[i] = fmt.Sprint(phase, " ", counts[phase])
	}
	return strings.Join(steps, ", ")
}

var _ = items(
	item{ID: "K01", Title: "Two writes take one request and no decision if one group can hold them, else two requests for each group and a decision", Verdict: pass,
		Test: twoWrites},
	item{ID: "K02", Title: "A read beside a write: SERIALIZABLE must validate it, the others commit in one phase", Verdict: difference,
		Reason: "SERIALIZABLE commits in one phase too if the other records it has read are there: the same request checks that they are unchanged; absences take two phases", Test: readBeside},
	item{ID: "K03", Title: "No one-phase commit: option off, reads to validate, nothing written, an absent record deleted, several groups, too many records", Verdict: difference,
		Reason: "reads to validate are scans and absences only, see K02", Test: notInOnePhase},
	item{ID: "K04", Title: "A one-phase commit that fails: a conflict if the record has changed or the database gave up, else unknown", Verdict: difference,
		Reason: "a request that certainly was not applied is a storage failure; after one that may have been, the transaction's own record is looked for; an insert of a committed record says that it exists",
		Test:   onePhaseFailures},
	item{ID: "K05", Title: "Records are grouped by what the storage applies atomically, and by how many it takes", Verdict: pass, Test: grouping},
)

func twoWrites(t *testing.T, s *suite) {
	for _, u := range units {
		for _, pair := range recordPairs {
			for _, insert := range []bool{true, false} {
				run(t, fmt.Sprintf("%s/%s/%s", u.name, pair.name, map[bool]string{true: "inserts", false: "updates"}[insert]), func(t *testing.T) {
					s.each(t, byIsolation, func(t *testing.T, a axes) {
						w := s.world(t)
						w.restrict(u.Atomicity, 0)
						places, n := []place{pair.first, pair.other}, 1
						if !insert {
							n = 2
							for _, p := range places {
								w.committed(p.table, p.p, p.c, "v", 1)
							}
						}
						c := w.client(onePhase)
						x := c.begin(a.begin()...)
						for _, p := range places {
							if insert {
								want(t, "insert", x.insert(c.at(p), "v", 2), "ok")
							} else {
								want(t, "update", x.update(c.at(p), "v", 2), "ok")
							}
						}
						c.sent()
						want(t, "commit", x.commit(), "ok")
						inOne := u.Atomicity >= pair.unit
						steps, decision := "one phase 1", "none"
						if !inOne {
							steps, decision = "prepare 2, decide 1, finish 2", "COMMITTED 1000000"
						}
						want(t, "calls", c.steps(), steps)
						want(t, "decision", w.decision(plainID, x.ID()), decision)
						for _, p := range places {
							want(t, "stored", w.row(p.table, p.p, p.c), version(x, "v=2", n))
						}
						state, err := c.Status(t.Context(), x.ID())
						ok(t, err)
						want(t, "status", state == commit.Committed, !inOne)
					})
				})
			}
		}
	}
}

// The call logs that a commit can have. Validation reads absences first.
const (
	inOnePhase  = "one phase 1"
	inTwoPhases = "prepare 1, decide 1, finish 1"
)

func readBeside(t *testing.T, s *suite) {
	for _, tt := range []struct {
		name         string
		read         func(x *tx, c *client) string
		got          string
		serializable string // its calls
		levels       []commit.Isolation
	}{
		{"present record", func(x *tx, c *client) string { return x.get(c.item(2, 1)) }, "v=1", inOnePhase, nil},
		{"absent record", func(x *tx, c *client) string { return x.get(c.item(2, 9)) }, absent, "prepare 1, get 1, decide 1, finish 1", nil},
		{"the inserted record itself", func(x *tx, c *client) string { return x.get(c.item(1, 1)) }, absent, inOnePhase, nil},
		{"scan", func(x *tx, c *client) string { return x.keys(scanOf(c.table(itemTable), 2)) }, "1", "prepare 1, scan 1, decide 1, finish 1", nil},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 2, 1, "v", 1)
				c := w.client(onePhase)
				x := c.begin(a.begin()...)
				want(t, "read", tt.read(x, c), tt.got)
				want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
				c.sent()
				want(t, "commit", x.commit(), "ok")
				steps := inOnePhase
				if a.is(commit.Serializable) {
					steps = tt.serializable
				}
				want(t, "calls", c.steps(), steps)
				want(t, "stored", w.item(1, 1), version(x, "v=2", 1))
			})
		})
	}
	run(t, "a check that fails", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 2, 1, "v", 1)
			c := w.client(onePhase)
			x := c.begin(a.begin()...)
			want(t, "read", x.get(c.item(2, 1)), "v=1")
			want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
			w.otherUpdates(2, 1, "v", 3)
			want(t, "commit", x.commit(), serialConflict(a))
			want(t, "stored", w.item(1, 1) == absent, a.is(commit.Serializable))
			want(t, "decision", w.coordinator(x.ID()), absent)
		})
	})
	run(t, "what the check is", func(t *testing.T) {
		w := s.world(t)
		w.committed(itemTable, 2, 1, "v", 1)
		w.write(itemTable, key(2, 2), "v", 1)
		var j journal
		c := w.clientWith(j.around, onePhase)
		x := c.begin(isolation(commit.Serializable))
		want(t, "read", x.getAll(c.item(2, 1), c.item(2, 2)), "v=1; v=1")
		want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
		want(t, "commit", x.commit(), "ok")
		want(t, "request", j.of("one phase"), strings.Join([]string{
			"shop.item 1 1 put if absent: v=2 tx_id=tx-1 tx_state=3 tx_version=1 tx_prepared_at=1000000 tx_committed_at=1000000",
			"shop.item 2 1 check if tx_id=T0",
			"shop.item 2 2 check if tx_id is null",
		}, "\n"))
	})
	run(t, "a check beyond the unit", func(t *testing.T) {
		w := s.world(t)
		w.restrict(storage.AtomicPartition, 0)
		w.committed(itemTable, 2, 1, "v", 1)
		c := w.client(onePhase)
		x := c.begin(isolation(commit.Serializable))
		want(t, "read", x.get(c.item(2, 1)), "v=1")
		want(t, "insert", x.insert(c.item(1, 1), "v", 2), "ok")
		c.sent()
		want(t, "commit", x.commit(), "ok")
		want(t, "calls", c.steps(), "prepare 1, get 1, decide 1, finish 1")
	})
}

func notInOnePhase(t *testing.T, s *suite) {
	serializable := func(steps string) func(a axes) string {
		return func(a axes) string { return map[bool]string{true: steps, false: inOnePhase}[a.is(commit.Serializable)] }
	}
	for _, tt := range []struct {
		name  string
		setUp func(w *world)
		do    func(x *tx, c *client)
		steps func(a axes) string
	}{
		{"option off", func(w *world) {}, func(x *tx, c *client) { x.did("insert", c.item(1, 1), "v", 2) }, nil},
		{"scan to validate", func(w *world) {}, func(x *tx, c *client) {
			want(c.w.t, "scan", x.keys(scanOf(c.table(itemTable), 2)), "5")
			x.did("insert", c.item(1, 1), "v", 2)
		}, serializable("prepare 1, scan 1, decide 1, finish 1")},
		{"absence to validate", func(w *world) {}, func(x *tx, c *client) {
			want(c.w.t, "get", x.get(c.item(2, 9)), absent)
			x.did("insert", c.item(1, 1), "v", 2)
		}, serializable("prepare 1, get 1, decide 1, finish 1")},
		{"nothing written", func(w *world) {}, func(x *tx, c *client) { want(c.w.t, "get", x.get(c.item(2, 5)), "v=1") }, func(a axes) string {
			return map[bool]string{true: "get 1"}[a.is(commit.Serializable)]
		}},
		{"delete of an absent record", func(w *world) {}, func(x *tx, c *client) { x.did("delete", c.item(1, 1)) }, func(axes) string {
			return "get 1, prepare 1, decide 1, finish 1"
		}},
		{"delete of an own insert", func(w *world) {}, func(x *tx, c *client) {
			x.did("insert", c.item(1, 1), "v", 2)
			x.did("delete", c.item(1, 1))
		}, nil},
		{"delete of an absent record beside another", func(w *world) {}, func(x *tx, c *client) {
			x.did("insert", c.item(1, 2), "v", 2)
			x.did("delete", c.item(1, 1))
		}, func(axes) string { return "get 1, prepare 1, decide 1, finish 1" }},
		{"several groups", func(w *world) { w.restrict(storage.AtomicPartition, 0) }, func(x *tx, c *client) {
			x.did("insert", c.item(1, 1), "v", 2)
			x.did("insert", c.item(2, 1), "v", 2)
		}, func(axes) string { return "prepare 2, decide 1, finish 2" }},
		{"too many records", func(w *world) { w.restrict(storage.AtomicStorage, 2) }, func(x *tx, c *client) {
			for i := range 3 {
				x.did("insert", c.item(1, i), "v", 2)
			}
		}, func(axes) string { return "prepare 2, decide 1, finish 2" }},
		{"as many as can be", func(w *world) { w.restrict(storage.AtomicStorage, 3) }, func(x *tx, c *client) {
			for i := range 3 {
				x.did("insert", c.item(1, i), "v", 2)
			}
		}, func(axes) string { return inOnePhase }},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				w.committed(itemTable, 2, 5, "v", 1)
				tt.setUp(w)
				c := w.client(func(o *commit.Options) { o.OnePhase = tt.name != "option off" })
				x := c.begin(a.begin()...)
				tt.do(x, c)
				c.sent()
				want(t, "commit", x.commit(), "ok")
				steps := inTwoPhases
				if tt.steps != nil {
					steps = tt.steps(a)
				}
				want(t, "calls", c.steps(), steps)
				want(t, "decided", w.coordinator(x.ID()) != absent, strings.Contains(steps, "decide"))
			})
		})
	}
}

func onePhaseFailures(t *testing.T, s *suite) {
	answer := func(sends bool, err error) around {
		return func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
			if phase != "one phase" {
				return send(ctx)
			}
			if sends {
				if err := send(ctx); err != nil {
					return err
				}
			}
			return err
		}
	}
	gaveUp := &storage.Error{Op: "mutate", Class: storage.ErrConflict, Err: errRefused}
	for _, tt := range []struct {
		name    string
		around  around
		outcome string
		code    string
		reads   int // of the transaction's record afterwards
		applied bool
	}{
		{"condition", answer(false, refused()), "conflict", "DB-CORE-20013", 0, false},
		{"conflict in the database", answer(false, gaveUp), "conflict", "DB-CORE-20026", 0, false},
		{"not applied", answer(false, down()), "storage", "DB-CORE-30036", 0, false},
		{"request lost", answer(false, lost()), "unknown", "DB-CORE-40005", 5, false},
		{"unclassified", answer(false, errRefused), "unknown", "DB-CORE-40005", 5, false},
		{"reply lost", answer(true, lost()), "ok", "", 1, true},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				s.world(t).bubble(func(w *world) {
					present(w)
					before := w.item(1, 1)
					c := w.clientWith(tt.around, onePhase)
					x := c.begin(a.begin()...)
					want(w.t, "update", x.update(c.item(1, 1), "v", 2), "ok")
					c.sent()
					err := x.Commit(w.t.Context())
					want(w.t, "commit", outcome(err), tt.outcome)
					want(w.t, "code", codeOf(err), tt.code)
					want(w.t, "reads afterwards", c.sentOf("get"), tt.reads)
					stored := before
					if tt.applied {
						stored = version(x, "v=2 cat=7", 2)
					}
					want(w.t, "stored", w.item(1, 1), stored)
					want(w.t, "decisions", w.decisions(), "")
					want(w.t, "commit again", x.commit(), "closed")
				})
			})
		})
	}
	run(t, "the record has changed", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for name, tt := range map[string]struct {
				setUp     func(w *world)
				write     func(x *tx, ref commit.Ref) string
				meanwhile func(w *world)
				end       string
			}{
				"update":   {present, func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 2) }, func(w *world) { w.otherUpdates(1, 1, "v", 5) }, "conflict"},
				"imported": {imported, func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 2) }, func(w *world) { w.otherUpdates(1, 1, "v", 5) }, "conflict"},
				"delete": {present, func(x *tx, ref commit.Ref) string {
					x.get(ref)
					return x.delete(ref)
				}, func(w *world) { w.otherUpdates(1, 1, "v", 5) }, "conflict"},
				"in flight": {present, func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 2) },
					func(w *world) { w.prepared(1, 1, commit.Prepared, w.justNow(), "T1") }, "conflict"},
				"insert": {missing, func(x *tx, ref commit.Ref) string { return x.insert(ref, "v", 2) }, func(w *world) { w.otherInserts(1, 1, "v", 5) }, "exists"},
				"insert, read before": {missing, func(x *tx, ref commit.Ref) string {
					x.get(ref)
					return x.insert(ref, "v", 2)
				}, func(w *world) { w.otherInserts(1, 1, "v", 5) }, "conflict"},
			} {
				run(t, name, func(t *testing.T) {
					w := s.world(t)
					tt.setUp(w)
					c := w.client(onePhase)
					x := c.begin(a.begin()...)
					want(t, "write", tt.write(x, c.item(1, 1)), "ok")
					want(t, "another write", x.insert(c.item(1, 2), "v", 2), "ok")
					tt.meanwhile(w)
					stored := w.item(1, 1)
					want(t, "commit", x.commit(), tt.end)
					want(t, "stored", w.item(1, 1), stored)
					want(t, "the other record", w.item(1, 2), absent)
					want(t, "decision", w.coordinator(x.ID()), absent)
				})
			}
		})
	})
	run(t, "imported record", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := s.world(t)
			imported(w)
			w.write(itemTable, key(1, 2), "v", 1)
			c := w.client(onePhase)
			x := c.begin(a.begin()...)
			want(t, "update", x.update(c.item(1, 1), "v", 2), "ok")
			want(t, "delete", x.delete(c.item(1, 2)), "ok")
			want(t, "commit", x.commit(), "ok")
			want(t, "updated", w.item(1, 1), version(x, "v=2 cat=7", 1))
			want(t, "deleted", w.item(1, 2), absent)
		})
	})
}

func grouping(t *testing.T, s *suite) {
	places := []place{
		{itemTable, 1, 1}, {itemTable, 1, 2}, {itemTable, 1, 3}, {itemTable, 1, 4}, {itemTable, 2, 1}, {otherTable, 1, 1}, {otherTable, 1, 2}, {bankTable, 1, 1},
	}
	together := func(u storage.Atomicity, a, b storage.Mutation) bool {
		switch {
		case u >= storage.AtomicStorage:
			return true
		case a.Table.Namespace != b.Table.Namespace:
			return false
		case u >= storage.AtomicNamespace:
			return true
		case a.Table.Name != b.Table.Name:
			return false
		case u >= storage.AtomicTable:
			return true
		default:
			return a.Key[0] == b.Key[0] && u >= storage.AtomicPartition
		}
	}
	for _, u := range units {
		for most, groups := range map[int][]int{0: {8, 4, 3, 2, 1}, 3: {8, 5, 4, 4, 3}, 1: {8, 8, 8, 8, 8}} {
			run(t, fmt.Sprintf("%s/at most %d", u.name, most), func(t *testing.T) {
				s.each(t, byIsolation, func(t *testing.T, a axes) {
					w := s.world(t)
					w.restrict(u.Atomicity, most)
					n := groups[u.Atomicity]
					var j journal
					c := w.clientWith(j.around, onePhase)
					x := c.begin(a.begin()...)
					for _, i := range []int{3, 6, 0, 7, 5, 1, 4, 2} { // in no order
						want(t, "insert", x.insert(c.at(places[i]), "v", i), "ok")
					}
					c.sent()
					want(t, "commit", x.commit(), "ok")
					phases := []string{"prepare", "finish"}
					steps := fmt.Sprintf("prepare %d, decide 1, finish %d", n, n)
					if n == 1 {
						phases, steps = []string{"one phase"}, inOnePhase
					}
					want(t, "calls", c.steps(), steps)
					for _, phase := range phases {
						sent := 0
						for _, group := range j.groups(phase) {
							sent += len(group)
							want(t, "within the limit", most == 0 || len(group) <= most, true)
							want(t, "within the unit", !slices.ContainsFunc(group[1:], func(m storage.Mutation) bool { return !together(u.Atomicity, group[0], m) }), true)
						}
						want(t, "records", sent, len(places))
					}
					for i, p := range places {
						want(t, "stored", w.row(p.table, p.p, p.c), version(x, fmt.Sprint("v=", i), 1))
					}
				})
			})
		}
	}
}
