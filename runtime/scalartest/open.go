package scalartest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// coordinatorNamespace is the default of a [scalar.DB].
const coordinatorNamespace = "coordinator"

// Option changes what [Open] opens. A [Fault] and a [*Clock] are Options, too.
type Option interface {
	apply(*config)
}

type config struct {
	schema scalar.Schema
	faults []Fault
	clock  *Clock
	db     []scalar.Option
}

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// WithSchema creates the tables of more generated packages.
func WithSchema(schemas ...scalar.Schema) Option {
	return optionFunc(func(c *config) { c.schema = slices.Concat(c.schema, slices.Concat(schemas...)) })
}

// Isolation sets the isolation level of transactions that do not choose one.
func Isolation(level scalar.Isolation) Option { return With(scalar.DefaultIsolation(level)) }

// With sets options of the DB. The coordinator table is in the namespace
// coordinator, so [scalar.CoordinatorNamespace] must not be among them.
func With(options ...scalar.Option) Option {
	return optionFunc(func(c *config) { c.db = append(c.db, options...) })
}

// Open returns a DB in memory with empty tables, which is closed when the test
// ends. If the test has failed by then, the last storage calls are logged.
//
// Nothing is shared between two DBs, so tests may run in parallel.
func Open(t testing.TB, schema scalar.Schema, options ...Option) *scalar.DB {
	t.Helper()
	c := config{schema: schema, clock: &Clock{}}
	for _, o := range options {
		o.apply(&c)
	}
	tables := memory.New()
	if err := create(tables.Admin(), c.schema); err != nil {
		t.Fatal(err)
	}
	s := newStore(tables, c.clock)
	s.script.inject(c.faults)
	// A test that leaves a record prepared wants to see the conflict, not to wait; and
	// one that lets a transaction crash, to hit no other one.
	defaults := []scalar.Option{scalar.WithEnvironment(environment(c.clock)), scalar.UncommittedWait(0), scalar.Without(scalar.BatchRecords)}
	db := scalar.New(s, append(defaults, c.db...)...)
	t.Cleanup(func() { shutdown(t, db) })
	return db
}

// environment makes runs repeatable. The randomness must differ from call to
// call: two transactions that always pause equally long would meet for ever.
func environment(clock *Clock) scalar.Environment {
	var ids atomic.Int64
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return scalar.Environment{
		Now:   clock.Now,
		NewID: func() string { return fmt.Sprintf("tx-%d", ids.Add(1)) },
		Random: func() float64 {
			mu.Lock()
			defer mu.Unlock()
			return random.Float64()
		},
	}
}

func create(admin storage.Admin, schema scalar.Schema) error {
	ctx := context.Background()
	// The optional columns are there for tests that ask for group commit or write
	// sets.
	tables := []*storage.Table{scalar.CoordinatorTable(coordinatorNamespace, scalar.GroupMembers, scalar.WriteSets)}
	for def, transaction := range schema.Tables() {
		if transaction {
			def = scalar.TransactionTable(def, false)
		}
		tables = append(tables, def)
	}
	for _, table := range tables {
		if err := admin.CreateNamespace(ctx, table.Namespace, nil); err != nil {
			return err
		}
		if err := admin.CreateTable(ctx, table, nil); err != nil {
			return err
		}
	}
	return nil
}

func shutdown(t testing.TB, db *scalar.DB) {
	// The context of a test has ended when its cleanup runs.
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := db.Close(ctx); err != nil {
		t.Errorf("closing the DB of the test: %v", err)
	}
	if !t.Failed() {
		return
	}
	const shown = 40
	events := History(db)
	if left := len(events) - shown; left > 0 {
		t.Logf("the last %d of %d storage calls:\n%s", shown, len(events), events[left:])
	} else if len(events) > 0 {
		t.Logf("all storage calls:\n%s", events)
	}
}

// store is what [Open] puts below a DB.
type store struct {
	*faulty.Storage
	clock  *Clock
	script *script
}

func newStore(tables *memory.Storage, clock *Clock) *store {
	s := newScript(tables)
	return &store{Storage: faulty.Wrap(tables, s.decide), clock: clock, script: s}
}

// storeOf returns the store below a DB of [Open].
func storeOf(db *scalar.DB) *store {
	s, ok := db.Storage().(*store)
	if !ok {
		panic("scalartest: the DB was not opened by scalartest.Open")
	}
	return s
}
