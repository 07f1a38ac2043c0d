package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// The tables that every world has. The three of users have the same columns:
// p is the partition key, c the clustering key, cat is indexed.
var (
	itemTable  = storage.TableName{Namespace: "shop", Name: "item"}
	otherTable = storage.TableName{Namespace: "shop", Name: "other"}
	bankTable  = storage.TableName{Namespace: "bank", Name: "item"}
	stateTable = storage.TableName{Namespace: "coordinator", Name: "state"}
)

// columnOrder is the order in which columns are rendered, whatever the order in
// which a storage has them.
var columnOrder = func() []string {
	var names []string
	for _, c := range commit.TransactionTable(userTable(itemTable), false).Columns {
		names = append(names, c.Name)
	}
	return names
}()

var userColumns = []string{"v", "w", "cat"}

// userTable is a table as its schema defines it.
func userTable(name storage.TableName) *storage.Table {
	return &storage.Table{
		TableName: name,
		Columns: []storage.Column{
			{Name: "p", Type: storage.Int}, {Name: "c", Type: storage.Int}, {Name: "v", Type: storage.Int},
			{Name: "w", Type: storage.Text}, {Name: "cat", Type: storage.Int},
		},
		Partition: []int{0}, Clustering: []storage.ClusteringColumn{{Column: 1}}, Indexes: []int{4},
	}
}

// coordinatorDefinition is the coordinator table with the optional columns of
// group commit and write sets.
func coordinatorDefinition() *storage.Table {
	return &storage.Table{
		TableName: stateTable,
		Columns: []storage.Column{
			{Name: "tx_id", Type: storage.Text}, {Name: "tx_child_ids", Type: storage.Text}, {Name: "tx_write_set", Type: storage.Blob},
			{Name: "tx_state", Type: storage.Int}, {Name: "tx_created_at", Type: storage.BigInt},
		},
		Partition: []int{0},
	}
}

func newTables() []*storage.Table {
	tables := []*storage.Table{coordinatorDefinition()}
	for _, name := range []storage.TableName{itemTable, otherTable, bankTable} {
		tables = append(tables, commit.TransactionTable(userTable(name), false))
	}
	return tables
}

// start is the time on the clock of a new world, in milliseconds. lifetime is
// how long the records of an undecided transaction are its own (spec 7.1).
const (
	start    = 1_000_000
	lifetime = 15_000
)

// world is a storage with the tables, empty at first, and a clock that stands.
type world struct {
	t     *testing.T
	store *pooled // without faults; what a test does here nobody counts
	suite *suite
	now   *atomic.Int64 // milliseconds
	ids   *atomic.Int64
	info  *func(*storage.Info) // changes what engines are told of the storage
	page  *int                 // records in a page of a scan, 0: as the storage likes
}

// world returns a world of the test's own.
func (s *suite) world(t *testing.T) *world {
	t.Helper()
	store, err := s.backend.take()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, suite: s, now: new(atomic.Int64), ids: new(atomic.Int64), info: new(func(*storage.Info)), page: new(int)}
	w.now.Store(start)
	t.Cleanup(func() {
		if err := s.backend.giveBack(store); err != nil {
			t.Error(err)
		}
	})
	return w
}

// bubble runs a part of the test in a bubble of testing/synctest, where pauses
// between attempts cost no time. Engines used in it must be made in it.
func (w *world) bubble(test func(w *world)) {
	synctest.Test(w.t, func(t *testing.T) {
		inside := *w
		inside.t = t
		test(&inside)
	})
}

// restrict lets engines made from now on believe that a group of mutations can
// span no more than unit, and no more than most mutations if that is not 0.
func (w *world) restrict(unit storage.Atomicity, most int) {
	*w.info = func(i *storage.Info) { i.Atomicity, i.MaxMutations = unit, most }
}

// pages makes the scans of clients come in pages of n records at most.
func (w *world) pages(n int) { *w.page = n }

// create adds a table to those that every world has, or replaces one.
func (w *world) create(def *storage.Table) {
	w.t.Helper()
	admin := w.store.Admin()
	if err := admin.DropTable(context.Background(), def.TableName); err != nil {
		names, listed := admin.Tables(context.Background(), def.Namespace)
		if listed == nil && slices.Contains(names, def.Name) {
			w.t.Fatal(err)
		}
	}
	ok(w.t, create(w.store, def))
}

