package storagetest

import (
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

func preconditionChecks() []check {
	return []check{
		{"precondition/every operation on every state", checkPreconditions},
		{"precondition/several predicates", checkConjunction},
	}
}

// checkPreconditions goes through operation × precondition × state of the
// record, and looks that a failed one changed nothing.
func checkPreconditions(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int), Column("w", storage.Int))
	i, k := storage.IntValue, storage.IntValue(1)
	states := map[string]storage.Row{
		"absent":   nil,
		"v is 1":   row(t, is("p", k), is("v", i(1)), is("w", i(7))),
		"v is 2":   row(t, is("p", k), is("v", i(2)), is("w", i(7))),
		"v NULL":   row(t, is("p", k), is("w", i(7))),
		"all NULL": row(t, is("p", k)),
	}
	preconditions := []struct {
		name      string
		condition storage.Precondition
		where     []storage.Predicate
	}{
		{"always", storage.Always, nil},
		{"if not exists", storage.IfNotExists, nil},
		{"if exists", storage.IfExists, nil},
		{"if v = 1", storage.If, []storage.Predicate{predicate(t, "v", storage.Eq, i(1))}},
		{"if v is null", storage.If, []storage.Predicate{predicate(t, "v", storage.IsNull)}},
		{"if v is not null", storage.If, []storage.Predicate{predicate(t, "v", storage.IsNotNull)}},
	}
	for state, stored := range states {
		for _, p := range preconditions {
			for _, m := range []storage.Mutation{put(t, key(k), is("v", i(9))), remove(t, k), verify(t, k)} {
				if m.Op == storage.Delete && p.condition == storage.IfNotExists || m.Op == storage.Check && p.condition == storage.Always {
					continue
				}
				h.apply(remove(t, k))
				if stored != nil {
					h.apply(putRow(t, stored))
				}
				m = when(m, p.condition, p.where...)
				want := stored
				if h.satisfied(m, stored) {
					want = after(m, stored)
					h.apply(m)
				} else {
					h.fails(storage.ErrCondition, m)
				}
				if got := h.get(t, k); !sameRow(got, want) {
					h.Errorf("operation %d %s on a record with %s: left %s, want %s", m.Op, p.name, state, formatRow(got), formatRow(want))
				}
			}
		}
	}
}

// satisfied is the contract's meaning of a precondition.
func (h *harness) satisfied(m storage.Mutation, stored storage.Row) bool {
	switch m.Condition {
	case storage.Always:
		return true
	case storage.IfNotExists:
		return stored == nil
	}
	return stored != nil && h.passes(storage.Filter{m.Where}, stored)
}

// after returns what a mutation makes of a record.
func after(m storage.Mutation, stored storage.Row) storage.Row {
	switch m.Op {
	case storage.Check:
		return stored
	case storage.Delete:
		return nil
	}
	written := append(storage.Row(nil), stored...)
	if stored == nil {
		written = row(m.Table)
		for i, c := range m.Table.PrimaryKey() {
			written[c] = m.Key[i]
		}
	}
	for i, c := range m.Columns {
		written[c] = m.Values[i]
	}
	return written
}

func checkConjunction(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int), Column("w", storage.Text), Column("n", storage.Int))
	i, k := storage.IntValue, storage.IntValue(1)
	stored := row(t, is("p", k), is("v", i(5)), is("w", plainTexts[1]))
	h.apply(putRow(t, stored))
	predicates := []storage.Predicate{
		predicate(t, "v", storage.Ge, i(5)), predicate(t, "v", storage.Lt, i(6)), predicate(t, "w", storage.Eq, plainTexts[1]), predicate(t, "n", storage.IsNull),
		predicate(t, "v", storage.Gt, i(5)), predicate(t, "w", storage.IsNull), predicate(t, "n", storage.Ne, i(0)),
	}
	for choice := 1; choice < 1<<len(predicates); choice += 3 {
		var where []storage.Predicate
		for b := range predicates {
			if choice>>b&1 == 1 {
				where = append(where, predicates[b])
			}
		}
		h.wantOutcome(when(put(t, key(k), is("v", i(5))), storage.If, where...), stored)
	}
}

// wantOutcome applies a conditional mutation to a record of which stored is
// the row.
func (h *harness) wantOutcome(m storage.Mutation, stored storage.Row) {
	h.Helper()
	if h.satisfied(m, stored) {
		if err := h.try(m); err != nil {
			h.Errorf("mutate of %s: %v\n%s", formatRow(stored), err, formatGroup([]storage.Mutation{m}))
		}
		return
	}
	h.fails(storage.ErrCondition, m)
}

var comparisons = []storage.Operator{storage.Eq, storage.Ne, storage.Gt, storage.Ge, storage.Lt, storage.Le}

func conditionChecks() []check {
	var all []check
	for _, typ := range storage.Types() {
		all = append(all, check{"condition/" + typ.String(), func(h *harness) { h.checkConditions(typ) }})
	}
	return all
}

// checkConditions compares stored values with operands by every operator.
func (h *harness) checkConditions(typ storage.Type) {
	h.need(AsValue, typ)
	t := h.create(PartitionKey("p", storage.Int), Column("v", typ), Column("w", storage.Int))
	operands := some(h.extremes(AsValue, typ))
	stored := append([]storage.Value{storage.Null(typ)}, operands...)
	for i, s := range stored {
		k := storage.IntValue(int32(i))
		r := row(t, is("p", k), is("v", s))
		h.apply(putRow(t, r))
		conditions := []storage.Predicate{predicate(t, "v", storage.IsNull), predicate(t, "v", storage.IsNotNull)}
		for _, operator := range comparisons {
			if reason := h.lacks(AsOrdered, typ); reason != "" && operator != storage.Eq && operator != storage.Ne {
				h.leaveOut(fmt.Sprintf("%s %s", typ, operator), reason)
				continue
			}
			for _, operand := range operands {
				conditions = append(conditions, predicate(t, "v", operator, operand))
			}
		}
		for n, condition := range conditions {
			m := put(t, key(k), is("w", storage.IntValue(int32(n))))
			if n%3 == 1 {
				m = verify(t, k)
			}
			h.wantOutcome(when(m, storage.If, condition), r)
		}
	}
}

// some returns at most seven values: the ends, and others spread between.
func some(all []storage.Value) []storage.Value {
	const enough = 7
	if len(all) <= enough {
		return all
	}
	var out []storage.Value
	for i := range enough {
		out = append(out, all[i*(len(all)-1)/(enough-1)])
	}
	return out
}
