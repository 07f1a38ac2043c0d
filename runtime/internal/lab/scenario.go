package lab

import (
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// Scenario is what the explorer takes apart: clients, what they find, and what
// may go wrong.
type Scenario struct {
	Name      string
	Isolation commit.Isolation // of all transactions, and what the oracle demands
	Records   []Record         // stored at the start
	Clients   []Actor
	Faults    Faults
	Engine    commit.Options // of all clients, as far as the lab does not set it
	Storage   []memory.Option
	// Reach names what some execution must do, for example that both commit: an
	// explorer that finds nothing wrong may be looking at nothing.
	Reach map[string]func(r *Outcome) bool
}

// Actor is a client.
type Actor struct {
	Name    string // one letter, which begins its transactions' ids
	Run     func(c *Client)
	Process string          // whose engine it uses; "" for one of its own
	Engine  *commit.Options // of its process, nil for the scenario's
}

// Key is the key of an item: a partition and a place in it.
type Key struct{ P, C int }

// Record is an item that is there at the start. V is its value and Cat, which is
// indexed, another one.
type Record struct {
	Key
	V, Cat int
	// Imported: without the columns of a transaction.
	Imported bool
	// Prepared by a transaction that has crashed, long ago if Expired is set, and
	// decided as Decision says, 0 for not at all. Before is the value that it had.
	Prepared commit.State
	Expired  bool
	Decision commit.State
	Before   *int
}

const coordinatorNamespace = "coordinator"

// The one table of users: p and c are the key, cat is indexed.
var itemName = storage.TableName{Namespace: "lab", Name: "item"}

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

func (k Key) values() []storage.Value {
	return []storage.Value{storage.IntValue(int32(k.P)), storage.IntValue(int32(k.C))}
}

// theirs is the id of the transaction that left a record of the start prepared,
// and initial that of the one that wrote the others.
const (
	theirs  = "theirs"
	initial = "initial"
)

// store puts the record into the storage of an execution.
func (rec *Record) store(r *run) {
	def := r.defs[itemName]
	m := storage.Mutation{Table: def, Op: storage.Put, Key: rec.values()}
	put := func(column string, v storage.Value) {
		m.Columns = append(m.Columns, def.Column(column))
		m.Values = append(m.Values, v)
	}
	number := func(n int) storage.Value { return storage.IntValue(int32(n)) }
	put("v", number(rec.V))
	put("cat", number(rec.Cat))
	now := r.now()
	switch {
	case rec.Imported:
	case rec.Prepared == 0:
		put("tx_id", storage.TextValue(initial))
		put("tx_state", number(int(commit.Committed)))
		put("tx_version", number(1))
		put("tx_prepared_at", storage.BigIntValue(1))
		put("tx_committed_at", storage.BigIntValue(2))
	default:
		at := now
		if rec.Expired {
			at -= expired.Milliseconds()
		}
		put("tx_id", storage.TextValue(theirs))
		put("tx_state", number(int(rec.Prepared)))
		put("tx_prepared_at", storage.BigIntValue(at))
		version := 1
		if rec.Before != nil {
			version = 2
		}
		put("tx_version", number(version))
		if rec.Before != nil {
			put("before_v", number(*rec.Before))
			put("before_cat", number(rec.Cat))
			put("before_tx_id", storage.TextValue(initial))
			put("before_tx_state", number(int(commit.Committed)))
			put("before_tx_version", number(1))
			put("before_tx_prepared_at", storage.BigIntValue(1))
			put("before_tx_committed_at", storage.BigIntValue(2))
		}
	}
	must(r.store.Mutate(ctxNone, []storage.Mutation{m}))
	if rec.Decision == 0 {
		return
	}
	state := r.defs[storage.TableName{Namespace: coordinatorNamespace, Name: "state"}]
	must(r.store.Mutate(ctxNone, []storage.Mutation{{
		Table: state, Op: storage.Put, Key: []storage.Value{storage.TextValue(theirs)},
		Columns: []int{state.Column("tx_state"), state.Column("tx_created_at")},
		Values:  []storage.Value{number(int(rec.Decision)), storage.BigIntValue(now)},
	}}))
}
