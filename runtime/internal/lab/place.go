package lab

import (
	"context"
	"fmt"
	"sync"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

const coordinatorNamespace = "coordinator"

// The two tables: items, whose key is p and c and whose cat is indexed, and
// decisions.
var (
	itemName = storage.TableName{Namespace: "lab", Name: "item"}
	rowName  = storage.TableName{Namespace: coordinatorNamespace, Name: "state"}
)

func definitions() []*storage.Table {
	item := &storage.Table{
		TableName: itemName,
		Columns: []storage.Column{
			{Name: "p", Type: storage.Int}, {Name: "c", Type: storage.Int}, {Name: "v", Type: storage.Int}, {Name: "cat", Type: storage.Int},
		},
		Partition: []int{0}, Clustering: []storage.ClusteringColumn{{Column: 1}}, Indexes: []int{3},
	}
	return []*storage.Table{commit.TransactionTable(item, false), commit.CoordinatorTable(coordinatorNamespace, true, true)}
}

// columns are the positions of the items' columns, and of those of the
// coordinator table. after are those that have a before image, which is at the
// same index of before.
var columns = func() (at struct {
	p, c, v, cat                                int
	id, state, version, preparedAt, committedAt int
	after, before                               []int
	decision, createdAt, children               int
}) {
	tables := definitions()
	item, row := tables[0], tables[1]
	at.p, at.c, at.v, at.cat = item.Column("p"), item.Column("c"), item.Column("v"), item.Column("cat")
	at.id, at.state, at.version = item.Column("tx_id"), item.Column("tx_state"), item.Column("tx_version")
	at.preparedAt, at.committedAt = item.Column("tx_prepared_at"), item.Column("tx_committed_at")
	at.after = []int{at.id, at.state, at.version, at.preparedAt, at.committedAt, at.v, at.cat}
	for _, c := range at.after {
		at.before = append(at.before, item.Column("before_"+item.Columns[c].Name))
	}
	at.decision, at.createdAt, at.children = row.Column("tx_state"), row.Column("tx_created_at"), row.Column("tx_child_ids")
	return at
}()

const (
	statePrepared  = int64(commit.Prepared)
	stateDeleted   = int64(commit.Deleted)
	stateCommitted = int64(commit.Committed)
	stateAborted   = int64(commit.Aborted)
)

// place is where the executions of a scenario run, one after the other: a
// storage, and the names of its records.
type place struct {
	memory *memory.Storage
	store  storage.Storage // memory, or a wrapper of the scenario's
	defs   map[storage.TableName]*storage.Table

	mu           sync.Mutex // guards what follows
	items        map[Key]*recordName
	transactions map[string]*recordName
}

// recordName is what a record is called in traces, and its bit in footprints.
type recordName struct {
	name string
	bit  uint64
}

func newPlace(s *Scenario) *place {
	p := &place{
		memory: memory.New(s.Storage...), defs: map[storage.TableName]*storage.Table{},
		items: map[Key]*recordName{}, transactions: map[string]*recordName{},
	}
	p.store = p.memory
	if s.Wrap != nil {
		p.store = s.Wrap(p.memory)
	}
	for _, def := range definitions() {
		must(p.memory.CreateNamespace(ctxNone, def.Namespace, nil))
		must(p.memory.CreateTable(ctxNone, def, nil))
		deployed, err := p.memory.Table(ctxNone, def.TableName)
		must(err)
		p.defs[def.TableName] = deployed
	}
	return p
}

// clear makes room for the next execution.
func (p *place) clear() {
	for name := range p.defs {
		must(p.memory.TruncateTable(ctxNone, name))
	}
}

func (p *place) item() *storage.Table { return p.defs[itemName] }
func (p *place) row() *storage.Table  { return p.defs[rowName] }

// record names a record. The names of an execution have the bits that they had in
// the ones before.
func (p *place) record(t *storage.Table, key []storage.Value) *recordName {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.Namespace == coordinatorNamespace {
		return named(p.transactions, key[0].Text(), 32, t, key)
	}
	return named(p.items, keyOf(key), 0, t, key)
}

func named[K comparable](names map[K]*recordName, k K, from int, t *storage.Table, key []storage.Value) *recordName {
	rec := names[k]
	if rec == nil {
		rec = &recordName{name: t.Name + t.FormatKey(key), bit: 1 << (from + len(names)%32)}
		names[k] = rec
	}
	return rec
}

// rows returns the stored items.
func (p *place) rows() []storage.Row {
	page, err := p.memory.Scan(ctxNone, &storage.Scan{Table: p.item(), Kind: storage.FullScan})
	must(err)
	if page.Next != nil {
		panic("a scenario of thousands of items")
	}
	return page.Rows
}

// stored returns an item as it is stored, nil for none.
func (p *place) stored(key []storage.Value) storage.Row {
	rows, err := p.memory.Get(ctxNone, []storage.Get{{Table: p.item(), Key: key}})
	must(err)
	return rows[0]
}

func keyOf(key []storage.Value) Key { return Key{int(key[0].Int64()), int(key[1].Int64())} }

func (k Key) values() []storage.Value {
	return []storage.Value{storage.IntValue(int32(k.P)), storage.IntValue(int32(k.C))}
}

func (k Key) String() string { return fmt.Sprintf("%d/%d", k.P, k.C) }

// must is for what cannot fail: a storage in memory that nobody holds back.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

var ctxNone = context.Background()
