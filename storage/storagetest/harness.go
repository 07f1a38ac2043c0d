package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
)

var background = context.Background()

// harness is what one check works with.
type harness struct {
	tb
	*suite
	name       string
	created    []storage.TableName
	namespaces []string
}

// skip ends the check.
func (h *harness) skip(what, reason string) {
	h.Helper()
	h.leaveOut(what, reason)
	h.Skipf("%s: %s", what, reason)
}

// leaveOut notes what part of the check cannot be done, and why.
func (h *harness) leaveOut(what, reason string) {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	line := fmt.Sprintf("%s: %s: %s", h.name, what, reason)
	if !slices.Contains(h.skipped, line) {
		h.skipped = append(h.skipped, line)
		h.Logf("skipped %s: %s", what, reason)
	}
}

// need skips the check if columns of type t cannot play the role.
func (h *harness) need(use Use, t storage.Type) {
	h.Helper()
	if reason := h.lacks(use, t); reason != "" {
		h.skip(fmt.Sprintf("%s as %s", t, use), reason)
	}
}

// needUnit skips the check if a group cannot span so much.
func (h *harness) needUnit(unit storage.Atomicity, mutations int) {
	h.Helper()
	if h.info.Atomicity < unit || h.info.MaxMutations > 0 && h.info.MaxMutations < mutations {
		h.skip("groups of several records", fmt.Sprintf("the atomicity unit is too small (Info.Atomicity %d, MaxMutations %d)", h.info.Atomicity, h.info.MaxMutations))
	}
}

// compare is the storage's order. Where only the server knows it, values of
// TEXT are taken from plainTexts, on which all servers agree.
func (h *harness) compare(a, b storage.Value) int {
	if h.info.Compare == nil || a.IsNull() || b.IsNull() {
		return storage.Compare(a, b)
	}
	return h.info.Compare(a, b)
}

// holds is the contract's meaning of a predicate, in the storage's order.
func (h *harness) holds(p storage.Predicate, v storage.Value) bool {
	switch p.Operator {
	case storage.IsNull, storage.IsNotNull, storage.Like, storage.NotLike:
		return p.Holds(v)
	}
	if v.IsNull() {
		return false
	}
	return holdsFor(p.Operator, h.compare(v, h.fold(p.Value)))
}

func holdsFor(operator storage.Operator, order int) bool {
	switch operator {
	case storage.Eq:
		return order == 0
	case storage.Ne:
		return order != 0
	case storage.Gt:
		return order > 0
	case storage.Ge:
		return order >= 0
	case storage.Lt:
		return order < 0
	default:
		return order <= 0
	}
}

// passes is the contract's meaning of a filter, in the storage's order.
func (h *harness) passes(f storage.Filter, row storage.Row) bool {
	if len(f) == 0 {
		return true
	}
	for _, conjunction := range f {
		all := true
		for _, p := range conjunction {
			all = all && h.holds(p, row[p.Column])
		}
		if all {
			return true
		}
	}
	return false
}

// extremes returns the extreme values that can play the role: the storage
// keeps them, and no two of them are one to it.
func (h *harness) extremes(use Use, t storage.Type) []storage.Value {
	h.Helper()
	candidates := Extremes(t)
	if t == storage.Text && h.info.Compare == nil {
		h.leaveOut("extreme values of TEXT where order or equality matter", "only the server knows the order (Info.Compare is nil)")
		candidates = plainTexts
	}
	var out []storage.Value
	for _, v := range candidates {
		isKey := use == AsPartitionKey || use == AsClusteringKey
		if isKey && v.Text() == "" && (t == storage.Text || t == storage.Blob) {
			continue
		}
		if reason := h.refusedBecause(use, v); reason != "" {
			h.leaveOut(v.String()+" as "+use.String(), reason)
			continue
		}
		v = h.fold(v)
		if !slices.ContainsFunc(out, func(other storage.Value) bool { return h.compare(other, v) == 0 }) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, h.compare)
	return out
}

// create creates a table of these parts and returns the deployed definition.
func (h *harness) create(parts ...Part) *storage.Table {
	h.Helper()
	name := h.newTableName()
	return h.createTable(Table(name.Namespace, name.Name, parts...))
}

