package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{ID: "D01", Title: "a conditional write whose condition holds is applied", Verdict: pass, Test: conditionsThatHold},
	item{ID: "D02", Title: "a conditional write whose condition does not hold is refused with the name of the column, and the transaction goes on", Verdict: pass, Test: conditionsThatDoNotHold},
	item{
		ID: "D03", Title: "a conditional write of an absent record, and a write on condition of absence of a present one, are refused",
		Verdict: difference, Reason: "The write on condition of absence is the insert. It reports ErrAlreadyExists, when it is called if the transaction knows the record and reads repeat, else at commit",
		Test: conditionsOnAbsentRecords,
	},
	item{
		ID: "D04", Title: "without a condition, an update of an absent record does nothing, an upsert writes either way, and an insert of a present record fails",
		Verdict: difference, Reason: insertOfOther,
		Test: unconditionalWrites,
	},
	item{
		ID: "D05", Title: "a condition on a record that has not been read",
		Verdict: difference, Reason: "There is no conditional write that does not read: update and delete read the record themselves, and decide with what they find",
		Test: conditionsReadForThemselves,
	},
	item{
		ID: "D06", Title: "conditions and assignments that a write cannot have, among them those on metadata, are refused",
		Verdict: difference, Reason: "What can be known when the program is compiled does not compile: another kind of condition, a condition on or assignment to a key column. The rest is ErrInvalid",
		Test: impossibleConditions,
	},
)

// conditioned is the record that conditions are tried on: v is 5, w is n, cat is
// NULL.
func conditioned(s *suite, t *testing.T) *world {
	w := s.world(t)
	w.committed(itemTable, 1, 1, "v", 5, "w", "n")
	return w
}

// tried is a condition with what it names and whether it holds.
type tried struct {
	name   string
	column string // the first one that does not hold
	of     func(t *commit.Table) []storage.Predicate
}

func on(column string, op storage.Operator, value any) tried {
	return tried{fmt.Sprintf("%s %s %v", column, op, value), column, func(t *commit.Table) []storage.Predicate {
		p := where(t, column, op, value)
		p.Operator = op
		return []storage.Predicate{p}
	}}
}

func both(name, column string, a, b tried) tried {
	return tried{name, column, func(t *commit.Table) []storage.Predicate { return append(a.of(t), b.of(t)...) }}
}

// exists is the condition that there is a record.
var exists = tried{"exists", "", func(*commit.Table) []storage.Predicate { return []storage.Predicate{} }}

// tryEach tries conditions in updates and deletes, of a record that has been read
// or not, in every isolation level. read says whether it has been.
func tryEach(t *testing.T, s *suite, conditions []tried, test func(t *testing.T, a axes, condition tried, op string, read bool)) {
	for _, condition := range conditions {
		run(t, condition.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for _, op := range []string{"update", "delete"} {
					for _, read := range []bool{false, true} {
						run(t, fmt.Sprint(op, " read=", read), func(t *testing.T) { test(t, a, condition, op, read) })
					}
				}
			})
		})
	}
}

// writeIf updates v to 9 or deletes, on a condition that is never nil.
func (x *tx) writeIf(op string, ref commit.Ref, condition tried) error {
	ctx := x.c.w.t.Context()
	if op == "update" {
		return x.Update(ctx, ref, set(ref.Table, "v", 9), condition.of(ref.Table))
	}
	return x.Delete(ctx, ref, condition.of(ref.Table))
}

