package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// simPhase names the part that a mutation has in the protocol.
func simPhase(m *storage.Mutation) string {
	state := commit.State(simColumn(m, "tx_state").Int64())
	if m.Table.Namespace == coordinatorNamespace {
		switch {
		case m.Op == storage.Delete:
			return "forget"
		case state == commit.Committed:
			return "decide COMMITTED"
		default:
			return "decide ABORTED"
		}
	}
	stored := commit.State(0) // in which the record must be prepared
	for _, p := range m.Where {
		if p.Column == m.Table.Column("tx_state") && commit.State(p.Value.Int64()) != commit.Committed {
			stored = commit.State(p.Value.Int64())
		}
	}
	switch {
	case m.Op == storage.Check:
		return "check"
	case stored == 0 && (m.Op == storage.Delete || state == commit.Committed):
		return "one phase"
	case stored == 0 && state == commit.Deleted:
		return "prepare delete"
	case stored == 0:
		return "prepare"
	case m.Op == storage.Delete && stored == commit.Deleted, m.Op == storage.Put && !simWrites(m, "tx_id"):
		return "roll forward"
	default:
		return "roll back"
	}
}

// simColumn returns what a mutation writes to a column, NULL if it does not.
func simColumn(m *storage.Mutation, name string) storage.Value {
	if at := slices.Index(m.Columns, m.Table.Column(name)); at >= 0 {
		return m.Values[at]
	}
	return storage.Value{}
}

func simWrites(m *storage.Mutation, name string) bool {
	return slices.Contains(m.Columns, m.Table.Column(name))
}

// simRecord names a record.
func simRecord(t *storage.Table, key []storage.Value) string {
	if t.Namespace == coordinatorNamespace {
		return "of " + simID(key[0].Text())
	}
	return fmt.Sprintf("%d/%d", key[0].Int64(), key[1].Int64())
}

// simID shows an id, and that of a group without the zeros that fill it.
func simID(id string) string {
	group, member, isMember := strings.Cut(id, "$")
	if len(group) != 24 {
		return id
	}
	group = group[:1] + strings.TrimLeft(group[1:], "0")
	if isMember {
		return group + "$" + member
	}
	return group
}

// simNameOfGroup says what a group does to which records.
func simNameOfGroup(group []storage.Mutation) string {
	var parts []string
	before := ""
	for i := range group {
		m := &group[i]
		phase := simPhase(m)
		if phase != before {
			parts = append(parts, phase)
		}
		before = phase
		parts = append(parts, simRecord(m.Table, m.Key))
		if members := simColumn(m, "tx_child_ids"); !members.IsZero() && !members.IsNull() {
			parts = append(parts, "with "+members.Text())
		}
	}
	return strings.Join(parts, " ")
}

func simNameOfGets(gets []storage.Get) string {
	parts := []string{"get"}
	if gets[0].Table.Namespace == coordinatorNamespace {
		parts[0] = "look up decision"
	}
	for _, g := range gets {
		parts = append(parts, simRecord(g.Table, g.Key))
	}
	return strings.Join(parts, " ")
}

// simNameOfScan tells requests of one transaction apart, which it may send at the
// same time.
func simNameOfScan(s *storage.Scan) string {
	var b strings.Builder
	switch s.Kind {
	case storage.PartitionScan:
		fmt.Fprintf(&b, "scan %d/", s.Partition[0].Int64())
		if len(s.Start.Values)+len(s.End.Values) > 0 {
			fmt.Fprintf(&b, "%v–%v", s.Start.Values, s.End.Values)
		}
		if s.Backward {
			b.WriteString(" backward")
		}
	case storage.IndexScan:
		fmt.Fprintf(&b, "scan %s = %d", s.Table.Columns[s.Index].Name, s.IndexValue.Int64())
	default:
		b.WriteString("scan all")
	}
	if s.Limit > 0 {
		fmt.Fprintf(&b, " limit %d", s.Limit)
	}
	var alternatives []string
	for _, conjunction := range s.Where {
		var all []string
		for _, p := range conjunction {
			all = append(all, fmt.Sprintf("%s %v %v", s.Table.Columns[p.Column].Name, p.Operator, p.Value))
		}
		alternatives = append(alternatives, strings.Join(all, " and "))
	}
	if len(alternatives) > 0 {
		b.WriteString(" where " + strings.Join(alternatives, " or "))
	}
	return b.String()
}

// simOutcome says what the storage answered.
func simOutcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, storage.ErrCondition):
		return "refused, it is not what was expected"
	default:
		return err.Error()
	}
}

// simRows shows the rows that a read returned.
func simRows(t *storage.Table, rows []storage.Row, err error) string {
	if err != nil {
		return simOutcome(err)
	}
	var shown []string
	for _, row := range rows {
		shown = append(shown, simRow(t, row))
	}
	if len(shown) == 0 {
		return "nothing"
	}
	return strings.Join(shown, "; ")
}

func simRow(t *storage.Table, row storage.Row) string {
	if row == nil {
		return "none"
	}
	at := func(column string) storage.Value { return row[t.Column(column)] }
	state := commit.State(at("tx_state").Int64())
	if t.Namespace == coordinatorNamespace {
		return state.String()
	}
	s := fmt.Sprintf("%d/%d = %d, %v by %s", at("p").Int64(), at("c").Int64(), at("v").Int64(), state, simID(at("tx_id").Text()))
	if v := at("before_v"); !v.IsNull() {
		s += fmt.Sprintf(", before %d by %s", v.Int64(), simID(at("before_tx_id").Text()))
	}
	return s
}