// drop removes a table.
func (w *world) drop(name storage.TableName) {
	w.t.Helper()
	ok(w.t, w.store.Admin().DropTable(context.Background(), name))
}

// clock is the engines' time.
func (w *world) clock() time.Time { return time.UnixMilli(w.now.Load()) }

// justNow is a time of prepare after which nobody may abort the transaction
// yet, longAgo one after which others may.
func (w *world) justNow() int64 { return w.now.Load() }
func (w *world) longAgo() int64 { return w.now.Load() - lifetime - 1 }

// meta returns the deployed definition of a table.
func (w *world) meta(name storage.TableName) *storage.Table {
	w.t.Helper()
	meta, err := w.store.Table(context.Background(), name)
	ok(w.t, err)
	return meta
}

func key(p, c int) []storage.Value {
	return []storage.Value{storage.IntValue(int32(p)), storage.IntValue(int32(c))}
}

// write stores a row as it is, whatever is there. pairs are names and values of
// columns, nil for NULL; the last one of a name counts, and columns that are not
// named are NULL.
func (w *world) write(name storage.TableName, key []storage.Value, pairs ...any) {
	w.t.Helper()
	meta := w.meta(name)
	m := storage.Mutation{Table: meta, Op: storage.Put, Key: key}
	for c, column := range meta.Columns {
		if meta.InPrimaryKey(c) {
			continue
		}
		v := storage.Null(column.Type)
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].(string) == column.Name {
				v = value(column.Type, pairs[i+1])
			}
		}
		m.Columns = append(m.Columns, c)
		m.Values = append(m.Values, v)
	}
	for i := 0; i < len(pairs); i += 2 {
		if meta.Column(pairs[i].(string)) < 0 {
			w.t.Fatalf("%s has no column %s", name, pairs[i])
		}
	}
	ok(w.t, w.store.Mutate(context.Background(), []storage.Mutation{m}))
}

// erase removes a row.
func (w *world) erase(name storage.TableName, key []storage.Value) {
	w.t.Helper()
	ok(w.t, w.store.Mutate(context.Background(), []storage.Mutation{{Table: w.meta(name), Op: storage.Delete, Key: key}}))
}

// committed stores a record that transaction T0 has committed, in its first
// version, prepared at 10 and committed at 20.
func (w *world) committed(name storage.TableName, p, c int, pairs ...any) {
	w.t.Helper()
	w.write(name, key(p, c), append([]any{"tx_id", "T0", "tx_state", commit.Committed, "tx_version", 1, "tx_prepared_at", 10, "tx_committed_at", 20}, pairs...)...)
}

// prepared stores item (p, c) as transaction owner has left it, which prepared
// it at the given time: v changes from 1 to 2, or the record is deleted, and cat
// stays 7. The version before is that of committed. pairs change any of that.
func (w *world) prepared(p, c int, state commit.State, at int64, owner string, pairs ...any) {
	w.t.Helper()
	w.preparedIn(itemTable, p, c, state, at, owner, pairs...)
}

func (w *world) preparedIn(name storage.TableName, p, c int, state commit.State, at int64, owner string, pairs ...any) {
	w.t.Helper()
	row := []any{
		"v", 2, "cat", 7, "tx_id", owner, "tx_state", state, "tx_version", 2, "tx_prepared_at", at, "tx_committed_at", 20,
		"before_v", 1, "before_cat", 7, "before_tx_id", "T0", "before_tx_state", commit.Committed, "before_tx_version", 1,
		"before_tx_prepared_at", 10, "before_tx_committed_at", 20,
	}
	if state == commit.Deleted {
		row = append(row, "v", 1)
	}
	w.write(name, key(p, c), append(row, pairs...)...)
}

// preparedInsert stores item (p, c) as transaction owner has left it, which
// inserts it: there is no version before.
func (w *world) preparedInsert(p, c int, at int64, owner string, pairs ...any) {
	w.t.Helper()
	w.write(itemTable, key(p, c), append([]any{"v", 2, "cat", 7, "tx_id", owner, "tx_state", commit.Prepared, "tx_version", 1, "tx_prepared_at", at}, pairs...)...)
}

// What becomes of the record that prepared stores, as row renders it.
const (
	rolledBack = "v=1 cat=7 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20"
	absent     = "absent"
)

// rolledForward is the other outcome.
func rolledForward(owner string, preparedAt, committedAt int64) string {
	return fmt.Sprintf("v=2 cat=7 tx_id=%s tx_state=3 tx_version=2 tx_prepared_at=%d tx_committed_at=%d", owner, preparedAt, committedAt)
}

