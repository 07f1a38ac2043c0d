package storagetest

import (
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

func formatRow(r storage.Row) string {
	if r == nil {
		return "absent"
	}
	texts := make([]string, len(r))
	for i, v := range r {
		texts[i] = v.String()
	}
	return "(" + strings.Join(texts, ", ") + ")"
}

func formatRows(rows []storage.Row) string {
	const maxShown = 30
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows", len(rows))
	for i, r := range rows {
		if i == maxShown {
			b.WriteString(" …")
			break
		}
		b.WriteString(" " + formatRow(r))
	}
	return b.String()
}

func formatGroup(group []storage.Mutation) string {
	const maxShown = 10
	var b strings.Builder
	for i := range group {
		if i == maxShown {
			fmt.Fprintf(&b, "… %d mutations\n", len(group))
			break
		}
		m := &group[i]
		op := [...]string{storage.Put: "put", storage.Delete: "delete", storage.Check: "check"}[m.Op]
		condition := [...]string{storage.Always: "", storage.IfNotExists: " if not exists", storage.IfExists: " if exists", storage.If: " if"}[m.Condition]
		fmt.Fprintf(&b, "%s %s%s", op, m.Table.TableName, m.Table.FormatKey(m.Key))
		for j, c := range m.Columns {
			fmt.Fprintf(&b, " %s=%s", m.Table.Columns[c].Name, m.Values[j])
		}
		b.WriteString(condition + formatConjunction(m.Table, m.Where) + "\n")
	}
	return b.String()
}

func formatConjunction(t *storage.Table, predicates []storage.Predicate) string {
	var b strings.Builder
	for i := range predicates {
		p := &predicates[i]
		fmt.Fprintf(&b, " %s %s", t.Columns[p.Column].Name, p.Operator)
		if p.Operator != storage.IsNull && p.Operator != storage.IsNotNull {
			b.WriteString(" " + p.Value.String())
		}
		if p.Escape != "" {
			fmt.Fprintf(&b, " escape %q", p.Escape)
		}
	}
	return b.String()
}

func formatScan(s *storage.Scan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s kind %d", s.Table.TableName, s.Kind)
	if s.Kind == storage.PartitionScan {
		fmt.Fprintf(&b, " partition %s start %s %t end %s %t backward %t",
			formatRow(s.Partition), formatRow(s.Start.Values), s.Start.Inclusive, formatRow(s.End.Values), s.End.Inclusive, s.Backward)
	}
	if s.Kind == storage.IndexScan {
		fmt.Fprintf(&b, " %s=%s", s.Table.Columns[s.Index].Name, s.IndexValue)
	}
	for _, conjunction := range s.Where {
		fmt.Fprintf(&b, " [%s ]", formatConjunction(s.Table, conjunction))
	}
	fmt.Fprintf(&b, " columns %v limit %d", s.Columns, s.Limit)
	return b.String()
}
