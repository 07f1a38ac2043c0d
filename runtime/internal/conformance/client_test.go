package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// client is an engine on the storage of a world, as a process of its own has,
// with a log of what it sends.
type client struct {
	*commit.Engine
	w *world

	mu    sync.Mutex
	calls []string // phases, in the order in which they began
	began []*commit.Tx
}

// around is called for every storage call of a client with its phase. It runs
// the call with send, or does something else instead.
type around func(ctx context.Context, phase string, c faulty.Call, send func(context.Context) error) error

// client returns a new client. The variant's options are set before configure.
func (w *world) client(configure ...func(*commit.Options)) *client {
	w.t.Helper()
	return w.clientWith(nil, configure...)
}

// clientWith returns a new client whose storage calls go through a, nil for
// none.
func (w *world) clientWith(a around, configure ...func(*commit.Options)) *client {
	w.t.Helper()
	// The checklist has the requests of ScalarDB, which reads what it replaces. That
	// a version that the storage keeps is the same is tested beside the engine.
	o := commit.Options{PreReads: true, Now: w.clock, MetadataTTL: -1, NewID: func() string { return fmt.Sprint("tx-", w.ids.Add(1)) }}
	w.suite.variant.engine(&o)
	for _, set := range configure {
		set(&o)
	}
	c := &client{w: w}
	c.Engine = commit.New(w.link(c, a), o)
	w.t.Cleanup(c.drain)
	return c
}

// link returns the storage as a client reaches it.
func (w *world) link(log *client, a around) storage.Storage {
	return described{faulty.Wrap(w.store, func(call faulty.Call) faulty.Action {
		phase := w.phaseOf(call)
		if phase == "" {
			return nil
		}
		log.mu.Lock()
		log.calls = append(log.calls, phase)
		log.mu.Unlock()
		if a == nil {
			return nil
		}
		return func(ctx context.Context, x *faulty.Exchange) error { return a(ctx, phase, call, x.Send) }
	}), w}
}

// described is a storage with what the world says of it, which stays open.
type described struct {
	*faulty.Storage
	w *world
}

func (d described) Info(namespace string) storage.Info {
	info := d.Storage.Info(namespace)
	if change := *d.w.info; change != nil {
		change(&info)
	}
	return info
}

// Scan reads a page, a short one if the world says so.
func (d described) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	page := *scan
	if n := *d.w.page; n > 0 && (page.Limit == 0 || page.Limit > n) {
		page.Limit = n
	}
	return d.Storage.Scan(ctx, &page)
}

func (d described) Close() error { return nil }

// drain rolls back the transactions of the client that have not ended, for which
// a group commit would wait, and waits for what it does in the background.
func (c *client) drain() {
	c.w.t.Helper()
	c.mu.Lock()
	began := c.began
	c.mu.Unlock()
	for _, tx := range began {
		tx.Rollback()
	}
	ok(c.w.t, c.Close(context.Background()))
}

// sent returns the phases of all calls since the last time, in order.
func (c *client) sent() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return strings.Join(calls, ", ")
}

// sentOf is sent for one phase: how often it occurred.
func (c *client) sentOf(phase string) int {
	n := 0
	for p := range strings.SplitSeq(c.sent(), ", ") {
		if p == phase {
			n++
		}
	}
	return n
}

// table returns a table of the client.
func (c *client) table(name storage.TableName) *commit.Table {
	c.w.t.Helper()
	table, err := c.Table(context.Background(), name)
	ok(c.w.t, err)
	return table
}

// item returns the reference of a record of itemTable, in that of any table.
func (c *client) item(p, cc int) commit.Ref {
	c.w.t.Helper()
	return c.in(itemTable, p, cc)
}

func (c *client) in(name storage.TableName, p, cc int) commit.Ref {
	c.w.t.Helper()
	return commit.Ref{Table: c.table(name), Key: key(p, cc)}
}

// tx is a transaction of a client.
type tx struct {
	*commit.Tx
	c *client
}