// row renders a stored row, or absent: the key is left out, and so is NULL.
func (w *world) row(name storage.TableName, p, c int) string {
	w.t.Helper()
	return w.rowAt(name, key(p, c))
}

// item renders the stored item (p, c).
func (w *world) item(p, c int) string {
	w.t.Helper()
	return w.row(itemTable, p, c)
}

func (w *world) rowAt(name storage.TableName, key []storage.Value) string {
	w.t.Helper()
	meta := w.meta(name)
	row := w.values(meta, key)
	if row == nil {
		return absent
	}
	columns := columnOrder
	for _, c := range meta.Columns {
		if !slices.Contains(columns, c.Name) {
			columns = append(slices.Clip(columns), c.Name)
		}
	}
	return render(meta, row, columns)
}

func (w *world) values(meta *storage.Table, key []storage.Value) storage.Row {
	w.t.Helper()
	rows, err := w.store.Get(context.Background(), []storage.Get{{Table: meta, Key: key}})
	ok(w.t, err)
	return rows[0]
}

// coordinatorRow stores a row of the coordinator table.
func (w *world) coordinatorRow(id string, pairs ...any) {
	w.t.Helper()
	w.write(stateTable, []storage.Value{storage.TextValue(id)}, pairs...)
}

// coordinator renders the row of a transaction or group without its write set.
func (w *world) coordinator(id string) string {
	w.t.Helper()
	meta := w.meta(stateTable)
	row := w.values(meta, []storage.Value{storage.TextValue(id)})
	if row == nil {
		return absent
	}
	return render(meta, row, []string{"tx_child_ids", "tx_state", "tx_created_at"})
}

// coordinatorValues returns the row by column, nil if there is none.
func (w *world) coordinatorValues(id string) map[string]storage.Value {
	w.t.Helper()
	values, err := w.readCoordinator(id)
	ok(w.t, err)
	return values
}

// readCoordinator is coordinatorValues for goroutines that must not end the test.
func (w *world) readCoordinator(id string) (map[string]storage.Value, error) {
	ctx := context.Background()
	meta, err := w.store.Table(ctx, stateTable)
	if err != nil {
		return nil, err
	}
	rows, err := w.store.Get(ctx, []storage.Get{{Table: meta, Key: []storage.Value{storage.TextValue(id)}}})
	if err != nil || rows[0] == nil {
		return nil, err
	}
	values := map[string]storage.Value{}
	for i, c := range meta.Columns {
		values[c.Name] = rows[0][i]
	}
	return values, nil
}

// decisions returns the ids of all coordinator rows, in order.
func (w *world) decisions() string {
	w.t.Helper()
	var ids []string
	scan := &storage.Scan{Table: w.meta(stateTable), Kind: storage.FullScan}
	for {
		page, err := w.store.Scan(context.Background(), scan)
		ok(w.t, err)
		for _, row := range page.Rows {
			ids = append(ids, row[scan.Table.Column("tx_id")].Text())
		}
		if page.Next == nil {
			slices.Sort(ids)
			return strings.Join(ids, " ")
		}
		scan.After = page.Next
	}
}

// render gives the columns that are there and not NULL, without the key.
func render(meta *storage.Table, row storage.Row, columns []string) string {
	var parts []string
	for _, name := range columns {
		if i := meta.Column(name); i >= 0 && !meta.InPrimaryKey(i) && !row[i].IsNull() {
			parts = append(parts, fmt.Sprintf("%s=%s", name, strings.Trim(row[i].String(), `"`)))
		}
	}
	return strings.Join(parts, " ")
}

func value(typ storage.Type, v any) storage.Value {
	switch v := v.(type) {
	case nil:
		return storage.Null(typ)
	case storage.Value:
		return v
	case int:
		return value(typ, int64(v))
	case int64:
		if typ == storage.BigInt {
			return storage.BigIntValue(v)
		}
		return storage.IntValue(int32(v))
	case commit.State:
		return storage.IntValue(int32(v))
	case string:
		return storage.TextValue(v)
	case []byte:
		return storage.BlobValue(v)
	default:
		panic(fmt.Sprintf("no value of %T", v))
	}
}

// contains reports whether a list with commas has the name.
func contains(list, name string) bool { return slices.Contains(strings.Split(list, ","), name) }