func (h *harness) createTable(definition *storage.Table) *storage.Table {
	h.Helper()
	if err := h.storage.Admin().CreateTable(background, definition, h.creation); err != nil {
		h.Fatalf("create %s: %v", definition.TableName, err)
	}
	h.created = append(h.created, definition.TableName)
	t, err := h.storage.Table(background, definition.TableName)
	if err != nil {
		h.Fatalf("definition of %s: %v", definition.TableName, err)
	}
	return t
}

// cleanup drops the tables and namespaces that the check created.
func (h *harness) cleanup() {
	for _, name := range h.created {
		if err := h.storage.Admin().DropTable(background, name); err != nil && !errors.Is(err, storage.ErrTableNotFound) {
			h.Errorf("drop %s: %v", name, err)
		}
	}
	for _, namespace := range h.namespaces {
		if err := h.storage.Admin().DropNamespace(background, namespace); err != nil {
			h.Errorf("drop namespace %q: %v", namespace, err)
		}
	}
}

// A conflict is always allowed, so single writes are tried again so often.
const maxConflicts = 20

// try applies the group, again after each conflict.
func (h *harness) try(group ...storage.Mutation) error {
	var err error
	for range maxConflicts {
		if err = h.storage.Mutate(background, group); !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	return err
}

// apply applies the group, which must succeed.
func (h *harness) apply(group ...storage.Mutation) {
	h.Helper()
	if err := h.try(group...); err != nil {
		h.Fatalf("mutate: %v\n%s", err, formatGroup(group))
	}
}

// applyAll applies the mutations one by one.
func (h *harness) applyAll(mutations ...storage.Mutation) {
	h.Helper()
	for _, m := range mutations {
		h.apply(m)
	}
}

// fails applies the group, which must fail with class and say so without doubt.
func (h *harness) fails(class error, group ...storage.Mutation) {
	h.Helper()
	err := h.try(group...)
	h.wantError("mutate", err, class)
	if err == nil || !errors.Is(err, class) {
		h.Logf("the group is\n%s", formatGroup(group))
	}
	if err != nil && !storage.NotApplied(err) {
		h.Errorf("mutate: %v does not promise that nothing was applied\n%s", err, formatGroup(group))
	}
}

var classes = []error{
	storage.ErrCondition, storage.ErrConflict, storage.ErrUnknown, storage.ErrTableNotFound, storage.ErrTableExists,
	storage.ErrNotEmpty, storage.ErrInvalid, storage.ErrClosed,
}

// wantError checks that the error of a call is of class and of no other one.
func (h *harness) wantError(call string, err, class error) {
	h.Helper()
	if err == nil {
		h.Errorf("%s: no error, want %q", call, class)
		return
	}
	if !errors.Is(err, class) {
		h.Errorf("%s: error %v, want %q", call, err, class)
	}
	for _, other := range classes {
		if other != class && errors.Is(err, other) {
			h.Errorf("%s: error %v is %q, want %q alone", call, err, other, class)
		}
	}
}

// get reads one record.
func (h *harness) get(t *storage.Table, key ...storage.Value) storage.Row {
	h.Helper()
	rows, err := h.storage.Get(background, []storage.Get{{Table: t, Key: key}})
	if err != nil {
		h.Fatalf("get %s%s: %v", t.TableName, t.FormatKey(key), err)
	}
	if len(rows) != 1 {
		h.Fatalf("get %s%s: %d rows for one key", t.TableName, t.FormatKey(key), len(rows))
	}
	return rows[0]
}

// wantRow checks the record's row; nil for no record.
func (h *harness) wantRow(t *storage.Table, want storage.Row, key ...storage.Value) {
	h.Helper()
	if got := h.get(t, key...); !sameRow(got, want) {
		h.Errorf("%s%s is %s, want %s", t.TableName, t.FormatKey(key), formatRow(got), formatRow(want))
	}
}

// scan reads all pages, and checks what holds for every page.
func (h *harness) scan(scan storage.Scan) []storage.Row {
	h.Helper()
	var rows []storage.Row
	const maxPages = 100_000
	for range maxPages {
		page := h.page(&scan)
		rows = append(rows, page.Rows...)
		if page.Next == nil {
			return rows
		}
		scan.After = page.Next
	}
	h.Fatalf("scan of %s: no end after %d pages", scan.Table.TableName, maxPages)
	return nil
}

func (h *harness) page(scan *storage.Scan) *storage.Page {
	h.Helper()
	page, err := h.storage.Scan(background, scan)
	if err != nil {
		h.Fatalf("scan of %s: %v", scan.Table.TableName, err)
	}
	if scan.Limit > 0 && len(page.Rows) > scan.Limit {
		h.Errorf("scan of %s: a page of %d rows for limit %d", scan.Table.TableName, len(page.Rows), scan.Limit)
	}
	return page
}

// wantScan checks rows and their order.
func (h *harness) wantScan(scan storage.Scan, want []storage.Row) {
	h.Helper()
	if got, same := h.settle(scan, want, slices.Clone); !same {
		h.Errorf("scan %s:\n got %s\nwant %s", formatScan(&scan), formatRows(got), formatRows(want))
	}
}

// wantSet checks the rows whatever their order.
func (h *harness) wantSet(scan storage.Scan, want []storage.Row) {
	h.Helper()
	if got, same := h.settle(scan, want, sorted); !same {
		h.Errorf("scan %s (in any order):\n got %s\nwant %s", formatScan(&scan), formatRows(sorted(got)), formatRows(sorted(want)))
	}
}

// settle scans until the rows are as wanted. Only a path that may lag behind
// gets a second chance.
func (h *harness) settle(scan storage.Scan, want []storage.Row, arrange func([]storage.Row) []storage.Row) (got []storage.Row, same bool) {
	h.Helper()
	const maxAttempts, pause = 200, 50 * time.Millisecond
	for range maxAttempts {
		got = h.scan(scan)
		if same = slices.EqualFunc(arrange(got), arrange(want), sameRow); same || h.linearizable(scan.Kind) {
			break
		}
		time.Sleep(pause)
	}
	return got, same
}

func (h *harness) linearizable(path storage.ScanKind) bool {
	switch path {
	case storage.IndexScan:
		return h.info.LinearizableIndexScan
	case storage.FullScan:
		return h.info.LinearizableFullScan
	default:
		return h.info.LinearizablePartitionScan
	}
}

func sorted(rows []storage.Row) []storage.Row {
	return slices.SortedFunc(slices.Values(rows), func(a, b storage.Row) int { return storage.CompareKeys(a, b) })
}

// sameRow tells a row without values from no row.
func sameRow(a, b storage.Row) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// cell is a column's name and value.
type cell struct {
	column string
	value  storage.Value
}

func is(column string, v storage.Value) cell { return cell{column, v} }

func key(values ...storage.Value) []storage.Value { return values }

// put returns an unconditional put.
func put(t *storage.Table, key []storage.Value, cells ...cell) storage.Mutation {
	m := storage.Mutation{Table: t, Op: storage.Put, Key: key}
	for _, c := range cells {
		m.Columns = append(m.Columns, t.Column(c.column))
		m.Values = append(m.Values, c.value)
	}
	return m
}

func remove(t *storage.Table, key ...storage.Value) storage.Mutation {
	return storage.Mutation{Table: t, Op: storage.Delete, Key: key}
}

func verify(t *storage.Table, key ...storage.Value) storage.Mutation {
	return storage.Mutation{Table: t, Op: storage.Check, Key: key}
}

// when returns m under a precondition.
func when(m storage.Mutation, condition storage.Precondition, where ...storage.Predicate) storage.Mutation {
	m.Condition, m.Where = condition, where
	return m
}

func predicate(t *storage.Table, column string, operator storage.Operator, v ...storage.Value) storage.Predicate {
	p := storage.Predicate{Column: t.Column(column), Operator: operator}
	if len(v) > 0 {
		p.Value = v[0]
	}
	return p
}

// row returns a row of t with NULL in the columns that are not named.
func row(t *storage.Table, cells ...cell) storage.Row {
	r := make(storage.Row, len(t.Columns))
	for i, c := range t.Columns {
		r[i] = storage.Null(c.Type)
	}
	for _, c := range cells {
		r[t.Column(c.column)] = c.value
	}
	return r
}

// putRow returns a put of all columns of r.
func putRow(t *storage.Table, r storage.Row) storage.Mutation {
	m := storage.Mutation{Table: t, Op: storage.Put, Key: t.Key(r)}
	for i, v := range r {
		if !t.InPrimaryKey(i) {
			m.Columns, m.Values = append(m.Columns, i), append(m.Values, v)
		}
	}
	return m
}

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
