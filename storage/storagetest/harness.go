package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	running    []storage.Transaction
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
	h.endTransactions()
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