// begin starts a transaction, SNAPSHOT and read-write unless options say else.
func (c *client) begin(options ...func(*commit.BeginOptions)) *tx {
	c.w.t.Helper()
	var o commit.BeginOptions
	for _, set := range options {
		set(&o)
	}
	began, err := c.Begin(o)
	ok(c.w.t, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = append(c.began, began)
	return &tx{began, c}
}

func isolation(level commit.Isolation) func(*commit.BeginOptions) {
	return func(o *commit.BeginOptions) { o.Isolation = level }
}

func withID(id string) func(*commit.BeginOptions) { return func(o *commit.BeginOptions) { o.ID = id } }

func readOnly(o *commit.BeginOptions) { o.ReadOnly = true }

// The operations take a reference and, for writes, names and values of columns.
// They return what [outcome] says.

func (x *tx) insert(ref commit.Ref, pairs ...any) string {
	return outcome(x.Insert(x.c.w.t.Context(), ref, set(ref.Table, pairs...)))
}

func (x *tx) upsert(ref commit.Ref, pairs ...any) string {
	return outcome(x.Upsert(x.c.w.t.Context(), ref, set(ref.Table, pairs...)))
}

func (x *tx) update(ref commit.Ref, pairs ...any) string {
	return outcome(x.Update(x.c.w.t.Context(), ref, set(ref.Table, pairs...), nil))
}

func (x *tx) updateIf(ref commit.Ref, condition []storage.Predicate, pairs ...any) string {
	return outcome(x.Update(x.c.w.t.Context(), ref, set(ref.Table, pairs...), condition))
}

func (x *tx) delete(ref commit.Ref) string { return outcome(x.Delete(x.c.w.t.Context(), ref, nil)) }

func (x *tx) deleteIf(ref commit.Ref, condition ...storage.Predicate) string {
	return outcome(x.Delete(x.c.w.t.Context(), ref, condition))
}

// rollback ends the transaction without effect.
func (x *tx) rollback() { x.Rollback() }

func (x *tx) commit() string { return outcome(x.Commit(x.c.w.t.Context())) }

// get reads a record by its key and renders the columns of its schema without
// the key, as in "v=1 cat=7"; absent, or what outcome says of an error.
func (x *tx) get(ref commit.Ref) string {
	rows, err := x.Get(x.c.w.t.Context(), ref)
	if err != nil {
		return outcome(err)
	}
	return user(ref.Table, rows[0])
}

// read reads a record by the given access as get does. byIndex finds it if its
// cat is 7, byFirst if it is the first of its partition.
func (x *tx) read(ref commit.Ref, by access) string {
	switch by {
	case byGet:
		return x.get(ref)
	case byScan:
		return x.find(ref, scanOf(ref.Table, int(ref.Key[0].Int64())), false)
	case byFirst:
		return x.find(ref, scanOf(ref.Table, int(ref.Key[0].Int64())), true)
	case byTable:
		return x.find(ref, wholeTable(ref.Table), false)
	default:
		return x.find(ref, byCat(ref.Table, 7), false)
	}
}

func (x *tx) find(ref commit.Ref, scan commit.Scan, stop bool) string {
	found := absent
	for row, err := range x.Scan(x.c.w.t.Context(), scan) {
		if err != nil {
			return outcome(err)
		}
		if storage.CompareKeys(ref.Table.Meta().Key(row), ref.Key) == 0 {
			found = user(ref.Table, row)
		}
		if stop {
			break
		}
	}
	return found
}

// keys runs a scan and returns the clustering keys, those of an unordered scan
// sorted, as in "1 2 3". An error comes last, as outcome names it.
func (x *tx) keys(scan commit.Scan) string {
	return x.firstKeys(scan, 0)
}

// firstKeys is keys of a scan that the caller stops after n records.
func (x *tx) firstKeys(scan commit.Scan, n int) string {
	return x.scan(scan, n, func(row storage.Row) string { return clusteringKey(scan.Table, row) })
}

// rows runs a scan and renders the records, as in "1: v=1 cat=7; 2: v=2;".
func (x *tx) rows(scan commit.Scan) string {
	return x.scan(scan, 0, func(row storage.Row) string {
		return clusteringKey(scan.Table, row) + ": " + user(scan.Table, row) + ";"
	})
}

func clusteringKey(t *commit.Table, row storage.Row) string {
	return fmt.Sprint(row[t.Meta().Column("c")].Int64())
}

func (x *tx) scan(scan commit.Scan, n int, show func(storage.Row) string) string {
	var shown []string
	failure := ""
	for row, err := range x.Scan(x.c.w.t.Context(), scan) {
		if err != nil {
			failure = outcome(err)
			break
		}
		shown = append(shown, show(row))
		if len(shown) == n {
			break
		}
	}
	if scan.Kind != storage.PartitionScan {
		slices.Sort(shown)
	}
	if failure != "" {
		shown = append(shown, failure)
	}
	return strings.Join(shown, " ")
}

// scanOf is the scan of a partition.
func scanOf(t *commit.Table, p int) commit.Scan {
	return commit.Scan{Table: t, Kind: storage.PartitionScan, Partition: []storage.Value{storage.IntValue(int32(p))}}
}

// rangeOf is the scan of a partition from one clustering key to another, both
// included.
func rangeOf(t *commit.Table, p, from, to int) commit.Scan {
	scan := scanOf(t, p)
	scan.Start = storage.Bound{Values: []storage.Value{storage.IntValue(int32(from))}, Inclusive: true}
	scan.End = storage.Bound{Values: []storage.Value{storage.IntValue(int32(to))}, Inclusive: true}
	return scan
}

func wholeTable(t *commit.Table) commit.Scan { return commit.Scan{Table: t, Kind: storage.FullScan} }

func byCat(t *commit.Table, cat int) commit.Scan {
	return commit.Scan{Table: t, Kind: storage.IndexScan, Index: t.Meta().Column("cat"), IndexValue: storage.IntValue(int32(cat))}
}

// limited and filtered change a scan.
func limited(scan commit.Scan, n int) commit.Scan {
	scan.Limit = n
	return scan
}

func filtered(scan commit.Scan, all ...storage.Predicate) commit.Scan {
	scan.Where = append(slices.Clone(scan.Where), all)
	return scan
}

// where is a predicate on a named column; a nil value is IS NULL.
func where(t *commit.Table, column string, op storage.Operator, v any) storage.Predicate {
	c := t.Meta().Column(column)
	if v == nil {
		return storage.Predicate{Column: c, Operator: storage.IsNull}
	}
	return storage.Predicate{Column: c, Operator: op, Value: value(t.Meta().Columns[c].Type, v)}
}

// set returns changes of the named columns; nil is NULL.
func set(t *commit.Table, pairs ...any) commit.Changes {
	var changes commit.Changes
	for i := 0; i < len(pairs); i += 2 {
		c := t.Meta().Column(pairs[i].(string))
		changes.Columns = append(changes.Columns, c)
		changes.Values = append(changes.Values, value(t.Meta().Columns[c].Type, pairs[i+1]))
	}
	return changes
}

// user renders the columns of the schema of a row without the key.
func user(t *commit.Table, row storage.Row) string {
	if row == nil {
		return absent
	}
	return render(t.Meta(), row, userColumns)
}

// other runs one transaction of another client to its end. It must commit.
func (w *world) other(run func(c *client, x *tx)) {
	w.t.Helper()
	c := w.client()
	x := c.begin()
	run(c, x)
	want(w.t, "the other's commit", x.commit(), "ok")
	c.drain()
}

// Changes that another transaction commits to a record of itemTable.

func (w *world) otherUpdates(p, c int, pairs ...any) {
	w.t.Helper()
	w.other(func(e *client, x *tx) { want(w.t, "the other's update", x.update(e.item(p, c), pairs...), "ok") })
}

func (w *world) otherInserts(p, c int, pairs ...any) {
	w.t.Helper()
	w.other(func(e *client, x *tx) { want(w.t, "the other's insert", x.insert(e.item(p, c), pairs...), "ok") })
}

func (w *world) otherDeletes(p, c int) {
	w.t.Helper()
	w.other(func(e *client, x *tx) { want(w.t, "the other's delete", x.delete(e.item(p, c)), "ok") })
}

// outcome names the kind of an error.
func outcome(err error) string {
	for _, kind := range []struct {
		err  error
		name string
	}{
		{commit.ErrUncommittedRecord, "uncommitted"}, {commit.ErrConflict, "conflict"}, {commit.ErrUnknownStatus, "unknown"},
		{commit.ErrAlreadyExists, "exists"}, {commit.ErrCondition, "condition"}, {commit.ErrClosed, "closed"},
		{commit.ErrInvalid, "invalid"}, {scalar.ErrNotFound, "not found"}, {scalar.ErrTransactionNotFound, "no transaction"}, {commit.ErrStorage, "storage"},
	} {
		if errors.Is(err, kind.err) {
			return kind.name
		}
	}
	if err == nil {
		return "ok"
	}
	return "unnamed error: " + err.Error()
}

// codeOf returns ScalarDB's code on an error, "" if it has none.
func codeOf(err error) string {
	var inner *commit.Error
	var outer *scalar.Error
	switch {
	case errors.As(err, &inner):
		return inner.Code
	case errors.As(err, &outer):
		return outer.Code
	}
	return ""
}

// down is the failure of a storage that was not reached; lost that of a request
// which may or may not have been served.
func down() error { return &storage.Error{Op: "call", Err: errors.New("down")} }

func lost() error {
	return &storage.Error{Op: "call", Class: storage.ErrUnknown, Err: errors.New("lost")}
}

// ok ends the test if err is not nil.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want compares, and counts that the item has compared something.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	runs.checked(t)
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}
