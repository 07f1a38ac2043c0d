package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// The tables of the tests. item has every shape the engine distinguishes: a
// partition of several records, a nullable column, an indexed one.
var (
	itemName  = storage.TableName{Namespace: "shop", Name: "item"}
	acctName  = storage.TableName{Namespace: "bank", Name: "acct"}
	stateName = storage.TableName{Namespace: "coordinator", Name: "state"}
)

func itemDefinition() *storage.Table {
	return &storage.Table{
		TableName: itemName,
		Columns: []storage.Column{
			{Name: "p", Type: storage.Int}, {Name: "c", Type: storage.Int}, {Name: "v", Type: storage.Int},
			{Name: "w", Type: storage.Text}, {Name: "cat", Type: storage.Int},
		},
		Partition: []int{0}, Clustering: []storage.ClusteringColumn{{Column: 1}}, Indexes: []int{4},
	}
}

func acctDefinition() *storage.Table {
	return &storage.Table{
		TableName: acctName,
		Columns:   []storage.Column{{Name: "id", Type: storage.Text}, {Name: "bal", Type: storage.Int}},
		Partition: []int{0},
	}
}

// Positions in item.
const (
	colP = iota
	colC
	colV
	colW
	colCat
)

// world is one storage with the tables of the tests and a clock.
type world struct {
	t     testing.TB
	store *memory.Storage
	now   atomic.Int64 // milliseconds; 0: the real clock
	ids   atomic.Int64
}

func newWorld(t testing.TB, options ...memory.Option) *world {
	t.Helper()
	w := &world{t: t, store: memory.New(options...)}
	w.now.Store(1_000_000)
	w.create(TransactionTable(itemDefinition(), false))
	w.create(TransactionTable(acctDefinition(), false))
	w.create(CoordinatorTable("coordinator", false, false))
	return w
}

func (w *world) create(def *storage.Table) {
	w.t.Helper()
	ctx := context.Background()
	if err := w.store.CreateNamespace(ctx, def.Namespace, nil); err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.CreateTable(ctx, def, nil); err != nil {
		w.t.Fatal(err)
	}
}

// clock is the engine's time: that of the world, or of the synctest bubble.
func (w *world) clock() time.Time {
	if ms := w.now.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Now()
}

// engine returns an engine whose storage calls go through around, nil for none.
func (w *world) engine(around aroundFunc, configure ...func(*Options)) *Engine {
	w.t.Helper()
	o := Options{Now: w.clock, MetadataTTL: -1, NewID: func() string { return fmt.Sprintf("tx-%d", w.ids.Add(1)) }}
	for _, set := range configure {
		set(&o)
	}
	var s storage.Storage = w.store
	if around != nil {
		s = faulty.Wrap(w.store, around.script)
	}
	e := New(s, o)
	w.t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return e
}

// aroundFunc runs a storage call with send, or does something else instead.
type aroundFunc func(ctx context.Context, c faulty.Call, send func(context.Context) error) error

// script is the faulty.Script that runs around for every call.
func (around aroundFunc) script(c faulty.Call) faulty.Action {
	return func(ctx context.Context, x *faulty.Exchange) error { return around(ctx, c, x.Send) }
}

// describe names a call by its part in the protocol and its records, the same
// in every run.
func describe(c faulty.Call) string {
	name := phase(c)
	for _, g := range c.Gets {
		name += " " + g.Table.Name + g.Table.FormatKey(g.Key)
	}
	for _, m := range c.Mutations {
		name += " " + m.Table.Name + m.Table.FormatKey(m.Key)
	}
	if c.Scan != nil {
		name += fmt.Sprint(" ", c.Scan.Table.Name, c.Scan.Kind, c.Scan.Partition, c.Scan.Index, c.Scan.After)
	}
	return name
}