func conditionsThatHold(t *testing.T, s *suite) {
	conditions := []tried{
		exists,
		on("v", storage.Eq, 5), on("v", storage.Ne, 6), on("v", storage.Gt, 4), on("v", storage.Ge, 5), on("v", storage.Lt, 6), on("v", storage.Le, 5),
		on("w", storage.Eq, "n"), on("w", storage.Gt, "m"), on("v", storage.IsNotNull, nil), on("cat", storage.IsNull, nil),
		both("two", "", on("v", storage.Gt, 4), on("w", storage.Ne, "x")),
	}
	tryEach(t, s, conditions, func(t *testing.T, a axes, condition tried, op string, read bool) {
		w := conditioned(s, t)
		c := w.client()
		x, ref := c.begin(a.begin()...), c.item(1, 1)
		if read {
			want(t, "read", x.get(ref), "v=5 w=n")
		}
		want(t, op, outcome(x.writeIf(op, ref, condition)), "ok")
		want(t, "commit", x.commit(), "ok")
		c.drain()
		c = w.client()
		want(t, "stored", c.begin().get(c.item(1, 1)), map[string]string{"update": "v=9 w=n", "delete": absent}[op])
	})
	run(t, "does not exist", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, read := range []bool{false, true} {
				w := s.world(t)
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				if read {
					want(t, "read", x.get(ref), absent)
				}
				want(t, "insert", x.insert(ref, "v", 9), "ok")
				want(t, "commit", x.commit(), "ok")
				c.drain()
				c = w.client()
				want(t, "stored", c.begin().get(c.item(1, 1)), "v=9")
			}
		})
	})
	run(t, "of the own write", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := conditioned(s, t)
			c := w.client()
			x, ref := c.begin(a.begin()...), c.item(1, 1)
			want(t, "update", x.update(ref, "v", 6), "ok")
			want(t, "update if 6", x.updateIf(ref, on("v", storage.Eq, 6).of(ref.Table), "w", "own"), "ok")
			want(t, "insert another", x.insert(c.item(1, 2), "v", 6), "ok")
			want(t, "delete the other if 6", x.deleteIf(c.item(1, 2), on("v", storage.Eq, 6).of(ref.Table)...), "ok")
			want(t, "commit", x.commit(), "ok")
			c.drain()
			c = w.client()
			want(t, "stored", c.begin().rows(scanOf(c.table(itemTable), 1)), "1: v=6 w=own;")
		})
	})
}

func conditionsThatDoNotHold(t *testing.T, s *suite) {
	conditions := []tried{
		on("v", storage.Eq, 6), on("v", storage.Ne, 5), on("v", storage.Gt, 5), on("v", storage.Ge, 6), on("v", storage.Lt, 5), on("v", storage.Le, 4),
		on("w", storage.Eq, "N"), on("v", storage.IsNull, nil), on("cat", storage.IsNotNull, nil),
		// Nothing but IS NULL holds for a NULL.
		on("cat", storage.Eq, 0), on("cat", storage.Ne, 0), on("cat", storage.Lt, 1), on("cat", storage.Le, 1), on("cat", storage.Gt, -1), on("cat", storage.Ge, -1),
		both("one of two", "w", on("v", storage.Eq, 5), on("w", storage.Eq, "x")),
	}
	tryEach(t, s, conditions, func(t *testing.T, a axes, condition tried, op string, read bool) {
		w := conditioned(s, t)
		c := w.client()
		x, ref := c.begin(a.begin()...), c.item(1, 1)
		if read {
			want(t, "read", x.get(ref), "v=5 w=n")
		}
		err := x.writeIf(op, ref, condition)
		want(t, op, outcome(err), "condition")
		want(t, "code", codeOf(err), "DB-CORE-20020")
		want(t, fmt.Sprintf("%q names %s", err, condition.column), strings.Contains(fmt.Sprint(err), "column "+condition.column+" "), true)
		want(t, "the record is as it was", x.get(ref), "v=5 w=n")
		want(t, "the transaction goes on", x.update(ref, "cat", 1), "ok")
		want(t, "commit", x.commit(), "ok")
		c.drain()
		c = w.client()
		want(t, "stored", c.begin().get(c.item(1, 1)), "v=5 w=n cat=1")
	})
	// What was refused because of a value depends on the value.
	run(t, "another transaction changes the value", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, op := range []string{"update", "delete"} {
				w := conditioned(s, t)
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				want(t, op, outcome(x.writeIf(op, ref, on("v", storage.Eq, 6))), "condition")
				w.otherUpdates(1, 1, "v", 6)
				want(t, "write of another record", x.insert(c.item(1, 2)), "ok")
				want(t, "commit", x.commit(), okUnless(a, commit.Serializable, "conflict"))
			}
		})
	})
}

// okUnless is ok, except in one isolation level.
func okUnless(a axes, level commit.Isolation, then string) string {
	if a.is(level) {
		return then
	}
	return "ok"
}
