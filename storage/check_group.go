package storage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// CheckGroup reports, as an [ErrInvalid], why a storage that promises info can
// never apply group.
func CheckGroup(info Info, group []Mutation) error {
	const op = "mutate"
	for i := range group {
		m := &group[i]
		if err := checkMutation(op, m); err != nil {
			return err
		}
		if len(m.Copies) > 0 && !info.Copies {
			return Invalidf(op, m.Table.TableName, "the storage copies no columns (Info.Copies is false): read the record and write what is to be in it")
		}
		if i > 0 && !info.Atomicity.spans(&group[0], m) {
			return Invalidf(op, m.Table.TableName, "record %s lies in another atomicity unit than record %s of %s",
				m.Table.FormatKey(m.Key), group[0].Table.FormatKey(group[0].Key), group[0].Table.TableName)
		}
	}
	if info.MaxMutations > 0 && len(group) > info.MaxMutations {
		return Invalidf(op, group[0].Table.TableName, "%d mutations, at most %d are possible in one group", len(group), info.MaxMutations)
	}
	if twice := repeatedRecord(group); twice != nil {
		return Invalidf(op, twice.Table.TableName, "record %s is named twice in one group", twice.Table.FormatKey(twice.Key))
	}
	return nil
}

// spans reports whether one unit may hold the records of both mutations.
func (a Atomicity) spans(first, other *Mutation) bool {
	switch {
	case a >= AtomicStorage:
		return true
	case first.Table.Namespace != other.Table.Namespace:
		return false
	case a == AtomicNamespace:
		return true
	case first.Table.Name != other.Table.Name:
		return false
	case a == AtomicTable:
		return true
	}
	compared := len(first.Key)
	if a == AtomicPartition {
		compared = len(first.Table.Partition)
	}
	return slices.Equal(first.Key[:compared], other.Key[:compared])
}

// repeatedRecord returns a mutation of any group whose record an earlier one
// names too.
func repeatedRecord(groups ...[]Mutation) *Mutation {
	compare := func(a, b *Mutation) int {
		return cmp.Or(strings.Compare(a.Table.Namespace, b.Table.Namespace), strings.Compare(a.Table.Name, b.Table.Name), CompareKeys(a.Key, b.Key))
	}
	// Comparing all pairs needs no memory and is faster for the usual handful.
	const fewMutations = 8
	if len(groups) == 1 && len(groups[0]) <= fewMutations {
		group := groups[0]
		for i := range group {
			for j := range i {
				if compare(&group[i], &group[j]) == 0 {
					return &group[i]
				}
			}
		}
		return nil
	}
	total := 0
	for _, group := range groups {
		total += len(group)
	}
	sorted := make([]*Mutation, 0, total)
	for _, group := range groups {
		for i := range group {
			sorted = append(sorted, &group[i])
		}
	}
	slices.SortFunc(sorted, compare)
	for i := 1; i < len(sorted); i++ {
		if compare(sorted[i-1], sorted[i]) == 0 {
			return sorted[i]
		}
	}
	return nil
}

func checkMutation(op string, m *Mutation) error {
	if err := checkKey(op, m.Table, m.Key); err != nil {
		return err
	}
	t := m.Table
	refuse := func(format string, args ...any) error {
		return Invalidf(op, t.TableName, "record %s: %s", t.FormatKey(m.Key), fmt.Sprintf(format, args...))
	}
	switch {
	case m.Op > Check:
		return refuse("unknown operation %d", m.Op)
	case m.Condition > If:
		return refuse("unknown precondition %d", m.Condition)
	case m.Op != Put && len(m.Columns)+len(m.Values)+len(m.Copies) > 0:
		return refuse("only a put names columns")
	case m.Op == Delete && m.Condition == IfNotExists:
		return refuse("a delete of a record that must not exist: that is a check")
	case m.Op == Check && m.Condition == Always:
		return refuse("a check without a precondition")
	case len(m.Columns) != len(m.Values):
		return refuse("%d columns but %d values", len(m.Columns), len(m.Values))
	case len(m.Copies) > 0 && m.Condition < IfExists:
		return refuse("columns are copied, but there may be no record to copy them from")
	case m.Condition == If && len(m.Where) == 0:
		return refuse("a precondition without a predicate")
	case m.Condition != If && len(m.Where) > 0:
		return refuse("predicates that the precondition does not use")
	}
	for i, c := range m.Columns {
		if c < 0 || c >= len(t.Columns) {
			return refuse("there is no column %d", c)
		}
		if t.InPrimaryKey(c) {
			return refuse("column %s belongs to the primary key and cannot be written", t.Columns[c].Name)
		}
		if slices.Contains(m.Columns[:i], c) {
			return refuse("column %s is written twice", t.Columns[c].Name)
		}
		if why := checkValue(t.Columns[c], m.Values[i]); why != "" {
			return refuse("%s", why)
		}
	}
	for i, c := range m.Copies {
		if why := checkCopy(t, m, i, c); why != "" {
			return refuse("%s", why)
		}
	}
	for i := range m.Where {
		p := &m.Where[i]
		if why := checkPredicate(t, p); why != "" {
			return refuse("%s", why)
		}
		if t.InPrimaryKey(p.Column) {
			return refuse("a predicate on column %s of the primary key", t.Columns[p.Column].Name)
		}
		if p.Operator == Like || p.Operator == NotLike {
			return refuse("%s on column %s: scans alone have it", p.Operator, t.Columns[p.Column].Name)
		}
	}
	return nil
}

// checkCopy says what is wrong with copy number i of a mutation, "" for nothing.
func checkCopy(t *Table, m *Mutation, i int, c Copy) string {
	for _, column := range []int{c.From, c.To} {
		if column < 0 || column >= len(t.Columns) {
			return fmt.Sprintf("there is no column %d", column)
		}
	}
	from, to := t.Columns[c.From], t.Columns[c.To]
	switch {
	case t.InPrimaryKey(c.To):
		return fmt.Sprintf("column %s belongs to the primary key and cannot be written", to.Name)
	case from.Type != to.Type:
		return fmt.Sprintf("column %s of type %s cannot take the value of column %s of type %s", to.Name, to.Type, from.Name, from.Type)
	case c.Plus != 0 && from.Type != Int:
		return fmt.Sprintf("nothing can be added to column %s of type %s", from.Name, from.Type)
	case slices.Contains(m.Columns, c.To), slices.ContainsFunc(m.Copies[:i], func(earlier Copy) bool { return earlier.To == c.To }):
		return fmt.Sprintf("column %s is written twice", to.Name)
	case slices.ContainsFunc(m.Copies[:i], func(earlier Copy) bool { return earlier.To == c.From }):
		return fmt.Sprintf("column %s is copied after it is written", from.Name)
	}
	return ""
}

// Of returns the value that a copy of v has. It reports false if the sum is out of
// the range of INT.
func (c Copy) Of(v Value) (copied Value, ok bool) {
	if c.Plus == 0 || v.IsNull() {
		return v, true
	}
	sum := v.Int64() + int64(c.Plus)
	if sum < math.MinInt32 || sum > math.MaxInt32 {
		return v, false
	}
	return IntValue(int32(sum)), true
}