// phase names a call by its part in the protocol.
func phase(c faulty.Call) string {
	onCoordinator := c.Concerns(stateName.Namespace, stateName.Name)
	switch {
	case c.Op == faulty.Get && onCoordinator:
		return "read decision"
	case c.Op == faulty.Get:
		return "get"
	case c.Op == faulty.Scan:
		return "scan"
	case (c.Op == faulty.Mutate || c.Op == faulty.MutateBatch) && onCoordinator:
		return "decide"
	case c.Op != faulty.Mutate:
		return string(c.Op)
	}
	m := c.Mutations[0]
	writes := func(column string) bool { return slices.Contains(m.Columns, m.Table.Column(column)) }
	switch {
	case m.Condition == storage.IfNotExists, !slices.ContainsFunc(m.Where, func(p storage.Predicate) bool {
		return p.Column == m.Table.Column("tx_state") && p.Value != value(storage.Int, Committed)
	}):
		return "prepare"
	case m.Op == storage.Put && writes("tx_id"):
		return "roll back"
	default:
		return "finish"
	}
}

// counter is an aroundFunc that counts calls by phase.
type counter struct {
	mu     sync.Mutex
	phases map[string]int
}

func (n *counter) around(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
	if c.Op != faulty.Table {
		n.mu.Lock()
		if n.phases == nil {
			n.phases = map[string]int{}
		}
		n.phases[phase(c)]++
		n.mu.Unlock()
	}
	return send(ctx)
}

func (n *counter) take() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	phases := n.phases
	n.phases = nil
	if phases == nil {
		phases = map[string]int{}
	}
	return phases
}

func intValue(n int) storage.Value { return storage.IntValue(int32(n)) }

