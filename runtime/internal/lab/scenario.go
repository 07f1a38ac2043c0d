package lab

import (
	"time"

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
	// Wrap puts something between the clients and the storage, nil for nothing: for
	// tests of the explorer.
	Wrap func(storage.Storage) storage.Storage
	// Exhaust says that a full run must come to the end of the scenario.
	Exhaust bool
	// Reach names what some execution must do, for example that both commit: an
	// explorer that finds nothing wrong may be looking at nothing.
	Reach map[string]func(r *Outcome) bool
	// Within is how many executions it may take to reach that, where the first ones
	// do not; a shorter exploration need not.
	Within int
}

// String returns the scenario's name with its isolation level.
func (s *Scenario) String() string { return s.Name + ", " + s.Isolation.String() }

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

// theirs is the id of the transaction that left a record of the start prepared,
// and initial that of the one that wrote the others.
const (
	theirs  = "theirs"
	initial = "initial"
)

// store puts the record into the storage of an execution.
func (rec *Record) store(r *run) {
	var m storage.Mutation
	put := func(column int, v storage.Value) {
		m.Columns = append(m.Columns, column)
		m.Values = append(m.Values, v)
	}
	number := func(n int) storage.Value { return storage.IntValue(int32(n)) }
	put(columns.v, number(rec.V))
	put(columns.cat, number(rec.Cat))
	now := time.Now().UnixMilli()
	switch {
	case rec.Imported:
	case rec.Prepared == 0:
		put(columns.id, storage.TextValue(initial))
		put(columns.state, number(int(commit.Committed)))
		put(columns.version, number(1))
		put(columns.preparedAt, storage.BigIntValue(1))
		put(columns.committedAt, storage.BigIntValue(2))
	default:
		at := now
		if rec.Expired {
			at -= expired.Milliseconds()
		}
		put(columns.id, storage.TextValue(theirs))
		put(columns.state, number(int(rec.Prepared)))
		put(columns.preparedAt, storage.BigIntValue(at))
		version := 1
		if rec.Before != nil {
			version = 2
			for i, v := range []storage.Value{
				storage.TextValue(initial), number(int(commit.Committed)), number(1), storage.BigIntValue(1), storage.BigIntValue(2), number(*rec.Before), number(rec.Cat),
			} {
				put(columns.before[i], v)
			}
		}
		put(columns.version, number(version))
	}
	m.Table, m.Op, m.Key = r.place.item(), storage.Put, rec.values()
	must(r.place.memory.Mutate(ctxNone, []storage.Mutation{m}))
	if rec.Decision == 0 {
		return
	}
	must(r.place.memory.Mutate(ctxNone, []storage.Mutation{{
		Table: r.place.row(), Op: storage.Put, Key: []storage.Value{storage.TextValue(theirs)},
		Columns: []int{columns.decision, columns.createdAt},
		Values:  []storage.Value{number(int(rec.Decision)), storage.BigIntValue(now)},
	}}))
	r.ledger.decided[theirs] = &decided{state: int64(rec.Decision), at: now}
}