// must returns the table of the engine.
func (e *Engine) must(t testing.TB, name storage.TableName) *Table {
	t.Helper()
	table, err := e.Table(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// item returns the reference of a record of item.
func item(t testing.TB, e *Engine, p, c int) Ref {
	t.Helper()
	return Ref{Table: e.must(t, itemName), Key: []storage.Value{intValue(p), intValue(c)}}
}

func acct(t testing.TB, e *Engine, id string) Ref {
	t.Helper()
	return Ref{Table: e.must(t, acctName), Key: []storage.Value{storage.TextValue(id)}}
}

// set returns changes of the named columns: nil is NULL.
func set(t *Table, pairs ...any) Changes {
	var c Changes
	for i := 0; i < len(pairs); i += 2 {
		column := t.meta.Column(pairs[i].(string))
		c.Columns = append(c.Columns, column)
		c.Values = append(c.Values, value(t.meta.Columns[column].Type, pairs[i+1]))
	}
	return c
}

func value(typ storage.Type, v any) storage.Value {
	switch v := v.(type) {
	case nil:
		return storage.Null(typ)
	case int:
		if typ == storage.BigInt {
			return storage.BigIntValue(int64(v))
		}
		return intValue(v)
	case State:
		return intValue(int(v))
	case string:
		return storage.TextValue(v)
	default:
		panic(fmt.Sprintf("no value of %T", v))
	}
}

// where returns a predicate on a named column; a nil value is IS NULL.
func where(t *Table, column string, op storage.Operator, v any) storage.Predicate {
	c := t.meta.Column(column)
	if v == nil {
		return storage.Predicate{Column: c, Operator: op}
	}
	return storage.Predicate{Column: c, Operator: op, Value: value(t.meta.Columns[c].Type, v)}
}

// write stores a row as it is, whatever is there: columns that are not named
// are NULL.
func (w *world) write(name storage.TableName, key []storage.Value, pairs ...any) {
	w.t.Helper()
	ctx := context.Background()
	meta, err := w.store.Table(ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	m := storage.Mutation{Table: meta, Op: storage.Put, Key: key}
	for c, column := range meta.Columns {
		if meta.InPrimaryKey(c) {
			continue
		}
		m.Columns = append(m.Columns, c)
		v := storage.Null(column.Type)
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].(string) == column.Name {
				v = value(column.Type, pairs[i+1])
			}
		}
		m.Values = append(m.Values, v)
	}
	if err := w.store.Mutate(ctx, []storage.Mutation{m}); err != nil {
		w.t.Fatal(err)
	}
}

// committed stores a committed record with the given user columns.
func (w *world) committed(name storage.TableName, key []storage.Value, txID string, pairs ...any) {
	w.t.Helper()
	w.write(name, key, append(pairs, "tx_id", txID, "tx_state", Committed, "tx_version", 1, "tx_prepared_at", 10, "tx_committed_at", 20)...)
}

func (w *world) item(p, c int, txID string, pairs ...any) {
	w.t.Helper()
	w.committed(itemName, []storage.Value{intValue(p), intValue(c)}, txID, pairs...)
}

func (w *world) decide(id string, state State, at int) {
	w.t.Helper()
	w.write(stateName, []storage.Value{storage.TextValue(id)}, "tx_state", state, "tx_created_at", at)
}

// stored renders a stored row: the key is left out, NULLs too.
func (w *world) stored(name storage.TableName, key ...storage.Value) string {
	w.t.Helper()
	ctx := context.Background()
	meta, err := w.store.Table(ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := w.store.Get(ctx, []storage.Get{{Table: meta, Key: key}})
	if err != nil {
		w.t.Fatal(err)
	}
	return render(meta, rows[0])
}

func (w *world) storedItem(p, c int) string {
	w.t.Helper()
	return w.stored(itemName, intValue(p), intValue(c))
}

func render(meta *storage.Table, row storage.Row) string {
	if row == nil {
		return "absent"
	}
	var parts []string
	for i, v := range row {
		if !meta.InPrimaryKey(i) && !v.IsNull() {
			parts = append(parts, fmt.Sprintf("%s=%s", meta.Columns[i].Name, strings.Trim(v.String(), `"`)))
		}
	}
	return strings.Join(parts, " ")
}

// user renders the columns of the schema of a row that the engine returned.
func user(t *Table, row storage.Row) string {
	if row == nil {
		return "absent"
	}
	var parts []string
	for _, c := range t.user {
		if !row[c].IsNull() {
			parts = append(parts, fmt.Sprintf("%s=%s", t.meta.Columns[c].Name, strings.Trim(row[c].String(), `"`)))
		}
	}
	return strings.Join(parts, " ")
}

// begin starts a transaction or ends the test.
func begin(t testing.TB, e *Engine, isolation Isolation, options ...func(*BeginOptions)) *Tx {
	t.Helper()
	o := BeginOptions{Isolation: isolation}
	for _, set := range options {
		set(&o)
	}
	tx, err := e.Begin(o)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func withID(id string) func(*BeginOptions) { return func(o *BeginOptions) { o.ID = id } }

func readOnly(o *BeginOptions) { o.ReadOnly = true }

// get reads one record and renders it, or its error.
func get(t testing.TB, tx *Tx, ref Ref) string {
	t.Helper()
	rows, err := tx.Get(context.Background(), ref)
	if err != nil {
		return outcome(err)
	}
	return user(ref.Table, rows[0])
}

// keysOf runs a scan and renders the clustering keys that it returns.
func keysOf(tx *Tx, scan Scan) string {
	var keys []string
	for row, err := range tx.Scan(context.Background(), scan) {
		if err != nil {
			keys = append(keys, outcome(err))
			break
		}
		keys = append(keys, fmt.Sprint(row[colC].Int64()))
	}
	return strings.Join(keys, " ")
}

func partition(t *Table, p int) Scan {
	return Scan{Table: t, Kind: storage.PartitionScan, Partition: []storage.Value{intValue(p)}}
}

// outcome names the kind of an error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrUncommittedRecord):
		return "uncommitted"
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrUnknownStatus):
		return "unknown"
	case errors.Is(err, ErrAlreadyExists):
		return "exists"
	case errors.Is(err, ErrCondition):
		return "condition"
	case errors.Is(err, ErrClosed):
		return "closed"
	case errors.Is(err, ErrInvalid):
		return "invalid"
	case errors.Is(err, ErrStorage):
		return "storage"
	default:
		return "unnamed error: " + err.Error()
	}
}

var isolations = []Isolation{Snapshot, Serializable, ReadCommitted}

// ok ends the test if err is not nil.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want compares two renderings.
func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}
